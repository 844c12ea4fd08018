"""One epoch: its values, the settings in force, and its model."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from PyQt5.QtCore import Qt, QUrl, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QFormLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.history.opened_run import OpenedRun
from aid_desktop.gui.models.epoch_names import in_order, title_of
from aid_desktop.gui.models.history_model import number_text
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, icon, set_primary, set_role
from aid_desktop.gui.widgets.field_editor import diff_text, value_text
from aid_desktop.numbers import megabytes
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import Revision
from aid_desktop.settings.field import FieldInfo, field_infos, path_of
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings

_NO_EPOCH = "Click an epoch in the plot or in the table to see its values, settings and model."


class EpochPanel(QWidget):
    """Shows one epoch of a run. `assess_requested`, `export_requested` and `train_requested` carry the path of
    its model.
    """

    assess_requested = pyqtSignal(Path)
    export_requested = pyqtSignal(Path)
    train_requested = pyqtSignal(Path)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: Path | None = None
        self._title = QLabel(self)
        set_role(self._title, "title")
        self._run_name = QLabel(self)
        self._run_name.setTextFormat(Qt.TextFormat.PlainText)
        self._run_name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_role(self._run_name, "muted")
        self._hint = QLabel(_NO_EPOCH, self)
        self._hint.setWordWrap(True)
        set_role(self._hint, "muted")
        self._values = QFormLayout()
        self._values.setHorizontalSpacing(2 * GRID)
        self._values.setVerticalSpacing(2)
        self._settings_title = _heading("Settings in force", self)
        self._changes = _selectable(self)
        self._changes.setObjectName("historySettingsChanges")
        self._changes.setAccessibleName("What differs from the settings before")
        self._details = QPushButton("All settings", self)
        self._details.setCheckable(True)
        self._details.setFlat(True)
        self._details.setIcon(icon("settings"))
        self._details.setObjectName("historySettingsButton")
        self._details.setAccessibleName("Show all settings of this epoch")
        self._details.setToolTip("Show or hide every setting that was in force in this epoch")
        self._table = _settings_table(self)
        self._model_title = _heading("Model", self)
        self._model_text = _selectable(self)
        self._assess = QPushButton(icon("assessment", "accent_text"), "Assess this model", self)
        self._assess.setObjectName("historyAssessButton")
        self._assess.setAccessibleName("Assess the model of this epoch")
        set_primary(self._assess)
        self._train = QPushButton(icon("training"), "Train further", self)
        self._train.setObjectName("historyTrainButton")
        self._train.setAccessibleName("Start a new run from the model of this epoch")
        self._export = QPushButton(icon("export"), "Export…", self)
        self._export.setObjectName("historyExportButton")
        self._export.setAccessibleName("Export the model of this epoch")
        self._reveal = QPushButton(icon("folder"), "Reveal file", self)
        self._reveal.setObjectName("historyRevealButton")
        self._reveal.setAccessibleName("Show the model file in its folder")
        self._lay_out()
        self._details.toggled.connect(self._on_details)
        self._assess.clicked.connect(self._on_assess)
        self._export.clicked.connect(self._on_export)
        self._train.clicked.connect(self._on_train)
        self._reveal.clicked.connect(self._on_reveal)
        self.clear()

    def clear(self) -> None:
        """Show no epoch."""
        self._title.setText("No epoch chosen")
        self._set_shown(False)
        self._set_model(None, "Choose an epoch first")

    def show_epoch(self, run: OpenedRun, record: EpochRecord) -> None:
        """Show an epoch of a run."""
        is_best = run.best is not None and run.best.epoch == record.epoch
        self._title.setText(f"Epoch {record.epoch}{' · best' if is_best else ''}")
        self._run_name.setText(run.name)
        self._run_name.setToolTip(str(run.folder))
        self._show_values(record, run.record_before(record))
        revision, before = run.settings_of(record)
        self._show_settings(revision, before, () if revision is None else run.other_changes(revision))
        self._set_shown(True)
        path = run.model_path(record)
        if path is None:
            reason = "No model of this epoch is kept: see Saving of models among the settings of Learning"
            self._set_model(None, reason)
        elif path.is_file():
            self._set_model(path, "")
        else:
            self._set_model(None, f"{path.name} is not in {path.parent} any more")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self._title)
        column.addWidget(self._run_name)
        column.addWidget(self._hint)
        column.addLayout(self._values)
        column.addSpacing(GRID)
        column.addWidget(self._settings_title)
        column.addWidget(self._changes)
        column.addWidget(self._details, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._table, 10)
        column.addSpacing(GRID)
        column.addWidget(self._model_title)
        column.addWidget(self._model_text)
        column.addSpacing(GRID // 2)
        column.addWidget(self._assess)
        column.addWidget(self._train)
        column.addWidget(self._export)
        column.addWidget(self._reveal)
        column.addStretch(1)

    def _set_shown(self, shown: bool) -> None:
        self._hint.setVisible(not shown)
        self._run_name.setVisible(shown)
        if not shown:
            self._clear_values()
        for part in (self._settings_title, self._changes, self._details, self._model_title):
            part.setVisible(shown)
        self._table.setVisible(shown and self._details.isChecked())

    def _clear_values(self) -> None:
        while self._values.rowCount():
            self._values.removeRow(0)

    def _show_values(self, record: EpochRecord, before: EpochRecord | None) -> None:
        self._clear_values()
        names = in_order([name for name, _ in record.metrics])
        for name in (*names, "learning_rate", "seconds"):
            number = record.value(name)
            if not isinstance(number, float) or not number_text(name, number):
                continue
            label = QLabel(title_of(name), self)
            value = _selectable(self)
            value.setWordWrap(False)
            value.setText(number_text(name, number) + _step_text(name, number, before))
            value.setToolTip("In brackets: the difference to the epoch before")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._values.addRow(label, value)

    def _show_settings(self, revision: Revision | None, before: Revision | None, others: Sequence[str]) -> None:
        self._details.setEnabled(revision is not None)
        if revision is None:
            self._settings_title.setText("Settings in force")
            self._changes.setText("The files of the run do not tell which settings were in force in this epoch.")
            self._table.setRowCount(0)
            return
        since = "from the start" if revision.epoch == 0 else f"since epoch {revision.epoch}"
        self._settings_title.setText(f"Settings in force {since}")
        self._changes.setText(_changes_text(revision, before, others))
        rows = list(_all_settings(revision.settings))
        self._table.setRowCount(len(rows))
        for row, (path, info, value) in enumerate(rows):
            for column, text in enumerate((info.label, value_text(info, value))):
                item = QTableWidgetItem(text)
                item.setToolTip(f"{path}: {text}\n{info.help}" if column else f"{path}\n{info.help}")
                self._table.setItem(row, column, item)

    def _set_model(self, path: Path | None, reason: str) -> None:
        self._model = path
        self._model_text.setText(f"{path.name} · {megabytes(path.stat().st_size)}" if path is not None else reason)
        self._model_text.setVisible(not self._model_title.isHidden())
        for button, words in (
            (self._assess, "See on the Assessment tab how good this model is"),
            (self._train, "Start a new run from this model on the Training tab"),
            (self._export, "Write this model for other programs: ONNX, PyTorch, TensorFlow, Keras and more"),
            (self._reveal, "Open the folder of the model file"),
        ):
            button.setEnabled(path is not None)
            button.setToolTip(words if path is not None else reason)

    @pyqtSlot(bool)
    def _on_details(self, shown: bool) -> None:
        self._table.setVisible(shown)

    @pyqtSlot()
    def _on_assess(self) -> None:
        if self._model is not None:
            self.assess_requested.emit(self._model)

    @pyqtSlot()
    def _on_export(self) -> None:
        if self._model is not None:
            self.export_requested.emit(self._model)

    @pyqtSlot()
    def _on_train(self) -> None:
        if self._model is not None:
            self.train_requested.emit(self._model)

    @pyqtSlot()
    def _on_reveal(self) -> None:
        if self._model is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._model.parent))):
            self._model_text.setText(str(self._model))


def _step_text(name: str, number: float, before: EpochRecord | None) -> str:
    """Return in brackets how much a value has changed since the epoch before."""
    earlier = math.nan if before is None else before.value(name)
    if not isinstance(earlier, float) or not math.isfinite(number - earlier):
        return ""
    return f"  ({number - earlier:+.2g})" if number != earlier else "  (=)"


def _changes_text(revision: Revision, before: Revision | None, others: Sequence[str]) -> str:
    if before is None:
        return "The settings that the run was started with."
    diff = SettingsDiff.between(before.settings, revision.settings)
    return "\n".join(filter(None, (diff_text(diff), *others))) or "The same as before."


def _all_settings(settings: TrainingSettings) -> Iterator[tuple[str, FieldInfo, object]]:
    for section in settings.sections:
        for name, info in field_infos(type(section)).items():
            yield path_of(section, name), info, getattr(section, name)


def _heading(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    set_role(label, "heading")
    return label


def _selectable(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _settings_table(parent: QWidget) -> QTableWidget:
    table = QTableWidget(0, 2, parent)
    table.setObjectName("historySettings")
    table.setAccessibleName("All settings of this epoch")
    table.setHorizontalHeaderLabels(["setting", "value"])
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setMinimumHeight(20 * GRID)
    table.setMinimumWidth(0)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    required(table.verticalHeader()).hide()
    required(table.verticalHeader()).setDefaultSectionSize(3 * GRID)
    header = required(table.horizontalHeader())
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    table.hide()
    return table

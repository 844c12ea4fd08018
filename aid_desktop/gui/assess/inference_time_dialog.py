"""How long the model takes for one image and for batches, measured on this machine."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QEvent, QObject, Qt, pyqtSlot
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSpinBox,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.models.comparison_model import ComparisonModel
from aid_desktop.gui.qt import required
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.theme import GRID, icon, set_primary, set_role
from aid_desktop.gui.trust_question import or_ask_for_trust
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.empty_hint import EmptyHint
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.one_dialog import OneDialog
from aid_desktop.gui.widgets.row_table import show_rows
from aid_desktop.gui.widgets.work_row import WorkRow
from aid_desktop.models.files import load_model
from aid_desktop.models.timing import (
    MAX_BATCH,
    MAX_CALLS,
    TimingChoice,
    TimingReport,
    measure_times,
    write_timings,
)
from aid_desktop.runs.best import find_model
from aid_desktop.runs.comparison_table import TextTable

_TITLE = "Inference time"
_ROW_HEIGHT = 3 * GRID
_FEWEST_ROWS = 6
_TALLEST = 84 * GRID
_NOT_YET = "Images of noise are given to the network, normalized already; the first calls of each engine do not count."
_HINT = (
    "The time of one call: its median, and what 95 and 99 of 100 calls do not exceed. For images per second all calls "
    "count. Classification uses ONNX Runtime where its results are those of Keras and TensorFlow has no GPU; "
    "model.predict is what AIDeveloper measured. Other work on this computer makes all of it longer."
)


def measure_model(path: Path, choice: TimingChoice, context: JobContext) -> TimingReport:
    """Load a model (a file, or the best of a run folder) and measure its engines. Raises AidError."""
    loaded = load_model(find_model(path))
    return measure_times(loaded, choice, context.report, lambda: context.cancelled)


def _write(report: TimingReport, path: Path, _: JobContext) -> Path:
    write_timings(report, path)
    return path


class InferenceTimeDialog(Dialog):
    """Measures `model` (a file or a run folder) beside the window and shows a row per engine and number of images."""

    def __init__(self, model: Path, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inferenceTimeDialog")
        self.setAccessibleName(_TITLE)
        self.setWindowTitle(_TITLE)
        self.setModal(False)
        self.set_size(112, 66)
        self._model = model
        self._background = background
        self._report: TimingReport | None = None
        self._rows = ComparisonModel(TextTable((), (), 2))
        self.messages = MessageStrip("inferenceTimeMessages", self)
        self.view = self._make_view()
        self._make_choice()
        self._make_buttons()
        self._lay_out()
        self._show_state()

    @property
    def measured_model(self) -> Path:
        """The file or run folder whose times these are."""
        return self._model

    @property
    def report(self) -> TimingReport | None:
        """What is on show."""
        return self._report

    @pyqtSlot()
    def start(self) -> None:
        """Measure, as if the button was pressed."""
        if self.work.job is not None:
            return
        self.messages.clear()
        choice = TimingChoice(self.calls_box.value(), self.batch_box.value())
        work = partial(measure_model, self._model, choice)
        on_failed = or_ask_for_trust(self._on_failed, self.start, self)
        job = self._background.start("Measuring the inference time", work, self._on_measured, on_failed)
        self.work.follow(job, "loading the model…")

    @pyqtSlot()
    def save(self) -> None:
        """Ask for a name and write the table as CSV."""
        if self._report is None:
            return
        folder = self._model if self._model.is_dir() else self._model.parent
        name, _ = QFileDialog.getSaveFileName(
            self, "Save the times", str(folder / "inference_time.csv"), "Table (*.csv)"
        )
        if name:
            save_as(name, ".csv", partial(self._save_to, self._report), self)

    def _save_to(self, report: TimingReport, path: Path) -> None:
        work = partial(_write, report, path)
        job = self._background.start("Writing the times", work, self._on_saved, self._on_failed)
        self.destroyed.connect(job.cancel)

    @pyqtSlot()
    def copy(self) -> None:
        """Put the table into the clipboard, for a spreadsheet."""
        if self._report is not None:
            text = f"{self._report.model}\t{self._report.machine}\n{self._report.table().tab_separated()}"
            required(QGuiApplication.clipboard()).setText(text)

    def event(self, a0: QEvent | None) -> bool:
        is_handled = super().event(a0)
        if required(a0).type() == QEvent.Type.LayoutRequest:
            # A message needs room of its own; Qt takes it from the table, and then from all.
            needed = required(self.layout()).minimumHeightForWidth(self.width())
            self.setMinimumHeight(min(needed, _TALLEST))
        return is_handled

    def _on_measured(self, report: TimingReport) -> None:
        self._report = report
        self._rows.set_table(report.table())
        # The rest of the room goes to the engines' names.
        columns, rows = required(self.view.horizontalHeader()), required(self.view.verticalHeader())
        columns.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        height = columns.height() + _FEWEST_ROWS * rows.defaultSectionSize() + 2 * self.view.frameWidth()
        self.view.setMinimumHeight(height)
        self._machine.setText(report.machine)
        for note in report.notes:
            self.messages.add(Note(Level.WARNING, note))
        self._show_state()

    def _on_saved(self, path: Path) -> None:
        self.messages.add(Note(Level.INFO, f"The times are in {path}"))

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    @pyqtSlot()
    def _show_state(self) -> None:
        is_idle = self.work.job is None
        for widget in (self.start_button, self.calls_box, self.batch_box):
            widget.setEnabled(is_idle)
        for button in (self.copy_button, self.save_button):
            button.setEnabled(is_idle and self._report is not None)

    def _make_view(self) -> QTableView:
        view = QTableView(self)
        view.setModel(self._rows)
        EmptyHint("The times of each engine stand here after Measure.", view)
        name_widget(view, "inferenceTimeTable", "Times", "A row for each engine, device and number of images at once")
        show_rows(view)
        rows, columns = required(view.verticalHeader()), required(view.horizontalHeader())
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(_ROW_HEIGHT)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setStretchLastSection(False)
        return view

    def _make_choice(self) -> None:
        default = TimingChoice()
        tip = "How often each engine is called with one image, and with a batch"
        self.calls_box = self._spin("inferenceTimeCalls", "Calls", tip, MAX_CALLS, default.calls)
        tip = "Images that are given at once"
        self.batch_box = self._spin("inferenceTimeBatch", "Batch size", tip, MAX_BATCH, default.batch)

    def _make_buttons(self) -> None:
        self.work = WorkRow("inferenceTime", "calls", "How many calls are measured", "Stop; nothing is shown", self)
        self.work.running_changed.connect(self._show_state)
        self.copy_button = named_button(self, "C&opy", "inferenceTimeCopy", "Copy the table, for a spreadsheet", "copy")
        self.copy_button.clicked.connect(self.copy)
        tip = "Save the table with model and machine as a CSV file"
        self.save_button = named_button(self, "&Save as CSV…", "inferenceTimeSave", tip, "save")
        self.save_button.clicked.connect(self.save)
        self.start_button = named_button(self, "&Measure", "inferenceTimeStart", "Measure all engines of this machine")
        self.start_button.setIcon(icon("start", "accent_text"))
        self.start_button.clicked.connect(self.start)
        set_primary(self.start_button)

    def _lay_out(self) -> None:
        model, self._machine, hint = QLabel(f"Model: {self._model}", self), QLabel(_NOT_YET, self), QLabel(_HINT, self)
        self._machine.setObjectName("inferenceTimeMachine")
        for label in (model, self._machine, hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            set_role(label, "muted")
        choice, run = QHBoxLayout(), QHBoxLayout()
        for text, box in (("&Calls", self.calls_box), ("&Batch size", self.batch_box)):
            label = QLabel(text, self)
            label.setBuddy(box)
            choice.addWidget(label)
            choice.addWidget(box)
            choice.addSpacing(GRID)
        choice.addStretch(1)
        run.addWidget(self.work, 1)
        run.addStretch()
        for button in (self.copy_button, self.save_button, self.start_button):
            run.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        for row in (choice, run):
            row.setSpacing(GRID)
        column.addWidget(self.messages)
        column.addWidget(model)
        column.addLayout(choice)
        column.addWidget(self._machine)
        column.addWidget(self.view, 1)
        column.addWidget(hint)
        column.addLayout(run)

    def _spin(self, name: str, title: str, tip: str, most: int, value: int) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(1, most)
        box.setValue(value)
        box.setKeyboardTracking(False)
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        guard_wheel(box)
        name_widget(box, name, title, tip)
        return box


class InferenceTimeTool(QObject):
    """Opens the dialog, once at most, for the model that is chosen then; `tell` says that there is none.

    A dialog of another model is closed.
    """

    def __init__(
        self,
        chosen_model: Callable[[], Path | None],
        background: Background,
        tell: Callable[[str], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._parent = parent
        self._chosen_model = chosen_model
        self._background = background
        self._tell = tell
        self._dialog = OneDialog(self)

    @property
    def dialog(self) -> QDialog | None:
        """The dialog while it is open."""
        return self._dialog.dialog

    def make_button(self) -> QPushButton:
        """Return a button that opens the dialog."""
        tip = "Measure how long the model takes for one image and for many"
        button = named_button(self._parent, "Inference time…", "inferenceTimeButton", tip, "chart")
        button.clicked.connect(self.open)
        return button

    @pyqtSlot()
    def open(self) -> None:
        """Open the dialog."""
        model = self._chosen_model()
        if model is None:
            self._tell("No model is chosen: browse for the model whose time is to be measured.")
            return
        shown = self._dialog.dialog
        if isinstance(shown, InferenceTimeDialog) and shown.measured_model != model:
            # The times of one model are not to be taken for those of another.
            shown.close()
        self._dialog.show(lambda: InferenceTimeDialog(model, self._background, self._parent))

"""Ask what a model without a card does not say, and keep the answers: in a .keras file with a card."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.assess.model_choice import ChosenModel, SaveRequest, UnknownModel, save_described
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.theme import GRID, icon, set_primary
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.value_editors import words_of
from aid_desktop.models.facts import ModelFacts, split_names
from aid_desktop.settings.image import MAX_SIDE, NORMALIZATIONS

_TITLE = "Describe the model"
_STATISTICS = "standardize_training_set"
_GREY_LEVELS = 1e6


class FactsDialog(Dialog):
    """A form for what is missing; `described` carries the path of the .keras file that was written."""

    described = pyqtSignal(Path)

    def __init__(self, model: UnknownModel, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("factsDialog")
        self.setAccessibleName(_TITLE)
        self.setWindowTitle(_TITLE)
        self.set_size(76, 40)
        self._model = model
        self._background = background
        self._job: Job[Path] | None = None
        self.messages = MessageStrip("factsMessages", self)
        self._make_editors()
        self._lay_out()
        self._on_changed()

    @property
    def facts(self) -> ModelFacts:
        """What the form says."""
        is_fitted = self._normalization == _STATISTICS
        missing = self._model.missing
        return ModelFacts(
            class_names=split_names(self.classes.text()),
            normalization=self._normalization,
            mean=_given(self.mean) if is_fitted else None,
            std=_given(self.std) if is_fitted else None,
            size=(self.width_box.value(), self.height_box.value()) if "size" in missing else None,
            channels=split_names(self.channels.text()) if "channels" in missing else (),
        )

    @pyqtSlot()
    def save(self) -> None:
        """Write the .keras file, as if the button was pressed."""
        if self._job is not None:
            return
        self.messages.clear()
        request = SaveRequest(self._model.path, Path(self.target.text().strip()).expanduser(), self.facts)
        self.save_button.setEnabled(False)
        self.save_button.setText("Saving…")
        # The file is written in one go; there is no moment at which it could still be left away.
        self.cancel_button.setEnabled(False)
        self._job = self._background.start(
            "Saving a described model", partial(save_described, request), self._on_saved, self._on_failed
        )
        self.destroyed.connect(self._job.cancel)

    @pyqtSlot()
    def reject(self) -> None:
        """Close, unless the file is just being written."""
        if self._job is None:
            super().reject()

    @property
    def _normalization(self) -> str:
        return str(self.normalization.currentData() or "")

    def _on_saved(self, path: Path) -> None:
        self.described.emit(path)
        self.accept()

    def _on_failed(self, failure: Failure) -> None:
        self._job = None
        self.save_button.setText("Save and use")
        self.cancel_button.setEnabled(True)
        self._on_changed()
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    @pyqtSlot()
    def _browse(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the described model", self.target.text(), "Keras (*.keras)")
        if name:
            self.target.setText(name)

    @pyqtSlot()
    def _on_changed(self) -> None:
        is_fitted = self._normalization == _STATISTICS
        for editor in (self.mean, self.std):
            editor.setVisible(is_fitted)
            label = self._form.labelForField(editor)
            if label is not None:
                label.setVisible(is_fitted)
        facts, wanted = self.facts, self._model.shape.n_classes
        has_channels = "channels" not in self._model.missing or bool(facts.channels)
        has_names = len(facts.class_names) == wanted == len(set(facts.class_names))
        self.count.setText(f"{len(set(facts.class_names))} of {wanted} names")
        has_statistics = not is_fitted or None not in (facts.mean, facts.std)
        has_all = has_names and has_channels and has_statistics and bool(facts.normalization)
        self.save_button.setEnabled(has_all and bool(self.target.text().strip()))

    def _make_editors(self) -> None:
        model = self._model
        self.classes = QLineEdit(", ".join(model.class_names), self)
        self.classes.setPlaceholderText("for example: automobile, cat")
        tip = f"{model.shape.n_classes} names in the order of the network's outputs, separated by commas"
        name_widget(self.classes, "factsClasses", "Classes", tip)
        self.count = QLabel(self)
        self.normalization = QComboBox(self)
        tip = "How grey levels became the network's input when it was trained; with another one it answers nonsense"
        name_widget(self.normalization, "factsNormalization", "Normalization", tip)
        for method in NORMALIZATIONS:
            self.normalization.addItem(words_of(method), method)
        self.normalization.setCurrentIndex(self.normalization.findData(model.normalization))
        # The table beside the model is surer than the memory of its user.
        self.normalization.setEnabled(not model.normalization)
        self.mean, self.std = QDoubleSpinBox(self), QDoubleSpinBox(self)
        for editor, low, start, name, title in (
            (self.mean, -_GREY_LEVELS, model.mean, "factsMean", "Mean"),
            (self.std, 0.0, model.std, "factsStd", "Standard deviation"),
        ):
            editor.setDecimals(4)
            editor.setRange(low, _GREY_LEVELS)
            # Both are known or nobody can guess them.
            editor.setSpecialValueText("not given")
            editor.setValue(low if start is None else start)
            editor.setSuffix(" grey levels")
            name_widget(editor, name, title, f"{title} of all training images, from the record of the training")
        self.width_box, self.height_box = QSpinBox(self), QSpinBox(self)
        for box, name, title in (
            (self.width_box, "factsWidth", "Width"),
            (self.height_box, "factsHeight", "Height"),
        ):
            box.setRange(2, MAX_SIDE)
            box.setValue(32)
            box.setSuffix(" px")
            name_widget(box, name, title, f"{title} of the training images; the network takes any")
        self.channels = QLineEdit(self)
        tip = f"{model.shape.input_shape[-1]} names as the image files have them, separated by commas"
        name_widget(self.channels, "factsChannels", "Channels", tip)
        self.target = QLineEdit(str(model.target), self)
        name_widget(self.target, "factsTarget", "Save as", "A new .keras file: the network with its description inside")

    def _lay_out(self) -> None:
        model = self._model
        about = QLabel(model.text, self)
        about.setTextFormat(Qt.TextFormat.PlainText)
        about.setWordWrap(True)
        self._form = QFormLayout()
        self._form.setSpacing(GRID)
        self._form.addRow("&Classes", _side_by_side(self.classes, self.count))
        self._form.addRow("&Normalization", self.normalization)
        self._form.addRow("&Mean", self.mean)
        self._form.addRow("Standard &deviation", self.std)
        optional = (("size", "&Size", _side_by_side(self.width_box, self.height_box)),
                    ("channels", "C&hannels", self.channels))  # fmt: skip
        for name, title, widget in optional:
            if name in model.missing:
                self._form.addRow(title, widget)
            else:
                widget.hide()
        browse = named_button(self, "Browse…", "factsBrowse", "Choose where the described model is saved", "open")
        self._form.addRow("Save &as", _side_by_side(self.target, browse))
        self.save_button = named_button(
            self, "Save and use", "factsSave", "Write the .keras file and choose it as the model", "save"
        )
        set_primary(self.save_button)
        self.save_button.setIcon(icon("save", "accent_text"))
        self.cancel_button = named_button(self, "Cancel", "factsCancel", "Leave the model as it is")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.messages)
        column.addWidget(about)
        column.addLayout(self._form)
        column.addStretch(1)
        column.addLayout(buttons)
        browse.clicked.connect(self._browse)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(self.save)
        self.normalization.currentIndexChanged.connect(self._on_changed)
        for box in (self.mean, self.std):
            box.valueChanged.connect(self._on_changed)
        for edit in (self.classes, self.channels, self.target):
            edit.textChanged.connect(self._on_changed)


def unknown_of(model: ChosenModel) -> UnknownModel | None:
    """Return what can be asked of a model whose card was made up; None if its file has one."""
    if model.shape is None:
        return None
    card = model.card
    return UnknownModel(
        path=model.path,
        shape=model.shape,
        missing=(),
        class_names=card.class_names,
        normalization=card.normalization.method,
        mean=card.normalization.mean,
        std=card.normalization.std,
    )


def _given(box: QDoubleSpinBox) -> float | None:
    return None if box.value() == box.minimum() else box.value()


def _side_by_side(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GRID)
    for widget in widgets:
        row.addWidget(widget)
    holder.setMinimumHeight(row.sizeHint().height())
    # The label's shortcut goes to what is to be filled in.
    holder.setFocusProxy(widgets[0])
    return holder

"""Edit how much each class counts: none, balanced, or a weight for each class that a dialog helps to find."""

from collections.abc import Mapping
from typing import Any

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QDialogButtonBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_primary, set_role
from aid_desktop.gui.widgets.amount_editor import guard_wheel, number_text
from aid_desktop.gui.widgets.asking_editor import CHOOSE, AskingEditor
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.numbers import grouped
from aid_desktop.settings.field import FieldInfo

_HINT = (
    "An image of a class with weight 2 counts as much as two images. Balanced weights make all classes count the same "
    "however many images they have."
)
_DECIMALS = 3


class ClassWeightsEditor(AskingEditor):
    """`none`, `balanced`, or weights of single classes; `counts_wanted` asks for a call of `ask`."""

    counts_wanted = pyqtSignal()

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(info, name, parent)
        self._info = info
        self.addItem(CHOOSE, CHOOSE)

    def ask(self, counts: Mapping[str, int]) -> "ClassWeightsDialog":
        """Open the dialog for classes with so many images per epoch, and return it."""
        weights = dict(self._value) if isinstance(self._value, tuple) else {}
        if self._value == "balanced":
            weights = balanced_weights(counts)
        dialog = ClassWeightsDialog(counts, weights, self._info, self.window())
        dialog.chosen.connect(self.set_value)
        dialog.open()
        return dialog

    def _text(self, value: Any) -> str:
        return "custom"

    def _tip(self, value: Any) -> str:
        return ", ".join(f"{name}: {number_text(weight)}" for name, weight in value)

    def _ask(self) -> None:
        self.counts_wanted.emit()


class ClassWeightsDialog(Dialog):
    """A row for each class: images per epoch, their share, the weight. `chosen` carries pairs (class, weight)."""

    chosen = pyqtSignal(tuple)

    def __init__(
        self, counts: Mapping[str, int], weights: Mapping[str, float], info: FieldInfo, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("classWeightsDialog")
        self.setAccessibleName("Class weights")
        self.setWindowTitle("Class weights")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._counts = dict(counts)
        self._boxes = {name: self._box(name, weights.get(name, 1.0), info) for name in counts}
        self.equal_button = named_button(self, "All 1", "equalWeightsButton", "Let every image count the same")
        self.balanced_button = named_button(
            self, "Balanced", "balancedWeightsButton", "Let every class count the same in an epoch"
        )
        self._buttons = QDialogButtonBox(QDialogButtonBox.Ok | QDialogButtonBox.Cancel, self)
        ok = required(self._buttons.button(QDialogButtonBox.Ok))
        ok.setText("Use these")
        set_primary(ok)
        name_widget(ok, "classWeightsOkButton", "Use these", "Take these weights over")
        cancel = required(self._buttons.button(QDialogButtonBox.Cancel))
        name_widget(cancel, "classWeightsCancelButton", "Cancel", "Change nothing")
        self._lay_out()
        self.equal_button.clicked.connect(self._on_equal)
        self.balanced_button.clicked.connect(self._on_balanced)
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)

    def weights(self) -> tuple[tuple[str, float], ...]:
        """Return the weights as shown."""
        return tuple((name, box.value()) for name, box in self._boxes.items())

    def _box(self, name: str, weight: float, info: FieldInfo) -> QDoubleSpinBox:
        box = QDoubleSpinBox(self)
        box.setRange(info.low or 0.0, info.high or 1.0)
        box.setDecimals(_DECIMALS)
        box.setSingleStep(0.1)
        box.setValue(weight)
        name_widget(box, f"classWeight.{name}", f"Weight of {name}", f"How much an image of {name} counts")
        guard_wheel(box)
        return box

    def _lay_out(self) -> None:
        total = max(1, sum(self._counts.values()))
        inside = QWidget(self)
        grid = QGridLayout(inside)
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(0, 1)
        for column, title in enumerate(("class", "images per epoch", "share", "weight")):
            grid.addWidget(_cell(title, column, "muted"), 0, column)
        for row, (name, n_images) in enumerate(self._counts.items(), start=1):
            for column, text in enumerate((name, grouped(n_images), f"{n_images / total:.1%}")):
                grid.addWidget(_cell(text, column), row, column)
            grid.addWidget(self._boxes[name], row, 3)
        grid.setRowStretch(len(self._counts) + 1, 1)
        scroll = QScrollArea(self)
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setMinimumSize(52 * GRID, 24 * GRID)
        hint = QLabel(_HINT, self)
        hint.setWordWrap(True)
        tools = QHBoxLayout()
        tools.addWidget(self.equal_button)
        tools.addWidget(self.balanced_button)
        tools.addStretch(1)
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column_layout.setSpacing(GRID)
        column_layout.addWidget(hint)
        column_layout.addLayout(tools)
        column_layout.addWidget(scroll, 1)
        column_layout.addWidget(self._buttons)

    @pyqtSlot()
    def _on_equal(self) -> None:
        for box in self._boxes.values():
            box.setValue(1.0)

    @pyqtSlot()
    def _on_balanced(self) -> None:
        for name, weight in balanced_weights(self._counts).items():
            self._boxes[name].setValue(weight)

    @pyqtSlot()
    def _on_accepted(self) -> None:
        self.chosen.emit(self.weights())
        self.accept()


def balanced_weights(counts: Mapping[str, int]) -> dict[str, float]:
    """Return n / (number of classes · images of the class), as training does for `balanced`."""
    total = sum(counts.values())
    return {name: total / (len(counts) * max(1, n_images)) for name, n_images in counts.items()}


def _cell(text: str, column: int, role: str = "") -> QLabel:
    label = QLabel(text)
    if role:
        set_role(label, role)
    if column:
        label.setAlignment(Qt.Alignment(Qt.AlignmentFlag.AlignRight) | Qt.AlignmentFlag.AlignVCenter)
    return label

"""How many images each class has in each role."""

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QCheckBox, QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import GRID, class_color, set_role
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.settings.split import SplitSettings

_MOST_CLASSES = 40
_ROLES = (Role.TRAINING, Role.VALIDATION, Role.TEST)


class OverviewPanel(QWidget):
    """A bar and three numbers per class, sums below, and the choice to hold out validation images."""

    def __init__(self, notifier: Notifier, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(GRID + GRID // 2)
        self._grid.setVerticalSpacing(GRID // 2)
        self._grid.setColumnStretch(1, 1)
        self._sums = QWidget(self)
        self._sums.setLayout(self._grid)
        self._split = QCheckBox("Hold out images for validation", self)
        self._split.setObjectName("splitCheck")
        self._split.setAccessibleName(self._split.text())
        self._split.setToolTip(
            "Keep a share of the training images of each class for validation. They are chosen once, before "
            "anything else, and never trained on."
        )
        self._form = SectionForm(SplitSettings, ["validation_fraction"], self)
        self._form.hide()
        self._split_text = QLabel(self)
        self._split_text.setWordWrap(True)
        set_role(self._split_text, "muted")
        self._split_text.hide()
        self._lay_out()
        self._split.toggled.connect(self._on_split)
        self._form.changed.connect(self._on_split)
        notifier.table_changed.connect(self._show)
        self._show(notifier.table)

    def _lay_out(self) -> None:
        title = QLabel("Overview", self)
        set_role(title, "title")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(title)
        column.addWidget(self._sums)
        column.addSpacing(GRID)
        column.addWidget(self._split)
        column.addWidget(self._form)
        column.addWidget(self._split_text)
        column.addStretch(1)

    @pyqtSlot()
    def _on_split(self) -> None:
        self._form.setVisible(self._split.isChecked())
        self._split_text.setVisible(self._split.isChecked())
        share = self._form.values().validation_fraction
        self._split_text.setText(
            f"About {share:.0%} of the training images of each class are validated on and never trained on. To assess "
            "a model, add images of the role test: it has not seen those at all."
        )
        self._notifier.set_split(self._form.values() if self._split.isChecked() else None)

    @pyqtSlot(ClassTable)
    def _show(self, table: ClassTable) -> None:
        self._clear()
        self._sums.setVisible(bool(table.rows))
        if not table.rows:
            return
        for column, role in enumerate(_ROLES, start=2):
            self._put(_label(str(role), "muted"), 0, column)
        indices = sorted({row.class_index for row in table.rows})
        most = max(table.images(Role.TRAINING, index) for index in indices) or 1
        names = {row.class_index: row.class_name for row in table.rows}
        for line, index in enumerate(indices[:_MOST_CLASSES], start=1):
            self._add_class(line, index, names[index], table, most)
        last = len(indices[:_MOST_CLASSES]) + 1
        if len(indices) > _MOST_CLASSES:
            self._put(_label(f"… {len(indices) - _MOST_CLASSES} more classes", "muted"), last, 0)
            last += 1
        total = QLabel("all", self._sums)
        set_role(total, "heading")
        self._put(total, last, 0)
        for column, role in enumerate(_ROLES, start=2):
            self._put(_label(str(table.images(role)), "heading"), last, column)

    def _add_class(self, line: int, index: int, name: str, table: ClassTable, most: int) -> None:
        metrics = self.fontMetrics()
        label = QLabel(metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, 16 * GRID), self._sums)
        label.setToolTip(name)
        self._put(label, line, 0)
        training = table.images(Role.TRAINING, index)
        bar = QProgressBar(self._sums)
        bar.setRange(0, most)
        bar.setValue(training)
        bar.setTextVisible(False)
        bar.setFixedHeight(GRID)
        bar.setMinimumWidth(4 * GRID)
        bar.setAccessibleName(f"{training} training images of {name}")
        color = class_color(index).name()
        bar.setStyleSheet(
            f"QProgressBar {{ min-height: {GRID}px; background: transparent; }}"
            f"QProgressBar::chunk {{ background: {color}; border-radius: 3px; }}"
        )
        self._put(bar, line, 1)
        for column, role in enumerate(_ROLES, start=2):
            self._put(_label(str(table.images(role, index)) if table.images(role, index) else "–"), line, column)

    def _put(self, widget: QWidget, row: int, column: int) -> None:
        self._grid.addWidget(widget, row, column)

    def _clear(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()


def _label(text: str, role: str = "") -> QLabel:
    label = QLabel(text)
    label.setAlignment(Qt.Alignment(Qt.AlignmentFlag.AlignRight) | Qt.AlignmentFlag.AlignVCenter)
    if role:
        set_role(label, role)
    return label

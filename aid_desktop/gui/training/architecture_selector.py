"""The list of architectures, by family; those that do not fit the images are greyed out and say why."""

import re
from collections.abc import Sequence

from PyQt5.QtCore import QModelIndex, QRect, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QFont, QPainter, QPalette, QStandardItem, QStandardItemModel
from PyQt5.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.errors import ModelZooError
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.naming import name_widget
from aid_desktop.models.registry import Architecture, Family
from aid_desktop.models.zoo import InputShape, check_size, find_architecture

FAMILY_TITLES = {
    Family.MLP: "Perceptrons",
    Family.CNN: "Convolutional networks",
    Family.PRETRAINED: "Pretrained networks",
    Family.MULTI_INPUT: "Networks with several inputs",
}

_NAME_ROLE = Qt.ItemDataRole.UserRole
_SIZE_ROLE = Qt.ItemDataRole.UserRole + 1
_MOST_ROWS = 24
_TIP = "Architecture of the network, from small to large in each family; type the first letters of a name to go to it"
_FIRST_NUMBERS = "24_16_24"


class ArchitectureSelector(QWidget):
    """The list, and beneath it a field for numbers where a name has a star. `changed` tells of another choice.

    Typing the first letters of a name in the list goes to it.
    """

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QComboBox(self)
        self.numbers = QLineEdit(_FIRST_NUMBERS, self)
        self._prefix = QLabel(self)
        self._items = QStandardItemModel(self)
        self._architectures: tuple[Architecture, ...] = ()
        self.list.setModel(self._items)
        self.list.setItemDelegate(_SizeDelegate(self.list))
        self.list.setMaxVisibleItems(_MOST_ROWS)
        self.list.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        name_widget(self.list, "architectureSelector", "Architecture", "")
        tip = "Numbers of nodes in the hidden layers, from the first to the last: one to eight of them"
        name_widget(self.numbers, "architectureNumbers", "Numbers in the name of the architecture", tip)
        guard_wheel(self.list)
        self._prefix.setBuddy(self.numbers)
        self._lay_out()
        self.list.currentIndexChanged[int].connect(self._on_changed)
        self.numbers.textChanged.connect(self._on_changed)
        self._show_numbers()

    @property
    def name(self) -> str:
        """Name of the chosen architecture, with numbers in place of a star; empty when there is none."""
        item = self._item()
        if item is None or not item.is_pattern:
            return item.name if item else ""
        return item.prefix + "_".join(re.findall(r"[^\s,;_]+", self.numbers.text()))

    def set_architectures(self, architectures: Sequence[Architecture]) -> None:
        """Offer others; the chosen one stays if it is among them, else the first one is chosen."""
        chosen = self.name
        self._architectures = tuple(architectures)
        self.list.blockSignals(True)
        self._items.clear()
        for family in dict.fromkeys(item.family for item in architectures):
            self._items.appendRow(_heading(FAMILY_TITLES[family]))
            for item in architectures:
                if item.family is family:
                    self._items.appendRow(_row(item))
        self.list.setCurrentIndex(1 if architectures else -1)
        self.list.blockSignals(False)
        self.choose(chosen)
        self._fit_popup()
        self._on_changed()

    def set_shape(self, shape: InputShape) -> None:
        """Grey out what does not take images of (height, width, channels)."""
        for item in self._architectures:
            row = required(self._items.item(self.list.findData(item.name, _NAME_ROLE)))
            try:
                check_size(item, shape)
                problem = ""
            except ModelZooError as error:
                problem = str(error)
            row.setEnabled(not problem)
            row.setToolTip(problem or item.description)
            row.setData(problem or item.description, Qt.ItemDataRole.AccessibleDescriptionRole)

    def choose(self, name: str) -> None:
        """Select an architecture by name; unknown names leave the choice as it is."""
        try:
            item = find_architecture(self._architectures, name)
        except ModelZooError:
            return
        if item.numbers:
            star = next(one for one in self._architectures if one.is_pattern and one.line == item.line)
            self.numbers.setText(name.removeprefix(star.prefix))
            name = star.name
        self.list.setCurrentIndex(self.list.findData(name, _NAME_ROLE))

    def set_locked(self, reason: str | None) -> None:
        """Lock both fields for a reason, or unlock them."""
        self.list.setEnabled(reason is None)
        self.numbers.setReadOnly(reason is not None)
        self.list.setToolTip(reason or _TIP)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._prefix)
        row.addWidget(self.numbers, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.list)
        column.addLayout(row)

    def _item(self) -> Architecture | None:
        name = self.list.currentData(_NAME_ROLE)
        return next((item for item in self._architectures if item.name == name), None)

    def _fit_popup(self) -> None:
        """Make the open list as wide as names and sizes need."""
        metrics = self.list.fontMetrics()
        widest = max(
            (metrics.horizontalAdvance(_text(item) + _size_text(item)) for item in self._architectures), default=0
        )
        required(self.list.view()).setMinimumWidth(widest + 8 * GRID)

    def _show_numbers(self) -> None:
        item = self._item()
        has_star = item is not None and item.is_pattern
        self._prefix.setText(item.prefix if item else "")
        self._prefix.setVisible(has_star)
        self.numbers.setVisible(has_star)

    @pyqtSlot()
    def _on_changed(self) -> None:
        self._show_numbers()
        self.changed.emit()


class _SizeDelegate(QStyledItemDelegate):
    """Writes the smallest size of each architecture at the right."""

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        super().paint(painter, option, index)
        text = index.data(_SIZE_ROLE)
        if not text or painter is None:
            return
        painter.save()
        painter.setPen(option.palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text))
        where: QRect = option.rect.adjusted(0, 0, -GRID, 0)
        painter.drawText(where, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()


def _heading(title: str) -> QStandardItem:
    item = QStandardItem(title)
    font = QFont(item.font())
    font.setBold(True)
    item.setFont(font)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item


def _row(architecture: Architecture) -> QStandardItem:
    item = QStandardItem(_text(architecture))
    item.setData(architecture.name, _NAME_ROLE)
    item.setData(_size_text(architecture), _SIZE_ROLE)
    return item


def _text(architecture: Architecture) -> str:
    if not architecture.is_pattern:
        return architecture.name
    return f"{architecture.prefix.strip('_')} with numbers of your own…"


def _size_text(architecture: Architecture) -> str:
    return f"from {architecture.min_size} px"

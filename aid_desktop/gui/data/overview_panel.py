"""How many images each class has in each role, and how validation images are held out."""

from PyQt5.QtCore import QModelIndex, QRectF, QSize, Qt, pyqtSlot
from PyQt5.QtGui import QColor, QPainter
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.class_table import ClassTable
from aid_desktop.gui.background import Background
from aid_desktop.gui.data.split_form import SplitForm
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.models.overview_model import BAR_ROLE, OverviewColumn, OverviewModel
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role

_FEWEST_ROWS, _MOST_ROWS = 4, 10
_ROW_HEIGHT = 3 * GRID
_WIDEST_NAME = "1000 classes"


class OverviewPanel(QWidget):
    """A bar and three numbers per class, sums above, and the choice to hold out validation images."""

    def __init__(
        self, notifier: Notifier, editor: TableEditor, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.classes = OverviewTable(self)
        self.split = SplitForm(notifier, editor, background, self)
        title = QLabel("Overview", self)
        set_role(title, "title")
        self._hint = QLabel("The classes and their numbers of images stand here.", self)
        self._hint.setWordWrap(True)
        set_role(self._hint, "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(title)
        column.addWidget(self.classes)
        column.addWidget(self._hint)
        column.addSpacing(GRID)
        column.addWidget(self.split)
        column.addStretch(1)
        notifier.table_changed.connect(self._on_table)
        self._on_table(notifier.table)

    @pyqtSlot(ClassTable)
    def _on_table(self, table: ClassTable) -> None:
        self.classes.set_table(table)
        self._hint.setHidden(bool(table.rows))


class OverviewTable(QTableView):
    """As high as its rows, up to a limit or what room there is, where it scrolls; hidden without rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = OverviewModel()
        self.setModel(self._model)
        self.setObjectName("overviewTable")
        self.setAccessibleName("Images of each class in each role")
        self.setToolTip("Images of each class for training, validation and test")
        self.setItemDelegate(_BarDelegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows = required(self.verticalHeader())
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(_ROW_HEIGHT)
        header = required(self.horizontalHeader())
        header.setSectionsClickable(False)
        header.setMinimumSectionSize(GRID)
        header.setResizeContentsPrecision(_MOST_ROWS)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(OverviewColumn.BAR, QHeaderView.ResizeMode.Stretch)

    @pyqtSlot(ClassTable)
    def set_table(self, table: ClassTable) -> None:
        """Show another class table."""
        self._model.set_table(table)
        n_rows = self._model.rowCount()
        self.setVisible(bool(n_rows))
        widest = self.fontMetrics().horizontalAdvance(_WIDEST_NAME)
        self.setColumnWidth(OverviewColumn.CLASS, min(widest, self.sizeHintForColumn(OverviewColumn.CLASS)))
        for column in (OverviewColumn.TRAINING, OverviewColumn.VALIDATION, OverviewColumn.TEST):
            title = self._model.headerData(column, Qt.Orientation.Horizontal)
            width = self.fontMetrics().horizontalAdvance(title) + GRID
            self.setColumnWidth(column, max(width, self.sizeHintForColumn(column)))
        header_height = required(self.horizontalHeader()).sizeHint().height()
        self.setMinimumHeight(header_height + min(n_rows, _FEWEST_ROWS) * _ROW_HEIGHT)
        self.setMaximumHeight(header_height + min(n_rows, _MOST_ROWS) * _ROW_HEIGHT)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.maximumHeight())


class _BarDelegate(QStyledItemDelegate):
    """Draws the bars."""

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        bar: tuple[float, QColor] | None = index.data(BAR_ROLE)
        if bar is None:
            super().paint(painter, option, index)
            return
        length, color = bar
        cell = QRectF(option.rect).adjusted(GRID / 2, GRID, -GRID / 2, -GRID)
        cell.setWidth(max(1.0, cell.width() * length) if length else 0.0)
        drawn = required(painter)
        drawn.save()
        drawn.setRenderHint(QPainter.RenderHint.Antialiasing)
        drawn.setPen(Qt.PenStyle.NoPen)
        drawn.setBrush(color)
        drawn.drawRoundedRect(cell, 3, 3)
        drawn.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width() + GRID // 2, _ROW_HEIGHT)

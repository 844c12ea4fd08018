"""All events and the gates as a table: names to edit, numbers of events, statistics."""

from PyQt5.QtCore import QItemSelectionModel, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QIcon, QKeyEvent, QPixmap
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from aid_desktop.data.gate_text import describe
from aid_desktop.data.gates import Summary
from aid_desktop.errors import DataError
from aid_desktop.gui.plotting.gate_layer import gate_color
from aid_desktop.gui.plotting.gate_list import GateList
from aid_desktop.gui.plotting.plotted import GatedEvents
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.row_table import show_rows
from aid_desktop.numbers import grouped

_HEADERS = {
    "Gate": "Name of the gate, which becomes the class; a double click or F2 renames it",
    "Events": "Number of events in the gate",
    "Share": "Share of all events of the source",
    "Median": "Median of the feature below, over the events in the gate",
    "Mean": "Mean of the feature below, over the events in the gate",
    "SD": "Standard deviation of the feature below (divided by n), over the events in the gate",
}
_UNKNOWN = "–"
_SWATCH = 12


class GateTable(QTableWidget):
    """The first row stands for all events; the n-th gate (from 0) is in row n + 1. `refused` says what cannot be."""

    refused = pyqtSignal(str)

    def __init__(self, gates: GateList, parent: QWidget | None = None) -> None:
        super().__init__(0, len(_HEADERS), parent)
        self._gates = gates
        self._events: GatedEvents | None = None
        self.setObjectName("gateTable")
        self.setAccessibleName("Gates")
        self.setToolTip("Gates with their events; the selected ones can be combined, removed, or become rows")
        self.setHorizontalHeaderLabels(list(_HEADERS))
        for column, tip in enumerate(_HEADERS.values()):
            required(self.horizontalHeaderItem(column)).setToolTip(tip)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        show_rows(self)
        # The end of a long name tells it apart as often as its beginning; the tooltip has all of it.
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setAlternatingRowColors(True)
        self.setMinimumHeight(14 * GRID)
        header = required(self.horizontalHeader())
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(5 * GRID)
        self.itemChanged.connect(self._on_item_changed)

    def selected_gates(self) -> tuple[int, ...]:
        """Return the places of the selected gates, in order."""
        rows = {index.row() for index in required(self.selectionModel()).selectedRows()}
        return tuple(sorted(row - 1 for row in rows if row > 0))

    def select_gates(self, places: tuple[int, ...]) -> None:
        """Select gates by their places."""
        self.clearSelection()
        flags = QItemSelectionModel.SelectionFlags(QItemSelectionModel.SelectionFlag.Select)
        select = flags | QItemSelectionModel.SelectionFlag.Rows
        for place in places:
            required(self.selectionModel()).select(required(self.model()).index(place + 1, 0), select)

    def show_gates(self) -> None:
        """Show the gates as they are now; what was selected stays so by its name, a new gate is selected."""
        is_first = self.rowCount() == 0
        before = [required(self.item(row, 0)).text() for row in range(1, self.rowCount())]
        chosen = {before[place] for place in self.selected_gates()}
        names = self._gates.names
        new = set(names) - set(before)
        self.blockSignals(True)
        self.setRowCount(len(names) + 1)
        for row in range(len(names) + 1):
            self._fill(row)
        self.blockSignals(False)
        # At first all of them are new, and none is meant.
        wanted = chosen if is_first else new or chosen
        self.select_gates(tuple(place for place, name in enumerate(names) if name in wanted))
        self.itemSelectionChanged.emit()

    def show_events(self, events: GatedEvents | None) -> None:
        """Show the numbers of events and statistics; None: not known."""
        self._events = events
        self.blockSignals(True)
        for row in range(self.rowCount()):
            self._fill(row)
        self.blockSignals(False)

    @pyqtSlot()
    def remove_selected(self) -> None:
        """Remove the selected gates."""
        self._gates.remove(self.selected_gates())

    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        if required(e).key() == Qt.Key.Key_Delete:
            self.remove_selected()
        else:
            super().keyPressEvent(e)

    def _fill(self, row: int) -> None:
        gate = self._gates.gates[row - 1] if row else None
        texts = ["All events" if gate is None else gate.name, *self._numbers(row)]
        for column, text in enumerate(texts):
            # Not a new one: this may be told of by the item that is being edited.
            item = self.item(row, column) or QTableWidgetItem()
            item.setText(text)
            flags = Qt.ItemFlags(Qt.ItemFlag.ItemIsEnabled) | Qt.ItemFlag.ItemIsSelectable
            if gate is not None and column == 0:
                flags |= Qt.ItemFlag.ItemIsEditable
                item.setIcon(_swatch(row - 1))
                item.setToolTip(f"{gate.name}: {describe(gate)}")
            item.setFlags(flags)
            if column:
                item.setTextAlignment(int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
            if self.item(row, column) is None:
                self.setItem(row, column, item)

    def _numbers(self, row: int) -> list[str]:
        events = self._events
        unknown = [_UNKNOWN] * (len(_HEADERS) - 1)
        if events is None:
            return unknown
        n_all = events.source.n_images
        if row == 0:
            return [grouped(n_all), "100 %", *_statistics(events.everything)]
        result = events.results.get(self._gates.gates[row - 1])
        if result is None:
            return unknown
        return [grouped(result.n), f"{100 * result.n / max(1, n_all):.3g} %", *_statistics(result.summary)]

    @pyqtSlot(QTableWidgetItem)
    def _on_item_changed(self, item: QTableWidgetItem) -> None:
        place = item.row() - 1
        if item.column() or not 0 <= place < len(self._gates.gates):
            return
        try:
            self._gates.rename(place, item.text().strip())
        except DataError as error:
            self.refused.emit(str(error))
        # What was typed may not be what became of it.
        self.show_gates()


def _statistics(summary: Summary) -> list[str]:
    if not summary.n:
        return [_UNKNOWN] * 3
    return [f"{value:.3g}" for value in (summary.median, summary.mean, summary.sd)]


def _swatch(place: int) -> QIcon:
    pixmap = QPixmap(_SWATCH, _SWATCH)
    pixmap.fill(gate_color(place))
    swatch = QIcon(pixmap)
    # Qt tints the icons of selected rows, but a gate has the same colour everywhere.
    swatch.addPixmap(pixmap, QIcon.Mode.Selected)
    return swatch

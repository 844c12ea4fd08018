"""The table of peaks."""

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from aid_desktop.evaluation.peaks import Peak
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.row_table import show_rows
from aid_desktop.numbers import grouped

_HEADERS = ("Event", "Trace", "Height", "Time [µs]", "pos_x [µm]", "File")

_UNKNOWN = "–"
_TRACE, _FILE = 1, len(_HEADERS) - 1


class PeakTable(QTableWidget):
    """Peaks in the order in which they came; a peak is there once. `changed` tells of every change."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(_HEADERS), parent)
        self._peaks: tuple[Peak, ...] = ()
        self.setObjectName("peakTable")
        self.setAccessibleName("Peaks")
        self.setToolTip("Peaks that the line goes through; Del removes the selected ones")
        self.setHorizontalHeaderLabels(list(_HEADERS))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        show_rows(self)
        self.setAlternatingRowColors(True)
        self.setMinimumHeight(10 * GRID)
        header = required(self.horizontalHeader())
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column in (_TRACE, _FILE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)

    @property
    def peaks(self) -> tuple[Peak, ...]:
        """The peaks."""
        return self._peaks

    def add(self, peaks: Sequence[Peak]) -> None:
        """Add those that are not there yet."""
        self._set(tuple(dict.fromkeys((*self._peaks, *peaks))))

    def selected_peaks(self) -> tuple[int, ...]:
        """Return the places of the selected peaks, in order."""
        return tuple(sorted(index.row() for index in required(self.selectionModel()).selectedRows()))

    @pyqtSlot()
    def remove_selected(self) -> None:
        """Remove the selected peaks."""
        places = set(self.selected_peaks())
        self._set(tuple(peak for place, peak in enumerate(self._peaks) if place not in places))

    @pyqtSlot()
    def clear_peaks(self) -> None:
        """Remove all peaks."""
        self._set(())

    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        if required(e).key() == Qt.Key.Key_Delete:
            self.remove_selected()
        else:
            super().keyPressEvent(e)

    def _set(self, peaks: tuple[Peak, ...]) -> None:
        if peaks == self._peaks:
            return
        self._peaks = peaks
        self.clearSelection()
        self.setRowCount(len(peaks))
        for row, peak in enumerate(peaks):
            event = grouped(peak.event + 1) if peak.event >= 0 else _UNKNOWN
            texts = [event, peak.trace, f"{peak.height:.5g}", f"{peak.time:.5g}", f"{peak.position:.5g}"]
            texts.append(Path(peak.source).name or _UNKNOWN)
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if column == _FILE:
                    item.setToolTip(peak.source or "A peak of a file that does not say where it is from")
                elif column != _TRACE:
                    item.setTextAlignment(int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
                self.setItem(row, column, item)
        self.changed.emit()

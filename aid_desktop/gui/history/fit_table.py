"""The lines that are fitted to curves, in numbers."""

from collections.abc import Mapping

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.naming import name_widget
from aid_desktop.runs.trend import LinearFit

_HEADERS = ("curve", "slope per epoch", "value at epoch 0", "epochs fitted")


class FitTable(QTableWidget):
    """A row for each curve that has a line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(_HEADERS), parent)
        name_widget(self, "historyFits", "Lines fitted to the curves", "The line of least squares through each curve")
        self.setHorizontalHeaderLabels(_HEADERS)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        rows, header = required(self.verticalHeader()), required(self.horizontalHeader())
        rows.hide()
        rows.setDefaultSectionSize(3 * GRID)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def show_fits(self, fits: Mapping[str, LinearFit]) -> None:
        """Show these lines, by the name of their curve."""
        self.setRowCount(len(fits))
        for row, (name, fit) in enumerate(fits.items()):
            texts = (name, f"{fit.slope:+.4e}", f"{fit.intercept:.6g}", str(fit.n_points))
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                item.setTextAlignment(int(side | Qt.AlignmentFlag.AlignVCenter))
                self.setItem(row, column, item)

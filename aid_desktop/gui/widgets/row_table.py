"""What tables of whole rows have in common."""

from PyQt5.QtWidgets import QAbstractItemView, QTableView

from aid_desktop.gui.qt import required


def show_rows(table: QTableView) -> None:
    """Let a table be one of whole rows: no grid, no numbers of rows, lines unbroken; Tab leaves it."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    required(table.verticalHeader()).hide()
    required(table.horizontalHeader()).setHighlightSections(False)

"""The sheet of keyboard shortcuts."""

from collections.abc import Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QDialogButtonBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.naming import name_widget

SHORTCUTS = {
    "Everywhere": (
        ("Ctrl+1 … Ctrl+4", "Data, Training, History, Assessment"),
        ("Ctrl+O, Ctrl+Shift+O", "Add a folder, add files"),
        ("Ctrl+R", "Open a run"),
        ("Ctrl+Alt+O", "Open a session"),
        ("Ctrl+S, Ctrl+Shift+S", "Save the session, save it as another file"),
        ("Ctrl+Z, Ctrl+Shift+Z", "Undo, redo: rows, or settings on Training"),
        ("Ctrl++, Ctrl+-, Ctrl+0", "Larger text, smaller text, text as it was"),
        ("Ctrl+,", "Settings"),
        ("F1, Shift+F1, ?", "Manual, What's this, this sheet"),
        ("Ctrl+Q", "Quit"),
    ),
    "Class table": (
        ("1 … 9", "Class of the selected rows, by its number"),
        ("T, V, E", "Role of the selected rows: training, validation, test"),
        ("F2", "Edit the cell; all selected rows follow"),
        ("Del", "Remove the selected rows"),
    ),
    "Training": (
        ("Ctrl+M", "More settings, or fewer"),
        ("F5, F6, F7", "Start, pause or resume, stop"),
        ("F8", "Apply the settings from the next epoch on"),
        ("Alt+Up, Alt+Down in the queue", "Train the chosen runs earlier, later"),
        ("Del, Return in the queue", "Take the chosen runs off, open one in History"),
    ),
    "History": (
        ("Ctrl+Shift+R", "Read the shown runs again"),
        ("Del in the list", "Take a run off the list; its files stay"),
        ("Left, Right, Home, End in the curves", "The epoch before, the next, the first, the last one"),
    ),
    "Assessment": (
        ("Ctrl+Return", "Assess"),
        ("Ctrl+K, Ctrl+Shift+K", "Classify new files, classify a large image"),
        ("Ctrl+E", "Export models"),
        ("Space, Ctrl+C in the gallery", "Open the image large, copy it"),
        ("1 … 9 in the gallery", "Class of the selected images, by its number"),
        ("T, V, E in the gallery", "Role of the selected images"),
        ("X, I in the gallery", "Exclude the selected images, include them again"),
        ("PgUp, PgDown in the large view", "The image before, the next one"),
    ),
}
_FIRST_COLUMN = 2
"""So many groups stand on the left, so that the sheet fits a small screen."""


class ShortcutsDialog(Dialog):
    """Lists all shortcuts in groups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutsDialog")
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        groups = list(SHORTCUTS)
        columns = QHBoxLayout()
        columns.setSpacing(5 * GRID)
        columns.addLayout(self._grid(groups[:_FIRST_COLUMN]))
        columns.addLayout(self._grid(groups[_FIRST_COLUMN:]))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        close = required(buttons.button(QDialogButtonBox.StandardButton.Close))
        name_widget(close, "shortcutsClose", "Close", "Close this sheet")
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(columns)
        column.addWidget(buttons)

    def _grid(self, groups: Sequence[str]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        line = 0
        for heading in groups:
            title = QLabel(heading, self)
            set_role(title, "heading")
            title.setContentsMargins(0, GRID if line else 0, 0, 0)
            grid.addWidget(title, line, 0, 1, 2)
            line += 1
            for keys, text in SHORTCUTS[heading]:
                grid.addWidget(QLabel(keys, self), line, 0)
                grid.addWidget(QLabel(text, self), line, 1)
                line += 1
        grid.setRowStretch(line, 1)
        grid.setColumnStretch(1, 1)
        return grid

"""The sheet of keyboard shortcuts."""

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from aid_desktop.gui.theme import GRID, set_role

SHORTCUTS = {
    "Everywhere": (
        ("Ctrl+1 … Ctrl+4", "Data, Training, History, Assessment"),
        ("Ctrl+O, Ctrl+Shift+O", "Add a folder, add files"),
        ("Ctrl+R", "Open a run"),
        ("Ctrl+Alt+O", "Open a session"),
        ("Ctrl+S, Ctrl+Shift+S", "Save the session, save it as another file"),
        ("Ctrl+Z, Ctrl+Shift+Z", "Undo, redo: rows on Data and Assessment, settings on Training"),
        ("Ctrl+,", "Settings"),
        ("?", "This sheet"),
        ("Ctrl+Q", "Quit"),
    ),
    "Class table": (
        ("1 … 9", "Class of the selected rows by its number, from the first"),
        ("T, V, E", "Role of the selected rows: training, validation, test"),
        ("F2", "Edit the cell; all selected rows follow"),
        ("Del", "Remove the selected rows"),
    ),
    "Training": (
        ("F5, F6, F7", "Start, pause or resume, stop"),
        ("F8", "Apply the settings from the next epoch on"),
        ("Alt+Up, Alt+Down in the queue", "Train the chosen runs earlier, later"),
        ("Del, Return in the queue", "Take the chosen runs off, open one in History"),
    ),
    "Assessment": (
        ("Ctrl+Return", "Assess"),
        ("Ctrl+K, Ctrl+Shift+K", "Classify new files, classify a large image"),
        ("Space, Ctrl+C in the gallery", "Open the image large, copy it"),
        ("1 … 9 in the gallery", "Another class for the selected images, by its number in the matrix"),
        ("T, V, E in the gallery", "Use the selected images for training, validation, test"),
        ("X, I in the gallery", "Exclude the selected images, include them again"),
        ("Page up, Page down in the large view", "The image before, the next one"),
    ),
}


class ShortcutsDialog(QDialog):
    """Lists all shortcuts in groups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutsDialog")
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * GRID)
        line = 0
        for heading, shortcuts in SHORTCUTS.items():
            title = QLabel(heading, self)
            set_role(title, "heading")
            grid.addWidget(title, line, 0, 1, 2)
            line += 1
            for keys, text in shortcuts:
                grid.addWidget(QLabel(keys, self), line, 0)
                grid.addWidget(QLabel(text, self), line, 1)
                line += 1
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(grid)
        column.addWidget(buttons)

"""What an empty Data tab offers: drop images, add them, open an example, or what was open last."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QAction, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from aid_desktop.gui.data.examples import Examples
from aid_desktop.gui.recent_paths import RECENT_DATA, RECENT_SESSIONS, RecentPaths
from aid_desktop.gui.theme import GRID, icon, set_primary, set_role
from aid_desktop.gui.widgets.drop_area import HINT, DropArea
from aid_desktop.gui.widgets.naming import name_widget, named_button

_DETAIL = "One folder per class, or one folder that holds them. Folders named train, validation and test give the role."
_SHOWN_OF_EACH = 3
_PATH_WIDTH = 40 * GRID


class Welcome(DropArea):
    """The drop area with buttons and the sessions and data used last; `recent_chosen` carries a tuple of one path."""

    recent_chosen = pyqtSignal(tuple)

    def __init__(
        self, add_folder: QAction, add_files: QAction, examples: Examples, parent: QWidget | None = None
    ) -> None:
        super().__init__(HINT, parent, _DETAIL)
        self._sessions = RecentPaths(RECENT_SESSIONS)
        self._data = RecentPaths(RECENT_DATA)
        folder = self._button(add_folder, "Add folder", "add-folder", "accent_text")
        set_primary(folder)
        self._button(add_files, "Add files", "add-file", "text")
        example = named_button(
            self, "Open an example", "openExampleButton", "Try the program with images that are at hand", "gallery"
        )
        example.setMenu(examples.menu)
        self.add_button(example)
        self._title = QLabel("Recent", self)
        set_role(self._title, "heading")
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        columns = QHBoxLayout()
        columns.setSpacing(2 * GRID)
        columns.addStretch(1)
        self._columns = QVBoxLayout(), QVBoxLayout()
        for column in self._columns:
            column.setSpacing(0)
            columns.addLayout(column)
        columns.addStretch(1)
        self.add_below(self._title)
        self.add_below(columns)
        self._buttons_of_recent: list[QPushButton] = []

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._fill()

    def _fill(self) -> None:
        for button in self._buttons_of_recent:
            button.hide()
            button.deleteLater()
        self._buttons_of_recent = []
        both = zip((self._sessions, self._data), ("save", "folder"), self._columns, strict=True)
        for paths, picture, column in both:
            for path in paths.paths()[:_SHOWN_OF_EACH]:
                column.addWidget(self._recent_button(path, picture), 0, Qt.AlignmentFlag.AlignLeft)
        self._title.setVisible(bool(self._buttons_of_recent))
        # The room is needed on small screens.
        self.show_picture(not self._buttons_of_recent)

    def _recent_button(self, path: Path, picture: str) -> QPushButton:
        text = self.fontMetrics().elidedText(str(path), Qt.TextElideMode.ElideMiddle, _PATH_WIDTH)
        button = QPushButton(icon(picture, "muted"), text.replace("&", "&&"), self)
        name_widget(button, f"recent.{len(self._buttons_of_recent)}", f"Open {path}", str(path))
        button.setFlat(True)
        button.setAutoDefault(False)
        button.clicked.connect(partial(self._choose, path))
        button.show()
        self._buttons_of_recent.append(button)
        return button

    def _choose(self, path: Path, checked: bool = False) -> None:
        # Who opens it tells that it is gone.
        if not path.exists():
            self._data.remove(path)
        self.recent_chosen.emit((path,))

    def _button(self, action: QAction, text: str, picture: str, ink: str) -> QPushButton:
        button = QPushButton(icon(picture, ink), text, self)
        name_widget(button, f"empty.{action.objectName()}", text, action.toolTip())
        button.clicked.connect(action.trigger)
        self.add_button(button)
        return button

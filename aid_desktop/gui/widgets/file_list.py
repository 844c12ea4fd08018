"""A list of files and folders to work on."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PyQt5.QtWidgets import QFileDialog, QHBoxLayout, QListWidget, QPushButton, QVBoxLayout, QWidget

from aid_desktop.data.formats import file_dialog_filter
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, icon
from aid_desktop.gui.widgets.drop_area import HINT, dropped_paths
from aid_desktop.gui.widgets.empty_hint import EmptyHint


@dataclass(frozen=True, slots=True)
class FileWords:
    """What a list of files says: in the middle while it is empty, in tooltips and dialogs; the filter for files."""

    hint: str = HINT
    tip: str = "Drop folders of images or .rtdc files here; Delete removes the chosen ones"
    folder: str = "Add a folder of images"
    file_filter: str = ""


class FileList(QWidget):
    """Takes files and folders by buttons or drop. Object names begin with `name`; `changed` tells the number.

    `title` says what the paths are for.
    """

    changed = pyqtSignal(int)

    def __init__(self, name: str, title: str, parent: QWidget | None = None, words: FileWords | None = None) -> None:
        super().__init__(parent)
        self._words = words or FileWords()
        self.setAcceptDrops(True)
        self.list = QListWidget(self)
        self.list.setObjectName(name)
        self.list.setAccessibleName(title)
        self.list.setToolTip(self._words.tip)
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        # With one, Qt would not elide.
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAcceptDrops(False)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        for text, picture, part, slot in (
            ("Add folder…", "add-folder", "addFolder", self.ask_folder),
            ("Add files…", "add-file", "addFiles", self.ask_files),
            ("Remove", "remove", "remove", self.remove_chosen),
        ):
            button = QPushButton(icon(picture), text, self)
            button.setObjectName(f"{name}.{part}")
            button.setAccessibleName(text.rstrip("…"))
            button.setToolTip(self.list.toolTip())
            button.setAutoDefault(False)
            button.clicked.connect(slot)
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(buttons)
        column.addWidget(self.list, 1)
        EmptyHint(self._words.hint, self.list)

    @property
    def paths(self) -> tuple[Path, ...]:
        """What is in the list, in order."""
        return tuple(Path(required(self.list.item(row)).text()) for row in range(self.list.count()))

    def add(self, paths: Iterable[Path]) -> None:
        """Append paths that are not yet in the list."""
        known = set(self.paths)
        new = [path for path in dict.fromkeys(paths) if path not in known]
        self.list.addItems([str(path) for path in new])
        self.changed.emit(self.list.count())

    @pyqtSlot()
    def ask_folder(self) -> None:
        """Ask for a folder."""
        folder = QFileDialog.getExistingDirectory(self, self._words.folder, self._start())
        self.add([Path(folder)] if folder else [])

    @pyqtSlot()
    def ask_files(self) -> None:
        """Ask for files."""
        names, _ = QFileDialog.getOpenFileNames(
            self, "Add files", self._start(), self._words.file_filter or file_dialog_filter()
        )
        self.add(map(Path, names))

    @pyqtSlot()
    def remove_chosen(self) -> None:
        """Take the chosen paths off the list."""
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self.changed.emit(self.list.count())

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        if required(a0).key() == Qt.Key.Key_Delete:
            self.remove_chosen()
        else:
            super().keyPressEvent(a0)

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        event = required(a0)
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, a0: QDragMoveEvent | None) -> None:
        required(a0).acceptProposedAction()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        event = required(a0)
        event.acceptProposedAction()
        self.add(dropped_paths(event.mimeData()))

    def _start(self) -> str:
        paths = self.paths
        return str(paths[-1].parent if paths else Path.home())

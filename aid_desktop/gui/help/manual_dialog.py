"""The manual beside the window: contents on the left, the page on the right, a search above."""

from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QShortcut,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.help.contents import FIRST_PAGE, Chapter, pages_with, read_contents
from aid_desktop.gui.help.page_view import PageView
from aid_desktop.gui.theme import GRID, ThemeManager, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.naming import name_widget, named_button

_SIZE = (130, 90)
_PATH = Qt.ItemDataRole.UserRole


class ManualDialog(Dialog):
    """Shows the manual that lies in `folder`, or says that there is none."""

    def __init__(self, folder: Path, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("manualDialog")
        self.setWindowTitle("Manual")
        self.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, False)
        self._folder = folder
        self._chapters: tuple[Chapter, ...] = ()
        self.view = PageView(folder, themes, self)
        self.contents = QTreeWidget(self)
        self.search = QLineEdit(self)
        self.message = QLabel(self)
        self._back = named_button(self, "Back", "manualBackButton", "The page before (Alt+Left)", "undo")
        self._forward = named_button(self, "Forward", "manualForwardButton", "The page after (Alt+Right)", "redo")
        self._home = named_button(self, "Contents", "manualContentsButton", "What the manual has", "help")
        self._lay_out()
        self._fill()
        self._set_keys()
        self._back.clicked.connect(self.view.backward)
        self._forward.clicked.connect(self.view.forward)
        self._home.clicked.connect(self._on_home)
        self.view.backwardAvailable.connect(self._back.setEnabled)
        self.view.forwardAvailable.connect(self._forward.setEnabled)
        self.view.page_changed.connect(self._on_page_changed)
        self.contents.currentItemChanged.connect(self._on_chosen)
        self.search.textChanged.connect(self._on_searched)
        self.search.returnPressed.connect(self._on_search_entered)

    def open_page(self, path: str) -> None:
        """Show a page by its path within the manual, `training.md` for example."""
        if self._chapters:
            self.view.open_page(path)

    def shown_pages(self) -> list[str]:
        """Return the paths of the pages that the contents list at the moment."""
        return [item.data(0, _PATH) for item in self._items() if not item.isHidden()]

    def _lay_out(self) -> None:
        self.set_size(*_SIZE)
        self._back.setEnabled(False)
        self._forward.setEnabled(False)
        name_widget(self.contents, "manualContents", "Contents of the manual", "The pages of the manual")
        self.contents.setHeaderHidden(True)
        self.contents.setRootIsDecorated(False)
        name_widget(
            self.search,
            "manualSearch",
            "Search the manual",
            "Only pages with all of these words are listed (Ctrl+F); Enter opens the first",
        )
        self.search.setPlaceholderText("Search the manual")
        self.search.setClearButtonEnabled(True)
        self.message.setWordWrap(True)
        set_role(self.message, "muted")
        self.message.hide()
        tools = QHBoxLayout()
        tools.setSpacing(GRID)
        for button in (self._back, self._forward, self._home):
            tools.addWidget(button)
        tools.addStretch(1)
        tools.addWidget(self.search, 1)
        splitter = QSplitter(self)
        splitter.addWidget(self.contents)
        splitter.addWidget(self.view)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([30 * GRID, 100 * GRID])
        column = QVBoxLayout(self)
        column.setSpacing(GRID)
        column.addLayout(tools)
        column.addWidget(self.message)
        column.addWidget(splitter, 1)

    def _set_keys(self) -> None:
        self._back.setShortcut("Alt+Left")
        self._forward.setShortcut("Alt+Right")
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.search.setFocus)

    def _fill(self) -> None:
        try:
            self._chapters = read_contents(self._folder)
        except OSError as error:
            self._tell(f"The manual is not at {self._folder} ({error.strerror}): install the program again.")
            return
        for chapter in self._chapters:
            heading = QTreeWidgetItem(self.contents, [chapter.title])
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            for page in chapter.pages:
                item = QTreeWidgetItem(heading, [page.title])
                item.setData(0, _PATH, page.path)
                item.setToolTip(0, page.about)
            heading.setExpanded(True)

    def _tell(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _items(self) -> list[QTreeWidgetItem]:
        headings = [self.contents.topLevelItem(number) for number in range(self.contents.topLevelItemCount())]
        children = [heading.child(number) for heading in headings if heading for number in range(heading.childCount())]
        return [child for child in children if child is not None]

    @pyqtSlot()
    def _on_home(self) -> None:
        self.open_page(FIRST_PAGE)

    @pyqtSlot(str)
    def _on_page_changed(self, path: str) -> None:
        item = next((item for item in self._items() if item.data(0, _PATH) == path), None)
        blocked = self.contents.blockSignals(True)
        self.contents.setCurrentItem(item)
        self.contents.blockSignals(blocked)

    @pyqtSlot(QTreeWidgetItem, QTreeWidgetItem)
    def _on_chosen(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None) -> None:
        if item is not None and item.data(0, _PATH):
            self.view.open_page(item.data(0, _PATH))

    @pyqtSlot()
    def _on_search_entered(self) -> None:
        pages = self.shown_pages()
        if pages:
            self.open_page(pages[0])

    @pyqtSlot(str)
    def _on_searched(self, text: str) -> None:
        try:
            found = pages_with(self._folder, self._chapters, text)
        except OSError as error:
            self._tell(f"The manual cannot be searched: {error}")
            return
        for item in self._items():
            item.setHidden(item.data(0, _PATH) not in found)
        self._tell("" if found else f"No page has all of the words: {text}")
        self.view.mark(tuple(text.split()))

"""One page of the manual: text, pictures, and links between the pages."""

from pathlib import Path
from typing import Any

from PyQt5.QtCore import QSize, Qt, QTimer, QUrl, pyqtSignal, pyqtSlot
from PyQt5.QtGui import (
    QColor,
    QDesktopServices,
    QFontDatabase,
    QFontInfo,
    QImage,
    QResizeEvent,
    QTextCharFormat,
    QTextDocument,
)
from PyQt5.QtWidgets import QTextBrowser, QTextEdit, QWidget

from aid_desktop.gui.help.page_html import page_html, page_style
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, ThemeManager

_MARGIN = 2 * GRID
_NARROWEST = 20 * GRID
_RESIZE_MS = 100
_OUTSIDE = ("http", "https", "mailto")


class PageView(QTextBrowser):
    """Shows Markdown files below one folder; `page_changed` carries the path of the page within it.

    Links to the web are given to the system; other links out of the folder are not followed.
    """

    page_changed = pyqtSignal(str)

    def __init__(self, folder: Path, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._themes = themes
        self._words: tuple[str, ...] = ()
        self._loaded_for = 0
        # Not `source`, which is still that of the page before while a page is loaded.
        self._url = QUrl()
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(_RESIZE_MS)
        self._resized.timeout.connect(self._on_resized)
        self.setObjectName("manualPage")
        self.setAccessibleName("Page of the manual")
        self.setOpenLinks(False)
        # One that comes and goes would change the width that pictures are made for.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        required(self.document()).setDocumentMargin(_MARGIN)
        self._set_style()
        self.anchorClicked.connect(self.follow)
        self.sourceChanged.connect(self._on_source_changed)
        themes.changed.connect(self._on_theme_changed)

    @property
    def page(self) -> str:
        """Path of the page within the folder; empty before the first one."""
        return self._path_of(self._url)

    def open_page(self, path: str, anchor: str = "") -> None:
        """Show a page by its path within the folder, from its start or from a heading."""
        url = QUrl.fromLocalFile(str(self._folder / path))
        url.setFragment(anchor)
        self._show(url)

    @pyqtSlot(QUrl)
    def follow(self, url: QUrl) -> None:
        """Go where a link leads."""
        target = self._url.resolved(url)
        if target.scheme() in _OUTSIDE:
            QDesktopServices.openUrl(target)
        elif self._path_of(target).endswith(".md"):
            self._show(target)

    def mark(self, words: tuple[str, ...]) -> None:
        """Mark all places where one of the words stands, in any case."""
        self._words = words
        self._mark()

    def loadResource(self, type: int, name: QUrl) -> Any:
        path = Path(required(self.document()).baseUrl().resolved(name).toLocalFile())
        if type == QTextDocument.ResourceType.HtmlResource:
            self._loaded_for = self._room()
            return page_html(path.read_text(encoding="utf-8", errors="replace"))
        image = QImage(str(path))
        fits = image.isNull() or image.width() <= self._room()
        return image if fits else image.scaledToWidth(self._room(), Qt.TransformationMode.SmoothTransformation)

    def resizeEvent(self, e: QResizeEvent | None) -> None:
        super().resizeEvent(e)
        # Later, and once for a drag: a scroll bar that comes while a page is loaded resizes it too.
        self._resized.start()

    def sizeHint(self) -> QSize:
        return QSize(90 * GRID, 80 * GRID)

    def _path_of(self, url: QUrl) -> str:
        path = Path(url.toLocalFile())
        inside = url.isLocalFile() and path.is_file() and path.is_relative_to(self._folder)
        return path.relative_to(self._folder).as_posix() if inside else ""

    def _show(self, url: QUrl) -> None:
        self.setSource(url, QTextDocument.ResourceType.HtmlResource)

    def _room(self) -> int:
        return max(_NARROWEST, required(self.viewport()).width() - 2 * _MARGIN)

    def _set_style(self) -> None:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        # Without a screen Qt knows no such font of the system.
        family = font.family() if QFontInfo(font).fixedPitch() else "monospace"
        required(self.document()).setDefaultStyleSheet(page_style(self._themes.current, family))

    def _load_again(self) -> None:
        """Make the page anew, for another width or theme; what is in sight stays."""
        if not self.page:
            return
        bar = required(self.verticalScrollBar())
        share = bar.value() / max(1, bar.maximum())
        self.reload()
        bar.setValue(round(share * bar.maximum()))

    @pyqtSlot()
    def _on_resized(self) -> None:
        # Pictures are made as wide as the page.
        if self._loaded_for != self._room():
            self._load_again()

    @pyqtSlot()
    def _on_theme_changed(self) -> None:
        self._set_style()
        self._load_again()

    @pyqtSlot(QUrl)
    def _on_source_changed(self, url: QUrl) -> None:
        self._url = url
        self._mark()
        self.page_changed.emit(self.page)

    def _mark(self) -> None:
        look = QTextCharFormat()
        look.setBackground(QColor(self._themes.current.selection))
        document = required(self.document())
        marks = []
        for word in self._words:
            cursor = document.find(word)
            while not cursor.isNull():
                mark = QTextEdit.ExtraSelection()
                mark.cursor, mark.format = cursor, look
                marks.append(mark)
                cursor = document.find(word, cursor)
        self.setExtraSelections(marks)

"""How much prepared images take on disk, how much they may, and a button that empties them."""

from collections.abc import Callable
from functools import partial

from PyQt5.QtCore import Qt, QUrl, pyqtSlot
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import (
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.cache import CropCache, Usage
from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.numbers import GB, grouped

_WIDTH = 64 * GRID
_ABOUT = (
    "Images that do not fit into memory are brought to the network's size once and kept here, so that later runs begin "
    "at once. They can be made again at any time."
)


class StorageDialog(Dialog):
    """Shows and changes a CropCache; all work on the disk is done in the background."""

    def __init__(self, cache: CropCache, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("storageDialog")
        self.setWindowTitle("Storage")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(_WIDTH)
        self._cache = cache
        self._background = background
        self.usage = QLabel("Counting …", self)
        self.message = QLabel(self)
        self.limit = QDoubleSpinBox(self)
        self.empty_button = QPushButton(icon("remove"), "Empty", self)
        self._open = QPushButton(icon("folder"), "Open folder", self)
        self._close = QPushButton("Close", self)
        self._lay_out()
        self.limit.setValue(cache.limit_gb)
        self.limit.editingFinished.connect(self._on_limit_edited)
        self.empty_button.clicked.connect(self._on_empty)
        self._open.clicked.connect(self._on_open)
        self._close.clicked.connect(self.accept)
        self._start("Counting prepared images", cache.usage)

    def _lay_out(self) -> None:
        about, place = QLabel(_ABOUT, self), QLabel(str(self._cache.folder), self)
        for label in (about, self.message, place):
            label.setWordWrap(True)
        set_role(about, "muted")
        set_role(self.message, "error")
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.limit.setRange(0.1, 100_000)
        self.limit.setDecimals(1)
        self.limit.setSuffix(" GB")
        self.limit.setObjectName("storageLimit")
        self.limit.setAccessibleName("Largest size of the prepared images")
        self.limit.setToolTip("Above this size, what was used longest ago is removed. 0.1 GB or more; typical: 20 GB")
        for button, name, tip in (
            (self.empty_button, "storageEmptyButton", "Remove all prepared images; a run keeps its own until it ends"),
            (self._open, "storageOpenButton", "Show the folder in the file manager"),
            (self._close, "storageCloseButton", "Close this dialog"),
        ):
            button.setObjectName(name)
            button.setAccessibleName(button.text())
            button.setToolTip(tip)
        self.empty_button.setEnabled(False)
        form = QFormLayout()
        form.addRow("Prepared images", self.usage)
        form.addRow("At most", self.limit)
        form.addRow("Folder", place)
        buttons = QHBoxLayout()
        buttons.addWidget(self.empty_button)
        buttons.addWidget(self._open)
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(about)
        column.addLayout(form)
        column.addWidget(self.message)
        column.addLayout(buttons)
        # In a dialog with texts in several lines Qt reckons too small a height.
        self.limit.setMinimumHeight(self.limit.sizeHint().height())
        self.message.hide()

    def _start(self, title: str, work: Callable[[], object]) -> None:
        """Do something with the cache in the background, then show how full it is."""

        def do(context: JobContext) -> Usage:
            work()
            return self._cache.usage()

        job = self._background.start(title, do, self._show, self._on_failure)
        # The work goes on when the dialog is closed, but nobody is there to be told.
        self.destroyed.connect(job.cancel)

    def _show(self, usage: Usage) -> None:
        files = "1 file" if usage.n_files == 1 else f"{grouped(usage.n_files)} files"
        size = f"{usage.n_bytes / GB:.2f} GB"
        self.usage.setText(f"{size} in {files}" if usage.n_files else "nothing stored")
        self.empty_button.setText(f"Empty ({size})" if usage.n_files else "Empty")
        self.empty_button.setEnabled(usage.n_files > 0)
        self._open.setEnabled(self._cache.folder.is_dir())

    def _on_failure(self, failure: Failure) -> None:
        self.message.setText(failure.message)
        self.message.show()
        self.adjustSize()
        self.empty_button.setEnabled(True)

    @pyqtSlot()
    def _on_limit_edited(self) -> None:
        limit = self.limit.value()
        if limit == self._cache.limit_gb:
            return
        self.message.hide()
        self._start("Storing the limit", partial(self._cache.set_limit_gb, limit))

    @pyqtSlot()
    def _on_empty(self) -> None:
        self.empty_button.setEnabled(False)
        self.message.hide()
        self._start("Removing prepared images", self._cache.empty)

    @pyqtSlot()
    def _on_open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._cache.folder)))

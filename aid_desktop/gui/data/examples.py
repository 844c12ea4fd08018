"""The example data sets: written or fetched in the background, then added to the class table."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QAction, QMenu, QWidget

from aid_desktop.data.fashion_mnist import OFFER, download_fashion_mnist, is_written
from aid_desktop.data.sample import SIDE, write_digits_sample
from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.data.loading import SourceLoader
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.qt import required
from aid_desktop.gui.question import Question, ask
from aid_desktop.paths import samples_dir

_FASHION_SIDE = 28


class Examples(QObject):
    """Two actions, one for each data set, in `menu` too. Nothing is fetched before the user has agreed.

    On an empty class table the image settings follow the size of the images. `failed` tells why one did not come.
    """

    failed = pyqtSignal(Failure)

    def __init__(self, notifier: Notifier, loader: SourceLoader, background: Background, parent: QWidget) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._loader = loader
        self._background = background
        self._widget = parent
        self._is_busy = False
        self.digits = self._action("digitsExample", self.open_digits)
        self.digits.setText("Handwritten digits: 1797 images, 10 classes")
        self.fashion = self._action("fashionExample", self.open_fashion)
        self.menu = QMenu("Open an example", parent)
        self.menu.setObjectName("examplesMenu")
        self.menu.addActions((self.digits, self.fashion))
        self.menu.aboutToShow.connect(self._show_state)
        self._show_state()

    @pyqtSlot()
    def open_digits(self) -> None:
        """Write the digits, which come with the program, and add them."""
        folder = samples_dir() / "digits"
        self._start("Writing the example", lambda context: write_digits_sample(folder), SIDE)

    @pyqtSlot()
    def open_fashion(self) -> None:
        """Add Fashion-MNIST; ask before it is fetched if it is not on this computer."""
        folder = samples_dir() / "fashion_mnist"
        if is_written(folder):
            self._fetch(folder)
            return
        question = Question(
            name="downloadExampleQuestion",
            title="Download the example",
            text=f"Download Fashion-MNIST, {OFFER.n_bytes / 1e6:.0f} MB?",
            details=f"Zalando Research's pictures of clothes (MIT licence), from\n{OFFER.train_images.url}\nand three "
            f"more files beside it. They are kept in {folder}. Nothing about you or your images is sent.",
            yes=("Download", "downloadExampleYes"),
            no=("Not now", "downloadExampleNo"),
        )
        ask(question, partial(self._fetch, folder), required(self._widget.window()))

    def _fetch(self, folder: Path) -> None:
        def fetch(context: JobContext) -> Path:
            return download_fashion_mnist(folder, context.report_or_leave)

        self._start("Downloading Fashion-MNIST", fetch, _FASHION_SIDE)

    def _start(self, title: str, work: Callable[[JobContext], Path], side: int) -> None:
        if self._is_busy:
            return
        self._is_busy = True
        job = self._background.start(title, work, partial(self._add, side), self.failed.emit, is_cancellable=True)
        job.ended.connect(self._on_ended)
        self._show_state()

    def _add(self, side: int, folder: Path) -> None:
        if not self._notifier.table.rows:
            self._notifier.set_image_settings(replace(self._notifier.image_settings, width=side, height=side))
        self._loader.add([folder])

    @pyqtSlot()
    def _on_ended(self) -> None:
        self._is_busy = False
        self._show_state()

    @pyqtSlot()
    def _show_state(self) -> None:
        """Say whether Fashion-MNIST would be fetched; only one example is opened at a time."""
        is_here = is_written(samples_dir() / "fashion_mnist")
        end = "" if is_here else f" – download, {OFFER.n_bytes / 1e6:.0f} MB…"
        self.fashion.setText(f"Fashion-MNIST: 70 000 pictures of clothes, 10 classes{end}")
        self.digits.setDisabled(self._is_busy)
        self.fashion.setDisabled(self._is_busy)

    def _action(self, name: str, slot: Callable[[], None]) -> QAction:
        action = QAction(self)
        action.setObjectName(f"{name}Action")
        action.triggered.connect(slot)
        return action

"""Read the images that are in sight, a batch at a time, and leave those that are no longer."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.widgets.image_items import ImageItems, ReadImage

if TYPE_CHECKING:
    # Models stand above widgets; at run time the grid is given its model.
    from aid_desktop.gui.models.image_list_model import ImageListModel

TITLE = "Reading images"

_SETTLE_MS = 30
# A batch is to take a time in which a user does not yet wait for pictures.
_FIRST_BATCH, _LARGEST_BATCH = 16, 256
_SHORT_S, _LONG_S = 0.08, 0.3

_Batch = tuple[list[ReadImage], float]


class ImageReading(QObject):
    """Fills an ImageListModel: `visible_rows` tells what to read whenever `wake` was called.

    One batch is read at a time. A batch of which nothing is in sight any more is cancelled. `failed` comes
    once for each batch that cannot be read.
    """

    failed = pyqtSignal(Failure)

    def __init__(
        self,
        model: "ImageListModel",
        background: Background,
        visible_rows: Callable[[], range],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._background = background
        self._visible_rows = visible_rows
        self._job: Job[_Batch] | None = None
        self._rows: tuple[int, ...] = ()
        self._size = _FIRST_BATCH
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._read)
        model.modelReset.connect(self._on_reset)

    @pyqtSlot()
    def wake(self) -> None:
        """Look soon what is in sight; call it as often as the view moves."""
        if not self._settle.isActive():
            self._settle.start()

    def stop(self) -> None:
        """Cancel the reading under way."""
        self._settle.stop()
        if self._job is not None:
            self._job.cancel()
            self._job, self._rows = None, ()

    @pyqtSlot()
    def _on_reset(self) -> None:
        self.stop()
        self.wake()

    @pyqtSlot()
    def _read(self) -> None:
        visible = self._visible_rows()
        if self._job is not None:
            if any(row in visible for row in self._rows):
                return
            self.stop()
        rows = tuple(self._model.missing(visible)[: self._size])
        if not rows:
            return
        items = self._model.items
        self._rows = rows
        self._job = self._background.start(
            TITLE,
            partial(_timed, self._model.reader(rows)),
            partial(self._on_read, items, rows),
            partial(self._on_failed, items, rows),
        )
        self.destroyed.connect(self._job.cancel)

    def _on_read(self, items: ImageItems, rows: Sequence[int], batch: _Batch) -> None:
        images, seconds = batch
        if seconds < _SHORT_S:
            self._size = min(_LARGEST_BATCH, self._size * 2)
        elif seconds > _LONG_S:
            self._size = max(1, self._size // 2)
        self._job, self._rows = None, ()
        self._model.put(items, rows, images)
        self._read()

    def _on_failed(self, items: ImageItems, rows: Sequence[int], failure: Failure) -> None:
        self._job, self._rows = None, ()
        self._model.put_failure(items, rows, failure.message)
        self.failed.emit(failure)
        self._read()


def _timed(read: Callable[[], list[ReadImage]], _: JobContext) -> _Batch:
    start = time.perf_counter()
    return read(), time.perf_counter() - start

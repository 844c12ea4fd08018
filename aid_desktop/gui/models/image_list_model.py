"""Any number of images with captions, read only where they are looked at."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PyQt5.QtCore import QAbstractListModel, QModelIndex, QObject, Qt

from aid_desktop.gui.widgets.image_items import (
    CORRECT_ROLE,
    FAILURE_ROLE,
    IMAGE_ROLE,
    ORIGIN_ROLE,
    Image,
    ImageItems,
    ReadImage,
)
from aid_desktop.gui.widgets.pixmaps import shrunk

CACHE_BYTES = 192 * 2**20
SMALLEST_BOX = 64

_NO_PARENT = QModelIndex()


@dataclass(frozen=True, slots=True, eq=False)
class ReadyImages:
    """A few images in memory. `captions` and `origins` are empty, or have one text per image."""

    images: tuple[Image, ...] = ()
    captions: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Return True: nothing has to be read."""
        return True

    def __len__(self) -> int:
        return len(self.images)

    def caption(self, row: int) -> str:
        """Return the line below an image."""
        return self.captions[row] if self.captions else ""

    def is_correct(self, row: int) -> bool | None:
        """Return None: nothing was predicted."""
        return None

    def read(self, rows: Sequence[int]) -> list[ReadImage]:
        """Return some of the images."""
        return [ReadImage(self.images[row], self.origins[row] if self.origins else "") for row in rows]


class ImageListModel(QAbstractListModel):
    """Images by row, without pixels until somebody reads them and hands them to `put`.

    Roles: DisplayRole the caption, ToolTipRole caption and origin, and IMAGE_ROLE, CORRECT_ROLE, ORIGIN_ROLE,
    FAILURE_ROLE. Images that were not looked at for longest are forgotten beyond CACHE_BYTES.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: ImageItems = ReadyImages()
        self._box = SMALLEST_BOX
        self._kept: OrderedDict[int, Image] = OrderedDict()
        self._bytes = 0
        self._shrunk: set[int] = set()
        self._origins: dict[int, str] = {}
        self._failures: dict[int, str] = {}

    @property
    def items(self) -> ImageItems:
        """What is shown."""
        return self._items

    @property
    def box(self) -> int:
        """Longest side in pixels of the images kept: 64, 128, 256, ..."""
        return self._box

    def set_items(self, items: ImageItems) -> None:
        """Show other images."""
        self.beginResetModel()
        self._items = items
        self._forget(list(self._kept))
        self._origins.clear()
        self._failures.clear()
        self.endResetModel()

    def set_images(self, images: Sequence[Image], captions: Sequence[str] = (), origins: Sequence[str] = ()) -> None:
        """Show a few images that are in memory.

        As many images as before take the places of those, so that the view stays where it is. Raises
        ValueError if there are captions or origins, but not one per image.
        """
        for texts in (captions, origins):
            if texts and len(texts) != len(images):
                raise ValueError(f"got {len(texts)} texts for {len(images)} images")
        self.exchange(ReadyImages(tuple(images), tuple(captions), tuple(origins)))

    def exchange(self, items: ImageItems) -> None:
        """Show other images in the places of as many, so that place and selection stay; else as `set_items`."""
        if len(items) != len(self._items):
            self.set_items(items)
            return
        self._items = items
        self._forget(list(self._kept))
        self._origins.clear()
        self._failures.clear()
        self._tell(range(len(items)))

    def captions_changed(self) -> None:
        """Tell that the items say something else about their images, which are the same."""
        self._tell(range(len(self._items)))

    def set_display_side(self, side: int) -> None:
        """Say how large images are drawn, in device pixels; those kept too small are read again."""
        box = SMALLEST_BOX
        while box < side:
            box *= 2
        if box != self._box:
            self._box = box
            changed = sorted(self._shrunk)
            self._forget(changed)
            self._tell(changed)

    def missing(self, rows: Iterable[int]) -> list[int]:
        """Return those of `rows` that have to be read."""
        if self._items.is_ready:
            return []
        return [row for row in rows if row not in self._kept and row not in self._failures]

    def reader(self, rows: Sequence[int]) -> Callable[[], list[ReadImage]]:
        """Return a function for another thread that reads rows and makes them small enough to keep."""
        items, box = self._items, self._box

        def read() -> list[ReadImage]:
            return [ReadImage(shrunk(one.image, box), one.origin) for one in items.read(rows)]

        return read

    def put(self, items: ImageItems, rows: Sequence[int], images: Sequence[ReadImage]) -> None:
        """Take what was read for `rows` of `items`; nothing happens if other items are shown by now."""
        if items is not self._items:
            return
        for row, one in zip(rows, images, strict=True):
            self._keep(row, one)
        self._tell(rows)

    def put_failure(self, items: ImageItems, rows: Sequence[int], reason: str) -> None:
        """Note that rows of `items` cannot be read; they are not asked for again."""
        if items is self._items:
            self._failures.update(dict.fromkeys(rows, reason))
            self._tell(rows)

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if not index.isValid() or row >= len(self._items):
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._items.caption(row)
        if role == IMAGE_ROLE:
            return self._image(row)
        if role == CORRECT_ROLE:
            return self._items.is_correct(row)
        if role == ORIGIN_ROLE:
            return self._origins.get(row, "")
        if role == FAILURE_ROLE:
            return self._failures.get(row, "")
        if role == Qt.ItemDataRole.ToolTipRole:
            texts = (self._items.caption(row), self._failures.get(row) or self._origins.get(row, ""))
            return "\n".join(filter(None, texts))
        return None

    def _image(self, row: int) -> Image | None:
        if row in self._kept:
            self._kept.move_to_end(row)
        elif self._items.is_ready:
            one = self._items.read([row])[0]
            self._keep(row, ReadImage(shrunk(one.image, self._box), one.origin))
        return self._kept.get(row)

    def _keep(self, row: int, one: ReadImage) -> None:
        self._forget([row] if row in self._kept else [])
        self._kept[row] = one.image
        self._bytes += one.image.nbytes
        if one.origin:
            self._origins[row] = one.origin
        if max(one.image.shape[:2]) >= self._box:
            self._shrunk.add(row)
        while self._bytes > CACHE_BYTES and len(self._kept) > 1:
            self._forget([next(iter(self._kept))])

    def _forget(self, rows: Iterable[int]) -> None:
        for row in rows:
            self._bytes -= self._kept.pop(row).nbytes
            self._shrunk.discard(row)

    def _tell(self, rows: Sequence[int]) -> None:
        if rows:
            self.dataChanged.emit(self.index(min(rows)), self.index(max(rows)))

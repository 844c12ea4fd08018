"""Images of the chosen row: as they are, and as the network will see them."""

from dataclasses import dataclass

import numpy as np
from PyQt5.QtCore import QTimer, pyqtSlot
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from aid_desktop.data.class_table import ClassRow, ClassTable
from aid_desktop.data.display import display_range
from aid_desktop.data.formats import reopen
from aid_desktop.data.pixels import Pixels, pixel_type_text
from aid_desktop.gui.background import Background, Job, JobContext
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.gui.widgets.image_strip import ImageStrip
from aid_desktop.settings.image import ImageSettings

_N_IMAGES = 8
_DELAY_MS = 150
_HINT = "Choose a row to see its images."


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Originals, each (H, W) or (H, W, C), and what the network takes, (N, height, width, C)."""

    originals: tuple[Pixels, ...]
    prepared: Pixels


def read_pairs(row: ClassRow, settings: ImageSettings, seed: int, context: JobContext) -> Pairs:
    """Read a random few images of a row, in file order."""
    from aid_desktop.data.prepare import prepare_row

    reader = reopen(row.source)
    n = min(_N_IMAGES, row.source.n_images)
    indices = np.sort(np.random.default_rng(seed).choice(row.source.n_images, n, replace=False))
    prepared = prepare_row(reader, settings, row.zoom, False, indices, lambda: context.cancelled)
    return Pairs(tuple(reader.read(indices)), prepared)


class ImagePanel(QWidget):
    """Follows the chosen row and the image settings; reads in the background, the newest wish wins."""

    def __init__(self, notifier: Notifier, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._background = background
        self._place: int | None = None
        self._seed = 0
        self._job: Job[Pairs] | None = None
        self._title = QLabel("Preview", self)
        self._message = QLabel(_HINT, self)
        self._originals = ImageStrip("originalImages", "Images as they are", self)
        self._prepared = ImageStrip("preparedImages", "Images as the network sees them", self)
        self._labels = (QLabel("as they are", self), QLabel("as the network\nsees them", self))
        self._levels = QLabel(self)
        self._again = QToolButton(self)
        self._timer = QTimer(self)
        self._lay_out()
        self._timer.timeout.connect(self._read)
        self._again.clicked.connect(self._on_again)
        notifier.table_changed.connect(self._on_table_changed)
        notifier.image_settings_changed.connect(self._on_settings_changed)
        self._show_message(_HINT)

    @property
    def prepared(self) -> ImageStrip:
        """The images as the network sees them."""
        return self._prepared

    @property
    def originals(self) -> ImageStrip:
        """The images as they are."""
        return self._originals

    @pyqtSlot(tuple)
    def show_rows(self, places: tuple[int, ...]) -> None:
        """Show images of the first of these rows of the class table."""
        self._place = places[0] if places else None
        self._ask()

    def _lay_out(self) -> None:
        set_role(self._title, "title")
        set_role(self._message, "muted")
        set_role(self._levels, "muted")
        self._levels.setObjectName("displayRange")
        self._message.setWordWrap(True)
        self._again.setIcon(icon("refresh"))
        self._again.setAutoRaise(True)
        self._again.setObjectName("previewAgainButton")
        self._again.setAccessibleName("Other images")
        self._again.setToolTip("Show other images of this row")
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        heading = QHBoxLayout()
        heading.addWidget(self._title)
        heading.addWidget(self._again)
        heading.addStretch(1)
        heading.addWidget(self._levels)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        for line, (label, strip) in enumerate(zip(self._labels, (self._originals, self._prepared), strict=True)):
            set_role(label, "muted")
            grid.addWidget(label, line, 0)
            grid.addWidget(strip, line, 1)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(heading)
        column.addWidget(self._message)
        column.addLayout(grid)
        column.addStretch(1)

    @pyqtSlot()
    def _on_again(self) -> None:
        self._seed += 1
        self._ask()

    @pyqtSlot(ClassTable)
    def _on_table_changed(self, table: ClassTable) -> None:
        if self._place is not None and self._place >= len(table.rows):
            self._place = None
        self._ask()

    @pyqtSlot(ImageSettings)
    def _on_settings_changed(self, settings: ImageSettings) -> None:
        self._ask()

    def _ask(self) -> None:
        self._timer.start()

    @pyqtSlot()
    def _read(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        rows = self._notifier.table.rows
        if self._place is None or self._place >= len(rows):
            self._show_message(_HINT if rows else "")
            return
        if not self._prepared.images:
            self._show_message("Reading …")
        row, settings, seed = rows[self._place], self._notifier.image_settings, self._seed
        self._job = self._background.start(
            f"Reading images of {row.source.name}",
            lambda context: read_pairs(row, settings, seed, context),
            self._show,
            lambda failure: self._show_message(failure.message),
        )

    def _show(self, pairs: Pairs) -> None:
        self._job = None
        settings = self._notifier.image_settings
        self._show_message("")
        levels = display_range(pairs.originals)
        self._originals.set_images(pairs.originals, levels)
        self._prepared.set_images(tuple(pairs.prepared), levels)
        self._levels.setText(_levels_text(pairs.prepared, levels))
        self._labels[1].setText(f"as the network\nsees them\n{settings.width} × {settings.height}")

    def _show_message(self, text: str) -> None:
        self._message.setText(text)
        self._message.setVisible(bool(text))
        for widget in (*self._labels, self._originals, self._prepared, self._again, self._levels):
            widget.setVisible(not text and bool(self._notifier.table.rows))


def _levels_text(images: Pixels, levels: tuple[float, float]) -> str:
    """Say what is done to deep images for the eye alone, and which channels are seen; "" for plain ones."""
    texts = []
    if images.dtype != np.uint8:
        depth = pixel_type_text(str(images.dtype))
        texts.append(f"{depth}: grey levels {levels[0]:.4g} to {levels[1]:.4g} are shown as black to white")
    if images.shape[3] not in (1, 3):
        texts.append(f"{images.shape[3]} channels, of which the first are shown as red, green and blue")
    return "; ".join(texts)

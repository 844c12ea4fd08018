"""A few images before and after they are brought to one form."""

from functools import partial

from PyQt5.QtCore import QTimer, pyqtSlot
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from aid_desktop.data.class_table import ClassRow
from aid_desktop.data.conversion import Conversion
from aid_desktop.data.pixels import Pixels
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.data.converting import Example, convert_examples, read_examples
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.gui.widgets.image_strip import ImageStrip

_DELAY_MS = 150
_READING = "Reading …"


class ConvertPreview(QWidget):
    """Shows the smallest and the largest image of the rows and a random few; the newest wish wins."""

    def __init__(self, rows: tuple[ClassRow, ...], background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sources = tuple(row.source for row in rows)
        self._background = background
        self._plan: Conversion | None = None
        self._seed = 0
        self._examples: tuple[Example, ...] = ()
        self._reading: Job[tuple[Example, ...]] | None = None
        self._converting: Job[tuple[Pixels, ...]] | None = None
        self.originals = ImageStrip("convertOriginals", "Images as they are", self)
        self.converted = ImageStrip("convertConverted", "Images as they will be", self)
        self._after = QLabel("as they will be", self)
        self._message = QLabel(_READING, self)
        self._again = QToolButton(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._convert)
        self._again.clicked.connect(self._on_again)
        self._lay_out()
        self._read()

    def set_plan(self, plan: Conversion | None) -> None:
        """Show what the images become; None while they cannot become anything."""
        self._plan = plan
        self._timer.start()

    @pyqtSlot()
    def _on_again(self) -> None:
        self._seed += 1
        self._read()

    def _read(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        sources, seed = self._sources, self._seed
        self._reading = self._background.start(
            "Reading example images",
            lambda context: read_examples(sources, seed, context),
            self._on_read,
            self._on_failed,
        )
        self.destroyed.connect(self._reading.cancel)

    def _on_read(self, examples: tuple[Example, ...]) -> None:
        self._reading = None
        self._examples = examples
        self._message.clear()
        self.originals.set_images([example.image for example in examples])
        self._convert()

    def _on_failed(self, failure: Failure) -> None:
        self._reading = None
        self._message.setText(failure.message)

    @pyqtSlot()
    def _convert(self) -> None:
        if self._converting is not None:
            self._converting.cancel()
            self._converting = None
        if self._plan is None:
            self._after.setText("as they will be")
            self.converted.set_images([])
        elif self._examples:
            examples, plan = self._examples, self._plan
            self._converting = self._background.start(
                "Converting example images",
                lambda context: convert_examples(examples, plan),
                partial(self._on_converted, plan),
                self._on_failed,
            )
            self.destroyed.connect(self._converting.cancel)

    def _on_converted(self, plan: Conversion, images: tuple[Pixels, ...]) -> None:
        self._converting = None
        height, width, _ = plan.shape
        self._after.setText(f"as they will be\n{width} × {height}")
        self.converted.set_images(images)

    def _lay_out(self) -> None:
        title, before = QLabel("Preview", self), QLabel("as they are", self)
        set_role(title, "title")
        for label in (before, self._after, self._message):
            set_role(label, "muted")
        self._message.setWordWrap(True)
        self._again.setIcon(icon("refresh"))
        self._again.setAutoRaise(True)
        self._again.setObjectName("convertAgainButton")
        self._again.setAccessibleName("Other images")
        self._again.setToolTip("Show other images, besides the smallest and the largest")
        heading = QHBoxLayout()
        heading.addWidget(title)
        heading.addWidget(self._again)
        heading.addWidget(self._message, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(1, 1)
        for line, (label, strip) in enumerate(((before, self.originals), (self._after, self.converted))):
            grid.addWidget(label, line, 0)
            grid.addWidget(strip, line, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(heading)
        column.addLayout(grid)

"""The first image with its tiles, and the number of tiles of each class in all images."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QLabel, QVBoxLayout, QWidget

from aid_desktop.data.tile_plan import TilePlan, TileSettings
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.data.tiling import Opened, Planned, open_all, plan_all
from aid_desktop.gui.plots.class_legend import ClassLegend
from aid_desktop.gui.plots.image_view import ImageView
from aid_desktop.gui.plots.tile_outlines import TileOutlines
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.numbers import grouped

_DELAY_MS = 250
_EMPTY = "Add images to see their tiles here."


class TilePreview(QWidget):
    """Opens images and plans their tiles in the background; the newest wish wins.

    `planned` tells that `plan` has changed: it is None while there is none, or while it is being made. `opened` carries
    what was opened.
    """

    planned = pyqtSignal()
    opened = pyqtSignal(Opened)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plan: TilePlan | None = None
        self._background = background
        self._opened: Opened | None = None
        self._wish: tuple[TileSettings, Path | None] | None = None
        self._opening: Job[Opened] | None = None
        self._planning: Job[Planned] | None = None
        self.view = ImageView("tilePreview", "First image with its tiles", self)
        self.legend = ClassLegend("tileLegend", self)
        self._outlines = TileOutlines()
        self._title = QLabel(self)
        self._message = QLabel(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._plan)
        self.legend.changed.connect(self._on_legend_changed)
        self.view.add_layer(self._outlines)
        self.view.clear(_EMPTY)
        self._lay_out()

    @property
    def message(self) -> str:
        """What is said about the plan: the images, or why there are no tiles."""
        return self._message.text()

    def set_images(self, items: tuple[tuple[Path, str], ...]) -> None:
        """Open images, paths with their parts, and plan their tiles."""
        self._forget(self._opening)
        self._opening, self._opened = None, None
        self._drop_plan()
        if not items:
            self._say("")
            self._show_nothing(_EMPTY)
            return
        self._say("Opening the images…")
        self._opening = self._background.start(
            "Opening images", partial(open_all, items), self._on_opened, self._on_failed
        )
        self.destroyed.connect(self._opening.cancel)

    def set_settings(self, settings: TileSettings, masks: Path | None) -> None:
        """Plan anew, a moment after the last edit."""
        self._wish = settings, masks
        self._drop_plan()
        self._timer.start()

    def refuse(self, reason: str) -> None:
        """Say why the settings cannot be used."""
        self._wish = None
        self._drop_plan()
        self._say(reason, "error")

    def _on_opened(self, opened: Opened) -> None:
        self._opening, self._opened = None, opened
        self.opened.emit(opened)
        self._plan()

    @pyqtSlot()
    def _plan(self) -> None:
        self._timer.stop()
        self._drop_plan()
        if self._opened is None or self._wish is None:
            return
        settings, masks = self._wish
        self._say("Planning the tiles…")
        self._planning = self._background.start(
            "Planning tiles", partial(plan_all, self._opened, settings, masks), self._on_planned, self._on_failed
        )
        self.destroyed.connect(self._planning.cancel)

    def _on_planned(self, planned: Planned) -> None:
        self._planning, self.plan = None, planned.plan
        first = planned.plan.images[0]
        height, width = first.size
        n_images = len(planned.plan.images)
        images = "1 image" if n_images == 1 else f"{grouped(n_images)} images"
        self._say(f"{grouped(planned.plan.n)} tiles of {images}. Shown: {first.name}, {width} × {height} px")
        self.legend.set_counts(planned.plan.counts)
        self.view.set_image(planned.image)
        self._outlines.set_tiles(first.positions, first.labels, planned.plan.settings.size, self.legend.shown)
        self._outlines.show()
        self.planned.emit()

    def _on_failed(self, failure: Failure) -> None:
        self._opening = self._planning = None
        self._say(failure.message, "error")
        self._show_nothing("")

    def _drop_plan(self) -> None:
        self._forget(self._planning)
        self._planning, self.plan = None, None
        self.planned.emit()

    def _show_nothing(self, text: str) -> None:
        self.view.clear(text)
        self._outlines.hide()
        self.legend.set_counts({})

    def _forget(self, job: Job[Opened] | Job[Planned] | None) -> None:
        if job is not None:
            job.cancel()

    def _say(self, text: str, role: str = "muted") -> None:
        self._message.setText(text)
        set_role(self._message, role)

    @pyqtSlot()
    def _on_legend_changed(self) -> None:
        self._outlines.set_shown(self.legend.shown)

    def _lay_out(self) -> None:
        self._title.setText("Preview")
        set_role(self._title, "title")
        self._message.setObjectName("tileMessage")
        self._message.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self._title)
        column.addWidget(self.view, 1)
        column.addWidget(self.legend)
        column.addWidget(self._message)

"""The images of the chosen cells."""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QEvent, QObject, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.gui.assess.gallery_actions import GalleryActions
from aid_desktop.gui.assess.image_dialog import ImageDialog
from aid_desktop.gui.assess.levels_editor import LevelsEditor
from aid_desktop.gui.assess.predicted_images import Order, PredictedImages, Sorting
from aid_desktop.gui.assess.relabelling import Relabelling
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.models.confusion_model import CellImages
from aid_desktop.gui.models.image_list_model import ImageListModel
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.image_delegate import SMALLEST_CAPTIONED
from aid_desktop.gui.widgets.image_grid import LARGEST_SIDE, SMALLEST_SIDE, ImageGrid

_USUAL_SIDE = 112


class Gallery(QWidget):
    """Shows the images of CellImages in a chosen order, size and range of grey levels, and what can be done with them.

    `failed` tells that some cannot be read, or that something cannot be done with them.
    """

    failed = pyqtSignal(Failure)

    def __init__(self, background: Background, relabelling: Relabelling, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._relabelling = relabelling
        self._assessment: Assessment | None = None
        self._cells: CellImages | None = None
        self._images: PredictedImages | None = None
        self._dialog: ImageDialog | None = None
        self._has_own_side = False
        self._levels_job: Job[tuple[float, float]] | None = None
        self.heading = QLabel(self)
        self.heading.setObjectName("galleryHeading")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_role(self.heading, "heading")
        self.orders = QComboBox(self)
        self._make_orders()
        self.levels = LevelsEditor(self)
        self.levels.changed.connect(self._on_levels_changed)
        self.levels.wanted.connect(self._find_levels)
        self.grid = ImageGrid("imageGallery", ImageListModel(), background, self)
        self.grid.setAccessibleName("Images of the chosen cells")
        self.grid.opened.connect(self._on_opened)
        self.grid.failed.connect(self.failed)
        self._size = self._make_size()
        self.grid.installEventFilter(self)
        self.actions_on_images = GalleryActions(self, background, relabelling)
        self.actions_on_images.failed.connect(self.failed)
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.customContextMenuRequested.connect(self.actions_on_images.show_menu)
        required(self.grid.selectionModel()).selectionChanged.connect(self._on_selection)
        relabelling.changed.connect(self._on_relabelled)
        self._lay_out()

    @property
    def images(self) -> PredictedImages | None:
        """What is shown."""
        return self._images

    @property
    def sorting(self) -> Sorting:
        """The order chosen."""
        sorting: Sorting = self.orders.currentData()
        return sorting

    def show_cells(self, assessment: Assessment, cells: CellImages) -> None:
        """Show the images of some cells of an assessment's matrix."""
        is_other = self._assessment is None or self._assessment.card.class_names != assessment.card.class_names
        was_ranked = self._cells is not None and self._cells.is_ranked
        if is_other or was_ranked != cells.is_ranked:
            self._offer_orders(assessment.card.class_names, cells.is_ranked, keeps_class=not is_other)
        self._assessment, self._cells = assessment, cells
        self.levels.set_offered(
            any(kind != "uint8" for one in assessment.predictions.sources for kind in one.pixel_types)
        )
        self._refill()

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        event = required(a1)
        if event.type() == QEvent.Type.Resize and not self._has_own_side:
            self._fit_side()
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        is_plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        return is_plain and self.actions_on_images.press(event.key())

    def _fit_side(self) -> None:
        """Make the images so small that a line of them fits with its captions, where there is room for no more."""
        self._size.setValue(max(SMALLEST_CAPTIONED, min(_USUAL_SIDE, self.grid.side_of_a_line)))

    @pyqtSlot()
    def _on_own_side(self) -> None:
        self._has_own_side = True

    @pyqtSlot()
    def _refill(self) -> None:
        if self._assessment is None or self._cells is None:
            return
        before, rows, current = self._images, self.grid.selected_rows(), self.grid.currentIndex().row()
        images = self._make_images(self._assessment, self._cells)
        self.heading.setText(self._cells.text)
        self.heading.setToolTip(self.heading.text())
        self.grid.images.set_items(images)
        if before is not None and before.assessment.predictions is self._assessment.predictions:
            self._select_again(before.positions[rows], before.positions[current] if current >= 0 else -1)
        self._on_selection()

    def _select_again(self, positions: NDArray[np.intp], current: int) -> None:
        """Select images of the same predictions that are still there, in whatever order."""
        if self._images is None or not len(positions):
            return
        places = np.flatnonzero(self._images.positions == current)
        self.grid.select_rows(
            np.flatnonzero(np.isin(self._images.positions, positions)), int(places[0]) if len(places) else -1
        )

    @pyqtSlot()
    def _on_levels_changed(self) -> None:
        """Show the same images anew: what is selected stays selected."""
        if self._assessment is not None and self._cells is not None:
            self.grid.images.exchange(self._make_images(self._assessment, self._cells))
            # Those in sight are to be read.
            self.grid.updateGeometries()

    def _make_images(self, made: Assessment, cells: CellImages) -> PredictedImages:
        mark = partial(self._relabelling.mark, made.predictions)
        self._images = PredictedImages(made, cells.positions, self.sorting, self.levels.levels, mark)
        return self._images

    @pyqtSlot(int)
    def _on_opened(self, row: int) -> None:
        if self._images is not None:
            if self._dialog is None:
                self._dialog = ImageDialog(self._background, self)
                self._dialog.moved.connect(self._on_moved)
                self._dialog.key_pressed.connect(self._on_key_in_dialog)
            self._dialog.show_image(self._images, row)

    @pyqtSlot(int)
    def _on_moved(self, row: int) -> None:
        """Follow the large view to another image, unless other cells were chosen meanwhile."""
        images = None if self._dialog is None else self._dialog.images
        shown = self._images
        if images is not None and shown is not None and np.array_equal(images.positions, shown.positions):
            self.grid.setCurrentIndex(self.grid.images.index(row))

    @pyqtSlot(int)
    def _on_key_in_dialog(self, key: int) -> None:
        """Do with the image of the large view, and no other, what the key asks for."""
        images = None if self._dialog is None else self._dialog.images
        # After another assessment the numbers of its images mean others.
        is_present = images is not None and self._relabelling.is_about(images.assessment.predictions)
        if self._dialog is not None and images is not None and is_present:
            self.actions_on_images.press(key, images.positions[[self._dialog.row]])

    @pyqtSlot()
    def _on_selection(self) -> None:
        self.actions_on_images.look()

    @pyqtSlot()
    def _on_relabelled(self) -> None:
        self.grid.images.captions_changed()
        if self._dialog is not None:
            self._dialog.look()
        self.actions_on_images.look()

    @pyqtSlot()
    def _find_levels(self) -> None:
        """Ask for grey levels that suit the images on show."""
        if self._images is None or not len(self._images):
            return
        if self._levels_job is not None:
            self._levels_job.cancel()
        self._levels_job = self._background.start(
            "Finding the grey levels", self._images.common_levels, self._on_levels, self.failed.emit
        )
        self.destroyed.connect(self._levels_job.cancel)

    def _on_levels(self, levels: tuple[float, float]) -> None:
        self._levels_job = None
        self.levels.set_levels(levels)

    def _make_orders(self) -> None:
        self.orders.setObjectName("gallerySort")
        self.orders.setAccessibleName("Order of the images")
        self.orders.setToolTip("By the model's probability of the class it predicted, or of a class of your choice")
        self.orders.setMaximumWidth(28 * GRID)
        self._unranked: Sorting = Order.MOST_CERTAIN
        self._offer_orders((), False)
        self.orders.currentIndexChanged.connect(self._refill)

    def _offer_orders(self, class_names: tuple[str, ...], is_ranked: bool, *, keeps_class: bool = False) -> None:
        """Offer the orders; a list begins in its own, and the one chosen before comes back after it."""
        chosen = self.orders.currentData()
        if chosen is not None and Order.AS_LISTED not in self._offered():
            self._unranked = chosen
        self.orders.blockSignals(True)
        self.orders.clear()
        for order in Order:
            if order is Order.AS_LISTED and not is_ranked:
                continue
            self.orders.addItem(str(order), order)
        for number, name in enumerate(class_names):
            self.orders.addItem(f"most probably {name} first", number)
        # The number of a class means another one with another model.
        if not (keeps_class or isinstance(self._unranked, Order)):
            self._unranked = Order.MOST_CERTAIN
        self.orders.setCurrentIndex(self._offered().index(Order.AS_LISTED if is_ranked else self._unranked))
        self.orders.blockSignals(False)

    def _offered(self) -> list[Sorting]:
        return [self.orders.itemData(place) for place in range(self.orders.count())]

    def _make_size(self) -> QSlider:
        size = QSlider(Qt.Orientation.Horizontal, self)
        size.setObjectName("gallerySize")
        size.setAccessibleName("Size of the images")
        size.setToolTip("Size of the images")
        size.setRange(SMALLEST_SIDE, LARGEST_SIDE)
        size.setSingleStep(GRID)
        size.setPageStep(4 * GRID)
        size.setFixedWidth(12 * GRID)
        size.valueChanged.connect(self.grid.set_side)
        size.setValue(_USUAL_SIDE)
        # By mouse, wheel or keys, not by the program.
        size.actionTriggered.connect(self._on_own_side)
        return size

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(GRID)
        bar.addWidget(self.heading, 1)
        for widget in (self.orders, self.levels, QLabel("Size", self), self._size):
            bar.addWidget(widget)
        for button in self.actions_on_images.buttons:
            bar.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(bar)
        column.addWidget(self.grid, 1)

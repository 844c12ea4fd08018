"""The images of the chosen cells."""

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from aid_desktop.gui.assess.assessment import Assessment
from aid_desktop.gui.assess.image_dialog import ImageDialog
from aid_desktop.gui.assess.predicted_images import Order, PredictedImages
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.models.confusion_model import CellImages
from aid_desktop.gui.models.image_list_model import ImageListModel
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.image_grid import LARGEST_SIDE, SMALLEST_SIDE, ImageGrid

_USUAL_SIDE = 112


class Gallery(QWidget):
    """Shows the images of CellImages in a chosen order and size. `failed` tells that some cannot be read."""

    failed = pyqtSignal(Failure)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._assessment: Assessment | None = None
        self._cells: CellImages | None = None
        self._images: PredictedImages | None = None
        self._dialog: ImageDialog | None = None
        self.heading = QLabel(self)
        self.heading.setObjectName("galleryHeading")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_role(self.heading, "heading")
        self.orders = QComboBox(self)
        self.orders.setObjectName("gallerySort")
        self.orders.setAccessibleName("Order of the images")
        self.orders.setToolTip("By the model's probability of the class it predicted")
        self.orders.addItems([str(order) for order in Order])
        self.orders.currentIndexChanged.connect(self._on_order)
        self.grid = ImageGrid("imageGallery", ImageListModel(), background, self)
        self.grid.setAccessibleName("Images of the chosen cells")
        self.grid.opened.connect(self._on_opened)
        self.grid.failed.connect(self.failed)
        self._size = QSlider(Qt.Orientation.Horizontal, self)
        self._size.setObjectName("gallerySize")
        self._size.setAccessibleName("Size of the images")
        self._size.setToolTip("Size of the images")
        self._size.setRange(SMALLEST_SIDE, LARGEST_SIDE)
        self._size.setSingleStep(GRID)
        self._size.setPageStep(4 * GRID)
        self._size.setFixedWidth(15 * GRID)
        self._size.valueChanged.connect(self.grid.set_side)
        self._size.setValue(_USUAL_SIDE)
        self._lay_out()

    @property
    def images(self) -> PredictedImages | None:
        """What is shown."""
        return self._images

    def show_cells(self, assessment: Assessment, cells: CellImages) -> None:
        """Show the images of some cells of an assessment's matrix."""
        self._assessment, self._cells = assessment, cells
        self._fill()

    @pyqtSlot(int)
    def _on_order(self, _: int) -> None:
        self._fill()

    @pyqtSlot(int)
    def _on_opened(self, row: int) -> None:
        if self._images is not None:
            if self._dialog is None:
                self._dialog = ImageDialog(self._background, self)
            self._dialog.show_image(self._images, row)

    def _fill(self) -> None:
        if self._assessment is None or self._cells is None:
            return
        order = list(Order)[self.orders.currentIndex()]
        self._images = PredictedImages(self._assessment, self._cells.positions, order)
        self.heading.setText(f"{self._cells.text}, {order}")
        self.heading.setToolTip(self.heading.text())
        self.grid.images.set_items(self._images)

    def _lay_out(self) -> None:
        size = QLabel("Size", self)
        bar = QHBoxLayout()
        bar.setSpacing(GRID)
        bar.addWidget(self.heading, 1)
        for widget in (self.orders, size, self._size):
            bar.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(bar)
        column.addWidget(self.grid, 1)

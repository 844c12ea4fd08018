"""A large image with the predicted classes of its tiles over it."""

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from aid_desktop.gui.assess.tile_mapping import LargeImage, MappedImage, label_colors, pixel_text
from aid_desktop.gui.plots.class_legend import ClassLegend
from aid_desktop.gui.plots.image_layer import ImageLayer
from aid_desktop.gui.plots.image_view import ImageView
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.amount_editor import guard_wheel

_OPACITY = 45
_EMPTY = "Choose a large image, or drop one here."


class TileMapView(QWidget):
    """Shows an image; with a map also its classes: legend with numbers of tiles, opacity, class under the mouse."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mapped: MappedImage | None = None
        self.image = ImageView("tileMapImage", "Image with the predicted classes", self)
        self.legend = ClassLegend("tileMapLegend", self)
        self.overlay = ImageLayer()
        self.opacity = QSlider(Qt.Orientation.Horizontal, self)
        self._opacity_label = QLabel("&Opacity", self)
        self._pointed = QLabel(self)
        self._make_controls()
        self._lay_out()
        self.image.add_layer(self.overlay)
        self.image.clear(_EMPTY)
        self.image.pointed.connect(self._on_pointed)
        self.image.left.connect(self._on_left)
        self.legend.changed.connect(self._on_legend_changed)
        self.opacity.valueChanged.connect(self._on_opacity_changed)
        self._on_opacity_changed(self.opacity.value())
        self._show_controls()

    def show_image(self, image: LargeImage) -> None:
        """Show an image without classes."""
        self.image.set_image(image.levels)
        self.forget_map()

    def show_nothing(self) -> None:
        """Say what belongs here."""
        self.image.clear(_EMPTY)
        self.forget_map()

    def forget_map(self) -> None:
        """Take the classes away."""
        self._mapped = None
        self.overlay.hide()
        self._show_controls()

    def show_map(self, mapped: MappedImage) -> None:
        """Show the classes over the image."""
        self._mapped = mapped
        self.legend.set_counts(mapped.tile_map.class_counts(mapped.threshold))
        self.overlay.set_levels(mapped.labels, label_colors(self.legend.shown))
        self.overlay.show()
        self._show_controls()

    @pyqtSlot(int, int)
    def _on_pointed(self, column: int, row: int) -> None:
        if self._mapped is not None:
            self._pointed.setText(pixel_text(self._mapped, column, row))

    @pyqtSlot()
    def _on_left(self) -> None:
        self._pointed.setText("" if self._mapped is None else "Point at the image to see its probabilities.")

    @pyqtSlot()
    def _on_legend_changed(self) -> None:
        self.overlay.set_colors(label_colors(self.legend.shown))

    @pyqtSlot(int)
    def _on_opacity_changed(self, percent: int) -> None:
        self.overlay.setOpacity(percent / 100)

    def _show_controls(self) -> None:
        has_map = self._mapped is not None
        for widget in (self.legend, self.opacity, self._opacity_label):
            widget.setVisible(has_map)
        self._on_left()

    def _make_controls(self) -> None:
        self.opacity.setRange(0, 100)
        self.opacity.setValue(_OPACITY)
        self.opacity.setFixedWidth(18 * GRID)
        self.opacity.setObjectName("tileMapOpacity")
        self.opacity.setAccessibleName("Opacity of the classes")
        self.opacity.setToolTip("How much the classes hide of the image")
        guard_wheel(self.opacity)
        self._opacity_label.setBuddy(self.opacity)
        self._pointed.setObjectName("tileMapPointed")
        self._pointed.setTextFormat(Qt.TextFormat.PlainText)
        set_role(self._pointed, "muted")

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.legend, 1)
        row.addWidget(self._opacity_label)
        row.addWidget(self.opacity)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.image, 1)
        column.addLayout(row)
        column.addWidget(self._pointed)

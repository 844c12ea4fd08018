"""How images are cut into tiles, and what gives the tiles their classes."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from aid_desktop.data.listing import IMAGE_SUFFIXES
from aid_desktop.data.tile_plan import DEFAULT_NAMES, NAME_WITHOUT_MASK, TileSettings
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.settings.image import MAX_SIDE

_MOST_EXTRA = 1_000_000


class Extra(StrEnum):
    """Which random tiles are added."""

    NONE = "none"
    BALANCE = "until all classes have as many"
    NUMBER = "a number of the rarest class"


class TileForm(QWidget):
    """Edits TileSettings and the place of the masks; `changed` tells of each edit."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.start_folder = Path.home()
        default = TileSettings()
        self.size_box = self._spin("tileSize", "Tile size", "Side of a tile", 2, MAX_SIDE, default.size)
        self.stride_box = self._spin("tileStride", "Stride", "From one tile to the next", 0, MAX_SIDE, 0)
        self.stride_box.setSpecialValueText("as the size")
        self.cover_box = QCheckBox("&Reach the borders", self)
        tip = "Add tiles flush with the right and lower border, which overlap the ones before"
        self._tell(self.cover_box, "tileCoverEdges", "Reach the borders", tip)
        self.masks = QLineEdit(self)
        self.masks.setPlaceholderText("none: one class")
        tip = "A label mask, or a folder of masks named like the images: black and white, or the number of the class"
        self._tell(self.masks, "tileMasks", "Masks", tip)
        self.file_button = self._button("File…", "tileMaskFile", "Choose the mask of the image", self._ask_file)
        self.folder_button = self._button("Folder…", "tileMaskFolder", "Choose a folder of masks", self._ask_folder)
        tip = "So many pixels of a class make a tile one of it"
        self.pixels_box = self._spin("tileMinPixels", "Labelled pixels", tip, 1, MAX_SIDE**2, default.min_pixels)
        self.names = QLineEdit(self)
        self._tell(self.names, "tileClassNames", "Class names", "Background first, with commas between them")
        self.extra = QComboBox(self)
        self.extra.addItems([str(one) for one in Extra])
        tip = "Random tiles around the labelled pixels of rare classes, besides those of the grid"
        self._tell(self.extra, "tileExtra", "Extra tiles", tip)
        self.number_box = self._spin("tileExtraNumber", "Number of extra tiles", tip, 1, _MOST_EXTRA, 100)
        self.number_box.setSuffix("")
        self._lay_out()
        self._connect()
        self._show_what_matters()

    @property
    def masks_path(self) -> Path | None:
        """File or folder of the masks; None without masks."""
        text = self.masks.text().strip()
        return Path(text).absolute() if text else None

    def values(self) -> TileSettings:
        """Return what is chosen. Raises SettingsError for names of classes that cannot be used."""
        extra = list(Extra)[self.extra.currentIndex()] if self.masks_path else Extra.NONE
        text = self.names.text().strip().rstrip(",")
        return TileSettings(
            size=self.size_box.value(),
            stride=self.stride_box.value(),
            cover_edges=self.cover_box.isChecked(),
            min_pixels=min(self.pixels_box.value(), self.size_box.value() ** 2),
            class_names=tuple(name.strip() for name in text.split(",")) if text else (),
            extra=self.number_box.value() if extra is Extra.NUMBER else 0,
            balance=extra is Extra.BALANCE,
        )

    @pyqtSlot()
    def _ask_file(self) -> None:
        suffixes = " ".join(f"*{suffix}" for suffix in IMAGE_SUFFIXES)
        name, _ = QFileDialog.getOpenFileName(self, "Mask", str(self.start_folder), f"Images ({suffixes})")
        if name:
            self.masks.setText(name)

    @pyqtSlot()
    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder of masks", str(self.start_folder))
        if name:
            self.masks.setText(name)

    @pyqtSlot()
    def _on_edited(self) -> None:
        self._show_what_matters()
        self.changed.emit()

    def _show_what_matters(self) -> None:
        has_masks = self.masks_path is not None
        for widget in (self.pixels_box, self.extra):
            widget.setEnabled(has_masks)
        is_number = list(Extra)[self.extra.currentIndex()] is Extra.NUMBER
        self.number_box.setVisible(is_number)
        self.number_box.setEnabled(has_masks)
        self.names.setPlaceholderText(", ".join(DEFAULT_NAMES) if has_masks else NAME_WITHOUT_MASK)

    def _connect(self) -> None:
        for box in (self.size_box, self.stride_box, self.pixels_box, self.number_box):
            box.valueChanged.connect(self._on_edited)
        for line in (self.masks, self.names):
            line.textChanged.connect(self._on_edited)
        self.cover_box.toggled.connect(self._on_edited)
        self.extra.currentIndexChanged.connect(self._on_edited)

    def _lay_out(self) -> None:
        sides, masks, extra = self._row(), self._row(), self._row()
        sides.addWidget(self.size_box, 1)
        sides.addWidget(self._label("S&tride", self.stride_box))
        sides.addWidget(self.stride_box, 1)
        masks.addWidget(self.masks, 1)
        masks.addWidget(self.file_button)
        masks.addWidget(self.folder_button)
        extra.addWidget(self.extra, 1)
        extra.addWidget(self.number_box)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._label("Tile si&ze", self.size_box), 0, 0)
        grid.addLayout(sides, 0, 1)
        grid.addWidget(self.cover_box, 1, 1)
        grid.addWidget(self._label("Mas&ks", self.masks), 2, 0)
        grid.addLayout(masks, 2, 1)
        grid.addWidget(self._label("&Labelled pixels", self.pixels_box), 3, 0)
        grid.addWidget(self.pixels_box, 3, 1)
        grid.addWidget(self._label("Class &names", self.names), 4, 0)
        grid.addWidget(self.names, 4, 1)
        grid.addWidget(self._label("E&xtra tiles", self.extra), 5, 0)
        grid.addLayout(extra, 5, 1)

    def _row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        return row

    def _label(self, text: str, buddy: QWidget) -> QLabel:
        label = QLabel(text, self)
        label.setBuddy(buddy)
        return label

    def _spin(self, name: str, title: str, tip: str, low: int, high: int, value: int) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(low, high)
        box.setValue(value)
        box.setSuffix(" px")
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        guard_wheel(box)
        self._tell(box, name, title, tip)
        return box

    def _button(self, text: str, name: str, tip: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        self._tell(button, name, tip, tip)
        return button

    def _tell(self, widget: QWidget, name: str, title: str, tip: str) -> None:
        widget.setObjectName(name)
        widget.setAccessibleName(title)
        widget.setToolTip(tip)

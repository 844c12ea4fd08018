"""What images are to become: size, how they get there, channels and depth."""

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QSpinBox, QWidget

from aid_desktop.data.conversion import CHANNELS, DEPTHS, ConvertSettings
from aid_desktop.data.pixels import pixel_type_text
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.channels_editor import ChannelsEditor
from aid_desktop.gui.widgets.value_editors import words_of
from aid_desktop.settings.field import Cost, FieldInfo, Kind, field_infos
from aid_desktop.settings.image import ImageSettings

_FITS = {
    "crop_pad": "crop or pad around the object",
    "scale": "scale the whole image",
    "scale_keep_aspect": "scale, keeping its proportions",
}
_LABELS = ("&Fit", "&Padding", "&Interpolation", "C&hannels", "&Depth")
_AS_THEY_ARE = "as they are"
_CHANNELS = FieldInfo(
    Kind.CHANNELS,
    "Channels",
    "Channels of all images: those of each image, one grey channel, red, green and blue, or some by name",
    Cost.FREE,
    choices=CHANNELS,
)
_DEPTH_TIP = "Depth of all images; grey levels of fewer bits are multiplied so that white stays white"


class ConvertForm(QWidget):
    """Edits ConvertSettings with a size; `changed` tells of each edit. `channels` can be chosen by name."""

    changed = pyqtSignal()

    def __init__(self, settings: ConvertSettings, channels: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        infos = field_infos(ImageSettings)
        self.width_box = self._spin("convertWidth", "Width", infos["width"].high or 0)
        self.height_box = self._spin("convertHeight", "Height", infos["height"].high or 0)
        self.fit = self._combo("convertFit", infos["fit"].label, infos["fit"].help, _FITS)
        words = {word: words_of(word) for word in infos["padding"].choices}
        self.padding = self._combo("convertPadding", infos["padding"].label, infos["padding"].help, words)
        words = {word: words_of(word) for word in infos["resize"].choices}
        self.resize_method = self._combo("convertResize", infos["resize"].label, infos["resize"].help, words)
        self.channels = ChannelsEditor(_CHANNELS, "convertChannels", self, "What the images become, in this order:")
        self.channels.setToolTip(_CHANNELS.help)
        self.channels.setItemText(self.channels.findData("keep"), _AS_THEY_ARE)
        self.channels.set_available(channels)
        words = {word: _AS_THEY_ARE if word == "keep" else pixel_type_text(word) for word in DEPTHS}
        self.pixel_type = self._combo("convertPixelType", "Depth", _DEPTH_TIP, words)
        self._lay_out()
        self._set_values(settings)
        for box in (self.width_box, self.height_box):
            box.valueChanged.connect(self._on_edited)
        for combo in (self.fit, self.padding, self.resize_method, self.pixel_type):
            combo.currentIndexChanged.connect(self._on_edited)
        self.channels.value_changed.connect(self._on_edited)

    def values(self) -> ConvertSettings:
        """Return the settings."""
        return ConvertSettings(
            channels=self.channels.value(),
            size=(self.width_box.value(), self.height_box.value()),
            fit=self.fit.currentData(),
            padding=self.padding.currentData(),
            resize=self.resize_method.currentData(),
            pixel_type=self.pixel_type.currentData(),
        )

    def _set_values(self, settings: ConvertSettings) -> None:
        if settings.size is not None:
            for box, side in zip((self.width_box, self.height_box), settings.size, strict=True):
                box.setValue(side)
        for combo, value in (
            (self.fit, settings.fit),
            (self.padding, settings.padding),
            (self.resize_method, settings.resize),
            (self.pixel_type, settings.pixel_type),
        ):
            combo.setCurrentIndex(combo.findData(value))
        self.channels.set_value(settings.channels)
        self._show_what_matters()

    @pyqtSlot()
    def _on_edited(self) -> None:
        self._show_what_matters()
        self.changed.emit()

    def _show_what_matters(self) -> None:
        fit = self.fit.currentData()
        self.padding.setEnabled(fit != "scale")
        self.resize_method.setEnabled(fit != "crop_pad")

    def _lay_out(self) -> None:
        size = QHBoxLayout()
        size.setSpacing(GRID)
        size.addWidget(self.width_box, 1)
        size.addWidget(QLabel("×", self))
        size.addWidget(self.height_box, 1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._label("&Size", self.width_box), 0, 0)
        grid.addLayout(size, 0, 1)
        combos = (self.fit, self.padding, self.resize_method, self.channels, self.pixel_type)
        for line, (text, combo) in enumerate(zip(_LABELS, combos, strict=True), start=1):
            grid.addWidget(self._label(text, combo), line, 0)
            grid.addWidget(combo, line, 1)
        grid.setRowStretch(6, 1)

    def _label(self, text: str, buddy: QWidget) -> QLabel:
        label = QLabel(text, self)
        label.setBuddy(buddy)
        return label

    def _spin(self, name: str, title: str, most: float) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(2, int(most))
        box.setSuffix(" px")
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._tell(box, name, title, f"{title} of all images afterwards")
        return box

    def _combo(self, name: str, title: str, tip: str, words: dict[str, str]) -> QComboBox:
        combo = QComboBox(self)
        for word, text in words.items():
            combo.addItem(text, word)
        self._tell(combo, name, title, tip)
        return combo

    def _tell(self, widget: QWidget, name: str, title: str, tip: str) -> None:
        widget.setObjectName(name)
        widget.setAccessibleName(title)
        widget.setToolTip(tip)
        guard_wheel(widget)

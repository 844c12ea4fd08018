"""The amounts of augmentation: sliders that stay live while a network trains."""

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.training.settings_side import SettingsPanel, brief_title
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.settings.augmentation import AugmentationSettings

GROUPS = {
    "Geometry": (
        "horizontal_flip",
        "vertical_flip",
        "rotation",
        "width_shift",
        "height_shift",
        "zoom",
        "shear",
    ),
    "Grey levels": ("brightness_add", "brightness_multiply", "contrast", "noise_std"),
    "Blur": ("average_blur", "gaussian_blur", "motion_blur", "motion_blur_angle"),
    "Colour": ("saturation", "hue"),
    "Hiding and mixing": ("random_erasing", "mixup", "cutmix"),
    "Refresh": ("affine_refresh", "photometric_refresh"),
}


ESSENTIAL = ("horizontal_flip", "rotation")
"""What a first run needs."""

_NO_COLOUR = "Only rgb images have colours: the channels are chosen with the image settings."


class AugmentationPanel(SettingsPanel):
    """A form over AugmentationSettings, in groups. What acts on colours can be edited for rgb images only."""

    def __init__(self, notifier: Notifier, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self.form = SectionForm(AugmentationSettings, GROUPS, self)
        self.reset_button = QPushButton("Switch all off", self)
        self.reset_button.setObjectName("resetAugmentation")
        self.reset_button.setAccessibleName("Switch all augmentation off")
        self.reset_button.setToolTip("Set every amount to none, so that images are trained on as they are")
        self._brief_title = brief_title("Augmentation", self)
        row = QHBoxLayout()
        row.addWidget(self._brief_title)
        row.addStretch(1)
        row.addWidget(self.reset_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(row)
        column.addWidget(self.form)
        self.reset_button.clicked.connect(self._on_reset)
        notifier.image_settings_changed.connect(self._on_image_settings_changed)
        self._on_image_settings_changed()

    def set_brief(self, is_brief: bool) -> None:
        self.form.show_only(ESSENTIAL if is_brief else None)
        self._brief_title.setVisible(is_brief)
        self.reset_button.setHidden(is_brief)

    def n_hidden_changes(self) -> int:
        return self.form.n_hidden_changes()

    @pyqtSlot()
    def _on_reset(self) -> None:
        self.form.set_values(AugmentationSettings())
        self.form.changed.emit()

    @pyqtSlot()
    def _on_image_settings_changed(self) -> None:
        reason = None if self._notifier.image_settings.channels == "rgb" else _NO_COLOUR
        for name in GROUPS["Colour"]:
            self.form.editor(name).set_locked(reason)

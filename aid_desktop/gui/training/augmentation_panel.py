"""The amounts of augmentation: sliders that stay live while a network trains."""

from PyQt5.QtWidgets import QVBoxLayout, QWidget

from aid_desktop.gui.theme import GRID
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


class AugmentationPanel(QWidget):
    """A form over AugmentationSettings, in groups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = SectionForm(AugmentationSettings, GROUPS, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, GRID, GRID)
        column.addWidget(self.form)

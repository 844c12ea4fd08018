"""Which column of AIDeveloper's tables is which of our settings; one list for writing and for reading.

Names are those of AIDeveloper 0.4. `key` makes the names of all versions the same.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aid_desktop.data.class_table import Role
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.field import Kind, SettingsSection, field_infos
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings

SECTIONS: tuple[type[SettingsSection], ...] = (ImageSettings, AugmentationSettings, HyperParameters, DeviceSettings)
ROLES = {Role.TRAINING: "Train", Role.VALIDATION: "Valid", Role.TEST: "Test"}
COLORS = {"gray": "Grayscale", "rgb": "RGB"}

NORMALIZATIONS = {
    "none": "None",
    "divide_by_255": "Div. by 255",
    "standardize_each_image": "StdScaling using mean and std of each image individually",
    "standardize_training_set": "StdScaling using mean and std of all training data",
}
OPTIMIZERS = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adadelta": "Adadelta",
              "adamax": "Adamax", "nadam": "Nadam", "adamw": "AdamW", "lion": "Lion"}  # fmt: skip
ZOOM_ORDERS = {"nearest": 0, "linear": 1, "area": 2, "cubic": 3, "lanczos": 4}
LOSSES = {"kl_divergence": "kullback_leibler_divergence"}
CLASS_WEIGHTS = {"none": "None", "balanced": "Balanced"}

# Names of OpenCV, which AIDeveloper has written in between; here in lower case.
PADDING_ALIASES = {"cv2.border_constant": "constant", "cv2.border_replicate": "edge",
                   "cv2.border_reflect_101": "reflect", "cv2.border_reflect": "symmetric",
                   "cv2.border_wrap": "wrap"}  # fmt: skip
KEY_ALIASES = {
    "input_image_crop": "input_image_size",
    "index": "class",
    "nr_cells": "nr_events",
    "nr_cells_epoch": "nr_events_epoch",
    "learning_rate_expert": "learning_rate_const",
    "more-acs_modelmaker_version": "aideveloper_version",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet Parameters and the setting in it, by its path in run.toml.

    `end` is 0 or 1 where the column has only the lower or upper end of a range. `words` are AIDeveloper's by ours,
    where they differ. `switch` is the column that says whether the setting is in force; if not, its default is.
    """

    name: str
    setting: str
    end: int | None = None
    words: Mapping[str, str | int] | None = None
    switch: str = ""

    @property
    def section(self) -> type[SettingsSection]:
        """The section that has the setting."""
        return next(kind for kind in SECTIONS if self.setting.startswith(f"{kind.SECTION}."))

    @property
    def field(self) -> str:
        """The setting's name in its section."""
        return self.setting.partition(".")[2]

    @property
    def default(self) -> Any:
        """The setting's default, which means off where there is a switch."""
        return getattr(self.section(), self.field)

    @property
    def kind(self) -> Kind:
        """The shape of the setting's value."""
        return field_infos(self.section)[self.field].kind

    def cell(self, value: Any) -> Any:
        """Return what the column has for a value of the setting."""
        if self.end is not None:
            return value[self.end]
        return self.words.get(value, value) if self.words else value


COLUMNS = (
    Column("gpu_memory", "device.memory_fraction"),
    Column("normalization", "image.normalization", words=NORMALIZATIONS),
    Column("zoom_order", "image.resize", words=ZOOM_ORDERS),
    Column("paddingmode", "image.padding"),
    Column("nr_epochs", "training.epochs"),
    Column("keras_refresh_after_nr_epochs", "augmentation.affine_refresh"),
    Column("horz_flip", "augmentation.horizontal_flip"),
    Column("vert_flip", "augmentation.vertical_flip"),
    Column("rotation", "augmentation.rotation"),
    Column("width_shift", "augmentation.width_shift"),
    Column("height_shift", "augmentation.height_shift"),
    Column("zoom", "augmentation.zoom"),
    Column("shear", "augmentation.shear"),
    Column("brightness_refresh_after nr_epochs", "augmentation.photometric_refresh"),
    Column("brightness_add_lower", "augmentation.brightness_add", 0),
    Column("brightness_add_upper", "augmentation.brightness_add", 1),
    Column("brightness_mult_lower", "augmentation.brightness_multiply", 0),
    Column("brightness_mult_upper", "augmentation.brightness_multiply", 1),
    Column("gaussnoise scale", "augmentation.noise_std"),
    Column("contrast_lower", "augmentation.contrast", 0, switch="contrast_on"),
    Column("contrast_higher", "augmentation.contrast", 1, switch="contrast_on"),
    Column("saturation_lower", "augmentation.saturation", 0, switch="saturation_on"),
    Column("saturation_higher", "augmentation.saturation", 1, switch="saturation_on"),
    Column("hue_delta", "augmentation.hue", switch="hue_on"),
    Column("average_blur_lower", "augmentation.average_blur", 0, switch="average_blur_on"),
    Column("average_blur_higher", "augmentation.average_blur", 1, switch="average_blur_on"),
    Column("gauss_blur_lower", "augmentation.gaussian_blur", 0, switch="gauss_blur_on"),
    Column("gauss_blur_higher", "augmentation.gaussian_blur", 1, switch="gauss_blur_on"),
    Column("motion_blur_kernel", "augmentation.motion_blur", switch="motion_blur_on"),
    Column("motion_blur_angle", "augmentation.motion_blur_angle"),
    Column("batchsize_expert", "training.batch_size"),
    Column("learning_rate_const", "training.learning_rate"),
    Column("loss_expert", "training.loss", words=LOSSES, switch="loss_expert_on"),
    Column("optimizer_expert", "training.optimizer", words=OPTIMIZERS, switch="optimizer_expert_on"),
    Column("dropout_expert", "training.dropout", switch="dropout_expert_on"),
)
"""What is written and read alike; image size, channels, model and class weights need more than one column."""

# What AIDeveloper can do and we cannot, by column: what it says when it is not in use, and what to tell otherwise.
NOT_TAKEN = {
    "epochs_expert": (1, "several passes over the same augmented images in each epoch"),
    "gaussnoise_mean": (0, "the mean of the Gaussian noise"),
    "learning_rate_cyclr_on": (False, "the cyclical learning rate"),
    "learning_rate_expo_on": (False, "the exponential learning rate"),
    "train_last_layers": (False, "training the last layers only"),
    "train_dense_layers": (False, "training the dense layers only"),
    "partial_trainability_expert_on": (False, "partial trainability"),
}

# What only describes the program and its last run, or belongs to a switch of another column.
INFORMATION = frozenset({
    "aideveloper_version", "model_zoo_version", "os", "cpu", "modelname", "new_model", "loadrestart_model",
    "loadcontinue_model", "continued_fitting_from", "device", "gpu_used", "output_nr_classes", "chosen_model",
    "input_image_size", "color_mode", "selected_channels", "epoch_started_using_these_settings", "expert_mode",
    "learning_rate_expert_on", "learning_rate_const_on", "cyclrmin", "cyclrmax", "cyclrmethod", "clr_settings",
    "expdecinitlr", "expdecsteps", "expdecrate", "optimizer_settings", "train_last_layers_n", "lossw_expert_on",
    "lossw_expert", "class_weight", "metrics", "partial_trainability_expert",
    "mean_of_training_data_used_for_scaling", "std_of_training_data_used_for_scaling",
})  # fmt: skip


def key(name: object) -> str:
    """Return a column's name as all versions of AIDeveloper have it: "Nr. epochs" is "nr_epochs"."""
    text = re.sub(r"\s+", "_", str(name).strip().lower()).replace(".", "")
    return KEY_ALIASES.get(text, text)


def shift_to_cell(pixels: float, enlarged_side: int) -> float:
    """Return a shift as AIDeveloper has it: below 1 a part of the enlarged side, from 1 on pixels."""
    return pixels if pixels >= 1 else pixels / enlarged_side


def shift_from_cell(value: float, enlarged_side: int) -> float:
    """Return the pixels of a shift as AIDeveloper has it."""
    return value if value >= 1 else value * enlarged_side


def enlarged(side: int) -> int:
    """Return the side to which AIDeveloper crops before it rotates: the next even number from side · √2 on."""
    return 2 * math.ceil(math.sqrt(2) * side / 2)

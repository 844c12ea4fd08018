"""How training images are changed at random before each epoch."""

from dataclasses import dataclass
from typing import ClassVar

from aid_desktop.errors import SettingsError
from aid_desktop.settings.field import bounded, interval, path_of, switch, validate


@dataclass(frozen=True, slots=True)
class AugmentationSettings:
    """Largest amounts of each random change, drawn uniformly per image; table `[augmentation]` of run.toml.

    0, false or (1, 1) means off. All of it can be changed while a network trains, at no cost.
    """

    SECTION: ClassVar[str] = "augmentation"

    horizontal_flip: bool = switch(False, label="Flip left-right", help="Mirror half of the images left to right.")
    vertical_flip: bool = switch(False, label="Flip top-bottom", help="Mirror half of the images top to bottom.")
    rotation: float = bounded(
        0.0,
        0,
        180,
        unit="°",
        label="Rotation",
        help="Rotate by up to this angle either way. Typical: 3 to 10°; 180° if any orientation is possible.",
    )
    width_shift: float = bounded(
        0.0,
        0,
        100,
        step=0.5,
        unit="px",
        label="Shift in x",
        help="Move left or right by up to this many pixels. Typical: 0 to 3 px.",
    )
    height_shift: float = bounded(
        0.0,
        0,
        100,
        step=0.5,
        unit="px",
        label="Shift in y",
        help="Move up or down by up to this many pixels. Typical: 0 to 3 px.",
    )
    zoom: float = bounded(
        0.0,
        0,
        0.9,
        step=0.01,
        label="Zoom",
        help="Enlarge or shrink by a factor of 1 ± this amount, width and height separately. Typical: 0 to 0.3.",
    )
    shear: float = bounded(
        0.0,
        0,
        45,
        step=0.5,
        unit="°",
        label="Shear",
        help="Slant by up to this angle in either direction. Typical: 0 to 5°.",
    )
    brightness_add: tuple[int, int] = interval(
        (0, 0),
        -255,
        255,
        unit="grey levels",
        label="Brightness, added",
        help="Add a number of grey levels from this range. Typical: -15 to 15.",
    )
    brightness_multiply: tuple[float, float] = interval(
        (1.0, 1.0),
        0,
        5,
        step=0.05,
        unit="×",
        label="Brightness, factor",
        help="Multiply grey levels by a factor from this range. Typical: 0.7 to 1.3.",
    )
    noise_std: float = bounded(
        0.0,
        0,
        100,
        step=0.5,
        unit="grey levels",
        label="Noise",
        help="Add Gaussian noise of a standard deviation of up to this many grey levels. Typical: 0 to 10.",
    )
    contrast: tuple[float, float] = interval(
        (1.0, 1.0),
        0,
        5,
        step=0.05,
        unit="×",
        label="Contrast",
        help="Stretch grey levels around the middle grey by a factor from this range. Typical: 0.7 to 1.3.",
    )
    saturation: tuple[float, float] = interval(
        (1.0, 1.0),
        0,
        5,
        step=0.05,
        unit="×",
        label="Saturation (rgb)",
        help="Multiply the colour saturation by a factor from this range; only for rgb images. Typical: 0.7 to 1.3.",
    )
    hue: float = bounded(
        0.0,
        0,
        0.5,
        step=0.01,
        unit="of the circle",
        label="Hue (rgb)",
        help="Turn colours by up to this part of the circle; only for rgb images. Typical: 0 to 0.08.",
    )
    average_blur: tuple[int, int] = interval(
        (0, 0),
        0,
        31,
        unit="px",
        label="Blur, average",
        help="Average over a square of this size, drawn from the range, both ends included; 0 and 1 leave the image "
        "as it is. Typical: 0 to 5 px.",
    )
    gaussian_blur: tuple[int, int] = interval(
        (0, 0),
        0,
        31,
        unit="px",
        label="Blur, Gaussian",
        help="Gaussian blur of this kernel size (even sizes act as the next odd one), drawn from the range. "
        "Typical: 0 to 5 px.",
    )
    motion_blur: tuple[int, int] = interval(
        (0, 0),
        0,
        31,
        unit="px",
        label="Blur, motion",
        help="Smear along a line of this length, drawn from the range. Typical: 0 to 5 px.",
    )
    motion_blur_angle: tuple[float, float] = interval(
        (-10.0, 10.0),
        -180,
        180,
        unit="°",
        label="Direction of motion",
        help="Direction of the motion blur, drawn from the range; 0° is along the rows. Typical: -10 to 10°.",
    )
    random_erasing: float = bounded(
        0.0,
        0,
        1,
        step=0.05,
        unit="of images",
        label="Random erasing",
        help="Replace a random rectangle by noise in this share of the images. Typical: 0 to 0.5.",
    )
    mixup: float = bounded(
        0.0,
        0,
        2,
        step=0.05,
        unit="alpha",
        label="MixUp",
        help="Blend pairs of images and their labels; the share comes from a beta distribution of this alpha. "
        "Typical: 0 to 0.4.",
    )
    cutmix: float = bounded(
        0.0,
        0,
        2,
        step=0.05,
        unit="alpha",
        label="CutMix",
        help="Paste a rectangle of another image and mix the labels by area; alpha of a beta distribution. "
        "Typical: 0 to 1.",
    )
    affine_refresh: int = bounded(
        1,
        1,
        1000,
        unit="epochs",
        label="New geometry every",
        help="Number of epochs for which the same images with the same flips, rotations, shifts, zooms and shears "
        "are used, each time in another order. "
        "Typical: 1 to 5 epochs.",
    )
    photometric_refresh: int = bounded(
        1,
        1,
        1000,
        unit="epochs",
        label="New grey levels every",
        help="Number of epochs for which the same changes of brightness, contrast, colour, noise and blur and the same "
        "erased rectangles are used; new geometry brings new ones. "
        "Typical: 1 to 5 epochs.",
    )

    def __post_init__(self) -> None:
        validate(self)


def check_mixing(settings: AugmentationSettings, features: tuple[str, ...]) -> None:
    """Raise SettingsError when images with features are to be mixed: what a mixed image measures nobody knows."""
    for name in ("mixup", "cutmix"):
        if features and getattr(settings, name):
            raise SettingsError(
                path_of(settings, name),
                f"got {getattr(settings, name):g}, but images cannot be mixed where the network takes features of each "
                f"({', '.join(features)}): set it to 0, or remove them (image.features)",
            )

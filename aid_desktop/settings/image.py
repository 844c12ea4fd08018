"""How an image is brought to the form that the network takes."""

from dataclasses import dataclass
from typing import ClassVar

from aid_desktop.settings.field import Cost, FieldInfo, Kind, bounded, choice, setting, validate

MIN_SIDE, MAX_SIDE = 2, 4096
NORMALIZATIONS = ("none", "divide_by_255", "standardize_each_image", "standardize_training_set")


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """Size, channels, normalization and geometry; table `[image]` of run.toml."""

    SECTION: ClassVar[str] = "image"

    width: int = bounded(
        32,
        MIN_SIDE,
        MAX_SIDE,
        unit="px",
        label="Width",
        cost=Cost.NEW_RUN,
        help="Width of the image that the network takes. Typical: 32 to 96 px, just larger than the object.",
    )
    height: int = bounded(
        32,
        MIN_SIDE,
        MAX_SIDE,
        unit="px",
        label="Height",
        cost=Cost.NEW_RUN,
        help="Height of the image that the network takes. Typical: 32 to 96 px, just larger than the object.",
    )
    channels: str | tuple[str, ...] = setting(
        "gray",
        FieldInfo(
            Kind.CHANNELS,
            "Channels",
            "gray: one channel, colour is reduced by 0.21 R + 0.72 G + 0.07 B. rgb: three channels, a gray image is "
            "copied three times. Or any channels that all images have, by name.",
            Cost.NEW_RUN,
            choices=("gray", "rgb"),
        ),
    )
    normalization: str = choice(
        "divide_by_255",
        NORMALIZATIONS,
        label="Normalization",
        cost=Cost.NEW_RUN,
        help="How grey levels become the network's input: unchanged; divided by 255; each image to mean 0 and "
        "standard deviation 1; or all images by the mean and standard deviation of the training images.",
    )
    white_level: float = bounded(
        0.0,
        0.0,
        1e9,
        unit="grey levels",
        label="White level",
        cost=Cost.NEW_RUN,
        help="Grey level that divide_by_255 turns into 1. 0: 255 for images of 8 bits, 65535 for 16 bits, 1 for "
        "floating-point numbers. Typical: 4095 for a camera of 12 bits.",
    )
    padding: str = choice(
        "constant",
        ("constant", "edge", "reflect", "symmetric", "wrap"),
        label="Padding",
        cost=Cost.NEW_RUN,
        help="What fills the part of the wanted size that lies outside of the image: black, the repeated edge pixel, "
        "the mirror image without or with the edge pixel, or the opposite side.",
    )
    resize: str = choice(
        "linear",
        ("nearest", "linear", "area", "cubic", "lanczos"),
        label="Interpolation",
        cost=Cost.NEW_RUN,
        help="Interpolation used for the zoom of a row and for scaling to size. Use area to make images much smaller.",
    )
    fit: str = choice(
        "crop_pad",
        ("crop_pad", "scale", "scale_keep_aspect"),
        label="Fit to size",
        cost=Cost.NEW_RUN,
        help="crop_pad: cut the size out around the object's position, pixels unchanged. scale: squeeze the whole "
        "image into the size. scale_keep_aspect: the same without distortion, the rest is padded.",
    )
    features: tuple[str, ...] = setting(
        (),
        FieldInfo(
            Kind.FEATURES,
            "Features",
            "Numbers measured for each image, such as deform and area_um in .rtdc files, which a multi_input network "
            "takes besides the image; standardized by the mean and standard deviation of the training images.",
            Cost.NEW_RUN,
        ),
    )

    def __post_init__(self) -> None:
        validate(self)

    @property
    def n_channels(self) -> int:
        """Number of channels of the network's input."""
        return len(self.channels) if isinstance(self.channels, tuple) else 1 if self.channels == "gray" else 3

    @property
    def channel_names(self) -> tuple[str, ...] | None:
        """The channels to pick by name; None for gray and rgb, which any image of 1 or 3 channels can give."""
        return self.channels if isinstance(self.channels, tuple) else None

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape (height, width, channels) of the network's input."""
        return self.height, self.width, self.n_channels

"""What images of any size, depth and number of channels become when they are brought to one form."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.geometry import fit_image, to_gray, to_rgb
from aid_desktop.data.pixels import (
    PIXEL_TYPES,
    Pixels,
    channel_names,
    pixel_type_of,
    pixel_type_text,
    to_type,
    white_level_of,
)
from aid_desktop.data.source import DataSource, Shape
from aid_desktop.errors import DataError, SettingsError
from aid_desktop.settings.image import ImageSettings

CHANNELS = ("keep", "gray", "rgb")
"""What channels can become, besides those of some names."""

DEPTHS = ("keep", "uint16", "float32")

_MOST_NAMED = 8
"""So many sizes are named in a message."""


@dataclass(frozen=True, slots=True)
class ConvertSettings:
    """What the images become.

    `channels` is one of CHANNELS, or names out of the channels that all sources have (see DataSource); keep means the
    image of an .rtdc file without what stands beside it, and all channels of other files. `size` is (width, height) in
    pixels; None leaves images as large as they are. `fit`, `padding` and `resize` are those of ImageSettings and
    matter only with a size. `pixel_type` is one of DEPTHS: grey levels of fewer bits are multiplied so that white
    stays white. Raises SettingsError for other values.
    """

    channels: str | tuple[str, ...] = "keep"
    size: tuple[int, int] | None = None
    fit: str = "crop_pad"
    padding: str = "constant"
    resize: str = "linear"
    pixel_type: str = "keep"

    def __post_init__(self) -> None:
        names = self.channel_names
        if self.channels not in CHANNELS and (not names or len(set(names)) < len(names)):
            expected = f"expected one of {', '.join(CHANNELS)}, or different names of channels"
            raise SettingsError("convert.channels", f"got {self.channels!r}, {expected}")
        if self.pixel_type not in DEPTHS:
            raise SettingsError("convert.pixel_type", f"got {self.pixel_type!r}, expected one of {', '.join(DEPTHS)}")
        # Checks the other values, also where they do not matter.
        self.image_settings(self.size or (ImageSettings().width, ImageSettings().height), 1)

    @property
    def channel_names(self) -> tuple[str, ...] | None:
        """The channels to pick by name, None for one of CHANNELS."""
        return self.channels if isinstance(self.channels, tuple) else None

    def image_settings(self, size: tuple[int, int], n_channels: int) -> ImageSettings:
        """Return how images of so many channels are brought to (width, height)."""
        channels = {1: "gray", 3: "rgb"}.get(n_channels) or channel_names(n_channels)
        width, height = size
        return ImageSettings(width, height, channels, padding=self.padding, resize=self.resize, fit=self.fit)


@dataclass(frozen=True, slots=True)
class Conversion:
    """The one form of all images of a file: shape (H, W, C), pixel type, and how an image gets there."""

    settings: ConvertSettings
    shape: Shape
    pixel_type: str
    image: ImageSettings | None

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of one image as it is written: (H, W), or (H, W, C) with several channels."""
        return self.shape if self.shape[2] > 1 else self.shape[:2]

    def apply(self, image: Pixels, position: tuple[float, float]) -> Pixels:
        """Return the image in this form, of `image_shape`; `position` (x, y) in pixels is the centre of its object.

        Channels that the settings name have been picked when it was read.
        """
        if self.settings.channels in ("gray", "rgb"):
            image = to_gray(image) if self.settings.channels == "gray" else to_rgb(image)
        if self.image is not None:
            image = fit_image(image, position, self.image)
        return _to_depth(image, self.pixel_type).reshape(self.image_shape)

    def apply_beside(
        self, image: NDArray[Any], position: tuple[float, float], resize: str | None = None
    ) -> NDArray[Any]:
        """Return another image (H, W) or (H, W, C) of the same event, cut out or scaled like its image.

        It keeps its channels and grey levels. `resize` is another interpolation than that of the settings.
        """
        if self.image is None:
            return image
        channels = channel_names(image.shape[2] if image.ndim == 3 else 1)
        settings = replace(self.image, channels=channels, resize=resize or self.image.resize)
        fitted = fit_image(image, position, settings)
        return fitted if image.ndim == 3 else fitted[:, :, 0]

    def old_pixels(self, shape: Shape) -> float | None:
        """Return how many pixels of an image of this shape one pixel spans afterwards; None if not as many each way."""
        if self.image is None or self.image.fit == "crop_pad":
            return 1.0
        across, down = shape[1] / self.shape[1], shape[0] / self.shape[0]
        if self.image.fit == "scale_keep_aspect":
            return max(across, down)
        return across if math.isclose(across, down) else None

    def positions(self, known: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where the objects at `known` (N, 2) are afterwards: in the centre if the images were fitted."""
        if self.image is None:
            return known
        height, width, _ = self.shape
        return np.tile(np.array((width / 2, height / 2)), (len(known), 1))


def count_shapes(sources: Sequence[DataSource]) -> dict[Shape, int | None]:
    """Return how many images have each shape, most frequent first; None where a source has not counted them."""
    counts: Counter[Shape] = Counter()
    uncounted: set[Shape] = set()
    for source in sources:
        if len(source.shapes) == 1:
            counts[source.shapes[0]] += source.n_images
        elif source.shape_counts and source.selection is None:
            counts.update(dict(zip(source.shapes, source.shape_counts, strict=True)))
        else:
            uncounted.update(source.shapes)
            counts.update(dict.fromkeys(source.shapes, 0))
    return {shape: None if shape in uncounted else n for shape, n in counts.most_common()}


def plan_conversion(sources: Sequence[DataSource], settings: ConvertSettings) -> Conversion:
    """Return the form that all images of the sources get. Raises DataError if they cannot have one, saying why."""
    shapes = count_shapes(sources)
    if not shapes:
        raise DataError("There are no images to convert: give folders or files of images.")
    _check_channels(sources, settings.channel_names or ())
    n_channels = _n_channels(sorted({channels for _, _, channels in shapes}), settings)
    pixel_type = _pixel_type({kind for source in sources for kind in source.pixel_types}, settings)
    if settings.size is None:
        return Conversion(settings, (*_only_size(shapes), n_channels), pixel_type, None)
    width, height = settings.size
    image = settings.image_settings(settings.size, n_channels)
    return Conversion(settings, (height, width, n_channels), pixel_type, image)


def _check_channels(sources: Sequence[DataSource], names: Sequence[str]) -> None:
    for source in sources:
        missing = [name for name in names if name not in source.channels]
        if missing:
            known = ", ".join(source.channels) or "images of different channels"
            raise DataError(f"{source.path} has no channel {missing[0]!r}: it has {known}.")


def _n_channels(found: Sequence[int], settings: ConvertSettings) -> int:
    if settings.channel_names:
        return len(settings.channel_names)
    if settings.channels == "keep":
        if len(found) > 1:
            numbers = " and ".join(map(str, found))
            raise DataError(f"The images differ in their number of channels ({numbers}): choose gray or rgb for all.")
        return found[0]
    others = sorted(set(found) - {1, 3})
    if others:
        raise DataError(
            f"There are images of {others[0]} channels, which cannot become {settings.channels}: keep their channels."
        )
    return 1 if settings.channels == "gray" else 3


def _pixel_type(found: set[str], settings: ConvertSettings) -> str:
    ordered = sorted(found, key=PIXEL_TYPES.index)
    text = " and ".join(map(pixel_type_text, ordered))
    if settings.pixel_type == "keep":
        if len(ordered) > 1:
            raise DataError(f"There are images of {text}: choose the depth {pixel_type_text(ordered[-1])} for all.")
        return ordered[0]
    if PIXEL_TYPES.index(settings.pixel_type) < PIXEL_TYPES.index(ordered[-1]):
        raise DataError(
            f"There are images of {text}: they would lose grey levels in {pixel_type_text(settings.pixel_type)}."
        )
    return settings.pixel_type


def _only_size(shapes: dict[Shape, int | None]) -> tuple[int, int]:
    sizes: dict[tuple[int, int], int | None] = {}
    for (height, width, _), n in shapes.items():
        before = sizes.get((height, width), 0)
        sizes[height, width] = None if n is None or before is None else before + n
    if len(sizes) == 1:
        return next(iter(sizes))
    texts = [f"{w} × {h} px" + ("" if n is None else f" ({n})") for (h, w), n in sizes.items()]
    more = f" and {len(texts) - _MOST_NAMED} more" if len(texts) > _MOST_NAMED else ""
    named = ", ".join(texts[:_MOST_NAMED])
    raise DataError(f"The images differ in size: {named}{more}. Give one size for all of them.")


def _to_depth(image: Pixels, pixel_type: str) -> Pixels:
    found = pixel_type_of(image.dtype)
    if found == pixel_type:
        return image
    return to_type(image * (white_level_of(pixel_type) / white_level_of(found)), pixel_type)

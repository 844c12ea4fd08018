"""Bring an image to the network's size: channels, zoom, and a window around the object or scaling.

All functions are pure and work on images (H, W) or (H, W, C) of any pixel type, which they keep.
"""

import math
from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.errors import DataError
from aid_desktop.settings.image import ImageSettings

INTERPOLATION = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "area": cv2.INTER_AREA,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}

OPENCV_CHANNELS = 4
"""Not every function of OpenCV takes more channels at once."""

MAX_PIXELS = 2**28
"""Largest image that a zoom may make, so that a slip of the hand does not fill the memory."""

_FAR = 2**40


def to_gray(image: Pixels) -> Pixels:
    """Return (H, W): 0.21 R + 0.72 G + 0.07 B, cut to whole grey levels as in AIDeveloper; grey as it is.

    Raises DataError for an image of other channels.
    """
    if image.ndim == 2:
        return image
    if image.shape[2] == 1:
        return image[:, :, 0]
    _refuse_other_channels(image)
    # AIDeveloper's order of operations in float64: another order rounds a few colours to the next grey level.
    gray = 0.21 * image[:, :, 0] + 0.72 * image[:, :, 1] + 0.07 * image[:, :, 2]
    return cast(Pixels, gray.astype(image.dtype))


def to_rgb(image: Pixels) -> Pixels:
    """Return (H, W, 3): three copies of a grey image; RGB stays as it is. Raises DataError for other channels."""
    if image.ndim == 3 and image.shape[2] == 3:
        return image
    if image.ndim == 3 and image.shape[2] != 1:
        _refuse_other_channels(image)
    return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)


def _refuse_other_channels(image: Pixels) -> None:
    if image.shape[2] != 3:
        raise DataError(
            f"An image has {image.shape[2]} channels, which are neither gray nor rgb: choose the channels by name."
        )


def resize(image: Pixels, to: float | tuple[int, int], method: str) -> Pixels:
    """Resize by a factor, or to a size (width, height) in pixels, each side at least 1 pixel.

    `method` is one of INTERPOLATION. Raises DataError if the result would have more than MAX_PIXELS.
    """
    height, width = image.shape[:2]
    if isinstance(to, tuple):
        size, factor = to, 0.0
    else:
        size, factor = (round(width * to), round(height * to)), to
    if size[0] * size[1] > MAX_PIXELS:
        raise DataError(
            f"Resizing {width} × {height} px to {size[0]} × {size[1]} px needs too much memory: use a smaller zoom."
        )
    if factor and min(size) >= 1:
        # The factor, not the rounded size, maps pixels: positions are multiplied by the same factor.
        return _resize_channels(image, (0, 0), factor, method)
    return _resize_channels(image, (max(1, size[0]), max(1, size[1])), 0.0, method)


def _resize_channels(image: Pixels, size: tuple[int, int], factor: float, method: str) -> Pixels:
    if image.ndim == 2 or image.shape[2] <= OPENCV_CHANNELS:
        resized = cv2.resize(image, size, fx=factor, fy=factor, interpolation=INTERPOLATION[method])
        # OpenCV drops a single channel's axis.
        return cast(Pixels, resized if image.ndim == 2 else resized.reshape(*resized.shape[:2], -1))
    parts = range(0, image.shape[2], OPENCV_CHANNELS)
    return np.concatenate(
        [_resize_channels(image[:, :, part : part + OPENCV_CHANNELS], size, factor, method) for part in parts], axis=2
    )


def window_start(centre: float, side: int) -> int:
    """Return the first pixel of a window of `side` pixels around `centre`, halves rounded to even.

    AIDeveloper's rule, needed to give a network trained with it the same pixels.
    """
    # Damaged files have positions that no index can hold.
    return round(min(max(float(centre), -_FAR), _FAR) - side / 2)


def source_indices(start: int, length: int, n: int, padding: str) -> NDArray[np.intp]:
    """Return which of `n` pixels shows at each of `length` places from `start` on, inside or outside.

    `padding` is edge, reflect, symmetric or wrap: OpenCV's borders REPLICATE, REFLECT_101, REFLECT and
    WRAP, for any distance from the image.
    """
    places = np.arange(start, start + length)
    if padding == "edge":
        return np.clip(places, 0, n - 1)
    if padding == "wrap":
        return places % n
    if padding == "symmetric":
        places = places % (2 * n)
        return np.where(places < n, places, 2 * n - 1 - places)
    if padding == "reflect":
        period = max(1, 2 * (n - 1))
        places = places % period
        return np.where(places < n, places, period - places)
    raise ValueError(f"unknown padding {padding!r}")


def cut_window(image: Pixels, left: int, top: int, width: int, height: int, padding: str) -> Pixels:
    """Return a copy of the window (height, width[, C]) that begins at (left, top), padded outside."""
    window = np.empty((height, width, *image.shape[2:]), image.dtype)
    _fill_window(window, image, left, top, padding)
    return window


def _fill_window(window: Pixels, image: Pixels, left: int, top: int, padding: str) -> None:
    height, width = window.shape[:2]
    n_rows, n_columns = image.shape[:2]
    right, bottom = left + width, top + height
    if left >= 0 and top >= 0 and right <= n_columns and bottom <= n_rows:
        window[:] = image[top:bottom, left:right]
        return
    if padding != "constant":
        rows = source_indices(top, height, n_rows, padding)
        columns = source_indices(left, width, n_columns, padding)
        window[:] = image[rows[:, np.newaxis], columns]
        return
    window[:] = 0
    first_row, first_column = max(top, 0), max(left, 0)
    inside = image[first_row : max(bottom, 0), first_column : max(right, 0)]
    row, column = first_row - top, first_column - left
    window[row : row + inside.shape[0], column : column + inside.shape[1]] = inside


def crop_pad(image: Pixels, position: tuple[float, float], width: int, height: int, padding: str) -> Pixels:
    """Return the window of width × height pixels around `position` (x, y), padded outside of the image.

    AIDeveloper's rule: the window begins at round(x - width / 2), round(y - height / 2).
    """
    left, top = window_start(position[0], width), window_start(position[1], height)
    return cut_window(image, left, top, width, height, padding)


def enlarged_size(width: int, height: int) -> tuple[int, int]:
    """Return the (width, height) with the margin that rotations need: at least sqrt(2) times the longer side.

    Each side is enlarged by an even number, so that the margin is the same on both sides. For even
    squares this is AIDeveloper's 2 * ceil(sqrt(2) * S / 2).
    """
    longest = math.sqrt(2) * max(width, height)
    return width + 2 * math.ceil((longest - width) / 2), height + 2 * math.ceil((longest - height) / 2)


def centre_crop(images: Pixels, width: int, height: int) -> Pixels:
    """Return a view of the centre of images (N, H, W, C): the part without the margin of `enlarged_size`."""
    top, left = (images.shape[1] - height) // 2, (images.shape[2] - width) // 2
    return images[:, top : top + height, left : left + width]


def fit_image(
    image: Pixels,
    position: tuple[float, float],
    settings: ImageSettings,
    zoom: float = 1.0,
    margin: bool = False,
) -> Pixels:
    """Return the image as the network takes it: (height, width, C), in its own pixel type.

    Steps: channels, zoom (pixels and position), then the fit of `settings`. With `margin` the result has
    `enlarged_size`, and its `centre_crop` is exactly the result without `margin`. Where the settings name
    channels, `image` has these already (see source.ImageReader.read). Raises DataError for an image whose
    channels do not fit the settings.
    """
    fitted: Pixels = fit_images([image], np.array([position], np.float64), settings, zoom, margin)[0]
    return fitted


def fit_images(
    images: Sequence[Pixels],
    positions: NDArray[np.float64],
    settings: ImageSettings,
    zoom: float = 1.0,
    margin: bool = False,
) -> Pixels:
    """Return what `fit_image` makes of images of one pixel type and any sizes, at least one: (N, height, width, C).

    `positions` are (N, 2).
    """
    width, height = settings.width, settings.height
    full_width, full_height = enlarged_size(width, height) if margin else (width, height)
    # From the start of the plain window: rounding anew could move it by a pixel when x lies between two pixels.
    margin_x, margin_y = (full_width - width) // 2, (full_height - height) // 2
    is_scaled = zoom != 1.0 or settings.fit != "crop_pad"
    fitted = np.empty((len(images), full_height, full_width, settings.n_channels), images[0].dtype)
    if not is_scaled and _are_plain(images, settings):
        _cut_windows(fitted[:, :, :, 0], images, positions, (margin_x, margin_y), settings)
        return fitted
    for window, original, (x, y) in zip(fitted, images, positions.tolist(), strict=True):
        image = _with_channels(original, settings)
        if is_scaled:
            image, x, y = _scaled(image, x, y, settings, zoom)
        left, top = window_start(x, width) - margin_x, window_start(y, height) - margin_y
        _fill_window(window if image.ndim == 3 else window[:, :, 0], image, left, top, settings.padding)
    return fitted


def _are_plain(images: Sequence[Pixels], settings: ImageSettings) -> bool:
    """Return whether all images are (H, W), of one size, and stay as they are."""
    return (
        settings.channels == "gray" and {image.shape for image in images} == {images[0].shape} and images[0].ndim == 2
    )


def _cut_windows(
    windows: Pixels,
    images: Sequence[Pixels],
    positions: NDArray[np.float64],
    margins: tuple[int, int],
    settings: ImageSettings,
) -> None:
    """Fill windows (N, h, w) from images (H, W) of one size: what `fit_images` does, with less said per image."""
    height, width = windows.shape[1:]
    # Rounds halves to even as window_start does.
    starts = np.rint(positions - np.array([settings.width, settings.height]) / 2)
    # Damaged files have positions that no whole number can hold.
    starts = np.clip(starts, -_FAR, _FAR).astype(np.intp) - margins
    last = np.array(images[0].shape[::-1]) - (width, height)
    is_inside = np.all((starts >= 0) & (starts <= last), axis=1)
    for window, image, (left, top), inside in zip(windows, images, starts.tolist(), is_inside.tolist(), strict=True):
        if inside:
            window[:] = image[top : top + height, left : left + width]
        else:
            _fill_window(window, image, left, top, settings.padding)


def _scaled(image: Pixels, x: float, y: float, settings: ImageSettings, zoom: float) -> tuple[Pixels, float, float]:
    """Return the image after zoom and scaling, and where its object then is."""
    if zoom != 1.0:
        image, x, y = resize(image, float(zoom), settings.resize), x * zoom, y * zoom
    if settings.fit != "crop_pad":
        image = resize(image, _scaled_size(image, settings), settings.resize)
        x, y = image.shape[1] / 2, image.shape[0] / 2
    return image, x, y


def _with_channels(image: Pixels, settings: ImageSettings) -> Pixels:
    if settings.channels == "gray":
        return to_gray(image)
    if settings.channels == "rgb":
        return to_rgb(image)
    found = image.shape[2] if image.ndim == 3 else 1
    if found != settings.n_channels:
        raise DataError(f"An image has {found} channels, expected {', '.join(settings.channels)}.")
    return image


def _scaled_size(image: Pixels, settings: ImageSettings) -> tuple[int, int]:
    if settings.fit == "scale":
        return settings.width, settings.height
    height, width = image.shape[:2]
    factor = min(settings.width / width, settings.height / height)
    return min(settings.width, max(1, round(width * factor))), min(settings.height, max(1, round(height * factor)))

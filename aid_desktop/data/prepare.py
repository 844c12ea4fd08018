"""Bring all images of a row to the network's size, as one array."""

from collections.abc import Callable

import numpy as np

from aid_desktop.data.geometry import enlarged_size, fit_image
from aid_desktop.data.pixels import Pixels, pixel_type_text
from aid_desktop.data.source import DataSource, ImageReader, Indices, checked_indices
from aid_desktop.errors import DataError
from aid_desktop.settings.image import ImageSettings

BLOCK = 512
"""Images read at a time: whole chunks of an .rtdc file, but not a whole large file."""


class PreparationStoppedError(DataError):
    """Somebody asked to stop before all images were prepared."""


def prepare_row(
    reader: ImageReader,
    settings: ImageSettings,
    zoom: float = 1.0,
    margin: bool = False,
    indices: Indices | None = None,
    stop: Callable[[], bool] | None = None,
) -> Pixels:
    """Return a source's images as (N, height, width, C) of their pixel type: all, or those of `indices` in that order.

    With `margin` the size is geometry.enlarged_size, else that of `settings`. `stop` is asked between
    blocks of images; when it says yes PreparationStoppedError is raised. Raises DataError if the source
    cannot be read, or its images differ in pixel type.
    """
    chosen = checked_indices(range(reader.source.n_images) if indices is None else indices, reader.source.n_images)
    width, height = enlarged_size(settings.width, settings.height) if margin else (settings.width, settings.height)
    prepared = np.empty((len(chosen), height, width, settings.n_channels), single_pixel_type(reader.source))
    for start in range(0, len(chosen), BLOCK):
        if stop is not None and stop():
            raise PreparationStoppedError(f"Stopped while the images of {reader.source.name} were prepared.")
        block = chosen[start : start + BLOCK]
        images = reader.read(block, settings.channel_names)
        for i, (image, position) in enumerate(zip(images, reader.positions(block).tolist(), strict=True), start):
            prepared[i] = fit_image(image, position, settings, zoom, margin)
    return prepared


def single_pixel_type(source: DataSource) -> str:
    """Return the pixel type of all images of a source. Raises DataError if they differ."""
    if len(source.pixel_types) > 1:
        found = " and ".join(map(pixel_type_text, source.pixel_types))
        raise DataError(f"{source.path} has images of {found}: one depth is needed, convert them first.")
    return source.pixel_types[0]

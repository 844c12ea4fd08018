"""Classify the tiles of one large image: the work behind the dialog, for a background thread."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.display import display_range, to_display
from aid_desktop.data.formats import open_source
from aid_desktop.data.tile_masks import ImagePlace
from aid_desktop.data.tile_plan import image_names
from aid_desktop.errors import DataError
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.evaluation.tile_map import PixelMap, TileMap, classify_image, tile_size_of
from aid_desktop.evaluation.tile_map_writing import ENDING, write_tile_map
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.plots.image_layer import Levels, image_levels, label_levels
from aid_desktop.gui.theme import class_color
from aid_desktop.models.files import find_card, load_model
from aid_desktop.runs.best import find_model


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Image number `index` (from 0) of a file or folder, and the model (a file, or a run) that it is for."""

    path: Path
    index: int
    model: Path


@dataclass(frozen=True, slots=True, eq=False)
class LargeImage:
    """An image as it is shown: its origin, the number of images beside it, and the tiles (w, h) of the model."""

    request: ImageRequest
    origin: str
    n_images: int
    levels: Levels
    tile_size: tuple[int, int]

    @property
    def name(self) -> str:
        """Name for files about this image, without suffix."""
        [name] = image_names([ImagePlace.of(self.origin)])
        return name

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.levels[0].shape[:2]
        return width, height


@dataclass(frozen=True, slots=True, eq=False)
class MappedImage:
    """What the model says about an image; `labels` are the levels of the label map."""

    image: LargeImage
    model: Path
    tile_map: TileMap
    pixels: PixelMap
    labels: Levels
    threshold: Threshold | None


def read_large_image(request: ImageRequest, context: JobContext) -> LargeImage:
    """Read an image and the card of the model. Raises AidError."""
    card = find_card(find_model(request.model))
    reader = open_source(request.path, context.report_or_leave)
    if request.index >= reader.source.n_images:
        raise DataError(f"{request.path} has only {reader.source.n_images} images.")
    [image] = reader.read([request.index])
    levels = image_levels(to_display(image, display_range([image])))
    return LargeImage(request, reader.origin(request.index), reader.source.n_images, levels, tile_size_of(card))


def map_image(
    image: LargeImage, size: int, stride: int, threshold: Threshold | None, context: JobContext
) -> MappedImage:
    """Classify the tiles; 0 means the size that the model takes, and a stride of the size. Raises AidError."""
    loaded = load_model(find_model(image.request.model))
    reader = open_source(image.request.path, context.leave_if_cancelled)
    tile_map = classify_image(
        loaded, reader, image.request.index, size or None, stride or None, context.report, lambda: context.cancelled
    )
    pixels = tile_map.averaged()
    labels = label_levels(pixels.label_map(threshold))
    return MappedImage(image, loaded.path, tile_map, pixels, labels, threshold)


def save_map(mapped: MappedImage, path: Path, _: JobContext) -> tuple[Path, ...]:
    """Write label map, legend and table. Raises ExportError."""
    return write_tile_map(
        path, mapped.tile_map, image=mapped.image.origin, model=mapped.model, threshold=mapped.threshold
    )


def proposed_path(image: LargeImage) -> Path:
    """Return `<name>_labels.png` beside the image."""
    folder = image.request.path if image.request.path.is_dir() else image.request.path.parent
    return folder / f"{image.name}{ENDING}.png"


def label_colors(shown: tuple[bool, ...]) -> NDArray[np.uint8]:
    """Return red, green, blue, opacity for each label: 0 and hidden classes are not to be seen."""
    colors = np.zeros((len(shown) + 1, 4), np.uint8)
    for index, is_shown in enumerate(shown):
        color = class_color(index)
        colors[index + 1] = color.red(), color.green(), color.blue(), 255 if is_shown else 0
    return colors


def pixel_text(mapped: MappedImage, x: int, y: int) -> str:
    """Return for example `x 120, y 45: adipocyte 0.930, background 0.070`, the three most probable classes first."""
    found = mapped.pixels.at(x, y)
    if found is None:
        return f"x {x}, y {y}: no tile"
    order = np.argsort(-found, kind="stable")[:3].tolist()
    return f"x {x}, y {y}: " + ", ".join(f"{mapped.tile_map.class_names[i]} {found[i]:.3f}" for i in order)

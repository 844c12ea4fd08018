"""The option `--tiles` of `aid-desktop classify`: label maps of large images."""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aid_desktop.cli.output import parse_count
from aid_desktop.data.source import ImageReader
from aid_desktop.data.tile_masks import ImagePlace
from aid_desktop.data.tile_plan import image_names
from aid_desktop.errors import ExportError
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.evaluation.tile_map import classify_image
from aid_desktop.evaluation.tile_map_writing import ENDING, write_tile_map
from aid_desktop.models.files import LoadedModel

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class TileMaps:
    """What was found in all images: number of tiles, of each class, and the files written."""

    n: int
    counts: dict[str, int]
    files: tuple[Path, ...]


def add_tile_options(parser: argparse.ArgumentParser) -> None:
    """Add `--tiles` and `--stride`."""
    parser.add_argument(
        "--tiles",
        metavar="SIZE",
        type=_parse_size,
        help="classify tiles of large images and write label maps into the folder --out: the side of a tile in "
        f"pixels, or {AUTO} for the size that the model takes",
    )
    parser.add_argument(
        "--stride", metavar="N", type=parse_count, help="with --tiles: from tile to tile; default: their size"
    )


def check_tile_options(options: argparse.Namespace) -> None:
    """Raise ExportError for options that do not go together."""
    if options.tiles is None:
        if options.stride is not None:
            raise ExportError("--stride: give the size of the tiles, --tiles, as well")
    elif options.into_rtdc:
        raise ExportError("--tiles: label maps cannot be written into .rtdc files; leave --into-rtdc out")
    elif any((options.aideveloper_xlsx, options.basin, options.link, options.sort_into, options.reject is not None)):
        raise ExportError(
            "--tiles: leave --aideveloper-xlsx, --basin, --sort-into, --link and --reject out, which are for images"
        )
    elif options.out is None or (options.out.exists() and not options.out.is_dir()):
        raise ExportError(f"--out: got {options.out}, expected a folder for the label maps")


def write_tile_maps(
    loaded: LoadedModel, readers: Sequence[ImageReader], options: argparse.Namespace, threshold: Threshold | None
) -> TileMaps:
    """Classify the tiles of every image and write its label map, legend and table. Raises AidError."""
    size = None if options.tiles == AUTO else options.tiles
    images = [(reader, index) for reader in readers for index in range(reader.source.n_images)]
    origins = [reader.origin(index) for reader, index in images]
    counts: Counter[str] = Counter(dict.fromkeys(loaded.card.class_names, 0))
    files: list[Path] = []
    names = image_names([ImagePlace.of(origin) for origin in origins])
    for (reader, index), origin, name in zip(images, origins, names, strict=True):
        tile_map = classify_image(loaded, reader, index, size, options.stride)
        counts.update(tile_map.class_counts(threshold))
        path = options.out / f"{name}{ENDING}.png"
        files += write_tile_map(path, tile_map, image=origin, model=loaded.path, threshold=threshold)
    return TileMaps(counts.total(), dict(counts), tuple(files))


def _parse_size(text: str) -> int | str:
    return AUTO if text == AUTO else parse_count(text)

"""Plan, show and write the tiles of images: the work behind the dialog, for a background thread."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aid_desktop.data.display import display_range, to_display
from aid_desktop.data.formats import open_source
from aid_desktop.data.source import DataSource, ImageReader, Problem
from aid_desktop.data.tile_extras import with_extra_tiles
from aid_desktop.data.tile_plan import TilePlan, TileSettings, open_images, plan_tiles
from aid_desktop.data.tile_writing import TileReport, TilesExistError, write_tiles
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.plots.image_layer import Levels, image_levels

_SEED = 0
"""Of the extra tiles, so that the same choices always give the same tiles."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Readers of the images, and what cannot be read."""

    readers: tuple[ImageReader, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """The tiles of all images, and the first image as it is shown."""

    plan: TilePlan
    image: Levels


@dataclass(frozen=True, slots=True)
class TilesMade:
    """What was written, and the source that each class has become."""

    report: TileReport
    sources: tuple[tuple[str, DataSource], ...]


@dataclass(frozen=True, slots=True)
class TilesExist:
    """Nothing was written, as there are earlier tiles; `reason` names them."""

    reason: str


def open_all(items: tuple[tuple[Path, str], ...], context: JobContext) -> Opened:
    """Open paths with their parts. Raises DataError if none can be read."""
    progress = context.report_or_leave if len(items) == 1 else context.leave_if_cancelled
    return Opened(*open_images(items, progress))


def plan_all(opened: Opened, settings: TileSettings, masks: Path | None, context: JobContext) -> Planned:
    """Plan the tiles of all images and read the first one. Raises AidError."""
    plan = plan_tiles(opened.readers, settings, masks, progress=context.report_or_leave)
    plan = with_extra_tiles(plan, np.random.default_rng(_SEED))
    first = plan.images[0]
    [image] = first.reader.read([first.index])
    return Planned(plan, image_levels(to_display(image, display_range([image]))))


def make_tiles(plan: TilePlan, folder: Path, overwrite: bool, context: JobContext) -> TilesMade | TilesExist:
    """Write the tiles and open the folder of each class. Raises AidError."""
    try:
        report = write_tiles(
            plan, folder, overwrite=overwrite, progress=context.report, should_stop=lambda: context.cancelled
        )
    except TilesExistError as error:
        return TilesExist(str(error))
    sources = []
    for name, path in report.class_folders:
        sources.append((name, open_source(path, context.leave_if_cancelled).source))
    return TilesMade(report, tuple(sources))

"""Write planned tiles as image files, one folder for each class and image."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aid_desktop.data.picture_writing import picture_suffix, write_picture
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.source import Problem
from aid_desktop.data.tile_plan import TiledImage, TilePlan
from aid_desktop.data.tiles import cut_tiles
from aid_desktop.errors import DataError
from aid_desktop.long_work import Progress, ShouldStop, leave_if_stopped

GROUP_BY = "folder_name"
"""Keeps all tiles of an image together when a split is grouped by it, whichever class they have."""

_AT_ONCE = 64
"""So many tiles are cut at a time, so that overlapping ones do not fill the memory."""


class TilesExistError(DataError):
    """Earlier tiles, or other files, are where tiles are to be written."""


@dataclass(frozen=True, slots=True)
class TileReport:
    """What was written: the folder, the tiles of each class, and what was left out."""

    folder: Path
    counts: tuple[tuple[str, int], ...]
    problems: tuple[Problem, ...] = ()

    @property
    def n(self) -> int:
        """Number of tiles."""
        return sum(n for _, n in self.counts)

    @property
    def class_folders(self) -> tuple[tuple[str, Path], ...]:
        """Each class that has tiles, with its folder."""
        return tuple((name, self.folder / name) for name, n in self.counts if n)


def write_tiles(
    plan: TilePlan,
    folder: Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> TileReport:
    """Write `folder`/<class>/<image>/<image>_x00032_y00064.png, the numbers being the tile's position in the image.

    Tiles are .png with 8 or 16 bits and 1 or 3 channels, else .tif, and keep depth and channels. With `overwrite` all
    earlier tiles of the same images are replaced, in whichever class they were. Images that cannot be read any more
    are reported and the others go on. `progress` gets (done, total) tiles. Raises TilesExistError if tiles are there
    and `overwrite` is not set, before anything is written; DataError if a file cannot be written; StoppedError
    once `should_stop` says yes: the tiles written until then stay.
    """
    folder = folder.absolute()
    earlier = _EarlierTiles(folder)
    _check_folder(plan, earlier, overwrite)
    counts: Counter[str] = Counter()
    problems = list(plan.problems)
    n_done = 0
    for image in plan.images:
        try:
            pixels = _read(image)
        except DataError as error:
            problems.append(Problem(image.origin, str(error)))
            n_done += len(image.positions)
            continue
        written: set[Path] = set()
        for path, tile in _tiles_of(image, plan, folder, pixels):
            leave_if_stopped(should_stop, f"Stopped: {counts.total()} of {plan.n} tiles were written to {folder}.")
            write_picture(path, tile)
            written.add(path)
            counts[path.parts[-3]] += 1
            n_done += 1
            if progress is not None and (n_done % _AT_ONCE == 0 or n_done == plan.n):
                progress(n_done, plan.n)
        earlier.remove(image.name, written)
    return TileReport(folder, tuple((name, counts[name]) for name in plan.class_names), tuple(problems))


class _EarlierTiles:
    """The tiles that an earlier time has left in the folders of the classes, whatever their names were then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._classes = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []

    def folders_of(self, name: str) -> list[Path]:
        """Return the folders of an image that have anything in them."""
        return [path for path in (one / name for one in self._classes) if path.is_dir() and any(path.iterdir())]

    def remove(self, name: str, written: set[Path]) -> None:
        """Delete the tiles of an image that are not among those just written; other files stay."""
        pattern = re.compile(re.escape(name) + r"_x\d{5,}_y\d{5,}\.(png|tif)")
        for folder in self.folders_of(name):
            for path in sorted(folder.iterdir()):
                if pattern.fullmatch(path.name) and path not in written:
                    _delete(path)
            # An empty folder would count as a group without images.
            with suppress(OSError):
                folder.rmdir()


def _check_folder(plan: TilePlan, earlier: _EarlierTiles, overwrite: bool) -> None:
    folder = earlier.folder
    for source in (image.reader.source for image in plan.images):
        if source.path in (folder, *folder.parents):
            raise DataError(
                f"{folder} lies in {source.path}, to whose images the tiles would then belong: choose a folder "
                "outside of it."
            )
    full = [] if overwrite else [found for image in plan.images for found in earlier.folders_of(image.name)]
    if full:
        more = f", and so have {len(full) - 1} more" if len(full) > 1 else ""
        raise TilesExistError(
            f"{full[0]} has files already{more}: choose another folder, or allow them to be overwritten."
        )


def _read(image: TiledImage) -> Pixels:
    [pixels] = image.reader.read([image.index])
    if pixels.shape[:2] != image.size:
        height, width = image.size
        raise DataError(f"The image had {width} × {height} px when the tiles were planned, and has others now.")
    return pixels


def _tiles_of(image: TiledImage, plan: TilePlan, folder: Path, pixels: Pixels) -> Iterator[tuple[Path, Pixels]]:
    suffix = picture_suffix(pixels)
    for start in range(0, len(image.positions), _AT_ONCE):
        positions = image.positions[start : start + _AT_ONCE]
        labels = image.labels[start : start + _AT_ONCE].tolist()
        tiles = cut_tiles(pixels, positions, plan.settings.size)
        for (x, y), label, tile in zip(positions.tolist(), labels, tiles, strict=True):
            name = f"{image.name}_x{x:05d}_y{y:05d}{suffix}"
            yield folder / plan.class_names[label] / image.name / name, tile


def _delete(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise DataError(f"{path}, an earlier tile, cannot be deleted: {error.strerror or error}.") from error

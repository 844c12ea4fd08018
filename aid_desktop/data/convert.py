"""Write images of any size, depth and number of channels to one .rtdc file, block by block."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.conversion import Conversion, ConvertSettings, plan_conversion
from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.rtdc_writing import RtdcWriter
from aid_desktop.data.source import DataSource, ImageReader, Problem, Shape
from aid_desktop.errors import DataError

_BLOCK = 512
_BLOCK_BYTES = 32 * 2**20
"""Images are converted in blocks of up to this many, and of up to this many bytes before and afterwards."""

Progress = Callable[[int, int], None]


class ConversionStoppedError(DataError):
    """Somebody asked to stop before all images were written; nothing is left of them."""


@dataclass(frozen=True, slots=True)
class ConvertReport:
    """What was written: the file, the number of images, their shape (H, W, C), and what was left out."""

    path: Path
    n: int
    shape: Shape
    problems: tuple[Problem, ...] = ()


def convert_images(
    paths: Sequence[Path],
    out: Path,
    settings: ConvertSettings,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> ConvertReport:
    """Open folders and files of images and write all their images to one .rtdc file; see `convert_sources`."""
    _check_target(out, paths, overwrite)

    def leave(done: int, total: int) -> None:
        _leave_if_stopped(stop)

    sources = [open_source(path, leave).source for path in paths]
    return convert_sources(sources, out, settings, overwrite=overwrite, progress=progress, stop=stop)


def convert_sources(
    sources: Sequence[DataSource],
    out: Path,
    settings: ConvertSettings,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> ConvertReport:
    """Write the images of the sources, in their order, to one .rtdc file; makes its folder if needed.

    Images that cannot be read are left out and reported. `progress` gets (done, total) images. `stop` is asked
    between blocks; when it says yes ConversionStoppedError is raised. Raises DataError if the file exists and
    `overwrite` is not set, if the images cannot have one form, or if the file cannot be written: no new file is
    left then, and an old one stays as it is.
    """
    _check_target(out, [source.path for source in sources], overwrite)
    plan = plan_conversion(sources, settings)
    problems = [problem for source in sources for problem in source.problems]
    n_total, n_done = sum(source.n_images for source in sources), 0
    _make_folder(out)
    with RtdcWriter(out, plan.image_shape, plan.pixel_type) as writer:
        for source in sources:
            # One after the other: each reader keeps decoded images.
            reader = reopen(source)
            for block in _blocks(source, plan):
                _leave_if_stopped(stop)
                kept, images = _read(reader, block, problems)
                if images:
                    known = reader.positions(kept)
                    pairs = zip(images, known.tolist(), strict=True)
                    writer.append(np.stack([plan.apply(*pair) for pair in pairs]), plan.positions(known))
                n_done += len(block)
                if progress is not None:
                    progress(n_done, n_total)
    return ConvertReport(out, writer.n_images, plan.shape, tuple(problems))


def _blocks(source: DataSource, plan: Conversion) -> Iterator[NDArray[np.intp]]:
    largest = max(prod(shape) for shape in (*source.shapes, plan.shape))
    n_bytes = largest * max(np.dtype(kind).itemsize for kind in (*source.pixel_types, plan.pixel_type))
    step = min(_BLOCK, max(1, _BLOCK_BYTES // n_bytes))
    for start in range(0, source.n_images, step):
        yield np.arange(start, min(start + step, source.n_images))


def _read(
    reader: ImageReader, block: NDArray[np.intp], problems: list[Problem]
) -> tuple[NDArray[np.intp], list[Pixels]]:
    try:
        return block, reader.read(block)
    except DataError:
        # One of them is damaged or gone since the source was opened: find out which.
        kept: list[int] = []
        images: list[Pixels] = []
        for index in block.tolist():
            try:
                images += reader.read([index])
            except DataError as error:
                problems.append(Problem(reader.origin(index), str(error)))
            else:
                kept.append(index)
        return np.array(kept, np.intp), images


def _check_target(out: Path, sources: Sequence[Path], overwrite: bool) -> None:
    if out.suffix.lower() != ".rtdc":
        raise DataError(f"{out}: expected a name that ends with .rtdc.")
    if not out.exists():
        return
    if any(path.exists() and out.samefile(path) for path in sources):
        raise DataError(f"{out} is itself one of the files to convert: choose another name.")
    if not overwrite:
        raise DataError(f"{out} exists already: choose another name, or allow it to be overwritten.")


def _make_folder(out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror or error}.") from error


def _leave_if_stopped(stop: Callable[[], bool] | None) -> None:
    if stop is not None and stop():
        raise ConversionStoppedError("Stopped: nothing was written.")

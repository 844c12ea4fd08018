"""Write images of any size, depth and number of channels to one .rtdc file, block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import prod
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.carried import Carried, plan_carried
from aid_desktop.data.conversion import Conversion, ConvertSettings, plan_conversion
from aid_desktop.data.formats import reopen
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.rtdc_writing import RtdcWriter
from aid_desktop.data.source import DataSource, ImageReader, Problem, Shape
from aid_desktop.errors import DataError
from aid_desktop.long_work import Progress, ShouldStop, leave_if_stopped

_BLOCK = 512
_BLOCK_BYTES = 32 * 2**20
"""Images are converted in blocks of up to this many, and of up to this many bytes before and afterwards."""


@dataclass(frozen=True, slots=True)
class ConvertReport:
    """What was written: the file, the number of images, their shape (H, W, C), and what was left out.

    `lost` names what .rtdc files know of their events besides the images and is not in the new file, with the reason.
    """

    path: Path
    n: int
    shape: Shape
    problems: tuple[Problem, ...] = ()
    lost: tuple[Problem, ...] = ()


def convert_sources(
    sources: Sequence[DataSource],
    out: Path,
    settings: ConvertSettings,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> ConvertReport:
    """Write the images of the sources, in their order, to one .rtdc file; makes its folder if needed.

    What .rtdc files know of their events besides the images comes along, see carried.py. Images that cannot be read
    are left out and reported. `progress` gets (done, total) images. `should_stop` is asked between blocks. Raises
    StoppedError when it says yes, DataError as `check_target` does, if the images cannot have one form, or
    if the file cannot be written: no new file is left then, and an old one stays as it is.
    """
    check_target(out, [source.path for source in sources], overwrite)
    plan = plan_conversion(sources, settings)
    carried = plan_carried(sources, plan)
    problems = [problem for source in sources for problem in source.problems]
    n_total, n_done = sum(source.n_images for source in sources), 0
    _make_folder(out)
    with RtdcWriter(
        out, plan.image_shape, plan.pixel_type, columns=carried.columns, metadata=carried.metadata, logs=carried.logs
    ) as writer:
        written: list[tuple[DataSource, NDArray[np.intp]]] = []
        for source in sources:
            # One after the other: each reader keeps decoded images.
            reader = reopen(source)
            for block in _blocks(source, plan):
                leave_if_stopped(should_stop, "Stopped: nothing was written.")
                written.append((source, _convert_block(reader, block, carried, writer, problems)))
                n_done += len(block)
                if progress is not None:
                    progress(n_done, n_total)
        for name in carried.features:
            leave_if_stopped(should_stop, "Stopped: nothing was written.")
            writer.write_feature(name, carried.read_feature(name, _joined(written)))
    return ConvertReport(out, writer.n_images, plan.shape, tuple(problems), carried.lost)


def check_target(out: Path, sources: Sequence[Path], overwrite: bool) -> None:
    """Raise DataError if the file exists and `overwrite` is not set, is itself a source, or is no .rtdc file."""
    if out.suffix.lower() != ".rtdc":
        raise DataError(f"{out}: expected a name that ends with .rtdc.")
    if not out.exists():
        return
    if any(path.exists() and out.samefile(path) for path in sources):
        raise DataError(f"{out} is itself one of the files to convert: choose another name.")
    if not overwrite:
        raise DataError(f"{out} exists already: choose another name, or allow it to be overwritten.")


def _blocks(source: DataSource, plan: Conversion) -> Iterator[NDArray[np.intp]]:
    largest = max(prod(shape) for shape in (*source.shapes, plan.shape))
    n_bytes = largest * max(np.dtype(kind).itemsize for kind in (*source.pixel_types, plan.pixel_type))
    step = min(_BLOCK, max(1, _BLOCK_BYTES // n_bytes))
    for start in range(0, source.n_images, step):
        yield np.arange(start, min(start + step, source.n_images))


def _convert_block(
    reader: ImageReader, block: NDArray[np.intp], carried: Carried, writer: RtdcWriter, problems: list[Problem]
) -> NDArray[np.intp]:
    """Write some images of a source and what belongs to them; return which of them could be read."""
    plan = carried.plan
    kept, images = _read(reader, block, plan.settings.channel_names, problems)
    if images:
        known = reader.positions(kept)
        converted = np.stack([plan.apply(*pair) for pair in zip(images, known.tolist(), strict=True)])
        writer.append(converted, plan.positions(known), carried.read_columns(reader.source, kept, known))
    return kept


def _joined(
    blocks: Sequence[tuple[DataSource, NDArray[np.intp]]],
) -> Iterator[tuple[DataSource, NDArray[np.intp]]]:
    for source, parts in groupby(blocks, itemgetter(0)):
        yield source, np.concatenate([indices for _, indices in parts])


def _read(
    reader: ImageReader, block: NDArray[np.intp], channels: tuple[str, ...] | None, problems: list[Problem]
) -> tuple[NDArray[np.intp], list[Pixels]]:
    try:
        return block, reader.read(block, channels)
    except DataError:
        # One of them is damaged or gone since the source was opened: find out which.
        kept: list[int] = []
        images: list[Pixels] = []
        for index in block.tolist():
            try:
                images += reader.read([index], channels)
            except DataError as error:
                problems.append(Problem(reader.origin(index), str(error)))
            else:
                kept.append(index)
        return np.array(kept, np.intp), images


def _make_folder(out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror or error}.") from error

"""Bring rows of the class table to one size: the work behind the dialog, for a background thread."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aid_desktop.data.class_table import ClassRow
from aid_desktop.data.conversion import Conversion, ConvertSettings, count_shapes, plan_conversion
from aid_desktop.data.convert import convert_sources
from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.pixels import PIXEL_TYPES, Pixels
from aid_desktop.data.source import DataSource, Problem, Shape, SourceKind, shape_of
from aid_desktop.gui.background import JobContext

_N_RANDOM = 4
_BLOCK = 32
_MOST_SEARCHED = 1024
"""So many images of a source are looked at for one of a certain size."""


@dataclass(frozen=True, slots=True)
class ConvertRequest:
    """Rows, and for each the file that its images are written to."""

    rows: tuple[ClassRow, ...]
    targets: tuple[Path, ...]
    settings: ConvertSettings
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Converted:
    """Each row with the source that now holds its images, the number of these, and what was left out.

    `lost` is what the rows' files know of their images and the new ones do not, see convert.ConvertReport.
    """

    pairs: tuple[tuple[ClassRow, DataSource], ...]
    n: int
    problems: tuple[Problem, ...] = ()
    lost: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """An image as it is, the position x, y of its object in pixels, and where it comes from."""

    image: Pixels
    position: tuple[float, float]
    source: DataSource
    index: int


def convert_rows(request: ConvertRequest, context: JobContext) -> Converted:
    """Write one .rtdc file for each row. Raises DataError before the first one if the rows cannot have one form."""
    plan_conversion([row.source for row in request.rows], request.settings)
    n_total, n_done = sum(row.source.n_images for row in request.rows), 0
    pairs: list[tuple[ClassRow, DataSource]] = []
    problems: list[Problem] = []
    lost: list[Problem] = []

    def report_all(done: int, _: int) -> None:
        context.report(n_done + done, n_total)

    for row, target in zip(request.rows, request.targets, strict=True):
        report = convert_sources(
            [row.source],
            target,
            request.settings,
            overwrite=request.overwrite,
            progress=report_all,
            should_stop=lambda: context.cancelled,
        )
        n_done += row.source.n_images
        problems += report.problems
        lost += (Problem(f"{row.source.name}: {item.name}", item.reason) for item in report.lost)
        pairs.append((row, open_source(report.path).source))
    return Converted(tuple(pairs), sum(source.n_images for _, source in pairs), tuple(problems), tuple(lost))


def proposed_settings(sources: Sequence[DataSource]) -> ConvertSettings:
    """Return the most frequent size, and channels and depth that lose nothing."""
    shapes = count_shapes(sources)
    height, width, _ = next(iter(shapes))
    channels = {n for _, _, n in shapes}
    types = {kind for source in sources for kind in source.pixel_types}
    return ConvertSettings(
        channels="rgb" if len(channels) > 1 else "keep",
        size=(width, height),
        pixel_type="keep" if len(types) == 1 else max(types, key=PIXEL_TYPES.index),
    )


def proposed_targets(rows: Sequence[ClassRow], folder: Path | None = None) -> tuple[Path, ...]:
    """Return `<name>.rtdc` for each row, beside its images or in `folder`, all different and none of them a source."""
    taken = {row.source.path for row in rows}
    targets: list[Path] = []
    for row in rows:
        path = row.source.path
        stem = path.name if row.source.kind is SourceKind.FOLDER else path.stem
        if row.source.part:
            stem += "_" + "_".join(filter(None, row.source.part.split("/")))
        names = (f"{stem}{ending}.rtdc" for ending in _endings())
        target = next(place for name in names if (place := (folder or path.parent) / name) not in taken)
        taken.add(target)
        targets.append(target)
    return tuple(targets)


def read_examples(sources: Sequence[DataSource], seed: int, context: JobContext) -> tuple[Example, ...]:
    """Read an image of the smallest and of the largest size, and a random few, each image once."""
    rng = np.random.default_rng(seed)
    by_size = sorted({(s, place) for place, source in enumerate(sources) for s in source.shapes}, key=_pixels)
    chosen = [
        (place, index)
        for shape, place in dict.fromkeys((by_size[0], by_size[-1]))
        if (index := _find(sources[place], shape, rng, context)) is not None
    ]
    starts = np.cumsum([0, *(source.n_images for source in sources)])
    n_random = min(_N_RANDOM, int(starts[-1]))
    for number in rng.choice(int(starts[-1]), n_random, replace=False).tolist():
        place = int(np.searchsorted(starts, number, side="right")) - 1
        chosen.append((place, number - int(starts[place])))
    examples = []
    for place, index in dict.fromkeys(chosen):
        context.leave_if_cancelled(0, 0)
        reader = reopen(sources[place])
        [image], [[x, y]] = reader.read([index]), reader.positions([index]).tolist()
        examples.append(Example(image, (x, y), sources[place], index))
    return tuple(examples)


def convert_examples(examples: Sequence[Example], plan: Conversion) -> tuple[Pixels, ...]:
    """Return what the images become. Raises DataError if channels are to be picked and a file cannot be read again."""
    names = plan.settings.channel_names
    return tuple(
        plan.apply(reopen(example.source).read([example.index], names)[0] if names else example.image, example.position)
        for example in examples
    )


def _find(source: DataSource, shape: Shape, rng: np.random.Generator, context: JobContext) -> int | None:
    if len(source.shapes) == 1:
        return 0
    reader = reopen(source)
    order = rng.permutation(source.n_images)[:_MOST_SEARCHED]
    for start in range(0, len(order), _BLOCK):
        context.leave_if_cancelled(0, 0)
        block = order[start : start + _BLOCK]
        for index, image in zip(block.tolist(), reader.read(block), strict=True):
            if shape_of(image) == shape:
                return int(index)
    return None


def _pixels(item: tuple[Shape, int]) -> tuple[int, Shape, int]:
    (height, width, _), place = item
    return height * width, item[0], place


def _endings() -> Iterator[str]:
    yield from ("", "_converted")
    number = 2
    while True:
        yield f"_converted_{number}"
        number += 1

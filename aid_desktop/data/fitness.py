"""Do all images, with their features, fit each other and the image settings? Asked before a run and before a model."""

from collections.abc import Iterable, Iterator, Sequence

from aid_desktop.data.class_table import ClassTable, TableProblem
from aid_desktop.data.pixels import pixel_type_text
from aid_desktop.data.source import DataSource
from aid_desktop.settings.image import ImageSettings

NAMES_SHOWN = 10


def image_problems(table: ClassTable, settings: ImageSettings) -> tuple[TableProblem, ...]:
    """Return what keeps the rows' images from being prepared: pixel types that differ, channels that are missing."""
    return tuple(_problems([row.source for row in table.rows], settings))


def source_problem(source: DataSource, settings: ImageSettings, pixel_type: str | None = None) -> str | None:
    """Return why the images of a source cannot be prepared, as the end of a sentence about it; None if they can.

    `pixel_type` is the type that is expected; None takes any, as long as all images have it.
    """
    if len(source.pixel_types) > 1:
        found = " and ".join(map(pixel_type_text, source.pixel_types))
        return f"has images of {found}: one depth is needed, convert them first"
    if pixel_type is not None and source.pixel_types[0] != pixel_type:
        found, expected = pixel_type_text(source.pixel_types[0]), pixel_type_text(pixel_type)
        return f"has images of {found}, expected {expected}: grey levels of another depth mean something else"
    return _channel_problem(source, settings) or _feature_problem(source, settings)


def named_problems(found: Iterable[tuple[DataSource, str]]) -> str:
    """Return problems of sources in one line, each with the name of its source; of many the first ones."""
    texts = list(dict.fromkeys(f"{source.name} {problem}" for source, problem in found))
    more = f"; and {len(texts) - NAMES_SHOWN} more" if len(texts) > NAMES_SHOWN else ""
    return "; ".join(texts[:NAMES_SHOWN]) + more


def _problems(sources: Sequence[DataSource], settings: ImageSettings) -> Iterator[TableProblem]:
    expected = next((source.pixel_types[0] for source in sources if len(source.pixel_types) == 1), None)
    # Thousands of rows are of few kinds.
    known: dict[tuple[object, ...], str | None] = {}
    for place, source in enumerate(sources):
        kind = (source.pixel_types, source.shapes, source.channels, source.features)
        if kind not in known:
            known[kind] = source_problem(source, settings, expected)
        if (problem := known[kind]) is not None:
            yield TableProblem(place, problem)


def _channel_problem(source: DataSource, settings: ImageSettings) -> str | None:
    if settings.channel_names is None:
        others = sorted({channels for _, _, channels in source.shapes} - {1, 3})
        if not others:
            return None
        names = f": choose among {', '.join(source.channels)}" if source.channels else ""
        return f"has images of {others[0]} channels, which are neither gray nor rgb{names}"
    missing = [name for name in settings.channel_names if name not in source.channels]
    if not missing:
        return None
    if not source.channels:
        return f"has no channel {missing[0]!r}: its images differ in their number of channels"
    return f"has no channel {missing[0]!r}, only {', '.join(source.channels)}"


def _feature_problem(source: DataSource, settings: ImageSettings) -> str | None:
    missing = [name for name in settings.features if name not in source.features]
    if not missing:
        return None
    what = ", ".join(map(repr, missing))
    if not source.features:
        return f"has no feature {what}: it has images alone, features come with .rtdc files"
    return f"has no feature {what}, only {', '.join(source.features)}"


def common_channels(sources: Sequence[DataSource]) -> tuple[str, ...]:
    """Return the channels that all sources have, in the order of the first one."""
    return _common([source.channels for source in sources])


def common_features(sources: Sequence[DataSource]) -> tuple[str, ...]:
    """Return the scalar features that all sources have, in the order of the first one."""
    return _common([source.features for source in sources])


def _common(names: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    if not names:
        return ()
    # Thousands of rows are of few kinds.
    shared = set(names[0]).intersection(*set(names))
    return tuple(name for name in names[0] if name in shared)

"""What a split does to the class table, drawn as a run draws it: for a background thread; and how it is said."""

from dataclasses import dataclass

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import reopen
from aid_desktop.data.source import SourceKind
from aid_desktop.gui.background import JobContext
from aid_desktop.numbers import grouped
from aid_desktop.settings.split import SplitSettings

_CLASSES_SHOWN = 5
_STACKS = (SourceKind.RTDC, SourceKind.ARRAY, SourceKind.IMAGE)


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """How many images are held out.

    `kept` has for each row of the table how many of its images are trained on. `held` are the held-out images of
    each class with its name, `n_images` all images of training rows. `n_groups` is None where nothing was drawn.
    """

    table: ClassTable
    kept: tuple[int, ...]
    held: tuple[tuple[str, int], ...]
    n_images: int
    n_groups: int | None

    @property
    def n_held(self) -> int:
        """Number of held-out images."""
        return sum(number for _, number in self.held)


def count_split(table: ClassTable, settings: SplitSettings, seed: int, context: JobContext) -> SplitCounts:
    """Split the training rows as a run with this seed does. Raises DataError or RunError if that cannot be done."""
    places = [place for place, row in enumerate(table.rows) if row.role is Role.TRAINING]
    readers = []
    for done, place in enumerate(places):
        context.report_or_leave(done, len(places))
        readers.append(reopen(table.rows[place].source))
    rows = [table.rows[place] for place in places]
    # Not before the window is painted.
    from aid_desktop.training.split import split_rows

    split = split_rows(ClassTable(tuple(rows)), readers, settings, seed)
    kept = [row.source.n_images if row.role is Role.TRAINING else 0 for row in table.rows]
    held = {row.class_index: 0 for row in sorted(rows, key=lambda row: row.class_index)}
    for place, row, part in zip(places, rows, split.rows.values(), strict=True):
        kept[place] = len(part.kept)
        held[row.class_index] += len(part.held)
    names = {row.class_index: row.class_name for row in reversed(rows)}
    return SplitCounts(
        table=table,
        kept=tuple(kept),
        held=tuple((names[index], number) for index, number in held.items()),
        n_images=sum(row.source.n_images for row in rows),
        n_groups=split.n_groups,
    )


def split_text(counts: SplitCounts) -> str:
    """Return for example "18 groups; 412 of 2 000 images are held out: cat 203, dog 209."."""
    single = counts.n_groups in (None, counts.n_images)
    groups = "" if single or counts.n_groups is None else f"{_number(counts.n_groups, 'group')}; "
    shown = [f"{name} {grouped(number)}" for name, number in counts.held[:_CLASSES_SHOWN]]
    if len(counts.held) > _CLASSES_SHOWN:
        shown.append(f"and {_number(len(counts.held) - _CLASSES_SHOWN, 'more class', 'more classes')}")
    verb = "is" if counts.n_held == 1 else "are"
    text = f"{groups}{grouped(counts.n_held)} of {_number(counts.n_images, 'image')} {verb} held out"
    return f"{text}: {', '.join(shown)}."


def origin_text(split: SplitSettings | None) -> str:
    """Return where held-out images come from that are not drawn by the share; "" if they are."""
    if split is None:
        return ""
    if split.held_out is not None:
        return f" They are those of {split.held_out}."
    return f" They are part {split.fold + 1} of a cross-validation of {split.folds}." if split.folds else ""


def split_warning(counts: SplitCounts) -> str:
    """Return what speaks against a split; "" if nothing does."""
    without = [name for name, number in counts.held if not number]
    if without:
        more = f" and {_number(len(without) - 1, 'more class', 'more classes')}" if len(without) > 1 else ""
        advice = "" if counts.n_held else " Keep other images together, or add more files."
        return f"Nothing is held out of {without[0]}{more}: all images there are one group.{advice}"
    rows = zip(counts.table.rows, counts.kept, strict=True)
    n_gone = sum(row.role is Role.TRAINING and not kept and row.images_per_epoch is not None for row, kept in rows)
    if n_gone:
        verb = "is" if n_gone == 1 else "are"
        rows_text = _number(n_gone, "row")
        return f"{rows_text} with a number per epoch {verb} held out as a whole: balance the classes again."
    return ""


def grouping_hint(table: ClassTable) -> tuple[str, str] | None:
    """Return a better grouping than by image, and why, if a class comes from several files or folders; else None."""
    paths: dict[tuple[int, str], set[object]] = {}
    names: dict[int, str] = {}
    for row in table.rows_with(Role.TRAINING):
        kind = row.source.kind
        grouping = "file" if kind in _STACKS else "folder" if kind is SourceKind.FOLDER else ""
        if grouping:
            paths.setdefault((row.class_index, grouping), set()).add(row.source.path)
            names.setdefault(row.class_index, row.class_name)
    several = [(index, grouping) for (index, grouping), found in paths.items() if len(found) > 1]
    if not several:
        return None
    index, grouping = min(several)
    text = (
        f"{names[index]} comes from {grouped(len(paths[index, grouping]))} {grouping}s, and images of one {grouping} "
        "are often alike."
    )
    return grouping, text


def _number(number: int, word: str, plural: str = "") -> str:
    return f"{grouped(number)} {word}" if number == 1 else f"{grouped(number)} {plural or word + 's'}"

"""Which source belongs to which class and role, as one frozen table that every change copies."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property
from itertools import count
from operator import attrgetter, itemgetter

from aid_desktop.data.balance import divided
from aid_desktop.data.selection import Owners, n_whole_of
from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError

MAX_CLASS_INDEX = 9999
MIN_ZOOM, MAX_ZOOM = 0.05, 20.0
_MOST_NAMED = 3


class Role(StrEnum):
    """What the images of a row are used for."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One source with its class and role.

    `images_per_epoch` is None for all images, else at least 1; more than there are means that images
    repeat. `shuffle` off takes the first images in file order. `zoom` enlarges (above 1) or shrinks the
    original images. Raises DataError for a value out of range.
    """

    source: DataSource
    class_index: int
    class_name: str
    role: Role
    images_per_epoch: int | None = None
    shuffle: bool = True
    zoom: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.class_index <= MAX_CLASS_INDEX:
            raise DataError(f"The class index is {self.class_index}, expected 0 to {MAX_CLASS_INDEX}.")
        if not self.class_name or self.class_name != self.class_name.strip():
            raise DataError(f"The class name is {self.class_name!r}: give a name without blanks before or after it.")
        if self.images_per_epoch is not None and self.images_per_epoch < 1:
            raise DataError(f"Images per epoch is {self.images_per_epoch}, expected at least 1, or all of them.")
        if not MIN_ZOOM <= self.zoom <= MAX_ZOOM:
            raise DataError(f"The zoom is {self.zoom:g}, expected {MIN_ZOOM:g} to {MAX_ZOOM:g}.")

    @property
    def n_drawn(self) -> int:
        """Number of images that one epoch takes from this row."""
        return self.source.n_images if self.images_per_epoch is None else self.images_per_epoch


_FIELDS = tuple(field.name for field in fields(ClassRow))
_PLACES = {name: place for place, name in enumerate(_FIELDS)}
_VALUES = attrgetter(*_FIELDS)


@dataclass(frozen=True, slots=True)
class TableProblem:
    """A finding about one row (its place from 0) or about the whole table (None), in plain words."""

    row: int | None
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class ClassTable:
    """All rows, in the order in which they are shown. Every method returns a new table.

    Methods name a row by its place, from 0, and raise IndexError where there is none. A table may have thousands of
    rows and is asked by many parts of the window: what it tells of them all is computed once.
    """

    rows: tuple[ClassRow, ...] = ()

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes in the order of their indices."""
        names = {row.class_index: row.class_name for row in reversed(self.rows)}
        return tuple(names[index] for index in sorted(names))

    @property
    def n_classes(self) -> int:
        """Number of different classes."""
        return len({row.class_index for row in self.rows})

    def rows_with(self, role: Role) -> tuple[ClassRow, ...]:
        """Return the rows of one role, in order."""
        return tuple(row for row in self.rows if row.role is role)

    def images(self, role: Role, class_index: int | None = None) -> int:
        """Return the number of images of a role, of one class or of all."""
        return sum(r.source.n_images for r in self.rows_with(role) if class_index in (None, r.class_index))

    @cached_property
    def images_by_class(self) -> Mapping[int, Mapping[Role, int]]:
        """The number of images of each class, in the order of their indices, in each role."""
        zeros = dict.fromkeys(Role, 0)
        numbers: dict[int, dict[Role, int]] = {}
        for row in self.rows:
            of_class = numbers.get(row.class_index)
            if of_class is None:
                of_class = numbers[row.class_index] = zeros.copy()
            of_class[row.role] += row.source.n_images
        return dict(sorted(numbers.items()))

    def n_validated(self, share: float) -> int:
        """Return about how many images are validated on, if a share (0 to 1) of the training images is held out."""
        return round(share * self.images(Role.TRAINING)) + self.images(Role.VALIDATION)

    def drawn_by_class(self, available: Sequence[int] | None = None) -> dict[int, int]:
        """Return the number of images that one epoch takes from each class with training rows.

        `available` says per row how many images there are to draw from, if some are held out.
        """
        numbers: dict[int, int] = {}
        for place, row in enumerate(self.rows):
            if row.role is Role.TRAINING:
                left = row.source.n_images if available is None else available[place]
                drawn = left if row.images_per_epoch is None or not left else row.images_per_epoch
                numbers[row.class_index] = numbers.get(row.class_index, 0) + drawn
        return numbers

    def added(self, rows: Iterable[ClassRow]) -> "ClassTable":
        """Append rows as they are."""
        return ClassTable((*self.rows, *rows))

    def add_sources(self, items: Sequence[tuple[DataSource, str, Role]]) -> "ClassTable":
        """Append a row for each (source, class name, role); a new name gets the next free index.

        Raises DataError if there is none left.
        """
        index_of = {row.class_name: row.class_index for row in reversed(self.rows)}
        free = _free_indices(self.rows)
        rows = []
        for source, name, role in items:
            name = name.strip()
            if name not in index_of:
                index_of[name] = next(free)
            rows.append(ClassRow(source, index_of[name], name, role))
        return self.added(rows)

    def removed(self, indices: Collection[int]) -> "ClassTable":
        """Drop rows. The other classes keep their indices: a gap is shown by `problems`, see `renumbered`."""
        chosen = self._chosen(indices)
        return ClassTable(tuple(row for i, row in enumerate(self.rows) if i not in chosen))

    def replaced(self, index: int, row: ClassRow) -> "ClassTable":
        """Put another row in the place of one."""
        return self._changed((index,), lambda _: row)

    def renumbered(self) -> "ClassTable":
        """Close gaps: number the classes from 0 in the order of their indices."""
        new = {old: i for i, old in enumerate(sorted({row.class_index for row in self.rows}))}
        moved = [place for place, row in enumerate(self.rows) if new[row.class_index] != row.class_index]
        return self._changed(moved, lambda row: _with(row, class_index=new[row.class_index]))

    def set_role(self, indices: Collection[int], role: Role) -> "ClassTable":
        """Give rows another role."""
        return self._changed(indices, lambda row: _with(row, role=role))

    def set_images_per_epoch(self, indices: Collection[int], number: int | None) -> "ClassTable":
        """Set how many images each epoch takes from each of these rows; None for all."""
        return self._changed(indices, lambda row: _with(row, images_per_epoch=number))

    def balanced(self, number: int | None, available: Sequence[int] | None = None) -> "ClassTable":
        """Let each epoch take `number` images of each class, divided over its training rows by their images.

        Each row gives at least one image; so the number is raised to that of the rows of the class with most training
        rows, if it is lower. None takes all images of each row. `available` says per row how many images there are to
        draw from, if some are held out; a row without any is left alone.
        """
        sizes = [row.source.n_images for row in self.rows] if available is None else available
        places: dict[int, list[int]] = {}
        for place, row in enumerate(self.rows):
            if row.role is Role.TRAINING and sizes[place]:
                places.setdefault(row.class_index, []).append(place)
        drawn: dict[int, int | None] = {place: None for of_class in places.values() for place in of_class}
        if number is not None:
            number = max([number, *map(len, places.values())])
            for of_class in places.values():
                parts = divided(number, [sizes[place] for place in of_class])
                drawn.update(zip(of_class, parts, strict=True))
        rows = enumerate(self.rows)
        return ClassTable(tuple(_with(row, images_per_epoch=drawn[i]) if i in drawn else row for i, row in rows))

    def set_shuffle(self, indices: Collection[int], shuffle: bool) -> "ClassTable":
        """Draw at random, or take the first images in file order."""
        return self._changed(indices, lambda row: _with(row, shuffle=shuffle))

    def set_zoom(self, indices: Collection[int], zoom: float) -> "ClassTable":
        """Set the factor by which the original images are enlarged."""
        return self._changed(indices, lambda row: _with(row, zoom=float(zoom)))

    def assign_class_name(self, indices: Collection[int], name: str) -> "ClassTable":
        """Put rows into the class of this name.

        The index is that of the class if it exists. Else it is the rows' own index if no other row has
        that class (it is renamed), else the next free one.
        """
        name = name.strip()
        inside, outside = self._split(indices)
        index = _index_of_name(outside, name)
        if index is None:
            index = _index_of_name(inside, name)
        if index is None:
            used = {row.class_index for row in outside}
            own = [row.class_index for row in inside if row.class_index not in used]
            index = min(own) if own else next(_free_indices(outside))
        taken = index
        return self._changed(indices, lambda row: _with(row, class_index=taken, class_name=name))

    def assign_class_index(self, indices: Collection[int], class_index: int) -> "ClassTable":
        """Put rows into the class of this index.

        The name is that of the class if it exists. Else the rows keep their name if no other row has it,
        else it becomes "class 3" for index 3.
        """
        inside, outside = self._split(indices)
        names = [row.class_name for row in outside if row.class_index == class_index]
        used = {row.class_name for row in outside}
        names += [row.class_name for row in inside if row.class_name not in used]
        name = names[0] if names else _unused_name(f"class {class_index}", used)
        return self._changed(indices, lambda row: _with(row, class_index=class_index, class_name=name))

    def problems(self, for_training: bool = True, *, has_split: bool = False) -> tuple[TableProblem, ...]:
        """Return what must be put right before the table can be used; empty if it can be.

        Without `for_training` only what an assessment needs is asked for. With `has_split` the validation
        images are taken from the training rows, so no row needs that role.
        """
        if not self.rows:
            return (TableProblem(None, "there are no images: add a folder, .rtdc files or images"),)
        if not for_training:
            return self._name_problems
        found = (*self._name_problems, *self._training_problems)
        if has_split or Role.VALIDATION in self._roles:
            return found
        missing = "no row is for validation: give some rows the role validation, or use a split"
        return (*found, TableProblem(None, missing))

    @cached_property
    def warnings(self) -> tuple[TableProblem, ...]:
        """What may make results doubtful although the table can be used."""
        return tuple(_warnings(self.rows))

    @cached_property
    def _name_problems(self) -> tuple[TableProblem, ...]:
        return tuple(_name_problems(self.rows))

    @cached_property
    def _training_problems(self) -> tuple[TableProblem, ...]:
        return tuple(_training_problems(self.rows))

    @cached_property
    def _roles(self) -> frozenset[Role]:
        return frozenset(row.role for row in self.rows)

    def _chosen(self, indices: Collection[int]) -> frozenset[int]:
        wrong = [i for i in indices if not 0 <= i < len(self.rows)]
        if wrong:
            raise IndexError(f"no row {wrong[0]}: the table has {len(self.rows)} rows")
        return frozenset(int(i) for i in indices)

    def _split(self, indices: Collection[int]) -> tuple[list[ClassRow], list[ClassRow]]:
        chosen = self._chosen(indices)
        inside = [row for i, row in enumerate(self.rows) if i in chosen]
        return inside, [row for i, row in enumerate(self.rows) if i not in chosen]

    def _changed(self, indices: Collection[int], change: Callable[[ClassRow], ClassRow]) -> "ClassTable":
        chosen = self._chosen(indices)
        return ClassTable(tuple(change(row) if i in chosen else row for i, row in enumerate(self.rows)))


def _with(row: ClassRow, **changes: object) -> ClassRow:
    """Return a copy with other values: `dataclasses.replace` in half its time, which thousands of rows need."""
    values = list(_VALUES(row))
    for name, value in changes.items():
        values[_PLACES[name]] = value
    return ClassRow(*values)


def _index_of_name(rows: Iterable[ClassRow], name: str) -> int | None:
    return next((row.class_index for row in rows if row.class_name == name), None)


def _free_indices(rows: Iterable[ClassRow]) -> Iterator[int]:
    used = {row.class_index for row in rows}
    return (index for index in count() if index not in used)


def _unused_name(name: str, used: Collection[str]) -> str:
    names = (name, *(f"{name} ({number})" for number in range(2, len(used) + 3)))
    return next(candidate for candidate in names if candidate not in used)


def _name_problems(rows: Sequence[ClassRow]) -> Iterator[TableProblem]:
    pairs = {(row.class_index, row.class_name) for row in rows}
    if len(pairs) == len({index for index, _ in pairs}) == len({name for _, name in pairs}):
        return
    names: dict[int, str] = {}
    indices: dict[str, int] = {}
    for i, row in enumerate(rows):
        name = names.setdefault(row.class_index, row.class_name)
        index = indices.setdefault(row.class_name, row.class_index)
        if name != row.class_name:
            message = f'class {row.class_index} has two names, "{name}" and "{row.class_name}": give it one'
            yield TableProblem(i, message)
        if index != row.class_index:
            message = f'"{row.class_name}" is the name of class {index} and of class {row.class_index}: rename one'
            yield TableProblem(i, message)


def _training_problems(rows: Sequence[ClassRow]) -> Iterator[TableProblem]:
    used = {row.class_index for row in rows}
    if len(used) < 2:
        yield TableProblem(None, "two different classes are needed: all rows have the same class")
    elif missing := sorted(set(range(max(used))) - used):
        yield TableProblem(None, _gap_message(missing, max(used)))
    trained = {row.class_index for row in rows if row.role is Role.TRAINING}
    if not trained:
        yield TableProblem(None, "no row is for training: give some rows the role training")
    untrained = used - trained if trained else set()
    first: dict[int, int] = {}
    for place, row in enumerate(rows):
        if row.class_index in untrained:
            first.setdefault(row.class_index, place)
    for index in sorted(untrained):
        place, row = first[index], rows[first[index]]
        yield TableProblem(place, f'class "{row.class_name}" has {row.role} images but no training images')


def _gap_message(missing: Sequence[int], highest: int) -> str:
    shown = [str(index) for index in missing[:5]] + (["…"] if len(missing) > 5 else [])
    what = f"class {shown[0]} is missing" if len(missing) == 1 else f"classes {', '.join(shown)} are missing"
    return f"{what}: indices must run from 0 to {highest} without a gap"


def _warnings(rows: Sequence[ClassRow]) -> Iterator[TableProblem]:
    zooms = [row.zoom for row in rows if row.role is Role.TRAINING]
    if len(set(zooms)) > 1:
        yield TableProblem(None, f"training rows differ in zoom: new files will be classified at {zooms[0]:g}")
    validated = {row.class_index for row in rows if row.role is Role.VALIDATION}
    names = {row.class_index: row.class_name for row in rows if row.role is Role.TRAINING}
    missing = sorted(names.keys() - validated) if validated else []
    if len(missing) > _MOST_NAMED:
        some = f'{len(missing)} classes, "{names[missing[0]]}" among them,'
        yield TableProblem(None, f"{some} have no validation images: the curves say nothing about them")
    else:
        for index in missing:
            yield TableProblem(
                None, f'class "{names[index]}" has no validation images: the curves say nothing about it'
            )
    for i, row in enumerate(rows):
        if row.source.problems:
            yield TableProblem(i, row.source.problem_text)
    if len({row.source.digest for row in rows}) < len(rows):
        yield from _repetitions(rows)


def _repetitions(rows: Sequence[ClassRow]) -> Iterator[TableProblem]:
    alike: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        alike.setdefault(row.source.digest, []).append(place)
    found = [pair for places in alike.values() if len(places) > 1 for pair in _repeated(rows, places)]
    for place, message in sorted(found, key=itemgetter(0)):
        yield TableProblem(place, message)


def _repeated(rows: Sequence[ClassRow], places: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Yield which of the rows at some places, all of the same content, have an image that is in others, too."""
    n_whole = max(n_whole_of(rows[place].source) for place in places)
    trained, before = Owners(n_whole), Owners(n_whole)
    for place in places:
        if rows[place].role is Role.TRAINING:
            trained.take(rows[place].source, place)
    for place in places:
        row = rows[place]
        if row.role is not Role.TRAINING and trained.first(row.source) is not None:
            yield place, "also used for training: results would look too good"
        other = before.first(row.source)
        if other is not None and rows[other].class_index != row.class_index:
            yield place, f'the same images also have the class "{rows[other].class_name}"'
        before.take(row.source, place)

"""Look for images that stand on both sides of a split, for contradictory labels, and for images that are of no use."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.fingerprint import Fingerprints, fingerprint_all
from aid_desktop.data.formats import reopen
from aid_desktop.data.grouping import group_ids
from aid_desktop.data.health import ClassHealth, class_health
from aid_desktop.data.near_duplicates import MAX_PAIRS, MarkedImages
from aid_desktop.data.source import ImageReader
from aid_desktop.errors import DataError
from aid_desktop.long_work import Progress, ShouldStop, leave_if_stopped
from aid_desktop.numbers import grouped

_STOPPED = "Stopped while the images were compared."


class Severity(StrEnum):
    """How much a finding harms."""

    LEAK = "leak"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class ImageRef:
    """One image: the place of its row in the class table and its number in the source, both from 0."""

    row: int
    index: int


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, in a sentence, and the images: pairs where two belong together, else (image, image)."""

    severity: Severity
    message: str
    pairs: tuple[tuple[ImageRef, ImageRef], ...]

    @property
    def rows(self) -> tuple[int, ...]:
        """Places of the rows involved, in order."""
        return tuple(sorted({ref.row for pair in self.pairs for ref in pair}))


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Findings, worst first, the state of each class, and how many images were looked at."""

    findings: tuple[Finding, ...]
    health: tuple[ClassHealth, ...]
    n_images: int

    @property
    def leaks(self) -> tuple[Finding, ...]:
        """The findings that make validation or test look better than they are."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.LEAK)


def check_table(
    table: ClassTable,
    group_by: str | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> CheckReport:
    """Compare all images of a table; `group_by` is that of the split, None without one.

    `progress(done, total)` counts images. Raises StoppedError when `should_stop` says yes, DataError if a source
    cannot be read.
    """
    readers = [reopen(row.source) for row in table.rows]
    prints = fingerprint_all(readers, progress, should_stop)
    pool = _Pool(table, readers, prints, partial(leave_if_stopped, should_stop, _STOPPED))
    found = [*pool.shared_groups(group_by), *pool.across_roles(), *pool.contradictions()]
    if group_by == "image":
        found += pool.within_training()
    health = class_health(table, prints)
    found += [Finding(Severity.DOUBT, text, ()) for state in health for text in state.doubts()]
    order = list(Severity)
    return CheckReport(tuple(sorted(found, key=lambda one: order.index(one.severity))), health, pool.n_images)


class _Pool:
    """All images of a table, one after the other."""

    def __init__(
        self,
        table: ClassTable,
        readers: Sequence[ImageReader],
        prints: Sequence[Fingerprints],
        leave: Callable[[], None],
    ) -> None:
        self._table = table
        self._leave = leave
        self._readers = readers
        lengths = [len(marks) for marks in prints]
        self._row = np.repeat(np.arange(len(prints)), lengths)
        self._index = np.concatenate([np.empty(0, np.intp), *(np.arange(length) for length in lengths)])
        self._images = MarkedImages(readers, prints, self._row, self._index)
        self._exact, self._is_flat = self._images.exact, self._images.is_flat
        roles, labels = [row.role for row in table.rows], [row.class_index for row in table.rows]
        self._role = np.array([list(Role).index(role) for role in roles], np.intp)[self._row]
        self._label = np.array(labels, np.intp)[self._row]

    @property
    def n_images(self) -> int:
        """Number of images."""
        return len(self._exact)

    def shared_groups(self, group_by: str | None) -> Iterator[Finding]:
        """Yield a finding for groups of the split's rule that have images in training and in another role."""
        if group_by in (None, "image"):
            return
        try:
            ids = np.concatenate([np.empty(0, np.intp), *group_ids(self._readers, str(group_by))])
        except DataError as error:
            yield Finding(Severity.DOUBT, f"The groups of the split cannot be told for all rows: {error}", ())
            return
        for role in (Role.VALIDATION, Role.TEST):
            ours, theirs = self._of(Role.TRAINING), self._of(role)
            shared = np.intersect1d(ids[ours], ids[theirs])
            if len(shared):
                pairs = [(ours[ids[ours] == group][0], theirs[ids[theirs] == group][0]) for group in shared[:MAX_PAIRS]]
                what = _count(len(shared), "group has", "groups have")
                yield self._finding(Severity.LEAK, f"{what} images for training and for {role}", pairs)

    def across_roles(self) -> Iterator[Finding]:
        """Yield findings of identical and of nearly identical images in two roles."""
        for first, second in combinations(Role, 2):
            pairs = self._identical(self._of(first), self._of(second))
            if pairs:
                what = _count(len(pairs), "image is", "images are")
                yield self._finding(Severity.LEAK, f"{what} both for {first} and for {second}", pairs)
            yield from self._near(first, second)

    def _near(self, first: Role, second: Role) -> Iterator[Finding]:
        near = self._images.nearly_equal(self._of(first), self._of(second), self._leave)
        if len(near.pairs):
            n_near = len(np.unique(near.pairs[:, 0]))
            what = _count(n_near, f"image for {first} nearly equals", f"images for {first} nearly equal")
            text = f"{what} one for {second}: look whether they show the same"
            yield self._finding(Severity.LEAK, text, [(one, other) for one, other in near.pairs])
        if not near.is_complete:
            text = f"So many images for {first} and for {second} look alike that not all of them were compared in full"
            yield Finding(Severity.DOUBT, text, ())

    def contradictions(self) -> Iterator[Finding]:
        """Yield a finding of identical images that have different classes."""
        order = np.lexsort((self._label, self._exact))
        same = self._exact[order][1:] == self._exact[order][:-1]
        other = self._label[order][1:] != self._label[order][:-1]
        places = np.flatnonzero(same & other & ~self._is_flat[order][1:])
        pairs = [(order[place], order[place + 1]) for place in places]
        if pairs:
            # An image of three classes makes two pairs.
            what = _count(len(np.unique(self._exact[order[places]])), "image has", "images have")
            yield self._finding(Severity.DOUBT, f"{what} two different classes", pairs)

    def within_training(self) -> Iterator[Finding]:
        """Yield a finding of equal training images, which a split by image could put on both sides."""
        training = self._of(Role.TRAINING)
        order = training[np.argsort(self._exact[training], kind="stable")]
        same = np.flatnonzero((self._exact[order][1:] == self._exact[order][:-1]) & ~self._is_flat[order][1:])
        pairs = [(order[place], order[place + 1]) for place in same]
        if pairs:
            what = _count(len(pairs), "training image is", "training images are")
            text = f"{what} there twice: holding out single images may put them on both sides. Keep files together"
            yield self._finding(Severity.LEAK, text, pairs)

    def _of(self, role: Role) -> NDArray[np.intp]:
        return np.flatnonzero(self._role == list(Role).index(role))

    def _identical(self, ours: NDArray[np.intp], theirs: NDArray[np.intp]) -> list[tuple[np.intp, np.intp]]:
        _, first, second = np.intersect1d(self._exact[ours], self._exact[theirs], return_indices=True)
        pairs = zip(ours[first], theirs[second], strict=True)
        return [pair for pair in pairs if not self._is_flat[pair[0]]]

    def _finding(self, severity: Severity, text: str, pairs: Sequence[tuple[np.intp, np.intp]]) -> Finding:
        return Finding(
            severity, f"{text}.", tuple((self._ref(one), self._ref(other)) for one, other in pairs[:MAX_PAIRS])
        )

    def _ref(self, place: np.intp) -> ImageRef:
        return ImageRef(int(self._row[place]), int(self._index[place]))


def _count(number: int, one: str, many: str) -> str:
    return f"{grouped(number)} {one if number == 1 else many}"

"""How the images of each class are: numbers, sizes, duplicates, blank and saturated ones, brightness by role."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.fingerprint import Fingerprints
from aid_desktop.data.source import Shape
from aid_desktop.numbers import grouped

SATURATED = 0.5
"""An image counts as saturated if more than this share of its grey levels is black or white."""

DRIFT = 0.5
"""Brightness drifts if two roles differ in their mean by more than so many standard deviations of the images' means."""

STANDARD_ERRORS = 4
"""… and by more than so many standard errors, so that a few images that happen to be bright do not count."""

IMBALANCE = 10
"""A class is called rare if the largest has more than so many times as many training images."""


@dataclass(frozen=True, slots=True)
class ClassHealth:
    """The state of one class.

    `images` are the numbers for training, validation and test; `shapes` the distinct sizes; `drift` are pairs of a role
    and the difference of its mean grey level from that of training, in standard deviations, 0 where it may be chance;
    `rarity` says how many times as many training images the largest class has.
    """

    name: str
    images: tuple[int, int, int]
    shapes: tuple[Shape, ...]
    duplicates: int
    blank: int
    saturated: int
    unreadable: int
    drift: tuple[tuple[Role, float], ...]
    rarity: float

    def doubts(self) -> Iterator[str]:
        """Yield a sentence for everything that deserves a look."""
        for number, what in ((self.blank, "blank"), (self.saturated, "black or white in more than half of their area")):
            if number:
                yield f'"{self.name}": {grouped(number)} of {grouped(sum(self.images))} images are {what}.'
        if self.duplicates:
            yield f'"{self.name}": {grouped(self.duplicates)} images of one role are there more than once.'
        for role, amount in self.drift:
            if abs(amount) > DRIFT:
                word = "brighter" if amount > 0 else "darker"
                yield (
                    f'"{self.name}": images for {role} are {word} than those for training by {abs(amount):.1f} '
                    "standard deviations: were they recorded in another way?"
                )
        if self.rarity > IMBALANCE:
            yield f'"{self.name}": the largest class has {self.rarity:.0f} times as many training images: balance them.'


def class_health(table: ClassTable, prints: Sequence[Fingerprints]) -> tuple[ClassHealth, ...]:
    """Return the state of each class in the order of the indices; `prints` has one entry per row."""
    largest = max((table.images(Role.TRAINING, row.class_index) for row in table.rows), default=0)
    names = {row.class_index: row.class_name for row in table.rows}
    return tuple(_health(table, prints, index, names[index], largest) for index in sorted(names))


def _health(table: ClassTable, prints: Sequence[Fingerprints], index: int, name: str, largest: int) -> ClassHealth:
    rows = [(row, marks) for row, marks in zip(table.rows, prints, strict=True) if row.class_index == index]
    by_role = {role: [marks for row, marks in rows if row.role is role] for role in Role}
    numbers = [sum(map(len, by_role[role])) for role in Role]
    exact = [np.concatenate([marks.exact for marks in found]) for found in by_role.values() if found]
    shapes = dict.fromkeys(shape for row, _ in rows for shape in row.source.shapes)
    return ClassHealth(
        name=name,
        images=(numbers[0], numbers[1], numbers[2]),
        shapes=tuple(shapes),
        duplicates=sum(len(marks) - len(np.unique(marks)) for marks in exact),
        blank=sum(int((marks.std == 0).sum()) for _, marks in rows),
        saturated=sum(int(((marks.saturated > SATURATED) & (marks.std > 0)).sum()) for _, marks in rows),
        unreadable=sum(len(row.source.problems) for row, _ in rows),
        drift=tuple(_drift(by_role)),
        rarity=largest / numbers[0] if numbers[0] else 0.0,
    )


def _drift(by_role: dict[Role, list[Fingerprints]]) -> Iterator[tuple[Role, float]]:
    means = {role: np.concatenate([marks.mean for marks in found]) for role, found in by_role.items() if found}
    training = means.get(Role.TRAINING)
    if training is None:
        return
    for role in (Role.VALIDATION, Role.TEST):
        if role in means:
            sides = (training, means[role])
            spread = float(np.sqrt(sum(side.var() for side in sides) / 2))
            error = float(np.sqrt(sum(side.var() / len(side) for side in sides)))
            difference = float(sides[1].mean() - sides[0].mean())
            is_certain = abs(difference) > STANDARD_ERRORS * error
            yield role, difference / max(spread, 1e-9) if is_certain else 0.0

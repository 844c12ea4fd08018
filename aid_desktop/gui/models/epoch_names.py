"""What the columns of a history are called, and in which order they stand."""

from collections.abc import Iterable

GROUPS = ("score", "loss", "learning rate", "seconds")
"""Columns of a group share an axis: metrics from 0 to 1, losses, and two that stand alone."""

_PREFIX = "val_"


def base_of(column: str) -> str:
    """Return the metric of a column, without the mark of validation."""
    return column.removeprefix(_PREFIX)


def is_validation(column: str) -> bool:
    """Return whether a column was measured on validation data."""
    return column.startswith(_PREFIX)


def title_of(column: str) -> str:
    """Return a column's name in words, such as `validation accuracy`."""
    words = base_of(column).replace("_", " ")
    return f"validation {words}" if is_validation(column) else words


def group_of(column: str) -> str:
    """Return the one of GROUPS whose axis a column uses."""
    base = base_of(column)
    if base in ("learning_rate", "seconds"):
        return base.replace("_", " ")
    return "loss" if base.endswith("loss") else "score"


def in_order(columns: Iterable[str]) -> list[str]:
    """Return columns by group, accuracy first, each metric's training before its validation."""
    return sorted(
        columns,
        key=lambda name: (
            GROUPS.index(group_of(name)),
            base_of(name) != "accuracy",
            base_of(name),
            is_validation(name),
        ),
    )

"""One help for PyQt5's type stubs."""

from typing import TypeVar

T = TypeVar("T")


def required(value: T | None) -> T:
    """Return `value`, which Qt always has although PyQt5's stubs mark it as optional.

    Raises RuntimeError if it is missing all the same.
    """
    if value is None:
        raise RuntimeError("Qt returned nothing where it always returns an object; was the widget deleted?")
    return value

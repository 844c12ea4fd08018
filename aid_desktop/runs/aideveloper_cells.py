"""Read what stands in cells of AIDeveloper's tables. Every text is taken apart by its form; nothing is evaluated.

All functions raise ValueError saying what was expected.
"""

import math
import re
from typing import Any

from aid_desktop.settings.field import Kind

_SWITCHES = {"true": True, "1": True, "false": False, "0": False}
_PAIR = re.compile(r"\s*(\d+)\s*:\s*([^\s,]+)\s*")


def read_number(cell: object) -> float:
    """Return a finite number."""
    if isinstance(cell, str):
        try:
            cell = float(cell)
        except ValueError:
            raise ValueError(f"got {cell!r}, expected a number") from None
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell):
        raise ValueError(f"got {cell!r}, expected a number")
    return float(cell)


def read_whole(cell: object) -> int:
    """Return a whole number."""
    number = read_number(cell)
    if not number.is_integer():
        raise ValueError(f"got {cell!r}, expected a whole number")
    return int(number)


def read_switch(cell: object) -> bool:
    """Return whether something is on."""
    text = str(cell).strip().lower().removesuffix(".0")
    if text not in _SWITCHES:
        raise ValueError(f"got {cell!r}, expected True or False")
    return _SWITCHES[text]


def read_words(cell: object) -> tuple[str, ...]:
    """Return the words of a list such as ['image', 'image_ch1'] or (accuracy)."""
    words = (word.strip().strip("'\"").strip() for word in str(cell).strip().strip("[](){}").split(","))
    return tuple(word for word in words if word)


def read_numbers(cell: object) -> tuple[float, ...]:
    """Return the numbers of a list such as (0, 5), [0.2,0.5] or 0,5, or a single one."""
    return tuple(read_number(word) for word in read_words(cell))


def read_weights(cell: object) -> dict[int, float]:
    """Return the numbers by class of a text such as {0: 1.0, 1: 2.5}."""
    text = str(cell).strip()
    pairs = [_PAIR.fullmatch(part) for part in text.strip("{}").split(",")]
    if not text.startswith("{") or not text.endswith("}") or None in pairs:
        raise ValueError(f"got {text!r}, expected a weight for each class")
    return {int(pair[1]): read_number(pair[2]) for pair in pairs if pair}


def read_as(kind: Kind, cell: object) -> Any:
    """Return the value of a cell as a setting of this kind takes it; the setting checks its limits."""
    if kind in (Kind.INTEGER, Kind.NUMBER):
        return read_number(cell)
    if kind is Kind.SWITCH:
        return read_switch(cell)
    if kind in (Kind.NUMBERS, Kind.INTEGER_RANGE, Kind.NUMBER_RANGE):
        return read_numbers(cell)
    return str(cell).strip()

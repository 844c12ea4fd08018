"""Declare a setting once: limits, unit, label, help text and the cost of changing it.

Validation, run.toml, command line and the editors in the window are all made from these declarations.
"""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

from aid_desktop.errors import SettingsError


class Cost(StrEnum):
    """What it takes to bring a changed setting into a running training."""

    FREE = "free"
    RETRACE = "retrace"
    RECOMPILE = "recompile"
    NEW_RUN = "new run"


class Kind(StrEnum):
    """The shape of a setting's value."""

    INTEGER = "integer"
    NUMBER = "number"
    SWITCH = "switch"
    CHOICE = "choice"
    INTEGER_RANGE = "range of integers"
    NUMBER_RANGE = "range of numbers"
    NUMBERS = "list of numbers"
    WORDS = "list of words"
    TEXT = "text"
    FILE = "file"
    CLASS_WEIGHTS = "class weights"
    CHANNELS = "channels"
    FEATURES = "scalar features"
    LAYERS = "layers"
    COUNTS = "numbers of images"


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """The declaration of one setting.

    `low` and `high` are the inclusive limits of a number, or of each number in a pair or list. `choices` are the words
    that are allowed; in a list of words, those of `always` cannot be left out.
    """

    kind: Kind
    label: str
    help: str
    cost: Cost = Cost.FREE
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    always: tuple[str, ...] = ()

    @property
    def is_fixed(self) -> bool:
        """Whether only one value is allowed so far, so that there is nothing to edit."""
        return len(self.choices) == 1 or (self.low is not None and self.low == self.high)


class SettingsSection(Protocol):
    """A settings dataclass; `SECTION` is the name of its table in run.toml."""

    SECTION: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


def setting(default: Any, info: FieldInfo) -> Any:
    """Return a dataclass field that carries its declaration."""
    return dataclasses.field(default=default, metadata={"info": info})


def bounded(
    default: float,
    low: float,
    high: float,
    *,
    label: str,
    help: str,
    cost: Cost = Cost.FREE,
    step: float = 1,
    unit: str = "",
) -> Any:
    """Declare a number within [low, high]; an integer when `default` is one."""
    kind = Kind.INTEGER if isinstance(default, int) else Kind.NUMBER
    return setting(default, FieldInfo(kind, label, help, cost, unit, low, high, step))


def interval(
    default: tuple[float, float],
    low: float,
    high: float,
    *,
    label: str,
    help: str,
    cost: Cost = Cost.FREE,
    step: float = 1,
    unit: str = "",
) -> Any:
    """Declare a pair (smallest, largest) within [low, high]; a pair of integers when the default is one."""
    kind = Kind.INTEGER_RANGE if all(isinstance(v, int) for v in default) else Kind.NUMBER_RANGE
    return setting(default, FieldInfo(kind, label, help, cost, unit, low, high, step))


def choice(default: str, choices: tuple[str, ...], *, label: str, help: str, cost: Cost) -> Any:
    """Declare one of several words."""
    return setting(default, FieldInfo(Kind.CHOICE, label, help, cost, choices=choices))


def switch(default: bool, *, label: str, help: str, cost: Cost = Cost.FREE) -> Any:
    """Declare something that is on or off."""
    return setting(default, FieldInfo(Kind.SWITCH, label, help, cost))


def path_of(section: type[SettingsSection] | SettingsSection, name: str) -> str:
    """Return the setting's path in run.toml, for example `image.width`."""
    return f"{section.SECTION}.{name}"


def field_infos(section: type[SettingsSection]) -> dict[str, FieldInfo]:
    """Return the declarations of all settings of a section, in order of declaration."""
    fields = dataclasses.fields(cast(Any, section))
    return {field.name: cast(FieldInfo, field.metadata["info"]) for field in fields}


def validate(instance: SettingsSection) -> None:
    """Check every setting of `instance` against its declaration and tidy its type.

    Integers given for numbers become floats and lists become tuples, so that equal settings compare
    equal wherever they came from. Raises SettingsError naming the first setting that does not fit.
    """
    for name, info in field_infos(type(instance)).items():
        value = getattr(instance, name)
        try:
            tidy = _TIDY[info.kind](value, info)
        except ValueError as error:
            raise SettingsError(path_of(instance, name), str(error)) from None
        object.__setattr__(instance, name, tidy)


def _number(value: object, info: FieldInfo) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ValueError(f"got {value!r}, expected a number")
    if (info.low is not None and value < info.low) or (info.high is not None and value > info.high):
        unit = f" {info.unit}" if info.unit else ""
        # An integer of any size can stand in run.toml, but only floats can be shortened.
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        raise ValueError(f"got {shown}, expected {info.low:g} to {info.high:g}{unit}")
    return float(value)


def _integer(value: object, info: FieldInfo) -> int:
    number = _number(value, info)
    if not number.is_integer():
        raise ValueError(f"got {value!r}, expected a whole number")
    return int(number)


def _switch(value: object, info: FieldInfo) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"got {value!r}, expected true or false")
    return value


def _choice(value: object, info: FieldInfo) -> str:
    if value not in info.choices:
        raise ValueError(f"got {value!r}, expected {' or '.join(info.choices)}")
    return str(value)


def _numbers(value: object, info: FieldInfo) -> tuple[float, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"got {value!r}, expected a list of numbers")
    return tuple(_number(item, info) for item in value)


def _text(value: object, info: FieldInfo) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"got {value!r}, expected a word")
    return value


def _file(value: object, info: FieldInfo) -> Path | None:
    if value is None or isinstance(value, Path):
        return value
    return Path(_text(value, info))


def _words(value: object, info: FieldInfo) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"got {value!r}, expected a list of words")
    words = tuple(dict.fromkeys(_choice(item, info) for item in value))
    missing = [word for word in info.always if word not in words]
    if missing:
        raise ValueError(f"got {', '.join(words) or 'nothing'}, expected {', '.join(missing)} among them")
    return words


def _range(value: object, info: FieldInfo) -> tuple[float, float]:
    numbers = _numbers(value, info)
    if len(numbers) != 2 or numbers[0] > numbers[1]:
        raise ValueError(f"got {value!r}, expected two numbers, the smaller one first")
    if info.kind is Kind.INTEGER_RANGE:
        return _integer(numbers[0], info), _integer(numbers[1], info)
    return numbers[0], numbers[1]


def _class_weights(value: object, info: FieldInfo) -> str | tuple[tuple[str, float], ...]:
    if isinstance(value, str):
        return _choice(value, info)
    if isinstance(value, dict):
        value = tuple(value.items())
    if not isinstance(value, tuple):
        raise ValueError(f"got {value!r}, expected {' or '.join(info.choices)} or one weight per class")
    return tuple(sorted((str(name), _number(weight, info)) for name, weight in value))


def _channels(value: object, info: FieldInfo) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return _choice(value, info)
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"got {value!r}, expected {' or '.join(info.choices)} or a list of channel names")
    names = tuple(_text(name, info) for name in value)
    if len(set(names)) < len(names):
        raise ValueError(f"got {', '.join(names)}: name each channel once")
    return names


def _features(value: object, info: FieldInfo) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"got {value!r}, expected a list of names of features")
    names = tuple(_text(name, info) for name in value)
    if len(set(names)) < len(names):
        raise ValueError(f"got {', '.join(names)}: name each feature once")
    return names


def _layers(value: object, info: FieldInfo) -> str | tuple[tuple[str, bool | float], ...]:
    if isinstance(value, str):
        word, _, number = value.partition(":")
        if value in info.choices or (word == "last" and number.isdecimal() and int(number) > 0):
            return value
        raise ValueError(f"got {value!r}, expected {', '.join(info.choices)}, or last:3 for the last three layers")
    if isinstance(value, dict):
        value = tuple(value.items())
    if not isinstance(value, tuple) or not value:
        raise ValueError(
            f"got {value!r}, expected {', '.join(info.choices)}, last:N, or true, false or a part of the units "
            "for each layer"
        )
    return tuple(sorted((str(name), _share(share)) for name, share in value))


def _share(value: object) -> bool | float:
    """Return a share of units from 0 to 1, where all and none are true and false."""
    if isinstance(value, bool):
        return value
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"got {value!r}, expected true, false, or a part of the units between 0 and 1")
    return bool(value) if value in (0, 1) else float(value)


_TIDY = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.SWITCH: _switch,
    Kind.CHOICE: _choice,
    Kind.NUMBERS: _numbers,
    Kind.WORDS: _words,
    Kind.TEXT: _text,
    Kind.FILE: _file,
    Kind.INTEGER_RANGE: _range,
    Kind.NUMBER_RANGE: _range,
    Kind.CLASS_WEIGHTS: _class_weights,
    Kind.CHANNELS: _channels,
    Kind.FEATURES: _features,
    Kind.LAYERS: _layers,
}

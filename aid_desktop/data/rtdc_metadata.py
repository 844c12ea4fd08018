"""Metadata of .rtdc files: root attributes `section:key` of which the RT-DC programs know every name and type.

One name that they do not know, and they warn or do not open the file; under `user:` any name is allowed.
"""

from collections.abc import Callable, Mapping
from typing import Any

import h5py
import numpy as np

from aid_desktop.data.hdf5 import attributes_of

PIXEL_SIZE = "imaging:pixel size"
"""µm; must be above 0."""

SAMPLE_RATE = "fluorescence:sample rate"
"""Samples of a trace in a second."""

OWN = ("experiment:event count", "imaging:roi size x", "imaging:roi size y", "user:format version")
"""What follows from the file itself."""

USER = "user:"

_TEXTS = {
    "experiment": ("date", "run identifier", "sample", "time"),
    "fluorescence": ("channel 1 name", "channel 2 name", "channel 3 name"),
    "imaging": ("flash device",),
    "pipeline": (
        *("dcnum background", "dcnum data", "dcnum feature", "dcnum gate", "dcnum generation", "dcnum hash"),
        *("dcnum mapping", "dcnum segmenter"),
    ),
    "setup": ("identifier", "medium", "module composition", "software version"),
}
_LOWER_CASE = {"setup": ("chip identifier", "chip region")}
_INTEGERS = {
    "experiment": ("event count", "run index"),
    "fluorescence": (
        *("baseline 1 offset", "baseline 2 offset", "baseline 3 offset", "bit depth", "channel count"),
        *("channels installed", "laser count", "lasers installed", "sample rate", "samples per event", "trace median"),
    ),
    "fmt_tdms": ("video frame offset",),
    "imaging": ("roi position x", "roi position y", "roi size x", "roi size y"),
    "online_contour": ("bin area min", "bin kernel", "bin threshold", "image blur"),
    "online_filter": ("target event count",),
    "pipeline": ("dcnum yield",),
}
_NUMBERS = {
    "experiment": ("timestamp",),
    "fluorescence": (
        *("laser 1 lambda", "laser 1 power", "laser 2 lambda", "laser 2 power", "laser 3 lambda", "laser 3 power"),
        *("signal max", "signal min"),
    ),
    "imaging": ("flash duration", "frame rate", "pixel size"),
    "online_filter": ("target duration",),
    "setup": ("channel width", "flow rate", "flow rate sample", "flow rate sheath", "temperature"),
}
_SWITCHES = {"online_contour": ("bg empty", "no absdiff")}
_ABOVE_ZERO = ("imaging:frame rate", PIXEL_SIZE, "setup:channel width", "setup:flow rate")
_LIMITS = (" min", " max", " soft limit", " polygon points")
"""Endings behind the name of a feature in the section online_filter."""


def number_of(file: h5py.File, name: str) -> float | None:
    """Return a root attribute that must be a finite number above 0; None where it is missing, or is none."""
    try:
        value = float(np.asarray(attributes_of(file, name)[name]).reshape(-1)[0])
    except (KeyError, ValueError, TypeError, IndexError):
        return None
    return value if np.isfinite(value) and value > 0 else None


def known_metadata(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return root attributes under names and in types that the RT-DC programs accept.

    What they would not accept is kept as well: `aid:note` as `user:aid note`.
    """
    known: dict[str, Any] = {}
    for name, value in attributes.items():
        if isinstance(value, h5py.Empty):
            continue
        if isinstance(value, bytes):
            value = value.decode("utf-8", "backslashreplace")
        try:
            known[name] = _accepted(name, value)
        except (ValueError, TypeError):
            known[USER + name.removeprefix(USER).replace(":", " ").strip()] = value
    return known


def _accepted(name: str, value: Any) -> Any:
    """Return the value in the type that is expected. Raises ValueError or TypeError if that cannot be."""
    section, _, key = name.partition(":")
    if section == "user" and key.strip() and ":" not in key:
        return value
    if section == "qpi":
        # Numbers of quantitative phase imaging, a section that no other program writes.
        return value
    accepted = _type_of(section, key)(value)
    if name in _ABOVE_ZERO and not accepted > 0:
        raise ValueError(f"{name} is {accepted}")
    return accepted


def _type_of(section: str, key: str) -> Callable[[Any], Any]:
    kinds: tuple[tuple[Mapping[str, tuple[str, ...]], Callable[[Any], Any]], ...] = (
        (_TEXTS, str),
        (_LOWER_CASE, _lower_case),
        (_INTEGERS, _integer),
        (_NUMBERS, float),
        (_SWITCHES, _switch),
    )
    for names, kind in kinds:
        if key in names.get(section, ()):
            return kind
    if section == "online_filter":
        soft, points = _LIMITS[2:]
        if key.endswith(_LIMITS):
            return _switch if key.endswith(soft) else np.asarray if key.endswith(points) else float
    raise ValueError(f"there is no {section}:{key}")


def _lower_case(value: Any) -> str:
    return str(value).lower()


def _integer(value: Any) -> int:
    number = float(value)
    if not number.is_integer():
        raise ValueError(f"{value} is no whole number")
    return int(number)


def _switch(value: Any) -> bool:
    return value.lower() in ("true", "1") if isinstance(value, str) else bool(float(value))

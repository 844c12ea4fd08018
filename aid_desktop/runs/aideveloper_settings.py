"""Turn a row of AIDeveloper's sheet Parameters into our settings, and say what could not be taken over."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from aid_desktop.errors import SettingsError
from aid_desktop.runs.aideveloper_cells import read_as, read_number, read_switch, read_weights, read_whole, read_words
from aid_desktop.runs.aideveloper_columns import (
    CLASS_WEIGHTS,
    COLORS,
    COLUMNS,
    INFORMATION,
    NOT_TAKEN,
    PADDING_ALIASES,
    Column,
    enlarged,
    key,
    shift_from_cell,
)
from aid_desktop.runs.config import ModelChoice, RunSettings
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.field import Kind, SettingsSection
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

Cells = Mapping[str, Any]
"""The cells of a row by `aideveloper_columns.key`; empty ones are left out."""

# Before version 0.2.1 the zoom was a spline of SciPy, written as "1 (lin. interp.)".
_SPLINES = {0: "nearest", 1: "linear", 2: "cubic", 3: "cubic", 4: "lanczos", 5: "lanczos"}
_EXPERT = ("loss_expert_on", "optimizer_expert_on", "dropout_expert_on", "lossw_expert_on")
_SIDES = re.compile(r"(\d+)\s*[x×]\s*(\d+)")


def settings_from_parameters(cells: Cells, class_names: Mapping[int, str]) -> tuple[RunSettings, tuple[str, ...]]:
    """Return the settings, and a sentence for each thing that could not be taken over.

    What AIDeveloper does not have gets its default, which is off.
    """
    reader = _Reader(cells)
    image = reader.filled(ImageSettings, {**reader.columns(ImageSettings), **_image(reader)})
    augmentation = _augmentation(reader, image)
    hyperparameters = reader.columns(HyperParameters)
    weights = _class_weights(reader, class_names)
    training = TrainingSettings(
        augmentation=reader.filled(AugmentationSettings, augmentation),
        hyperparameters=reader.filled(HyperParameters, {**hyperparameters, **weights}),
    )
    settings = RunSettings(
        image=image,
        model=ModelChoice(architecture=str(cells.get("chosen_model", "")).strip()),
        training=training,
        device=reader.filled(DeviceSettings, reader.columns(DeviceSettings)),
    )
    _tell_what_is_missing(reader)
    return settings, tuple(dict.fromkeys(reader.left_out))


class _Reader:
    """Takes values from cells; what cannot be read goes to `left_out`."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.left_out: list[str] = []
        self._is_expert = self.is_on("expert_mode")

    def read(self, name: str, reader: Callable[[object], Any], default: Any = None) -> Any:
        """Return the value of a cell, or `default` if it is empty or cannot be read."""
        if name not in self.cells:
            return default
        try:
            return reader(self.cells[name])
        except ValueError as error:
            self.leave_out(f"Column {name}: {error}")
            return default

    def leave_out(self, text: str) -> None:
        """Note a sentence."""
        self.left_out.append(text if text.endswith(".") else f"{text}.")

    def is_on(self, switch: str) -> bool:
        """Return whether a switch is on; one that the version of the file does not have is."""
        is_expert = switch not in _EXPERT or self._is_expert
        return bool(is_expert and self.read(switch, read_switch, True))

    def columns(self, section: type[SettingsSection]) -> dict[str, Any]:
        """Return the settings of a section that are in columns of their own."""
        values: dict[str, Any] = {}
        for column in COLUMNS:
            if column.section is not section or (column.switch and not self.is_on(column.switch)):
                continue
            value = self.read(key(column.name), partial(_value, column))
            if value is not None and column.end is None:
                values[column.field] = value
            elif value is not None and column.end is not None:
                ends = list(values.get(column.field, column.default))
                ends[column.end] = value
                values[column.field] = tuple(ends)
        return values

    def filled(self, section: Any, values: Mapping[str, Any]) -> Any:
        """Return the section with these values; one that its setting refuses is left out."""
        result = section()
        for name, value in values.items():
            try:
                result = dataclasses.replace(result, **{name: value})
            except SettingsError as error:
                self.leave_out(str(error))
        return result


def _value(column: Column, cell: object) -> Any:
    """Return the setting's value; words are taken in whatever case and of whatever version."""
    value = read_as(Kind.NUMBER if column.end is not None else column.kind, cell)
    if column.field == "resize":
        number, _, caption = value.partition(" ")
        return _SPLINES.get(read_whole(number), value) if caption else _ours(column, read_whole(number))
    if column.field == "padding":
        return PADDING_ALIASES.get(value.lower(), value.lower())
    return _ours(column, value) if column.words else value


def _ours(column: Column, value: Any) -> Any:
    words = cast(Mapping[str, str | int], column.words)
    return next((ours for ours, theirs in words.items() if str(theirs).lower() == str(value).lower()), value)


def _image(reader: _Reader) -> dict[str, Any]:
    values: dict[str, Any] = {}
    size = reader.read("input_image_size", _read_size)
    if size:
        values["width"], values["height"] = size
    color = str(reader.cells.get("color_mode", "")).lower()
    channels = [ours for ours, theirs in COLORS.items() if theirs.lower() == color]
    names = read_words(reader.cells.get("selected_channels", ""))
    if names not in ((), ("image",)):
        values["channels"] = names
    elif channels:
        values["channels"] = channels[0]
    elif color:
        reader.leave_out(f"Column color_mode: got {color!r}, expected Grayscale or RGB")
    return values


def _read_size(cell: object) -> tuple[int, int]:
    sides = _SIDES.fullmatch(str(cell).strip())
    return (int(sides[1]), int(sides[2])) if sides else (read_whole(cell), read_whole(cell))


def _augmentation(reader: _Reader, image: ImageSettings) -> dict[str, Any]:
    values = reader.columns(AugmentationSettings)
    for name, side in (("width_shift", image.width), ("height_shift", image.height)):
        if name in values:
            values[name] = shift_from_cell(values[name], enlarged(side))
    if values.get("zoom", 0) >= 1:
        # From 1 on AIDeveloper draws from 1 / zoom to zoom, below from 1 - zoom to 1 + zoom as we do.
        values["zoom"] -= 1
    return values


def _class_weights(reader: _Reader, class_names: Mapping[int, str]) -> dict[str, Any]:
    text = str(reader.cells.get("lossw_expert", "")).strip()
    if not text or not reader.is_on("lossw_expert_on"):
        return {}
    words = {theirs.lower(): ours for ours, theirs in CLASS_WEIGHTS.items()}
    if text.lower() in words:
        return {"class_weights": words[text.lower()]}
    column = "lossw_expert" if text.startswith("{") else "class_weight"
    weights = reader.read(column, read_weights, {})
    return {"class_weights": {class_names.get(index, f"class {index}"): weight for index, weight in weights.items()}}


def _tell_what_is_missing(reader: _Reader) -> None:
    """Note what the table asks for and we do not have."""
    for name, (unused, text) in NOT_TAKEN.items():
        value = reader.read(name, read_switch if isinstance(unused, bool) else read_number, unused)
        if value != unused:
            reader.leave_out(f"AID Desktop does not have {text} (column {name})")
    metrics = [word for word in read_words(reader.cells.get("metrics", "")) if word.lower() != "accuracy"]
    if metrics:
        reader.leave_out(f"AID Desktop does not have the metrics {', '.join(metrics)}")
    if "optimizer_settings" in reader.cells and reader.is_on("optimizer_expert_on"):
        reader.leave_out("Details of the optimizer, such as its momentum, were not taken over")
    if any(reader.read(name, read_switch, False) for name in ("loadcontinue_model", "loadrestart_model")):
        started = reader.cells.get("continued_fitting_from", "another model")
        reader.leave_out(f"Training started from {started}; AID Desktop begins with new weights")
    known = {key(name) for column in COLUMNS for name in (column.name, column.switch)} | INFORMATION | set(NOT_TAKEN)
    unknown = sorted(set(reader.cells) - known)
    if unknown:
        reader.leave_out(f"Unknown columns: {', '.join(unknown)}")

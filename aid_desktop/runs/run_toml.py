"""run.toml: a RunConfig as a file; settings as tables of plain values, as sessions hold them too."""

import dataclasses
import difflib
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from aid_desktop.data.class_table import Role
from aid_desktop.errors import RunError, SettingsError
from aid_desktop.paths import write_atomically
from aid_desktop.runs.config import WEIGHTS, DataRow, ModelChoice, RunConfig, RunSettings, check_seed, refuse_type
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.settings.split import SplitSettings

T = TypeVar("T")

RUN_VERSION = 1
_TABLES = ("version", "seed", "image", "model", "data", "split", "training", "augmentation", "saving",
           "device")  # fmt: skip
_ROW_KEYS = {
    "path": "path", "class": "class_name", "role": "role", "index": "index", "images_per_epoch": "images_per_epoch",
    "shuffle": "shuffle", "zoom": "zoom", "digest": "digest", "part": "part", "images": "images",
}  # fmt: skip

_ROW_TYPES: dict[str, tuple[type, ...]] = {
    "path": (str,), "class": (str,), "role": (str,), "index": (int,), "images_per_epoch": (int,), "shuffle": (bool,),
    "zoom": (float, int), "digest": (str,), "part": (str,), "images": (str,),
}  # fmt: skip


def read_run_toml(path: Path) -> RunConfig:
    """Read run.toml; relative paths in it are relative to its folder.

    Raises RunError when the file cannot be read, SettingsError naming the key that cannot be used.
    """
    try:
        # Windows' Notepad may begin a file with a byte order mark.
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise RunError(f"there is no run file at {path}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise RunError(f"{path} is not a run file that can be read: {error}") from error
    return config_from_toml(values, path.parent.resolve())


def config_from_toml(values: dict[str, Any], folder: Path) -> RunConfig:
    """Return the configuration that the parsed run.toml describes. Raises SettingsError."""
    refuse_unknown(values, _TABLES, "")
    version = values.get("version", RUN_VERSION)
    if version != RUN_VERSION:
        raise SettingsError("version", f"got {version!r}, this program reads version {RUN_VERSION}: update AID Desktop")
    rows = values.get("data", [])
    if not isinstance(rows, list) or not rows:
        raise SettingsError("data", "expected at least one [[data]] table with path, class and role")
    return RunConfig(data=tuple(_row_from_toml(row, folder) for row in rows), **settings_from_tables(values, folder))


def config_to_toml(config: RunConfig) -> dict[str, Any]:
    """Return the configuration as the tables of run.toml, with absolute paths."""
    values: dict[str, Any] = {"version": RUN_VERSION, **settings_tables(config)}
    values["data"] = [
        {key: _plain(getattr(row, name)) for key, name in _ROW_KEYS.items() if getattr(row, name) not in (None, "")}
        for row in config.data
    ]
    return values


def write_run_toml(config: RunConfig, path: Path, comments: Iterable[str] = ()) -> None:
    """Write the configuration so that `read_run_toml` gives it back, below comments, a line each.

    Raises OSError, and RunError for a path that is no Unicode, which Linux allows and TOML does not.
    """
    values = config_to_toml(config)
    held_out = config.split.held_out if config.split is not None else None
    if held_out is not None and held_out.parent == path.parent.absolute():
        # The list goes where its run goes.
        values["split"]["held_out"] = held_out.name
    text = "".join(f"# {comment}\n" for comment in comments) + tomli_w.dumps(values)
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        line = text[text.rfind("\n", 0, error.start) + 1 : text.find("\n", error.start)]
        raise RunError(f"{path.name} cannot hold a name that is no Unicode: rename what is in {line!r}") from error
    with write_atomically(path) as temporary:
        temporary.write_bytes(content)


def settings_tables(chosen: RunSettings) -> dict[str, Any]:
    """Return all settings of a run as tables of plain values, by the names that run.toml has for them."""
    tables: dict[str, Any] = {"seed": chosen.seed}
    for section in (chosen.image, chosen.model, *chosen.training.sections, chosen.device, chosen.split):
        if section is not None:
            tables[section.SECTION] = _values(section)
    return tables


def settings_from_tables(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the arguments that RunSettings takes. Raises SettingsError.

    `values` may hold other things too; paths in it are relative to `folder`.
    """
    check_seed(values.get("seed", 1))
    return {
        "image": _section(ImageSettings, values),
        "model": _model_from_toml(_table(values, "model"), folder),
        "training": TrainingSettings(
            _section(AugmentationSettings, values), _section(HyperParameters, values), _section(SavingSettings, values)
        ),
        "split": _split_from_toml(values, folder) if "split" in values else None,
        "device": _section(DeviceSettings, values),
        "seed": values.get("seed", 1),
    }


def _values(section: Any) -> dict[str, Any]:
    pairs = ((item.name, getattr(section, item.name)) for item in dataclasses.fields(section))
    return {name: _plain(value, name) for name, value in pairs if value is not None}


def _plain(value: object, name: str = "") -> Any:
    if name in ("class_weights", "trainable") and isinstance(value, tuple):
        return dict(value)
    if isinstance(value, Path):
        return value.absolute().as_posix()
    return list(value) if isinstance(value, tuple) else value


def _section(kind: type[T], values: dict[str, Any]) -> T:
    section: str = kind.SECTION  # type: ignore[attr-defined]
    table = _table(values, section)
    refuse_unknown(table, [item.name for item in dataclasses.fields(kind)], f"{section}.")  # type: ignore[arg-type]
    return kind(**table)


def _table(values: dict[str, Any], name: str) -> dict[str, Any]:
    table = values.get(name, {})
    if not isinstance(table, dict):
        raise SettingsError(name, f"got {table!r}, expected a table [{name}]")
    return table


def _split_from_toml(values: dict[str, Any], folder: Path) -> SplitSettings:
    split = _section(SplitSettings, values)
    return split if split.held_out is None else dataclasses.replace(split, held_out=_absolute(folder, split.held_out))


def _model_from_toml(table: dict[str, Any], folder: Path) -> ModelChoice:
    refuse_unknown(table, [item.name for item in dataclasses.fields(ModelChoice)], "model.")
    for key in ("architecture", "start_from", "weights"):
        if key in table:
            refuse_type(f"model.{key}", table[key], str)
    start_from, weights = table.get("start_from"), table.get("weights")
    return ModelChoice(
        architecture=table.get("architecture"),
        start_from=None if start_from is None else _absolute(folder, start_from),
        mode=table.get("mode", "continue"),
        weights=weights if weights in (None, *WEIGHTS) else _absolute(folder, weights),
        renew_layers=table.get("renew_layers", False),
    )


def _row_from_toml(table: dict[str, Any], folder: Path) -> DataRow:
    if not isinstance(table, dict):
        raise SettingsError("data", f"got {table!r}, expected [[data]] tables with path, class and role")
    refuse_unknown(table, _ROW_KEYS, "data.")
    for key, value in table.items():
        refuse_type(f"data.{key}", value, *_ROW_TYPES[key])
    missing = [key for key in ("path", "class", "role") if key not in table]
    if missing:
        raise SettingsError(f"data.{missing[0]}", "is missing in a [[data]] table")
    if table["role"] not in list(Role):
        raise SettingsError("data.role", f"got {table['role']!r}, expected {' or '.join(Role)}")
    values = {_ROW_KEYS[key]: value for key, value in table.items()}
    values["path"] = _absolute(folder, table["path"])
    values["role"] = Role(table["role"])
    return DataRow(**values)


def _absolute(folder: Path, text: str | Path) -> Path:
    return Path(os.path.normpath(folder / text))


def refuse_unknown(table: dict[str, Any], known: Iterable[str], prefix: str) -> None:
    """Raise SettingsError for a key that is not known, naming the nearest one; `prefix` is its path, "image."."""
    known = list(known)
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise SettingsError(f"{prefix}{key}", f"is not a setting; {hint}")

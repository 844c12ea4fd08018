"""RunConfig: all that a run is started with; run.toml is its file form."""

import dataclasses
import difflib
import os
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import tomli_w

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.selection import SelectedReader, select_ranges
from aid_desktop.data.source import ImageReader
from aid_desktop.errors import DataError, RunError, SettingsError
from aid_desktop.paths import write_atomically
from aid_desktop.settings.augmentation import AugmentationSettings, check_mixing
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.pretrained import IMAGENET, RANDOM
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.settings.split import SplitSettings

T = TypeVar("T")

RUN_VERSION = 1
# Keras also seeds NumPy's old generator, which takes 32 bits.
MAX_SEED = 2**32 - 1
MODES = ("continue", "restart")
WEIGHTS = (IMAGENET, RANDOM)


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which network: an architecture of model_zoo.py, or a saved model to start from.

    `mode` is `continue` (its weights are kept) or `restart` (only its architecture is used). `weights` are those that
    an architecture of pretrained networks begins with: `imagenet`, `none` (random ones) or a file; None means
    `imagenet` where there are such weights. `renew_layers` lets layers of a model whose weights belong to another image
    size begin anew.
    """

    SECTION: ClassVar[str] = "model"

    architecture: str | None = None
    start_from: Path | None = None
    mode: str = "continue"
    weights: str | Path | None = None
    renew_layers: bool = False

    def __post_init__(self) -> None:
        if (self.architecture is None) == (self.start_from is None):
            raise SettingsError("model", "expected either an architecture or a model to start_from")
        if self.mode not in MODES:
            raise SettingsError("model.mode", f"got {self.mode!r}, expected {' or '.join(MODES)}")
        if not isinstance(self.weights, Path) and self.weights not in (None, *WEIGHTS):
            raise SettingsError("model.weights", f"got {self.weights!r}, expected {', '.join(WEIGHTS)} or a file")
        if self.weights is not None and self.start_from is not None:
            raise SettingsError("model.weights", "a model to start_from has weights of its own: remove one of the two")
        refuse_type("model.renew_layers", self.renew_layers, bool)

    @property
    def name(self) -> str:
        """The architecture's name, or the file name of the model to start from."""
        return self.architecture or (self.start_from.name if self.start_from else "")


@dataclass(frozen=True, slots=True)
class DataRow:
    """One `[[data]]` table: where images are and what they are for.

    `index` is the class's place among the network's outputs; None: by order of appearance. `part` says which part
    of the file is meant, see source.DataSource, and `images` which of its images, as in selection.py: "" for all.
    `digest` is that of the content when the file was written; None:
    whatever is there.
    """

    path: Path
    class_name: str
    role: Role
    index: int | None = None
    images_per_epoch: int | None = None
    shuffle: bool = True
    zoom: float = 1.0
    digest: str | None = None
    part: str = ""
    images: str = ""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """All that a run is started with. Everything random in it follows from `seed`."""

    data: tuple[DataRow, ...]
    image: ImageSettings
    model: ModelChoice
    training: TrainingSettings = field(default_factory=TrainingSettings)
    split: SplitSettings | None = None
    device: DeviceSettings = field(default_factory=DeviceSettings)
    seed: int = 1

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_mixing(self.training.augmentation, self.image.features)

    def with_changes(
        self, *, epochs: int | None = None, seed: int | None = None, device: str | None = None
    ) -> "RunConfig":
        """Return a copy with what the command line overrides."""
        config = self
        if epochs is not None:
            config = dataclasses.replace(config, training=config.training.with_hyperparameters(epochs=epochs))
        if seed is not None:
            config = dataclasses.replace(config, seed=seed)
        if device is not None:
            config = dataclasses.replace(config, device=dataclasses.replace(config.device, strategy=device))
        return config


def check_seed(seed: object) -> None:
    """Raise SettingsError unless `seed` is a whole number from 0 to MAX_SEED."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise SettingsError("seed", f"got {seed!r}, expected a whole number from 0 to {MAX_SEED}")


def data_rows(table: ClassTable) -> tuple[DataRow, ...]:
    """Return the rows of a class table as a run configuration holds them."""
    return tuple(
        DataRow(
            path=row.source.path,
            class_name=row.class_name,
            role=row.role,
            index=row.class_index,
            images_per_epoch=row.images_per_epoch,
            shuffle=row.shuffle,
            zoom=row.zoom,
            digest=row.source.digest,
            part=row.source.part,
            images=row.source.selection.ranges if row.source.selection is not None else "",
        )
        for row in table.rows
    )


def open_table(rows: Iterable[DataRow]) -> ClassTable:
    """Open the sources of all rows. Raises DataError when one is gone, unreadable or has changed."""
    return open_readers(rows)[0]


def open_readers(
    rows: Iterable[DataRow], progress: Callable[[int, int], None] | None = None
) -> tuple[ClassTable, tuple[ImageReader, ...]]:
    """Open all rows like `open_table`; return their readers too, one per row.

    `progress(done, total)` is told of the images of each source; what it raises ends the opening.
    """
    rows = tuple(rows)
    indices = _class_indices(rows)
    opened = []
    readers = []
    for row in rows:
        reader = open_source(row.path, progress, row.part)
        source = reader.source
        if row.digest is not None and source.digest != row.digest:
            raise DataError(
                f"{row.path} has changed since the run was set up: restore it, or remove its digest from run.toml "
                "to train on what is there now"
            )
        if row.images:
            source = select_ranges(source, row.images)
            reader = SelectedReader(source, reader) if source.selection is not None else reader
        readers.append(reader)
        opened.append(
            ClassRow(
                source=source,
                class_index=indices[row.class_name],
                class_name=row.class_name,
                role=row.role,
                images_per_epoch=row.images_per_epoch,
                shuffle=row.shuffle,
                zoom=row.zoom,
            )
        )
    return ClassTable(tuple(opened)), tuple(readers)


def _class_indices(rows: tuple[DataRow, ...]) -> dict[str, int]:
    given: dict[str, int] = {}
    for row in rows:
        if row.index is not None and given.setdefault(row.class_name, row.index) != row.index:
            raise SettingsError(
                "data.index",
                f"class {row.class_name} has the indices {given[row.class_name]} and {row.index}",
            )
    taken = set(given.values())
    free = (index for index in range(len(rows)) if index not in taken)
    for row in rows:
        if row.class_name not in given:
            given[row.class_name] = next(free)
    return given


# --- run.toml -------------------------------------------------------------------------------------

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
_TYPE_WORDS = {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false",
               list: "a list", dict: "a table"}  # fmt: skip


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
    values: dict[str, Any] = {
        "version": RUN_VERSION,
        **settings_tables(config.image, config.model, config.training, config.split, config.device, config.seed),
    }
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


def settings_tables(
    image: ImageSettings,
    model: ModelChoice,
    training: TrainingSettings,
    split: SplitSettings | None,
    device: DeviceSettings,
    seed: int,
) -> dict[str, Any]:
    """Return all settings of a run as tables of plain values, by the names that run.toml has for them."""
    tables: dict[str, Any] = {"seed": seed}
    for section in (image, model, *training.sections, device, split):
        if section is not None:
            tables[section.SECTION] = _values(section)
    return tables


def settings_from_tables(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the arguments that RunConfig takes besides its data. Raises SettingsError.

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


def refuse_type(name: str, value: object, *kinds: type) -> None:
    """Raise SettingsError for the setting `name` unless its value is of one of the types."""
    # In Python, unlike in TOML, true is an integer.
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise SettingsError(name, f"got {value!r}, expected {_TYPE_WORDS[kinds[0]]}")


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

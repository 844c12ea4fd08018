"""RunConfig: all that a run is started with; run_toml.py is its file form."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.selection import SelectedReader, select_ranges
from aid_desktop.data.source import ImageReader
from aid_desktop.errors import DataError, SettingsError
from aid_desktop.settings.augmentation import check_mixing
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.pretrained import IMAGENET, RANDOM
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.settings.split import SplitSettings

T = TypeVar("T")

# Keras also seeds NumPy's old generator, which takes 32 bits.
MAX_SEED = 2**32 - 1
MODES = ("continue", "restart")
WEIGHTS = (IMAGENET, RANDOM)
_TYPE_WORDS = {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false",
               list: "a list", dict: "a table"}  # fmt: skip


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
class RunSettings:
    """What a run is started with besides its data. Everything random in it follows from `seed`."""

    image: ImageSettings
    model: ModelChoice
    training: TrainingSettings = field(default_factory=TrainingSettings)
    split: SplitSettings | None = None
    device: DeviceSettings = field(default_factory=DeviceSettings)
    seed: int = 1

    def __post_init__(self) -> None:
        check_seed(self.seed)


@dataclass(frozen=True, slots=True)
class RunConfig(RunSettings):
    """All that a run is started with."""

    data: tuple[DataRow, ...] = field(kw_only=True)

    def __post_init__(self) -> None:
        # No super(): a dataclass with slots is not the class that it was written as.
        RunSettings.__post_init__(self)
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


def refuse_type(name: str, value: object, *kinds: type) -> None:
    """Raise SettingsError for the setting `name` unless its value is of one of the types."""
    # In Python, unlike in TOML, true is an integer.
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise SettingsError(name, f"got {value!r}, expected {_TYPE_WORDS[kinds[0]]}")


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

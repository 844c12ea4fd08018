"""A series: one configuration trained with several architectures, seeds and folds; `series.json` names its runs."""

import dataclasses
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from aid_desktop.errors import RunError, SettingsError
from aid_desktop.paths import write_atomically
from aid_desktop.runs.config import MAX_SEED, ModelChoice, RunConfig
from aid_desktop.runs.folder import RunFolder, folder_name, is_run_folder, read_state
from aid_desktop.runs.run_toml import config_from_toml, config_to_toml, read_run_toml
from aid_desktop.runs.settings_log import read_revisions
from aid_desktop.settings.pretrained import RANDOM
from aid_desktop.settings.split import MOST_FOLDS, RUN_SEED, SplitSettings

FORMAT = "aid-desktop-series"
SERIES_VERSION = 1
MOST_REPETITIONS = 100
# The tables of run.toml in which the runs of a series differ.
_OWN_TABLES = ("model", "seed", "split")


@dataclass(frozen=True, slots=True)
class SeriesChoice:
    """What a series is made of.

    Attributes:
        architectures: trained in turn; none: the network that the configuration has.
        repetitions: how often each is trained, with one seed after the other.
        folds: of a cross-validation, 0 without one.
    """

    architectures: tuple[str, ...] = ()
    repetitions: int = 1
    folds: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "architectures", tuple(dict.fromkeys(self.architectures)))
        if not 1 <= self.repetitions <= MOST_REPETITIONS:
            raise SettingsError("repetitions", f"got {self.repetitions}, expected 1 to {MOST_REPETITIONS}")
        if self.folds != 0 and not 2 <= self.folds <= MOST_FOLDS:
            raise SettingsError("folds", f"got {self.folds}, expected 0 (off) or 2 to {MOST_FOLDS}")

    @property
    def n_runs(self) -> int:
        """How many runs that makes."""
        return max(1, len(self.architectures)) * self.repetitions * max(1, self.folds)


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run of a series; `name` is that of its folder."""

    name: str
    config: RunConfig


def plan_runs(config: RunConfig, choice: SeriesChoice) -> tuple[PlannedRun, ...]:
    """Return the runs of a series, with all architectures of a repetition and fold next to each other.

    So a series that ends early can be compared too. Repetition r has the seed of the configuration plus r. Without
    folds all repetitions hold out the same images: what differs then comes from training alone. With folds each
    repetition deals the images anew, and all its folds and architectures share seed and parts.
    """
    runs: list[PlannedRun] = []
    width = len(str(choice.n_runs))
    models = tuple(model_of(config, name) for name in choice.architectures) or (config.model,)
    for repetition in range(choice.repetitions):
        seed = (config.seed + repetition) % (MAX_SEED + 1)
        for fold in range(max(1, choice.folds)):
            split = _split(config, choice.folds, fold, repetition)
            for model in models:
                parts = [f"{len(runs) + 1:0{width}}", model.name]
                parts += [f"seed{seed}"] if choice.repetitions > 1 else []
                parts += [f"fold{fold + 1}of{choice.folds}"] if choice.folds else []
                one = dataclasses.replace(config, model=model, seed=seed, split=split)
                runs.append(PlannedRun(folder_name("_".join(parts)), one))
    return tuple(runs)


def model_of(config: RunConfig, name: str) -> ModelChoice:
    """Return the choice of another architecture: a file of weights fits its own one only, random weights fit all."""
    chosen = config.model
    is_same = name == chosen.architecture or chosen.weights == RANDOM
    return ModelChoice(name, weights=chosen.weights if is_same else None)


def _split(config: RunConfig, folds: int, fold: int, repetition: int) -> SplitSettings | None:
    split = config.split or (SplitSettings() if folds else None)
    if split is None:
        return None
    first = config.seed if split.seed == RUN_SEED else split.seed
    if not folds:
        return dataclasses.replace(split, seed=first)
    seed = (first + repetition) % (MAX_SEED + 1)
    return dataclasses.replace(split, folds=folds, fold=fold, seed=seed, held_out=None)


@dataclass(frozen=True, slots=True)
class Series:
    """The runs of a series and the folder `path` that holds a run folder for each."""

    path: Path
    runs: tuple[PlannedRun, ...]

    @property
    def series_json(self) -> Path:
        return self.path / "series.json"

    @property
    def comparison_csv(self) -> Path:
        return self.path / "comparison.csv"

    @property
    def model_zoo(self) -> Path:
        """The model_zoo.py of all runs, as it was when the series was made."""
        return self.path / "model_zoo.py"

    def folder(self, run: PlannedRun) -> RunFolder:
        """Return the folder of one of the runs."""
        return RunFolder(self.path / run.name)

    def unfinished(self) -> tuple[PlannedRun, ...]:
        """Return the runs that have not done all they are to do."""
        return tuple(run for run in self.runs if not is_finished(self.folder(run)))

    def resume_point(self, run: PlannedRun) -> RunConfig | None:
        """Return what a run goes on with, the settings in force last among it; None if it has to begin.

        Raises RunError or SettingsError if its files cannot be read.
        """
        folder = self.folder(run)
        # A crash may have left last_state.json of a model that was never written.
        if not (folder.last_model.is_file() and is_run_folder(folder.path)):
            return None
        config = read_run_toml(folder.run_toml)
        revisions = read_revisions(folder.settings_jsonl)
        return dataclasses.replace(config, training=revisions[-1].settings) if revisions else config


def is_finished(folder: RunFolder) -> bool:
    """Return whether a run has done all it was to do; one without a state that can be read has not."""
    try:
        return read_state(folder).finished
    except RunError:
        return False


def is_series_folder(path: Path) -> bool:
    """Return whether a folder holds a series."""
    return Series(path, ()).series_json.is_file()


def create_series(path: Path, runs: tuple[PlannedRun, ...], model_zoo: Path) -> Series:
    """Make the folder of a new series. Raises RunError when it holds one already or cannot be written."""
    series = Series(path, runs)
    if series.series_json.exists():
        raise RunError(f"{path} holds a series already: choose another folder, or resume that series")
    tables = [config_to_toml(run.config) for run in runs]
    document = {
        "format": FORMAT,
        "version": SERIES_VERSION,
        "settings": {name: table for name, table in tables[0].items() if name not in _OWN_TABLES},
        "runs": [
            {"name": run.name, **{name: values[name] for name in _OWN_TABLES if name in values}}
            for run, values in zip(runs, tables, strict=True)
        ],
    }
    try:
        path.mkdir(parents=True, exist_ok=True)
        if model_zoo.resolve() != series.model_zoo.resolve():
            shutil.copyfile(model_zoo, series.model_zoo)
        # Last, since it is what makes a folder a series.
        with write_atomically(series.series_json) as temporary:
            temporary.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise RunError(f"the folder {path} cannot be written ({error.strerror}): choose another folder") from error
    return series


def read_series(path: Path) -> Series:
    """Read the series in a folder. Raises RunError when there is none, or its file cannot be read."""
    file = Series(path, ()).series_json
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["format"] != FORMAT or document["version"] != SERIES_VERSION:
            raise ValueError(f"its format is {document['format']} {document['version']}, {SERIES_VERSION} is known")
        runs = tuple(_planned(document["settings"], values, path) for values in document["runs"])
    except FileNotFoundError:
        raise RunError(f"{path} holds no series of runs: there is no {file.name} in it") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, SettingsError) as error:
        raise RunError(f"{file} cannot be read: {error}") from error
    return Series(path, runs)


def _planned(settings: dict[str, Any], values: dict[str, Any], path: Path) -> PlannedRun:
    name = cast(str, values["name"])
    if Path(name).name != name:
        raise ValueError(f"got {name!r}, expected the name of a folder")
    own = {key: table for key, table in values.items() if key != "name"}
    return PlannedRun(name, config_from_toml({**settings, **own}, path.absolute()))

"""RunFolder: the name of every file of a run."""

import dataclasses
import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aid_desktop.errors import RunError
from aid_desktop.paths import free_path, write_atomically

STATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of one run below `path`; see the table in docs/files.md."""

    path: Path

    @property
    def run_toml(self) -> Path:
        return self.path / "run.toml"

    @property
    def held_out(self) -> Path:
        return self.path / "held_out.csv"

    @property
    def settings_jsonl(self) -> Path:
        return self.path / "settings.jsonl"

    @property
    def history_csv(self) -> Path:
        return self.path / "history.csv"

    @property
    def models(self) -> Path:
        return self.path / "models"

    @property
    def points(self) -> Path:
        return self.path / "undo"

    @property
    def last_model(self) -> Path:
        return self.path / "last.keras"

    @property
    def last_state(self) -> Path:
        return self.path / "last_state.json"

    @property
    def meta_xlsx(self) -> Path:
        return self.path / "meta.xlsx"

    @property
    def model_zoo(self) -> Path:
        return self.path / "model_zoo.py"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    @property
    def lock(self) -> Path:
        return self.path / ".lock"

    @property
    def log(self) -> Path:
        return self.path / "run.log"

    def model(self, name: str) -> Path:
        """Return the path of a saved model by its file name."""
        return self.models / name

    def point(self, epoch: int) -> Path:
        """Return the path of what going back to the end of an epoch needs."""
        return self.points / model_name(epoch)

    def point_files(self) -> list[Path]:
        """Return the points that there are, from the first epoch to the last."""
        return sorted(self.points.glob("epoch_*.keras"), key=lambda path: model_epoch(path.name))

    def create(self) -> None:
        """Make the folder for a new run.

        A run that never finished an epoch may be replaced. Raises RunError when the folder holds another run, or
        cannot be written.
        """
        if self.run_toml.exists() and (self.last_model.exists() or self.n_noted() > 1):
            raise RunError(f"{self.path} holds a run already: choose another folder, or resume that run")
        try:
            self.models.mkdir(parents=True, exist_ok=True)
            with write_atomically(self.log):
                pass
        except OSError as error:
            raise RunError(
                f"the run folder {self.path} cannot be written ({error.strerror}): choose another folder"
            ) from error

    def n_noted(self) -> int:
        """Return the number of epochs in history.csv; the first one is there before last.keras is."""
        if not self.history_csv.exists():
            return 0
        return len(self.history_csv.read_bytes().splitlines()) - 1


def model_name(epoch: int) -> str:
    """Return the file name of the model saved after an epoch (counted from 0)."""
    return f"epoch_{epoch:05d}.keras"


def model_epoch(name: str) -> int:
    """Return the epoch in a file name of `model_name`; -1 for another name."""
    digits = name.removeprefix("epoch_").removesuffix(".keras")
    return int(digits) if digits.isdecimal() else -1


def unused_folder(parent: Path, name: str) -> Path:
    """Return a folder below `parent` that does not exist yet, named by the time and `name`."""
    return free_path(parent / f"{datetime.now().astimezone():%Y-%m-%d_%H%M%S}_{folder_name(name)}")


def folder_name(text: str) -> str:
    """Return a text with a hyphen for what does not belong in the name of a folder."""
    return re.sub(r"[^\w.-]+", "-", text)


def is_run_folder(path: Path) -> bool:
    """Return whether a folder holds a run."""
    return RunFolder(path).run_toml.is_file()


@dataclass(frozen=True, slots=True)
class LastState:
    """What last_state.json says beside last.keras, whose card is what counts for epoch and revision.

    `finished`: the run has done all that it was to do; it was not stopped and has not diverged. `built_dropout` are
    the rates that the architecture has, whatever was set since.
    """

    epoch: int
    revision: int
    finished: bool
    built_dropout: tuple[float, ...] = ()


def write_state(folder: RunFolder, state: LastState) -> None:
    """Write last_state.json. Raises OSError."""
    values = {"version": STATE_VERSION, **dataclasses.asdict(state)}
    with write_atomically(folder.last_state) as temporary:
        temporary.write_text(json.dumps(values), encoding="utf-8")


def read_state(folder: RunFolder) -> LastState:
    """Read last_state.json. Raises RunError when there is nothing to resume from."""
    try:
        values = json.loads(folder.last_state.read_text(encoding="utf-8"))
        return LastState(
            epoch=int(values["epoch"]),
            revision=int(values["revision"]),
            finished=bool(values["finished"]),
            built_dropout=tuple(map(float, values["built_dropout"])),
        )
    except FileNotFoundError:
        raise RunError(_nothing_to_resume(folder)) from None
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise RunError(f"{folder.last_state} cannot be read: {error}") from error


def check_resumable(folder: RunFolder) -> None:
    """Raise RunError when there is no network to resume from."""
    if folder.last_model.is_file():
        return
    if folder.n_noted() > 1:
        raise RunError(
            f"{folder.last_model} is missing, so that the run cannot go on: start a new one from one of its models"
        )
    raise RunError(_nothing_to_resume(folder))


def _nothing_to_resume(folder: RunFolder) -> str:
    return f"{folder.path} has no finished epoch to resume from: start the run anew"

"""RunStorage: writes the files of a run, and into a fallback folder as long as its own cannot be written."""

import dataclasses
import errno
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from aid_desktop.errors import AidError
from aid_desktop.log import add_run_log, remove_run_log
from aid_desktop.models.metadata import read_card
from aid_desktop.paths import free_path, user_data_dir, write_atomically
from aid_desktop.runs.config import RunConfig, data_rows
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.held_out import write_held_out
from aid_desktop.runs.history import append_record, read_history
from aid_desktop.runs.meta_xlsx import write_meta_xlsx
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.run_toml import write_run_toml
from aid_desktop.runs.settings_log import Revision, append_revision, read_revisions
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.checkpoints import superfluous
from aid_desktop.training.datasets import TrainingData
from aid_desktop.training.event_file import EventFile
from aid_desktop.training.events import StorageChanged
from aid_desktop.training.state import RunState

logger = logging.getLogger(__name__)

T = TypeVar("T")

_RETRY_SECONDS = 15.0
_FALLBACKS = "runs without their folder"


class RunStorage:
    """The files of one run; enter it before anything is written.

    Every method may raise OSError, when the fallback folder cannot be written either. `publish` is told when the run
    goes on in another folder. `folder` is the one in use, `records` are all finished epochs.
    """

    def __init__(self, home: RunFolder, model_zoo: Path, publish: Callable[[StorageChanged], None]) -> None:
        self.folder = home
        self.records: list[EpochRecord] = []
        self._home = home
        self._model_zoo = model_zoo
        self._publish = publish
        self._zoo_text = b""
        self._config: RunConfig | None = None
        self._data: TrainingData | None = None
        self._revisions: list[Revision] = []
        self._removable: list[EpochRecord] = []
        self._sizes: dict[str, int] = {}
        self._left_at_home: list[str] = []
        self._log: logging.Handler | None = None
        self._last_try = 0.0
        self._events = EventFile()

    def __enter__(self) -> "RunStorage":
        self._log = add_run_log(self.folder.log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.close()
        self._close_log()

    @property
    def is_away(self) -> bool:
        """Whether the run's own folder cannot be written at present."""
        return self.folder is not self._home

    @property
    def model_sizes(self) -> tuple[int, ...]:
        """The sizes in bytes of the saved models that are kept."""
        return tuple(self._sizes.values())

    def begin(self, config: RunConfig, data: TrainingData) -> None:
        """Write the first files of a new run."""
        self._know(config, data)
        # What an attempt left that ended before it became a run.
        folder = self.folder
        models = (*folder.models.glob("*.keras"), *folder.point_files())
        for leftover in (folder.settings_jsonl, folder.history_csv, folder.held_out, folder.last_state, *models):
            leftover.unlink(missing_ok=True)
        self.append_revision(0, 0, config.training)
        self._write(self._write_description)

    def go_on(self, config: RunConfig, data: TrainingData) -> None:
        """Take up the files of a run that is resumed. Raises RunError for those that cannot be read."""
        self._know(config, data)
        self.records = list(read_history(self.folder.history_csv).records)
        self._revisions = list(read_revisions(self.folder.settings_jsonl))
        self._removable = [record for record in self.records if record.model and self._may_go(record.model)]
        self._sizes = {path.name: path.stat().st_size for path in self.folder.models.glob("*.keras")}

    def pin_precision(self, precision: str) -> None:
        """Note in run.toml what the precision `auto` means in this run."""
        config, _ = self._known()
        self._config = dataclasses.replace(config, device=dataclasses.replace(config.device, auto_precision=precision))
        self._write(self._write_description)

    def append_revision(self, revision: int, epoch: int, settings: TrainingSettings) -> None:
        """Note which settings are in force from an epoch on."""
        item = Revision.now(revision, epoch, settings)
        self._write(lambda folder: append_revision(folder.settings_jsonl, item))
        self._revisions.append(item)

    def append_record(self, record: EpochRecord) -> None:
        """Note a finished epoch."""
        self._write(lambda folder: append_record(folder.history_csv, record))
        self.records.append(record)

    def write_events(self, saving: SavingSettings) -> None:
        """Bring the event file for TensorBoard up to date, if there is to be one."""
        if saving.tensorboard:
            self._events.follow(self.folder.tensorboard, self.records)
        else:
            self._events.close()

    def save_epoch(self, state: RunState, epoch: int, is_asked_for: bool) -> str:
        """Save the network after an epoch; return the file's name."""
        name = self._write(lambda folder: state.save_epoch(folder, epoch, is_asked_for))
        self._sizes[name] = self.folder.model(name).stat().st_size
        return name

    def keep_best(self, record: EpochRecord, is_asked_for: bool, saving: SavingSettings) -> tuple[int, ...]:
        """Remove what is not among the best models now that one more has been saved; return the epochs of those."""
        if record.model is None or is_asked_for:
            return ()
        self._removable.append(record)
        old = superfluous(self._removable, saving.keep_best, saving.improvement)
        for each in old:
            self._removable.remove(each)
            self._sizes.pop(str(each.model), None)
            self._remove_model(str(each.model))
        return tuple(each.epoch for each in old)

    def save_point(self, state: RunState, epoch: int, keep: int) -> None:
        """Save what going back to the end of an epoch needs; of all points, only the last `keep` stay."""
        if keep:
            self._write(lambda folder: state.save_point(folder, epoch))
        for path in self.folder.point_files()[: -keep or None]:
            _remove(path)

    def save_last(self, state: RunState, epoch: int, finished: bool) -> None:
        """Save what resuming needs."""
        self._write(lambda folder: state.save_last(folder, epoch, finished))

    def write_meta(self) -> None:
        """Write meta.xlsx; the run is complete without it, so that a failure is only logged."""
        config, data = self._known()
        try:
            write_meta_xlsx(config, data.table, self.folder)
        except OSError as error:
            # Open in Excel, say.
            logger.warning("meta.xlsx cannot be written: %s", error)

    def go_home(self, at_once: bool = False) -> None:
        """Bring the files back to the run's own folder, if it can be written again; tried now and then."""
        if not self.is_away or not (at_once or time.monotonic() - self._last_try >= _RETRY_SECONDS):
            return
        self._last_try = time.monotonic()
        away = self.folder
        try:
            _bring(away, self._home)
        except OSError as error:
            logger.info("%s cannot be written yet: %s", self._home.path, error)
            return
        # An open file could not be removed on Windows.
        self._events.close()
        self._use(self._home)
        while self._left_at_home:
            _remove(self._home.model(self._left_at_home.pop()))
        shutil.rmtree(away.path, ignore_errors=True)
        text = f"{self._home.path} can be written again: all files of the run are there."
        logger.info(text)
        self._publish(StorageChanged(self._home.path, text, is_fallback=False))

    def _remove_model(self, name: str) -> None:
        _remove(self.folder.model(name))
        if self.is_away:
            # A full disk has room then; from a drive that has gone it is removed when that is back.
            _remove(self._home.model(name))
            self._left_at_home.append(name)

    def _know(self, config: RunConfig, data: TrainingData) -> None:
        self._config, self._data = config, data
        self._zoo_text = self._model_zoo.read_bytes()

    def _known(self) -> tuple[RunConfig, TrainingData]:
        assert self._config is not None
        assert self._data is not None
        return self._config, self._data

    def _write(self, write: Callable[[RunFolder], T]) -> T:
        try:
            return write(self.folder)
        except OSError as error:
            if self.is_away:
                raise
            self._leave(error)
            return write(self.folder)

    def _leave(self, reason: OSError) -> None:
        """Go on in a fallback folder. Raises `reason` if there is none."""
        for parent in (user_data_dir() / _FALLBACKS, Path(tempfile.gettempdir()) / _FALLBACKS):
            folder = RunFolder(free_path(parent / self._home.path.name))
            try:
                folder.create()
                self._write_all(folder)
            except (OSError, AidError) as error:
                logger.info("%s is no place for the run: %s", folder.path, error)
                shutil.rmtree(folder.path, ignore_errors=True)
                continue
            break
        else:
            raise reason
        self._use(folder)
        self._last_try = time.monotonic()
        text = (
            f"{_problem(reason, self._home.path)} The run goes on in {folder.path}; its files are brought back when "
            f"{self._home.path.name} can be written again."
        )
        logger.info(text)
        self._publish(StorageChanged(folder.path, text, is_fallback=True))

    def _write_all(self, folder: RunFolder) -> None:
        """Write all that is known of the run, so that the folder is one of its own."""
        for item in self._revisions:
            append_revision(folder.settings_jsonl, item)
        for record in self.records:
            append_record(folder.history_csv, record)
        self._write_description(folder)

    def _write_description(self, folder: RunFolder) -> None:
        config, data = self._known()
        with write_atomically(folder.model_zoo) as temporary:
            temporary.write_bytes(self._zoo_text)
        split = config.split
        if split is not None and data.held_out is not None:
            write_held_out(data.held_out, folder.held_out)
            split = dataclasses.replace(split, held_out=folder.held_out.absolute())
        # run.toml comes last: it is what makes a folder a run. Its rows carry the digests of what is trained on.
        write_run_toml(dataclasses.replace(config, data=data_rows(data.table), split=split), folder.run_toml)

    def _use(self, folder: RunFolder) -> None:
        self._close_log()
        self.folder = folder
        self._log = add_run_log(folder.log)

    def _close_log(self) -> None:
        if self._log is not None:
            remove_run_log(self._log)
            self._log = None

    def _may_go(self, name: str) -> bool:
        path = self.folder.model(name)
        return path.is_file() and not read_card(path).is_asked_for


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        # Open in another program, say: one file too many is no reason to end a run.
        logger.info("%s cannot be removed: %s", path, error)
        return
    logger.info("%s/%s is removed: it is not to be kept any longer", path.parent.name, path.name)


def _bring(away: RunFolder, home: RunFolder) -> None:
    """Copy all files of a fallback folder. Raises OSError, then with all of them still there."""
    # A drive that has gone must not be replaced by a folder in its place.
    if not home.path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(home.path.parent))
    for source in _files_below(away.path):
        target = home.path / source.relative_to(away.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source == away.log:
            with target.open("ab") as file:
                file.write(source.read_bytes())
            continue
        with write_atomically(target) as temporary:
            shutil.copyfile(source, temporary)


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield all files; the log last, since copying it again would double its lines."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    yield from sorted(files, key=lambda path: path.suffix == ".log")


def _problem(error: OSError, folder: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk of {folder} is full."
    return f"{folder} cannot be written any more ({error.strerror or error})."

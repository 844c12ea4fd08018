"""Take a run back to an earlier epoch, so that it can go on from there another way."""

import shutil
from itertools import count
from pathlib import Path

from aid_desktop.errors import RunError
from aid_desktop.paths import write_atomically
from aid_desktop.runs.folder import RunFolder, model_epoch
from aid_desktop.runs.history import read_history, truncate_history
from aid_desktop.runs.lock import locked
from aid_desktop.runs.settings_log import truncate_revisions

_UNDONE = "undone_{:02}"


def can_go_back(folder: RunFolder, epoch: int) -> bool:
    """Return whether the network before `epoch` is kept."""
    return epoch > 0 and folder.point(epoch - 1).is_file()


def go_back(folder: RunFolder, epoch: int) -> Path:
    """Make a run that is not going on what it was before `epoch`: resuming it begins with that epoch.

    All that came later is set aside in a folder `undone_01` inside the run's, which is returned. Raises RunError when
    the network before `epoch` is not kept or the run goes on elsewhere, or OSError; the run can be resumed in any case.
    """
    if not can_go_back(folder, epoch):
        raise RunError(f"the run {folder.path.name} cannot go back to epoch {epoch}: the network before it is not kept")
    with locked(folder):
        return _set_aside(folder, epoch)


def _set_aside(folder: RunFolder, epoch: int) -> Path:
    undone = RunFolder(_free(folder.path))
    undone.models.mkdir(parents=True)
    undone.points.mkdir()
    for source in (folder.history_csv, folder.settings_jsonl, folder.last_model, folder.last_state, folder.meta_xlsx):
        if source.is_file():
            shutil.copyfile(source, undone.path / source.name)
    # The card inside last.keras is what a run is resumed by: from here on the run is the earlier one.
    with write_atomically(folder.last_model) as temporary:
        shutil.copyfile(folder.point(epoch - 1), temporary)
    for record in read_history(folder.history_csv).records:
        if record.epoch >= epoch and record.model and folder.model(record.model).is_file():
            shutil.move(folder.model(record.model), undone.model(record.model))
    for point in folder.point_files():
        if model_epoch(point.name) >= epoch:
            shutil.move(point, undone.points / point.name)
    truncate_history(folder.history_csv, epoch)
    truncate_revisions(folder.settings_jsonl, epoch - 1)
    return undone.path


def _free(folder: Path) -> Path:
    return next(path for number in count(1) if not (path := folder / _UNDONE.format(number)).exists())

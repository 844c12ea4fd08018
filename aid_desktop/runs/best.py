"""Which model file a path means."""

import dataclasses
from pathlib import Path

from aid_desktop.errors import RunError
from aid_desktop.runs.folder import RunFolder, is_run_folder
from aid_desktop.runs.history import History, read_history


def saved_history(folder: RunFolder) -> History:
    """Read a run's history; epochs whose model is not kept any more have none. Raises RunError."""
    history = read_history(folder.history_csv)
    there = {path.name for path in folder.models.glob("*.keras")}
    return History(
        tuple(
            record if record.model is None or record.model in there else dataclasses.replace(record, model=None)
            for record in history.records
        )
    )


def find_model(path: Path) -> Path:
    """Return a model file as it is, or the best saved model of a run folder. Raises RunError."""
    if not path.is_dir():
        return path
    if not is_run_folder(path):
        raise RunError(
            f"{path} is neither a model nor the folder of a run: choose a model file (.keras, .h5, or AIDeveloper's "
            ".model) or a run folder."
        )
    folder = RunFolder(path)
    best = saved_history(folder).best_saved()
    if best is None or best.model is None:
        if read_history(folder.history_csv).best_saved() is not None:
            raise RunError(f"The models that the run in {path} has saved are not there any more: choose a model file.")
        raise RunError(f"The run in {path} has saved no model yet: let it finish an epoch.")
    return folder.model(best.model)


def run_of(model: Path) -> RunFolder | None:
    """Return the run that saved a model file, where it still lies in its folder; else None."""
    model = model.absolute()
    for folder in model.parents[:2]:
        run = RunFolder(folder)
        if is_run_folder(folder) and model in (run.last_model, run.model(model.name)):
            return run
    return None

"""`aid-desktop train RUN.toml`: the same training without a window."""

import argparse
import dataclasses
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aid_desktop.cli import train_series
from aid_desktop.cli.interrupt import INTERRUPTED, stop_on_ctrl_c
from aid_desktop.cli.monitor import Monitor
from aid_desktop.cli.output import add_json_option, write_json
from aid_desktop.cli.run_options import add_run_options, provide_weights, run_toml_of
from aid_desktop.errors import AidError, TrainingError
from aid_desktop.models.cluster import Cluster, read_cluster
from aid_desktop.models.strategies import MULTI_WORKER
from aid_desktop.models.zoo import find_zoo
from aid_desktop.runs.best import saved_history
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.training.events import RunFailed, RunFinished
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("train", help="train as a run.toml says")
    add_run_options(parser)
    parser.add_argument("--out", metavar="DIR", type=Path, help="run folder (default: run, or series, beside RUN.toml)")
    parser.add_argument("--epochs", metavar="N", type=int, help="instead of the file's number")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out, or in RUN.toml's folder")
    train_series.add_options(parser)
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def make_run(options: argparse.Namespace) -> TrainingRun:
    """Return the run that the arguments describe. Raises AidError."""
    if options.resume and options.seed is not None:
        raise TrainingError("--seed cannot change in a resumed run: it decides which images are held out")
    if options.resume and (options.model_zoo is not None or options.download_weights):
        raise TrainingError("--model-zoo and --download-weights are for a new run: a resumed one has its network")
    path = run_toml_of(options.run_toml)
    folder = RunFolder((options.out or (path.parent if options.resume else path.parent / "run")).absolute())
    config = read_run_toml(folder.run_toml if options.resume else path)
    config = config.with_changes(epochs=options.epochs, seed=options.seed, device=options.device)
    zoo = folder.model_zoo if options.resume else find_zoo(options.model_zoo)
    if not options.resume:
        provide_weights([(config.model, config.image)], zoo, options.download_weights)
    return TrainingRun(config, folder, zoo, resume=options.resume)


def _as_worker(run: TrainingRun, cluster: Cluster, private: Path) -> TrainingRun:
    """Return the run as one of several workers trains it: only the chief writes the run's folder."""
    config = run.config
    if config.training.hyperparameters.precision == "auto" and config.device.measured_precision is None:
        raise TrainingError("training.precision: auto cannot be measured with multi_worker: choose a number format")
    if cluster.is_chief:
        return run
    if run.resume:
        shutil.copytree(run.folder.path, private, dirs_exist_ok=True)
    return dataclasses.replace(run, folder=RunFolder(private))


def result(folder: RunFolder) -> dict[str, Any]:
    """Return what `--json` prints about a finished run."""
    history = saved_history(folder)
    best = history.best_saved()
    rows = [{name: record.value(name) for name in record.columns} for record in history.records]
    return {
        "best_epoch": best.epoch if best else None,
        "best_model": str(folder.model(best.model)) if best and best.model else None,
        "history": rows,
        "seconds": sum(record.seconds for record in history.records),
    }


def _run(options: argparse.Namespace) -> int:
    if train_series.is_meant(options):
        return train_series.run(options)
    with TemporaryDirectory(prefix="aid-desktop-worker-") as private:
        run = make_run(options)
        if run.config.device.strategy == MULTI_WORKER:
            run = _as_worker(run, read_cluster(os.environ), Path(private))
        return _train(run, options)


def _train(run: TrainingRun, options: argparse.Namespace) -> int:
    monitor = Monitor(quiet=options.json)
    interrupted = stop_on_ctrl_c(run.control)
    train(run, monitor.show)
    match monitor.last:
        case RunFailed(message=message) | RunFinished(reason=message, has_diverged=True):
            raise TrainingError(message)
        case RunFinished(folder=folder) if options.json:
            # Another one than was asked for, if that could not be written.
            write_json(result(RunFolder(folder)))
        case RunFinished():
            pass
        case _:
            raise AidError("the run ended without a word: see run.log")
    return INTERRUPTED if interrupted else 0

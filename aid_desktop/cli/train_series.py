"""`aid-desktop train` with several architectures, seeds or folds: the runs in turn, and their comparison."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aid_desktop.cli.interrupt import INTERRUPTED, stop_on_ctrl_c
from aid_desktop.cli.monitor import Monitor
from aid_desktop.cli.output import write_error, write_json, write_line
from aid_desktop.cli.run_options import provide_weights, run_toml_of
from aid_desktop.errors import AidError, TrainingError
from aid_desktop.models.strategies import MULTI_WORKER
from aid_desktop.models.zoo import find_zoo
from aid_desktop.runs.comparison import Comparison, RunResult, Summary, compare, write_comparison
from aid_desktop.runs.comparison_table import run_table, summary_table
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.runs.series import (
    PlannedRun,
    Series,
    SeriesChoice,
    create_series,
    is_series_folder,
    plan_runs,
    read_series,
)
from aid_desktop.training.control import RunControl
from aid_desktop.training.events import RunFailed, RunFinished
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

_FAILED = 1


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of which each makes a series."""
    group = parser.add_argument_group("several runs, one after the other, with a comparison at the end")
    group.add_argument(
        "--architecture", metavar="NAME", action="append", help="instead of the file's; several times: all in turn"
    )
    group.add_argument("--repeat", metavar="N", type=int, help="train N times, with one seed after the other")
    group.add_argument("--folds", metavar="K", type=int, help="cross-validation: hold out each of K parts in turn")


def is_meant(options: argparse.Namespace) -> bool:
    """Return whether the arguments are about a series."""
    return _has_choice(options) or (options.resume and is_series_folder(_resumed_path(options)))


def run(options: argparse.Namespace) -> int:
    """Train all runs, or those that are left; return 1 if one has failed, 130 when interrupted."""
    series, runs = _resumed(options) if options.resume else _begun(options)
    control = RunControl()
    interrupted = stop_on_ctrl_c(control)
    failures: dict[str, str] = {}
    for number, planned in enumerate(runs, start=1):
        if control.stop_requested:
            break
        if not options.json:
            write_line(f"Run {number} of {len(runs)}: {planned.name}")
        failure = _train(series, planned, options, control)
        if failure:
            failures[planned.name] = failure
            write_error(f"{planned.name}: {failure}")
    comparison = compare(series)
    write_comparison(comparison, series.comparison_csv)
    if options.json:
        write_json(_document(series, comparison, failures))
    else:
        _write_text(series, comparison)
    if interrupted:
        return INTERRUPTED
    return _FAILED if failures else 0


def _has_choice(options: argparse.Namespace) -> bool:
    return not (options.architecture is None and options.repeat is None and options.folds is None)


def _resumed_path(options: argparse.Namespace) -> Path:
    path: Path = options.out or options.run_toml
    return path


def _resumed(options: argparse.Namespace) -> tuple[Series, tuple[PlannedRun, ...]]:
    given = (options.seed, options.epochs, options.model_zoo, options.download_weights or None)
    if _has_choice(options) or any(each is not None for each in given):
        raise TrainingError(
            "--architecture, --repeat, --folds, --seed, --epochs, --model-zoo and --download-weights cannot change in "
            "a resumed series: its runs are to be compared with each other"
        )
    _refuse_workers(options.device)
    series = read_series(_resumed_path(options).absolute())
    return series, series.unfinished()


def _begun(options: argparse.Namespace) -> tuple[Series, tuple[PlannedRun, ...]]:
    path = run_toml_of(options.run_toml)
    config = read_run_toml(path)
    config = config.with_changes(epochs=options.epochs, seed=options.seed, device=options.device)
    _refuse_workers(config.device.strategy)
    zoo = find_zoo(options.model_zoo)
    repetitions = 1 if options.repeat is None else options.repeat
    choice = SeriesChoice(tuple(options.architecture or ()), repetitions, options.folds or 0)
    planned = plan_runs(config, choice)
    provide_weights([(run.config.model, run.config.image) for run in planned], zoo, options.download_weights)
    series = create_series((options.out or path.parent / "series").absolute(), planned, zoo)
    return series, series.runs


def _refuse_workers(strategy: str | None) -> None:
    if strategy == MULTI_WORKER:
        raise TrainingError(
            f"device.strategy: got {strategy!r}, but several computers train one run at a time: leave out "
            "--architecture, --repeat and --folds, or choose another device"
        )


def _train(series: Series, planned: PlannedRun, options: argparse.Namespace, control: RunControl) -> str:
    """Train one run to its end; return why it failed, "" if it did not."""
    monitor = Monitor(quiet=options.json)
    try:
        begun = series.resume_point(planned)
        config = (begun or planned.config).with_changes(device=options.device)
    except AidError as error:
        return str(error)
    folder = series.folder(planned)
    train(TrainingRun(config, folder, series.model_zoo, control=control, resume=begun is not None), monitor.show)
    match monitor.last:
        case RunFailed(message=message) | RunFinished(reason=message, has_diverged=True):
            return message
        case RunFinished():
            return ""
        case _:
            return "the run ended without a word: see its run.log"


def _document(series: Series, comparison: Comparison, failures: Mapping[str, str]) -> dict[str, Any]:
    return {
        "series": str(series.path),
        "comparison": str(series.comparison_csv),
        "runs": [_run_document(result, failures.get(result.name)) for result in comparison.runs],
        "summary": [_summary_document(summary) for summary in comparison.summaries],
    }


def _run_document(result: RunResult, failure: str | None) -> dict[str, Any]:
    model = result.best.model if result.best else None
    return {
        "name": result.name,
        "architecture": result.architecture,
        "seed": result.seed,
        "fold": result.fold[0] if result.fold else None,
        "state": str(result.state),
        "error": failure,
        "best_model": str(result.folder.model(model)) if model else None,
        **result.values,
        "best_epoch": result.best.epoch if result.best else None,
        "epochs": result.n_epochs,
        "seconds": result.seconds,
    }


def _summary_document(summary: Summary) -> dict[str, Any]:
    measures = {name: {"mean": one.mean, "sd": one.sd} for name, one in summary.measures.items()}
    return {"architecture": summary.architecture, "runs": summary.n_runs, **measures}


def _write_text(series: Series, comparison: Comparison) -> None:
    for table in (run_table(comparison), summary_table(comparison)):
        write_line()
        for line in table.lines():
            write_line(line)
    write_line()
    write_line(f"Mean ± standard deviation over the finished runs; written to {series.comparison_csv}")

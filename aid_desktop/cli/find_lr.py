"""`aid-desktop find-lr RUN.toml`: a learning-rate range test."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from aid_desktop.cli.interrupt import INTERRUPTED, stop_on_ctrl_c
from aid_desktop.cli.output import add_json_option, parse_count, write_json, write_line
from aid_desktop.cli.run_options import add_run_options, provide_weights, run_toml_of
from aid_desktop.models.zoo import find_zoo
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.training.lr_finder import N_STEPS, find_learning_rate
from aid_desktop.training.range_test import RangeTest
from aid_desktop.training.run import TrainingRun


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("find-lr", help="find a learning rate for a run.toml")
    add_run_options(parser)
    parser.add_argument(
        "--steps", metavar="N", type=parse_count, default=N_STEPS, help="number of batches (default %(default)s)"
    )
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    config = read_run_toml(run_toml_of(options.run_toml))
    config = config.with_changes(seed=options.seed, device=options.device)
    zoo = find_zoo(options.model_zoo)
    provide_weights([(config.model, config.image)], zoo, options.download_weights)
    with TemporaryDirectory() as folder:
        run = TrainingRun(config, RunFolder(Path(folder)), zoo)
        stop_on_ctrl_c(run.control)
        say = (lambda text: None) if options.json else (lambda text: write_line(f"{text} …"))
        test = find_learning_rate(run, say, lambda done, total: None, options.steps)
    if test is None:
        return INTERRUPTED
    if options.json:
        write_json(_document(test))
    else:
        _write_text(test)
    return 0


def _document(test: RangeTest) -> dict[str, object]:
    low, high = test.span or (None, None)
    return {
        "suggestion": test.steepest,
        "low": low,
        "high": high,
        "rates": test.rates.tolist(),
        "losses": test.losses.tolist(),
        "smoothed": test.smoothed.tolist(),
        "slopes": test.slopes.tolist(),
    }


def _write_text(test: RangeTest) -> None:
    for rate, loss, smoothed in zip(test.rates, test.losses, test.smoothed, strict=True):
        write_line(f"{rate:10.3g}  loss {loss:.4f}  smoothed {smoothed:.4f}")
    if test.steepest is None or test.span is None:
        write_line("The loss never fell: try more steps, another optimizer, or look at the images and their classes.")
        return
    low, high = test.span
    write_line(f"The loss falls fastest at {test.steepest:.3g}; a cyclic schedule may go from {low:.3g} to {high:.3g}.")

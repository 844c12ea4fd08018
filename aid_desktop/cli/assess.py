"""`aid-desktop assess MODEL`: how good is a model on labelled images."""

import argparse
from dataclasses import replace
from pathlib import Path

from aid_desktop.cli.models import add_model_argument, load
from aid_desktop.cli.output import (
    add_json_option,
    add_threshold_option,
    parse_threshold,
    progress_bar,
    write_json,
    write_line,
)
from aid_desktop.data.class_table import Role
from aid_desktop.errors import DataError
from aid_desktop.evaluation.assess import predict_rows
from aid_desktop.evaluation.assessment import assess
from aid_desktop.evaluation.calibration import Calibration, fit_temperature, store_temperature
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.labelled import labelled_images
from aid_desktop.evaluation.metrics import HEADLINES, Scores
from aid_desktop.evaluation.roles import RoleImages, images_of_role
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.runs.config import DataRow, open_table
from aid_desktop.runs.held_out import read_held_out
from aid_desktop.runs.run_toml import read_run_toml


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("assess", help="score a model on labelled images")
    add_model_argument(parser)
    add_images_options(parser, Role.TEST)
    parser.add_argument("--out", metavar="DIR", type=Path, help="write a report there: html, xlsx, csv, png")
    parser.add_argument(
        "--calibrate",
        action="store_true",
        help="first find the temperature at which the probabilities are true for the validation images of --run, and "
        "keep it in MODEL; the classes predicted stay the same",
    )
    add_threshold_option(parser)
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def add_images_options(parser: argparse.ArgumentParser, role: Role) -> None:
    """Add what `images_of` reads: `--data`, `--labelled`, `--run` and `--role`, with its default."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", metavar="CLASS=PATH", action="append", default=[], help="labelled images; repeatable")
    source.add_argument(
        "--labelled",
        metavar="FILE",
        type=Path,
        help="images of all classes with their labels beside them: x_Data.rtdc and x_Labels.txt, or x.rtdc and "
        "x_labels.txt",
    )
    source.add_argument("--run", metavar="RUN.toml", type=Path, help="take the rows of this run")
    parser.add_argument(
        "--role", choices=[each.value for each in Role], default=role, help=f"which rows of --run (default {role})"
    )


def _run(options: argparse.Namespace) -> int:
    loaded = load(options)
    images = images_of(options, loaded.card)
    threshold = parse_threshold(options.threshold, loaded.card.class_names)
    role = Role(options.role) if options.run is not None else Role.TEST
    fitted = None
    if options.calibrate:
        loaded, fitted = _calibrate(options, loaded)
    with progress_bar(options.json) as progress_of:
        made = assess(loaded, images, role, threshold, options.labelled, progress_of("assessing"))
    if options.out is not None:
        with progress_bar(options.json) as progress_of:
            made.write(options.out, progress_of("writing"))
    if options.json:
        write_json(made.scores.to_json(made.matrix) | {"temperature": loaded.card.temperature})
    else:
        if fitted is not None:
            _show_calibration(fitted, loaded.card)
        _show(made.scores, made.matrix)
    return 0


def images_of(options: argparse.Namespace, card: ModelCard) -> RoleImages:
    """Return the labelled images that the options name; those of `--data` as test images. Raises AidError."""
    if options.run is not None:
        return _images_of_run(options.run, Role(options.role))
    if options.labelled is not None:
        return labelled_images(options.labelled, card.class_names, card.zoom)
    if not options.data:
        raise DataError("nothing to assess on: give --data CLASS=PATH, --labelled FILE or --run RUN.toml")
    rows = open_table(_labelled(text, card) for text in options.data).rows
    return images_of_role(rows, Role.TEST, None)


def _images_of_run(run: Path, role: Role) -> RoleImages:
    path = run / "run.toml" if run.is_dir() else run
    config = read_run_toml(path)
    listed = config.split.held_out if config.split is not None else None
    held_out = read_held_out(listed) if listed is not None and role is not Role.TEST else None
    # Validation images may have been held out of training rows.
    roles = {role} if held_out is None else {role, Role.TRAINING}
    rows = open_table(row for row in config.data if row.role in roles).rows
    if held_out is not None:
        held_out.check(row.source for row in rows if row.role is Role.TRAINING)
    images = images_of_role(rows, role, held_out)
    if not images.rows:
        hint = ""
        if role is Role.VALIDATION and config.split is not None:
            hint = "; the run.toml in the run's own folder knows what was held out"
        raise DataError(f"{path} has no rows of the role {role}: give --role or --data{hint}")
    return images


def _labelled(text: str, card: ModelCard) -> DataRow:
    name, separator, path = text.partition("=")
    if not separator or not path:
        raise DataError(f"--data: got {text!r}, expected CLASS=PATH with one of {', '.join(card.class_names)}")
    return DataRow(Path(path).absolute(), name, Role.TEST, zoom=card.zoom)


def _calibrate(options: argparse.Namespace, loaded: LoadedModel) -> tuple[LoadedModel, Calibration]:
    if options.run is None:
        raise DataError("--calibrate needs --run RUN.toml: the temperature is fitted on its validation images")
    images = _images_of_run(options.run, Role.VALIDATION)
    # Fitted to what the network says itself, whatever was found before.
    plain = replace(loaded, card=replace(loaded.card, temperature=1.0))
    with progress_bar(options.json) as progress_of:
        predictions = predict_rows(plain, images.rows, progress_of("calibrating"), indices=images.indices)
    fitted = fit_temperature(predictions)
    card = store_temperature(loaded.path, loaded.card, fitted.temperature)
    return replace(loaded, card=card), fitted


def _show_calibration(fitted: Calibration, card: ModelCard) -> None:
    write_line(
        f"temperature {card.temperature:.4f} from {fitted.n} validation images, now in the model: log loss "
        f"{fitted.log_loss[0]:.4f} to {fitted.log_loss[1]:.4f}, calibration error {fitted.ece[0]:.4f} to "
        f"{fitted.ece[1]:.4f}"
    )


def _show(scores: Scores, matrix: ConfusionMatrix) -> None:
    width = max(len(name) for name in (*matrix.class_names, "actual"))
    write_line(f"{scores.n} images, accuracy {_with_limits(scores, 'accuracy')}; in brackets: 95 % confidence")
    longest = max(len(title) for title, _ in HEADLINES.values())
    for key, (title, _) in list(HEADLINES.items())[1:]:
        write_line(f"{title:<{longest}}  {_with_limits(scores, key)}")
    write_line("  ".join([f"{'actual':<{width}}", *(f"{name:>{width}}" for name in matrix.class_names)]))
    for name, counts in zip(matrix.class_names, matrix.counts, strict=True):
        write_line("  ".join([f"{name:<{width}}", *(f"{count:>{width}}" for count in counts)]))
    for item in scores.per_class:
        enrichment = "-" if item.enrichment is None else f"{item.enrichment:.3f}"
        write_line(
            f"{item.name:<{width}}  precision {item.precision:.4f}  recall {item.recall:.4f}  F1 {item.f1:.4f}  "
            f"{item.support} images  enrichment {enrichment}"
        )


def _with_limits(scores: Scores, key: str) -> str:
    value, interval = scores.headlines[key], scores.intervals.get(key)
    number = "-" if value is None else f"{value:.4f}"
    return number if interval is None else f"{number} [{interval[0]:.4f} to {interval[1]:.4f}]"

"""`aid-desktop assess MODEL`: how good is a model on labelled images."""

import argparse
from pathlib import Path

from aid_desktop.cli.models import load
from aid_desktop.cli.output import (
    add_json_option,
    add_threshold_option,
    parse_threshold,
    write_json,
    write_line,
)
from aid_desktop.data.class_table import ClassRow, Role
from aid_desktop.errors import DataError
from aid_desktop.evaluation.assess import predict_rows
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import Scores, score
from aid_desktop.evaluation.report import write_report
from aid_desktop.models.metadata import ModelCard
from aid_desktop.runs.config import DataRow, open_table, read_run_toml


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("assess", help="score a model on labelled images")
    parser.add_argument("model", metavar="MODEL", type=Path, help="a .keras file, or a run folder")
    parser.add_argument("--data", metavar="CLASS=PATH", action="append", default=[], help="labelled images; repeatable")
    parser.add_argument("--run", metavar="RUN.toml", type=Path, help="take the rows of this run")
    parser.add_argument(
        "--role", choices=[role.value for role in Role], default=Role.TEST, help="which rows of --run (default test)"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="write a report there (html, xlsx, csv, png)")
    add_threshold_option(parser)
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    loaded = load(options.model)
    predictions = predict_rows(loaded, _rows(options, loaded.card))
    threshold = parse_threshold(options.threshold, predictions.class_names)
    scores = score(predictions, threshold)
    matrix = ConfusionMatrix.from_predictions(predictions, threshold)
    if options.out is not None:
        write_report(scores, matrix, predictions, options.out, loaded.path.name, loaded.path)
    if options.json:
        write_json(scores.to_json(matrix))
    else:
        _show(scores, matrix)
    return 0


def _rows(options: argparse.Namespace, card: ModelCard) -> tuple[ClassRow, ...]:
    if options.run is not None:
        path = options.run / "run.toml" if options.run.is_dir() else options.run
        rows = tuple(row for row in read_run_toml(path).data if row.role == options.role)
        if not rows:
            raise DataError(f"{path} has no rows of the role {options.role}: give --role or --data")
    elif options.data:
        rows = tuple(_labelled(text, card) for text in options.data)
    else:
        raise DataError("nothing to assess on: give --data CLASS=PATH or --run RUN.toml")
    return open_table(rows).rows


def _labelled(text: str, card: ModelCard) -> DataRow:
    name, separator, path = text.partition("=")
    if not separator or not path:
        raise DataError(f"--data: got {text!r}, expected CLASS=PATH with one of {', '.join(card.class_names)}")
    return DataRow(Path(path).absolute(), name, Role.TEST, zoom=card.zoom)


def _show(scores: Scores, matrix: ConfusionMatrix) -> None:
    width = max(len(name) for name in (*matrix.class_names, "actual"))
    write_line(f"{scores.n} images, accuracy {scores.accuracy:.4f}")
    write_line("  ".join([f"{'actual':<{width}}", *(f"{name:>{width}}" for name in matrix.class_names)]))
    for name, counts in zip(matrix.class_names, matrix.counts, strict=True):
        write_line("  ".join([f"{name:<{width}}", *(f"{count:>{width}}" for count in counts)]))
    for item in scores.per_class:
        write_line(
            f"{item.name:<{width}}  precision {item.precision:.4f}  recall {item.recall:.4f}  F1 {item.f1:.4f}  "
            f"{item.support} images"
        )

"""`aid-desktop find-label-errors MODEL`: which images perhaps have a wrong class."""

import argparse
from pathlib import Path

from aid_desktop.cli.assess import add_images_options, images_of
from aid_desktop.cli.models import add_model_argument, load
from aid_desktop.cli.output import add_json_option, write_json, write_line
from aid_desktop.data.class_table import Role
from aid_desktop.errors import DataError
from aid_desktop.evaluation.assess import predict_rows
from aid_desktop.evaluation.label_issues import LabelIssues
from aid_desktop.evaluation.label_search import search_labels
from aid_desktop.evaluation.label_tables import issue_rows, issues_to_json, write_label_issues
from aid_desktop.evaluation.series_predictions import finished_folders, training_images
from aid_desktop.runs.series import is_series_folder, read_series

_LINES_SHOWN = 20
_EPILOG = (
    "With --role training (also of --data) the probabilities come from a cross-validation, with another role from the "
    "model itself. MODEL may be the folder of a series of runs: then each image is judged by the runs that have held "
    "it out, without --data or --run all training images of the series."
)


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("find-label-errors", help="list images whose class is perhaps wrong", epilog=_EPILOG)
    add_model_argument(parser)
    add_images_options(parser, Role.TRAINING)
    parser.add_argument(
        "--group-by",
        metavar="RULE",
        help="training images of a group are judged by a classifier that has seen none of the group: file, folder, "
        "folder_name or a regular expression",
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the list there (.csv or .xlsx)")
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    series = read_series(options.model) if is_series_folder(options.model) else None
    if series is not None:
        _check_role(options)
        options.model = finished_folders(series)[0].path
    loaded = load(options)
    is_named = options.run is not None or options.labelled is not None or options.data
    images = images_of(options, loaded.card) if series is None or is_named else training_images(series)
    predictions = predict_rows(loaded, images.rows, indices=images.indices)
    found = search_labels(loaded, predictions, Role(options.role), series, options.group_by)
    if options.out is not None:
        write_label_issues(options.out, found)
    if options.json:
        write_json(issues_to_json(found))
    else:
        _show(found, options.out)
    return 0


def _check_role(options: argparse.Namespace) -> None:
    if Role(options.role) is not Role.TRAINING:
        raise DataError(
            f"--role: got {options.role}, and a series judges the images that its runs have held out of the training "
            "rows: leave --role out"
        )


def _show(found: LabelIssues, out: Path | None) -> None:
    counts = ", ".join(f"{reason} {number}" for reason, number in found.counts.items())
    write_line(f"{found.predictions.n} images, {len(found.issues)} suspicious: {counts}")
    write_line(found.evidence)
    rows = issue_rows(found)
    for row in rows[:_LINES_SHOWN]:
        _, _, _, image, actual, suggested, score, reasons, *_ = row
        looks = f" → {suggested}" if suggested else ""
        value = f"{score:.3f}" if isinstance(score, float) else "  –  "
        write_line(f"{value}  {actual}{looks}  {image}  {reasons}")
    if len(rows) > _LINES_SHOWN:
        write_line(f"and {len(rows) - _LINES_SHOWN} more{'' if out is not None else ': give --out FILE for all'}")

"""`aid-desktop classify MODEL PATH...`: which class does each image have."""

import argparse
from pathlib import Path

import numpy as np

from aid_desktop.cli.models import load
from aid_desktop.cli.output import (
    add_json_option,
    add_threshold_option,
    parse_threshold,
    write_error,
    write_json,
    write_line,
)
from aid_desktop.data.formats import open_source
from aid_desktop.errors import ExportError
from aid_desktop.evaluation.assess import predict_sources
from aid_desktop.evaluation.classified import classified_paths, write_classified_rtdc
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.evaluation.tables import write_predictions_csv, write_predictions_xlsx

_WRITERS = {".csv": write_predictions_csv, ".xlsx": write_predictions_xlsx}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("classify", help="classify images without labels")
    parser.add_argument("model", metavar="MODEL", type=Path, help="a .keras file, or a run folder")
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="folders of images or .rtdc files")
    parser.add_argument("--out", metavar="FILE", type=Path, help=".csv or .xlsx; with --into-rtdc a folder")
    parser.add_argument("--into-rtdc", action="store_true", help="write <name>_classified.rtdc for each .rtdc file")
    add_threshold_option(parser)
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    if options.out is not None and not options.into_rtdc and options.out.suffix.lower() not in _WRITERS:
        raise ExportError(f"--out: got {options.out}, expected a name that ends with .csv or .xlsx")
    loaded = load(options.model)
    sources = [open_source(path).source for path in options.paths]
    for source in sources:
        if source.problems:
            write_error(f"{source.path}: {source.problem_text}: {', '.join(p.name for p in source.problems)}")
    predictions = predict_sources(loaded, sources)
    threshold = parse_threshold(options.threshold, predictions.class_names)
    files = _write(options, predictions, threshold)
    numbers = np.bincount(predictions.predicted(threshold), minlength=predictions.n_classes)
    counts = dict(zip(predictions.class_names, map(int, numbers), strict=True))
    if options.json:
        write_json({"n": predictions.n, "counts": counts, "files": [str(file) for file in files]})
    else:
        write_line(f"{predictions.n} images: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
        for file in files:
            write_line(str(file))
    return 0


def _write(options: argparse.Namespace, predictions: Predictions, threshold: Threshold | None) -> list[Path]:
    if options.into_rtdc:
        if options.out is not None:
            options.out.mkdir(parents=True, exist_ok=True)
        paths = classified_paths(predictions.sources, options.out)
        return [
            write_classified_rtdc(source, predictions, path, threshold)
            for source, path in zip(predictions.sources, paths, strict=True)
        ]
    if options.out is None:
        return []
    _WRITERS[options.out.suffix.lower()](options.out, predictions, threshold=threshold)
    return [options.out]

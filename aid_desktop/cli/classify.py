"""`aid-desktop classify MODEL PATH...`: which class does each image have."""

import argparse
from pathlib import Path

from aid_desktop.cli.classify_tiles import add_tile_options, check_tile_options, write_tile_maps
from aid_desktop.cli.models import add_model_argument, load
from aid_desktop.cli.output import (
    add_json_option,
    add_threshold_option,
    parse_threshold,
    write_error,
    write_json,
    write_line,
)
from aid_desktop.cli.sources import add_part_option, open_paths
from aid_desktop.errors import ExportError
from aid_desktop.evaluation.assess import predict_sources
from aid_desktop.evaluation.classified import write_classified_copies
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.evaluation.tables import TABLE_SUFFIXES, write_predictions


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("classify", help="classify images without labels")
    add_model_argument(parser)
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="folders or files of images")
    parser.add_argument("--out", metavar="FILE", type=Path, help=".csv or .xlsx; with --into-rtdc or --tiles a folder")
    parser.add_argument("--into-rtdc", action="store_true", help="write <name>_classified.rtdc for each .rtdc file")
    add_part_option(parser)
    add_tile_options(parser)
    add_threshold_option(parser)
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    check_tile_options(options)
    writes_table = options.out is not None and not options.into_rtdc and options.tiles is None
    if writes_table and options.out.suffix.lower() not in TABLE_SUFFIXES:
        raise ExportError(f"--out: got {options.out}, expected a name that ends with .csv or .xlsx")
    loaded = load(options)
    readers = open_paths(options.paths, options.part)
    for source in (reader.source for reader in readers):
        if source.problems:
            write_error(f"{source.path}: {source.problem_text}: {', '.join(p.name for p in source.problems)}")
    threshold = parse_threshold(options.threshold, loaded.card.class_names)
    if options.tiles is not None:
        found = write_tile_maps(loaded, readers, options, threshold)
        n, counts, files, what = found.n, found.counts, found.files, "tiles"
    else:
        predictions = predict_sources(loaded, [reader.source for reader in readers])
        files, what = _write(options, predictions, threshold), "images"
        n, counts = predictions.n, predictions.class_counts(threshold)
    if options.json:
        write_json({"n": n, "counts": counts, "files": [str(file) for file in files]})
    else:
        write_line(f"{n} {what}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
        for file in files:
            write_line(str(file))
    return 0


def _write(options: argparse.Namespace, predictions: Predictions, threshold: Threshold | None) -> tuple[Path, ...]:
    if options.into_rtdc:
        if options.out is not None:
            options.out.mkdir(parents=True, exist_ok=True)
        return write_classified_copies(predictions, options.out, threshold)
    if options.out is None:
        return ()
    write_predictions(options.out, predictions, threshold)
    return (options.out,)

"""`aid-desktop classify MODEL PATH...`: which class does each image have."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aid_desktop.cli.classify_tiles import add_tile_options, check_tile_options, write_tile_maps
from aid_desktop.cli.models import add_model_argument, load
from aid_desktop.cli.output import (
    add_json_option,
    add_threshold_option,
    parse_threshold,
    progress_bar,
    write_error,
    write_json,
    write_line,
)
from aid_desktop.cli.sources import add_part_option, open_paths
from aid_desktop.data.source import ImageReader
from aid_desktop.errors import ExportError
from aid_desktop.evaluation.assess import predict_sources
from aid_desktop.evaluation.decision import Decision
from aid_desktop.evaluation.outputs import Outputs, Written, write_outputs
from aid_desktop.evaluation.sorting import Link
from aid_desktop.evaluation.summary import summary_lines
from aid_desktop.evaluation.tables import TABLE_SUFFIXES
from aid_desktop.long_work import Progress
from aid_desktop.models.files import LoadedModel


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("classify", help="classify images without labels")
    add_model_argument(parser)
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="folders or files of images")
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=Path,
        help="a table, .csv or .xlsx; any other name is the folder for --into-rtdc, --aideveloper-xlsx or --tiles",
    )
    parser.add_argument(
        "--aideveloper-xlsx",
        action="store_true",
        help="write <name>_Prediction.xlsx for each PATH, as AIDeveloper does",
    )
    parser.add_argument("--into-rtdc", action="store_true", help="write <name>_classified.rtdc for each .rtdc file")
    parser.add_argument(
        "--basin", action="store_true", help="with --into-rtdc: small files that refer to the originals for all else"
    )
    parser.add_argument("--sort-into", metavar="DIR", type=Path, help="put the images into a folder for each class")
    parser.add_argument(
        "--link", choices=list(map(str, Link)), help="with --sort-into: copy image files, the default, or link them"
    )
    parser.add_argument(
        "--reject",
        metavar="P",
        type=_parse_probability,
        help="no class for images whose highest probability is below P",
    )
    add_part_option(parser)
    add_tile_options(parser)
    add_threshold_option(parser)
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    check_tile_options(options)
    outputs = None if options.tiles is not None else _outputs(options)
    loaded = load(options)
    readers = open_paths(options.paths, options.part)
    for source in (reader.source for reader in readers):
        if source.problems:
            write_error(f"{source.path}: {source.problem_text}: {', '.join(p.name for p in source.problems)}")
    threshold = parse_threshold(options.threshold, loaded.card.class_names)
    if outputs is None:
        found = write_tile_maps(loaded, readers, options, threshold)
        _tell(options, {"n": found.n, "counts": found.counts, "files": list(map(str, found.files))}, "tiles")
        return 0
    with progress_bar(options.json) as progress_of:
        written = _classify(loaded, readers, outputs, Decision(threshold, options.reject), progress_of)
    _tell(options, _document(written), "images", summary_lines(written.summary))
    for note in written.notes:
        write_error(note)
    return 0


def _outputs(options: argparse.Namespace) -> Outputs:
    """Return what is to be written. Raises ExportError for options that do not go together."""
    in_folder = options.into_rtdc or options.aideveloper_xlsx
    is_table = options.out is not None and options.out.suffix.lower() in TABLE_SUFFIXES
    if options.out is not None and not is_table and not in_folder:
        raise ExportError(f"--out: got {options.out}, expected a name that ends with .csv or .xlsx")
    if options.basin and not options.into_rtdc:
        raise ExportError("--basin: give --into-rtdc as well, of whose files it makes small ones")
    if options.link and options.sort_into is None:
        raise ExportError("--link: give the folder to sort the images into, --sort-into, as well")
    return Outputs(
        table=options.out if is_table else None,
        with_aideveloper=options.aideveloper_xlsx,
        with_rtdc=options.into_rtdc,
        as_basin=options.basin,
        folder=None if is_table else options.out,
        sort_into=options.sort_into,
        link=Link(options.link or Link.COPY),
    )


def _classify(
    loaded: LoadedModel,
    readers: list[ImageReader],
    outputs: Outputs,
    decision: Decision,
    progress_of: Callable[[str], Progress | None],
) -> Written:
    sources = [reader.source for reader in readers]
    outputs.check(sources)
    predictions = predict_sources(loaded, sources, progress_of("classifying"))
    return write_outputs(predictions, outputs, decision, loaded.path, progress_of("writing"))


def _document(written: Written) -> dict[str, Any]:
    total = written.summary.total
    return {
        "n": total.n,
        "counts": dict(zip(written.summary.class_names, total.counts, strict=True)),
        "rejected": total.n_rejected,
        "files": list(map(str, written.files)),
        "summary": None if written.summary_file is None else str(written.summary_file),
        "per_file": written.summary.to_json(),
    }


def _tell(options: argparse.Namespace, document: dict[str, Any], what: str, lines: list[str] | None = None) -> None:
    if options.json:
        write_json(document)
        return
    counts = [f"{name} {count}" for name, count in document["counts"].items()]
    if options.reject is not None:
        counts.append(f"rejected {document['rejected']}")
    write_line(f"{document['n']} {what}: " + ", ".join(counts))
    for line in (*(lines or ()), *document["files"], document.get("summary")):
        if line:
            write_line(line)


def _parse_probability(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a probability from 0 to 1")
    return number

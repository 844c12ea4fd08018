"""`aid-desktop export MODEL...`: networks for other programs, each compared with Keras in its own runtime."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aid_desktop.cli.models import add_model_argument, find, read_facts
from aid_desktop.cli.output import add_json_option, progress_bar, write_error, write_json, write_line
from aid_desktop.errors import ExportError
from aid_desktop.export.batch import ExportOutcome, ExportTask, export_all, plan_exports
from aid_desktop.export.exporter import ExportFormat, how_to_install
from aid_desktop.export.exporting import ExportChoice
from aid_desktop.export.formats import FORMATS, find_format
from aid_desktop.models.devices import warm_up
from aid_desktop.models.facts import NOTHING_SAID, ModelFacts

_EXIT_FAILED = 1


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("export", help="write models for other programs, and prove that they answer the same")
    add_model_argument(parser, nargs="*")
    parser.add_argument(
        "--format",
        metavar="NAME",
        action="append",
        default=[],
        help="one of --list-formats; may be given several times",
    )
    parser.add_argument(
        "--out",
        metavar="PATH",
        type=Path,
        help="the new file of one model in one format; else a folder that gets a folder for each of them",
    )
    parser.add_argument(
        "--include-preprocessing",
        action="store_true",
        help="the network takes grey levels as they are in the image, and normalizes them itself",
    )
    parser.add_argument(
        "--verify", metavar="PATH", type=Path, help="images to compare on: a folder, also one of classes, or a file"
    )
    parser.add_argument("--kit", action="store_true", help="write a folder with examples in Python beside the file")
    parser.add_argument("--force", action="store_true", help="write even what answers otherwise than the model")
    parser.add_argument("--list-formats", action="store_true", help="say what can be written here, and what it needs")
    add_json_option(parser)
    parser.set_defaults(handler=_run, parser=parser)


def _run(options: argparse.Namespace) -> int:
    if options.list_formats:
        _list_formats(options.json)
        return 0
    if not options.model or not options.format or options.out is None:
        options.parser.error("give a MODEL, --format NAME and --out PATH; --list-formats names the formats")
    targets = [find_format(name) for name in dict.fromkeys(options.format)]
    models = [find(options, path) for path in options.model]
    said = read_facts(options, models[0]) if len(models) == 1 else _nothing_said(options, models)
    is_single = len(models) == len(targets) == 1
    tasks = [_single(models[0], targets[0], options.out)] if is_single else plan_exports(models, targets, options.out)
    choice = ExportChoice(options.include_preprocessing, options.verify, options.force, options.kit)
    warm_up()
    with progress_bar(options.json) as progress_of:
        outcomes = export_all(tasks, choice, said, progress_of("exporting"))
    return _tell(outcomes, is_single, options.json)


def _nothing_said(options: argparse.Namespace, models: Sequence[Path]) -> ModelFacts:
    for path in models:
        if read_facts(options, path) != NOTHING_SAID:
            raise ExportError("several models: export one that has no card by itself, with what is known of it")
    return NOTHING_SAID


def _single(model: Path, target: ExportFormat, out: Path) -> ExportTask:
    """Return the task of one file; in a folder that is there it gets the model's name."""
    is_folder = out.is_dir() and target.suffix != "" and out.suffix != target.suffix
    return ExportTask(model, target, out / f"{model.stem}{target.suffix}" if is_folder else out)


def _tell(outcomes: Sequence[ExportOutcome], is_single: bool, as_json: bool) -> int:
    failed = [outcome for outcome in outcomes if outcome.report is None]
    for outcome in failed:
        where = "" if is_single else f"{outcome.task.model.name}, {outcome.task.target.name}: "
        write_error(where + outcome.problem)
    done = [outcome.report for outcome in outcomes if outcome.report is not None]
    if as_json and is_single and done:
        write_json(done[0].to_json())
    elif as_json and not is_single:
        write_json({"exports": [report.to_json() for report in done], "failed": [_failure(one) for one in failed]})
    elif not as_json:
        for report in done:
            write_line(f"{report.path}: {report.summary}")
            for remark in report.remarks:
                write_line(f"  {remark}")
    return _EXIT_FAILED if failed else 0


def _failure(outcome: ExportOutcome) -> dict[str, str]:
    return {"model": str(outcome.task.model), "format": outcome.task.target.name, "problem": outcome.problem}


def _list_formats(as_json: bool) -> None:
    if as_json:
        write_json([_described(one) for one in FORMATS])
        return
    for one in FORMATS:
        needs = f" Needs: {how_to_install(*one.missing)}." if one.missing else ""
        write_line(f"{one.name:<14}{one.title}. {one.description} {one.not_verified}{needs}".rstrip())


def _described(target: ExportFormat) -> dict[str, Any]:
    return {
        "name": target.name,
        "available": not target.missing,
        "needs": [package.distribution for package in target.needs],
        "title": target.title,
        "suffix": target.suffix,
        "description": target.description,
        "not_verified": target.not_verified,
        "runtimes": [
            {"name": check.runtime, "version": check.version, "problem": "" if check.version else check.problem}
            for check in target.checks
        ],
    }

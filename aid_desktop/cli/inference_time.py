"""`aid-desktop inference-time MODEL`: how long does the network take for an image."""

import argparse
from pathlib import Path

from aid_desktop.cli.models import add_model_argument, load
from aid_desktop.cli.output import add_json_option, parse_count, write_json, write_line
from aid_desktop.errors import ExportError
from aid_desktop.models.timing import TimingChoice, measure_times, write_timings

_DEFAULT = TimingChoice()


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("inference-time", help="measure how long a model takes, in each engine")
    add_model_argument(parser)
    parser.add_argument(
        "--calls", metavar="N", type=parse_count, default=_DEFAULT.calls, help="of each engine (default %(default)s)"
    )
    parser.add_argument(
        "--batch", metavar="N", type=parse_count, default=_DEFAULT.batch, help="images at once (default %(default)s)"
    )
    parser.add_argument("--out", metavar="FILE.csv", type=Path, help="write the table")
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    if options.out is not None and options.out.suffix.lower() != ".csv":
        raise ExportError(f"--out: got {options.out}, expected a name that ends with .csv")
    choice = TimingChoice(options.calls, options.batch)
    report = measure_times(load(options), choice)
    if options.out is not None:
        write_timings(report, options.out)
    if options.json:
        write_json(report.to_json())
        return 0
    write_line(report.machine)
    for line in (*report.table().lines(), *report.notes):
        write_line(line)
    return 0

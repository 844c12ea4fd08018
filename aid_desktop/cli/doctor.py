"""`aid-desktop doctor`: what this computer is, how quick it is, and what to do about it."""

import argparse
from pathlib import Path

from aid_desktop.cli.output import add_json_option, progress_bar, write_json, write_line
from aid_desktop.doctor.report import examine
from aid_desktop.paths import runs_dir


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser(
        "doctor", help="tell hardware, drivers, versions and speed of this computer, with advice"
    )
    parser.add_argument(
        "--runs-folder",
        metavar="DIR",
        type=Path,
        default=runs_dir(),
        help="whose disk is measured; default: that of the user's runs",
    )
    parser.add_argument("--quick", action="store_true", help="leave out the benchmark, which takes ten seconds")
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    with progress_bar(quiet=options.json) as progress_of:
        report = examine(
            options.runs_folder.absolute(),
            progress=progress_of("examining"),
            skip_benchmark="--quick was given" if options.quick else "",
        )
    if options.json:
        write_json(report.to_json())
    else:
        write_line(report.text())
    return 0

"""`aid-desktop zoo`: the architectures to choose from."""

import argparse
from pathlib import Path

from aid_desktop.cli.output import add_json_option, write_json, write_line
from aid_desktop.models.devices import warm_up
from aid_desktop.models.zoo import describe, find_zoo, list_architectures, load_zoo


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("zoo", help="list the architectures of model_zoo.py")
    parser.add_argument("--model-zoo", metavar="FILE", type=Path, help="the model_zoo.py to use")
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    path = find_zoo(options.model_zoo)
    architectures = list_architectures(path)
    warm_up()
    rows = describe(load_zoo(path), architectures)
    if options.json:
        write_json(rows)
        return 0
    for row in rows:
        parameters = row["parameters"] if row["parameters"] is not None else row["error"]
        size = f"from {row['min_size']:>3} px"
        write_line(f"{row['name']:<22} {row['family']:<11} {size}  {parameters:>9} weights  {row['description']}")
    return 0

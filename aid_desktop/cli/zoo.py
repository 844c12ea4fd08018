"""`aid-desktop zoo`: the architectures to choose from."""

import argparse
from pathlib import Path
from typing import Any

from aid_desktop.cli.output import add_json_option, parse_count, write_json, write_line
from aid_desktop.models.devices import warm_up
from aid_desktop.models.registry import LARGEST_NUMBER, MOST_NUMBERS
from aid_desktop.models.zoo import describe, find_zoo, list_architectures, load_zoo
from aid_desktop.numbers import grouped


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("zoo", help="list the architectures of model_zoo.py")
    parser.add_argument("--model-zoo", metavar="FILE", type=Path, help="the model_zoo.py to use")
    parser.add_argument(
        "--size",
        metavar="PIXELS",
        type=parse_count,
        help="side of the images to count for (32, or the smallest that an architecture takes)",
    )
    parser.add_argument("--channels", metavar="N", type=parse_count, default=1, help="channels of the images (1)")
    parser.add_argument("--classes", metavar="N", type=parse_count, default=2, help="number of classes (2)")
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    path = find_zoo(options.model_zoo)
    architectures = list_architectures(path)
    warm_up()
    rows = describe(load_zoo(path), architectures, options.channels, options.classes, options.size)
    if options.json:
        write_json(rows)
        return 0
    width = max((len(str(row["name"])) for row in rows), default=0)
    for row in rows:
        start = f"{row['name']:<{width}}  {row['family']:<11}  from {row['min_size']:>3} px"
        write_line(f"{start}  {_cost_text(row)}  {row['description']}")
    for item in architectures:
        if item.is_pattern:
            write_line(
                f"{item.name:<{width}}  {item.family:<11}  from {item.min_size:>3} px  {item.description} "
                f"In place of {item.name[-1]}: one to {MOST_NUMBERS} numbers from 1 to {LARGEST_NUMBER}, joined by _."
            )
    return 0


def _cost_text(row: dict[str, Any]) -> str:
    if "error" in row:
        return str(row["error"])
    multiply_adds = "unknown" if row["multiply_adds"] is None else grouped(row["multiply_adds"])
    parameters = grouped(row["parameters"])
    return f"{parameters:>11} parameters  {multiply_adds:>13} multiply-adds"

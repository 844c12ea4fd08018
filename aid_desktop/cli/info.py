"""`aid-desktop info MODEL`: the model card."""

import argparse
from pathlib import Path

from aid_desktop.cli.output import add_json_option, write_json, write_line
from aid_desktop.models.metadata import read_card
from aid_desktop.runs.best import find_model


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("info", help="show what a model was trained on and what it takes")
    parser.add_argument("model", metavar="MODEL", type=Path, help="a .keras file, or a run folder")
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    card = read_card(find_model(options.model)).to_json()
    if options.json:
        write_json(card)
    else:
        for key, value in card.items():
            text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
            write_line(f"{key}: {text}")
    return 0

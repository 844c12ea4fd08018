"""`aid-desktop info MODEL`: the model card."""

import argparse
from pathlib import Path

from aid_desktop.cli.models import add_model_argument, find, read_facts
from aid_desktop.cli.output import add_json_option, write_json, write_line
from aid_desktop.errors import ExportError
from aid_desktop.models.devices import warm_up
from aid_desktop.models.facts import ModelFacts
from aid_desktop.models.files import find_card, save_as_keras
from aid_desktop.models.metadata import has_card


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("info", help="show what a model was trained on and what it takes")
    add_model_argument(parser)
    parser.add_argument("--save", metavar="FILE.keras", type=Path, help="write the model with this card to a new file")
    add_json_option(parser)
    parser.set_defaults(handler=_run)


def _run(options: argparse.Namespace) -> int:
    path = find(options, options.model)
    said = read_facts(options, path)
    if not has_card(path):
        warm_up()
    card = find_card(path, said).to_json()
    if options.save is not None:
        _save(path, options.save, said)
    if options.json:
        write_json(card)
    else:
        for key, value in card.items():
            write_line(f"{key}: {_text(value)}")
    return 0


def _text(value: object) -> str:
    return ", ".join(f"{key} {_text(one)}" for key, one in value.items()) if isinstance(value, dict) else str(value)


def _save(path: Path, target: Path, said: ModelFacts) -> None:
    if target.suffix.lower() != ".keras" or target.exists():
        what = "a file that is there already" if target.exists() else str(target)
        raise ExportError(f"--save: got {what}, expected a new name that ends with .keras")
    save_as_keras(path, target, said)

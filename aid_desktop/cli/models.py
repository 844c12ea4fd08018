"""Load the model that a command line means."""

import argparse
from pathlib import Path

from aid_desktop.cli.output import parse_size
from aid_desktop.errors import ModelError
from aid_desktop.models.devices import warm_up
from aid_desktop.models.facts import NOTHING_SAID, ModelFacts, split_names
from aid_desktop.models.files import LoadedModel, load_model
from aid_desktop.models.metadata import has_card
from aid_desktop.models.trust import trust_code
from aid_desktop.runs.best import find_model
from aid_desktop.settings.image import NORMALIZATIONS


def add_model_argument(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Add MODEL, and the options for what a model without a card does not say."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs=nargs,
        type=Path,
        help="a .keras file, a .h5 file of Keras, AIDeveloper's .model, or a run folder (its best model)",
    )
    parser.add_argument(
        "--trust",
        action="store_true",
        help="run the code in the file (Lambda layers), now and later: only if you know who made it",
    )
    group = parser.add_argument_group("a model without a card", "what it does not say itself, in its outputs' order")
    group.add_argument("--classes", metavar="A,B,…", default="", help="names of its classes")
    group.add_argument("--normalization", choices=NORMALIZATIONS, default="", help="how its images were normalized")
    for name, what in (("mean", "mean grey level"), ("std", "standard deviation")):
        group.add_argument(f"--{name}", type=float, help=f"{what} of its images, for standardize_training_set")
    group.add_argument("--size", metavar="WxH", type=parse_size, help="size of its images, if it takes any")
    group.add_argument("--channels", metavar="A,B,…", default="", help="names of its channels, if neither 1 nor 3")


def read_facts(options: argparse.Namespace, path: Path) -> ModelFacts:
    """Return what the options say of the model file. Raises ModelError if its card says all."""
    said = ModelFacts(
        class_names=split_names(options.classes),
        normalization=options.normalization,
        mean=options.mean,
        std=options.std,
        size=options.size,
        channels=split_names(options.channels),
    )
    if said != NOTHING_SAID and has_card(path):
        raise ModelError(
            f"{path.name} has a model card that names its classes and normalization: leave out --classes, "
            "--normalization, --mean, --std, --size and --channels"
        )
    return said


def find(options: argparse.Namespace, path: Path) -> Path:
    """Return the model file that a path means, trusted if the options say so. Raises AidError and OSError."""
    found = find_model(path)
    if options.trust:
        trust_code(found)
    return found


def load(options: argparse.Namespace) -> LoadedModel:
    """Load a model file, or the best model of a run folder. Raises AidError."""
    found = find(options, options.model)
    said = read_facts(options, found)
    warm_up()
    return load_model(found, said=said)

"""What the commands that begin with a run.toml have in common."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from aid_desktop.cli.output import write_error
from aid_desktop.errors import ModelError
from aid_desktop.models.backbones import check_takes, download, takes_imagenet, weights_file
from aid_desktop.models.zoo import find_architecture, list_architectures
from aid_desktop.runs.config import ModelChoice
from aid_desktop.runs.folder import RunFolder
from aid_desktop.settings.image import ImageSettings


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the file, and the options that take the place of its values."""
    parser.add_argument("run_toml", metavar="RUN.toml", type=Path, help="the run's settings, or a run folder")
    parser.add_argument("--seed", metavar="N", type=int, help="instead of the file's seed")
    parser.add_argument(
        "--device", metavar="NAME", help="auto, cpu, gpu:0, mirrored, mirrored:gpu:0,gpu:1, multi_worker"
    )
    parser.add_argument("--model-zoo", metavar="FILE", type=Path, help="the model_zoo.py to use")
    parser.add_argument(
        "--download-weights",
        action="store_true",
        help="fetch the ImageNet weights of a pretrained network from Keras' server if they are not on this computer",
    )


def run_toml_of(path: Path) -> Path:
    """Return the run.toml that a path, of the file or of a run folder, means."""
    return RunFolder(path).run_toml if path.is_dir() else path


def provide_weights(runs: Iterable[tuple[ModelChoice, ImageSettings]], zoo: Path, may_download: bool) -> None:
    """See to it that the weights which new networks begin with are on this computer.

    Raises ModelZooError for an architecture that is not there or does not fit the images, ModelError for weights that
    are not there, unless they may be downloaded. What is downloaded is told on stderr.
    """
    known = list_architectures(zoo)
    for model, image in runs:
        if model.architecture is None:
            continue
        architecture = find_architecture(known, model.architecture)
        # Nothing is fetched for a network that cannot take the images.
        check_takes(architecture, image)
        try:
            weights_file(architecture, model.weights)
        except ModelError:
            backbone = takes_imagenet(architecture, model.weights)
            if backbone is None or not may_download:
                raise
            write_error(f"Downloading the ImageNet weights of {architecture.name} from {backbone.url}")
            write_error(f"They are kept as {download(backbone, _show_bytes)}")


def _show_bytes(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done / 1e6:.1f} of {total / 1e6:.1f} MB\r")
        sys.stderr.flush()

"""`aid-desktop self-test`: does what was installed work? A line for each check."""

import argparse
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from aid_desktop.cli.output import write_line
from aid_desktop.data.class_table import Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.sample import SIDE, write_digits_sample
from aid_desktop.errors import AidError, ExportError, ModelZooError, TrainingError
from aid_desktop.evaluation.assess import predict_sources
from aid_desktop.export.exporting import ExportChoice, export_model
from aid_desktop.export.formats import find_format
from aid_desktop.models.files import load_model
from aid_desktop.models.zoo import find_zoo, list_architectures
from aid_desktop.paths import docs_dir, is_frozen, program_dir
from aid_desktop.runs.best import find_model
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.events import EpochFinished, RunFailed, TrainingEvent
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

logger = logging.getLogger(__name__)

EPOCHS = 2
LOWEST_ACCURACY = 0.5
"""Of ten classes after these epochs; a network that learns nothing has 0.1."""
_ARCHITECTURE = "LeNet5_do"
_ROLES = {"train": Role.TRAINING, "validation": Role.VALIDATION}


@dataclass(frozen=True, slots=True)
class Place:
    """The temporary folder that all checks share, each going on where the last one ended."""

    folder: Path

    @property
    def digits(self) -> Path:
        """The built-in sample."""
        return self.folder / "digits"

    @property
    def run(self) -> RunFolder:
        """The run that is trained."""
        return RunFolder(self.folder / "run")


Check = Callable[[Place], str]
"""Returns what it has found, in a few words; raises where something does not work."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command."""
    parser = commands.add_parser("self-test", help="try window, training, export and classification; one line each")
    parser.set_defaults(handler=_run)


def run_checks(checks: dict[str, Check], place: Place) -> int:
    """Do all checks, even after one has failed; write a line for each; return how many failed."""
    n_failed = 0
    for name, check in checks.items():
        try:
            write_line(f"{name}: ok ({check(place)})")
        # The libraries that a standalone program may lack parts of have no error in common.
        except Exception as error:
            logger.exception("self test: %s failed", name)
            problem = str(error) if isinstance(error, AidError) else f"{type(error).__name__}: {error}"
            write_line(f"{name}: FAILED ({' '.join(problem.split())})")
            n_failed += 1
    return n_failed


def _run(options: argparse.Namespace) -> int:
    # A terminal on another computer has no display, and nothing is to flash up on one that has.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with TemporaryDirectory(prefix="aid-desktop-self-test-", ignore_cleanup_errors=True) as folder:
        return 1 if run_checks(CHECKS, Place(Path(folder))) else 0


def check_window(place: Place) -> str:
    """Open and paint the window on Qt's offscreen platform."""
    from aid_desktop.gui.self_test import paint_window

    width, height = paint_window(place.folder)
    return f"{width} × {height} pixels painted"


def check_zoo(place: Place) -> str:
    """Find model_zoo.py where the user can edit it, and list its architectures."""
    path = find_zoo()
    if is_frozen() and path.parent != program_dir():
        raise ModelZooError(f"expected model_zoo.py in {program_dir()}, where it can be edited; found {path}")
    return f"{len(list_architectures(path))} architectures in {path}"


def check_manual(place: Place) -> str:
    """Make all pages of the manual."""
    from aid_desktop.gui.help.contents import read_contents
    from aid_desktop.gui.help.page_html import page_html

    folder = docs_dir()
    pages = [page for chapter in read_contents(folder) for page in chapter.pages]
    if not pages or not all(page_html((folder / page.path).read_text(encoding="utf-8")) for page in pages):
        raise AidError(f"expected a manual in {folder}, found {len(pages)} pages")
    return f"{len(pages)} pages in {folder}"


def check_training(place: Place) -> str:
    """Train a small network on the built-in sample."""
    write_digits_sample(place.digits)
    rows = tuple(
        DataRow(place.digits / name / str(digit), str(digit), role)
        for name, role in _ROLES.items()
        for digit in range(10)
    )
    config = RunConfig(
        ImageSettings(width=SIDE, height=SIDE),
        ModelChoice(_ARCHITECTURE),
        TrainingSettings(hyperparameters=HyperParameters(epochs=EPOCHS, batch_size=16, learning_rate=0.003)),
        data=rows,
        device=DeviceSettings(strategy="cpu"),
    )
    events: list[TrainingEvent] = []
    train(TrainingRun(config, place.run, find_zoo()), events.append)
    for event in events:
        if isinstance(event, RunFailed):
            raise TrainingError(event.message)
    accuracies = [event.record.metric("val_accuracy") for event in events if isinstance(event, EpochFinished)]
    if len(accuracies) != EPOCHS or max(accuracies) < LOWEST_ACCURACY:
        raise TrainingError(f"expected {EPOCHS} epochs and an accuracy of {LOWEST_ACCURACY}, got {accuracies}")
    return f"{EPOCHS} epochs, validation accuracy {accuracies[-1]:.2f}"


def check_export(place: Place) -> str:
    """Export the network to ONNX; that proves the file in ONNX Runtime."""
    loaded = load_model(find_model(place.run.path))
    path = place.folder / "network.onnx"
    report = export_model(loaded, find_format("onnx"), path, ExportChoice(verify_on=place.digits / "test"))
    if not report.verified_with:
        raise ExportError(f"ONNX: {report.summary}")
    return f"ONNX, {report.summary}"


def check_classification(place: Place) -> str:
    """Classify images of the sample that the network has not seen, from folders and from a compressed file."""
    loaded = load_model(find_model(place.run.path))
    folders = [open_source(place.digits / "test" / name) for name in loaded.card.class_names]
    predictions = predict_sources(loaded, [reader.source for reader in folders])
    found = predictions.probabilities.argmax(axis=1)
    accuracy = float((found == predictions.source).mean())
    if accuracy < LOWEST_ACCURACY:
        raise TrainingError(f"expected an accuracy of {LOWEST_ACCURACY}, got {accuracy:.2f}")
    packed = place.folder / "packed.rtdc"
    first = folders[0]
    write_rtdc(packed, np.stack(first.read(range(first.source.n_images))))
    again = predict_sources(loaded, [open_source(packed).source]).probabilities
    if not np.allclose(again, predictions.probabilities[: len(again)], atol=1e-5):
        raise TrainingError("images in a compressed .rtdc file get other probabilities than the same in a folder")
    return f"{len(found)} images, accuracy {accuracy:.2f}"


CHECKS: dict[str, Check] = {
    "window": check_window,
    "model_zoo.py": check_zoo,
    "manual": check_manual,
    "training": check_training,
    "export": check_export,
    "classification": check_classification,
}

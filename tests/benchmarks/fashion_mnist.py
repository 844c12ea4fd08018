"""A preset on Fashion-MNIST: accuracy on the test images, and how long the training takes.

Reads the files of Debian's package dataset-fashion-mnist. The last 5000 training images validate; the model that is
best on them is assessed on the 10 000 test images once, at the end. Prints JSON lines: one for each epoch, then
figures beside what is wanted. `--epochs` and `--share` (of the images) make a shorter trial of the same schedule.
"""

import argparse
import dataclasses
import gzip
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.evaluation.assess import predict_rows
from aid_desktop.models.devices import warm_up
from aid_desktop.models.files import load_model
from aid_desktop.models.zoo import find_zoo, list_architectures
from aid_desktop.runs.best import find_model
from aid_desktop.runs.config import ModelChoice, RunConfig, data_rows
from aid_desktop.runs.folder import RunFolder
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.events import EpochFinished, RunFailed, TrainingEvent
from aid_desktop.training.loop import train
from aid_desktop.training.presets import Preset, recommend, situation_of
from aid_desktop.training.run import TrainingRun

FOLDER = Path("/usr/share/datasets/fashion-mnist")
SIDE = 28
N_TRAINING = 55_000
CLASSES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
WANTED = {Preset.QUICK: (0.91, 300), Preset.BALANCED: (0.93, 1200), Preset.BEST: (0.945, 3600)}
"""Test accuracy, and seconds of training on 2 cores."""


def read_idx(path: Path, offset: int) -> NDArray[np.uint8]:
    """Return the bytes of a file in the IDX format behind its header."""
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8)[offset:]


def read_part(folder: Path, part: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return images (N, 28, 28) and labels (N,) of `train` or `t10k`."""
    images = read_idx(folder / f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, SIDE, SIDE)
    return images, read_idx(folder / f"{part}-labels-idx1-ubyte.gz", 8)


def table_of(source: Path, target: Path, share: float) -> ClassTable:
    """Write a stack for each class and role; return them as a class table."""
    images, labels = read_part(source, "train")
    parts = {
        Role.TRAINING: (images[: int(N_TRAINING * share)], labels[: int(N_TRAINING * share)]),
        Role.VALIDATION: (images[N_TRAINING:], labels[N_TRAINING:]),
        Role.TEST: read_part(source, "t10k"),
    }
    items = []
    for role, (stack, classes) in parts.items():
        (target / role).mkdir()
        for number, name in enumerate(CLASSES):
            path = target / role / f"{name}.npy"
            np.save(path, stack[classes == number])
            items.append((open_source(path).source, name, role))
    return ClassTable().add_sources(items)


def configure(table: ClassTable, chosen: argparse.Namespace) -> RunConfig:
    """Return the run that the preset recommends for the table and this machine's CPU."""
    image = ImageSettings(width=SIDE, height=SIDE)
    situation = situation_of(table, None, image, os.cpu_count() or 1, on_gpu=False)
    advice = recommend(Preset(chosen.preset), situation, list_architectures(find_zoo()), chosen.epochs)
    rows = tuple(row for row in data_rows(table) if row.role is not Role.TEST)
    return RunConfig(rows, image, ModelChoice(architecture=advice.architecture), advice.training, seed=chosen.seed)


def show_epoch(event: TrainingEvent) -> None:
    """Print the figures of an epoch."""
    if isinstance(event, RunFailed):
        raise SystemExit(event.message)
    if isinstance(event, EpochFinished):
        record = event.record
        print(json.dumps({name: record.value(name) for name in record.columns}), flush=True)


def show(name: str, value: float, unit: str, wanted: float) -> None:
    """Print one figure beside what is wanted."""
    figures = {"value": round(value, 4), "rival_value": wanted, "ratio": round(value / wanted, 4)}
    print(json.dumps({"name": name, "unit": unit, "rival": "wanted", **figures}), flush=True)


def measure(chosen: argparse.Namespace, folder: Path) -> None:
    """Train, assess, and print the figures; the run stays in the folder."""
    (folder / "data").mkdir(parents=True)
    table = table_of(chosen.folder, folder / "data", chosen.share)
    config = configure(table, chosen)
    print(json.dumps({"architecture": config.model.name, **dataclasses.asdict(config.training)}), flush=True)
    run = RunFolder(folder / "run")
    warm_up()
    start, computed = time.perf_counter(), time.process_time()
    train(TrainingRun(config, run, find_zoo()), show_epoch)
    seconds, computed = time.perf_counter() - start, time.process_time() - computed
    predictions = predict_rows(load_model(find_model(run.path)), table.rows_with(Role.TEST))
    accuracy = float((predictions.probabilities.argmax(1) == predictions.labels).mean())
    wanted_accuracy, wanted_seconds = WANTED[Preset(chosen.preset)]
    name = f"fashion_mnist/{chosen.preset}/seed {chosen.seed}"
    show(f"{name}/test accuracy", accuracy, "1", wanted_accuracy)
    show(f"{name}/training", seconds, "s", wanted_seconds)
    # What the training would take at best without other work on the machine.
    show(f"{name}/training, of all cores", computed / (os.cpu_count() or 1), "s", wanted_seconds)


def main() -> None:
    """Measure one preset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=[preset.value for preset in Preset], default=Preset.QUICK.value)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="with the four .gz files; default %(default)s")
    parser.add_argument("--out", type=Path, help="new folder to keep data and run in; default: a temporary one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, help="instead of the preset's number")
    parser.add_argument("--share", type=float, default=1.0, help="of the training images; default %(default)s")
    chosen = parser.parse_args()
    if not chosen.folder.is_dir():
        # No failure: other benchmarks may follow.
        print(f"Skipped: install Debian's package dataset-fashion-mnist for {chosen.folder}", file=sys.stderr)
        return
    if chosen.out is not None:
        measure(chosen, chosen.out)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(chosen, Path(folder))


if __name__ == "__main__":
    main()

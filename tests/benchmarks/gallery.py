"""The gallery of the Assessment tab with 100 000 images: how long the window does not react while a user scrolls.

Prints one JSON line per figure. A step moves the scroll bar and waits until the grid is painted again; images are read
beside it, from an .rtdc file, by the program's own background jobs.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PyQt5.QtWidgets import QApplication, QUndoStack

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.normalize import Normalization
from aid_desktop.data.rtdc_writing import RtdcWriter
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import score
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.gui.app import make_application
from aid_desktop.gui.assess.gallery import Gallery
from aid_desktop.gui.assess.relabelling import Relabelling
from aid_desktop.gui.background import Background
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.models.confusion_model import CellImages
from aid_desktop.gui.notifier import Notifier
from aid_desktop.models.metadata import ModelCard
from aid_desktop.settings.image import ImageSettings

LIMIT_MS = 16.0
N_IMAGES = 100_000
STEPS = 400
NAMES = ("cat", "automobile", "horse")


def write_images(path: Path, n: int) -> None:
    """Write n images of 80 x 60 pixels."""
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (500, 60, 80), np.uint8)
    with RtdcWriter(path, (60, 80)) as writer:
        for _ in range(0, n, len(noise)):
            writer.append(noise)


def assessment_of(path: Path) -> Assessment:
    """Return predictions drawn at random for all images of a file."""
    source = open_source(path).source
    rng = np.random.default_rng(2)
    values = rng.dirichlet(np.ones(len(NAMES)), source.n_images).astype(np.float32)
    predictions = Predictions(
        NAMES, (source,), (1.0,), np.zeros(source.n_images, np.intp), np.arange(source.n_images), values,
        rng.integers(0, len(NAMES), source.n_images),
    )  # fmt: skip
    card = ModelCard(NAMES, ImageSettings(width=32, height=32), Normalization("divide_by_255"), "none", 0, 0)
    matrix = ConfusionMatrix.from_predictions(predictions)
    return Assessment(path, card, Role.TEST, predictions, matrix, score(predictions))


def timed(step: Callable[[], object]) -> float:
    """Return the milliseconds of a step and the painting that follows it."""
    start = time.perf_counter()
    step()
    QApplication.processEvents()
    return 1000 * (time.perf_counter() - start)


def tell(name: str, value: float, limit: float) -> bool:
    """Print a figure; return whether it keeps its limit."""
    line = {"name": f"gallery/{name}", "value": round(value, 2), "unit": "ms", "rival": "limit", "rival_value": limit,
            "ratio": round(value / limit, 3)}  # fmt: skip
    print(json.dumps(line), flush=True)
    return value <= limit


def measure(folder: Path, n: int) -> bool:
    """Print the figures; return whether the median step keeps the limit."""
    path = folder / "images.rtdc"
    write_images(path, n)
    made = assessment_of(path)
    notifier, background = Notifier(), Background()
    notifier.set_table(ClassTable().add_sources([(made.predictions.sources[0], "cat", Role.TEST)]))
    relabelling = Relabelling(notifier, TableEditor(notifier, QUndoStack()))
    gallery = Gallery(background, relabelling)
    gallery.resize(1334, 400)
    gallery.show()
    relabelling.start(made)
    cells = CellImages(f"{n} images", np.arange(n))
    show = timed(lambda: gallery.show_cells(made, cells))
    bar, grid = gallery.grid.verticalScrollBar(), gallery.grid
    near = [timed(lambda: bar.setValue(bar.value() + 40)) for _ in range(STEPS)]
    rng = np.random.default_rng(3)
    far = [timed(lambda: bar.setValue(int(rng.integers(0, bar.maximum())))) for _ in range(STEPS)]
    select = timed(grid.selectAll)
    positions = gallery.images.positions[: n // 2]
    relabel = timed(lambda: relabelling.relabel(positions, "horse"))
    background.shut_down()
    results = [
        tell("scroll by 40 pixels, median", statistics.median(near), LIMIT_MS),
        tell("scroll by 40 pixels, 95th percentile", float(np.percentile(near, 95)), 2 * LIMIT_MS),
        tell("scroll anywhere, median", statistics.median(far), LIMIT_MS),
        tell(f"show {n} images", show, 100),
        tell(f"select {n} images", select, 100),
        tell(f"relabel {n // 2} images", relabel, 500),
    ]
    return results[0] and results[2]


def main() -> int:
    """Return 1 if scrolling is slower than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=N_IMAGES)
    with tempfile.TemporaryDirectory() as folder:
        application = make_application()
        kept = measure(Path(folder), parser.parse_args().images)
        application.processEvents()
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())

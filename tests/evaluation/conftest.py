"""Predictions and files made of arrays, for tests of wrong labels and maps."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.evaluation.predictions import Predictions


@pytest.fixture(scope="session")
def predictions_of() -> Callable[..., Predictions]:
    """Return a function that makes predictions whose images lie class by class in one source each, in order."""
    return _predictions


@pytest.fixture(scope="session")
def write_classes() -> Callable[..., tuple[DataSource, ...]]:
    """Return a function that writes images (N, H, W), uint8, into one .rtdc file per class and returns the sources."""
    return _write


def _predictions(labels: np.ndarray, probabilities: np.ndarray, sources: tuple[DataSource, ...] = ()) -> Predictions:
    n_classes = probabilities.shape[1]
    labels = np.asarray(labels, np.intp)
    index = np.zeros(len(labels), np.intp)
    for label in range(n_classes):
        index[labels == label] = np.arange(np.count_nonzero(labels == label))
    counts = np.bincount(labels, minlength=n_classes).tolist()
    made_up = tuple(
        DataSource(Path(f"/data/{number}.rtdc"), SourceKind.RTDC, count, ((8, 8, 1),), f"digest{number}")
        for number, count in enumerate(counts)
    )
    return Predictions(
        tuple(f"class {number}" for number in range(n_classes)),
        sources or made_up,
        (1.0,) * n_classes,
        labels,
        index,
        np.asarray(probabilities, np.float32),
        labels,
    )


def _write(folder: Path, images: np.ndarray, labels: np.ndarray) -> tuple[DataSource, ...]:
    found = []
    for label in np.unique(labels).tolist():
        path = folder / f"class{label}.rtdc"
        write_rtdc(path, images[labels == label])
        found.append(open_source(path).source)
    return tuple(found)

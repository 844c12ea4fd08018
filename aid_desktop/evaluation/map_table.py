"""A map of predicted images as a table."""

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.projection import Places
from aid_desktop.evaluation.writing import exported

HEADER = ("file", "index", "image", "actual", "predicted", "probability", "x", "y")


def write_map_csv(
    path: Path, predictions: Predictions, places: Places, predicted: NDArray[np.intp] | None = None
) -> None:
    """Write one line per image with its place (N, 2) on the map to a .csv file in UTF-8 with decimal points.

    `index` is the number from 0 in the whole file, `image` the origin, `probability` that of the predicted class;
    `actual` is empty for images of unknown class. `predicted` (N,) are the predicted classes where a threshold counts,
    else those of the highest probability.
    Raises ExportError if the file cannot be written, DataError if a source is gone.
    """
    origins = predictions.origins()
    names = predictions.class_names
    best = predictions.predicted() if predicted is None else predicted
    actual = [""] * predictions.n if predictions.labels is None else [names[label] for label in predictions.labels]
    rows = zip(
        [str(predictions.sources[number].path) for number in predictions.source.tolist()],
        predictions.file_numbers().tolist(),
        origins,
        actual,
        [names[label] for label in best],
        [f"{value:.6f}" for value in predictions.probability_of(best).tolist()],
        *[[f"{value:.9g}" for value in column.tolist()] for column in places.T],
        strict=True,
    )
    with (
        exported(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)

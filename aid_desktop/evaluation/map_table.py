"""A map of predicted images as a table."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.projection import Places
from aid_desktop.evaluation.tables import CHUNK
from aid_desktop.evaluation.writing import exported
from aid_desktop.long_work import Progress

HEADER = ("file", "index", "image", "actual", "predicted", "probability", "x", "y")


def write_map_csv(
    path: Path,
    predictions: Predictions,
    places: Places,
    predicted: NDArray[np.intp] | None = None,
    progress: Progress | None = None,
) -> None:
    """Write one line per image with its place (N, 2) on the map to a .csv file in UTF-8 with decimal points.

    `index` is the number from 0 in the whole file, `image` the origin, `probability` that of the predicted class;
    `actual` is empty for images of unknown class. `predicted` (N,) are the predicted classes where a threshold counts,
    else those of the highest probability. `progress` counts the files of folders while they are listed, then lines;
    an error that it raises ends the writing and leaves no file.
    Raises ExportError if the file cannot be written, DataError if a source is gone.
    """
    best = predictions.predicted() if predicted is None else predicted
    # The sources are asked before anything is written.
    rows = _rows(predictions, places, best, predictions.origins_of_parts(CHUNK, progress), progress)
    with (
        exported(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


def _rows(
    predictions: Predictions,
    places: Places,
    predicted: NDArray[np.intp],
    origins: Iterable[list[str]],
    progress: Progress | None,
) -> Iterator[tuple[object, ...]]:
    names, labels, numbers = predictions.class_names, predictions.labels, predictions.file_numbers()
    files = [str(source.path) for source in predictions.sources]
    probabilities = predictions.probability_of(predicted)
    for number, origins_here in enumerate(origins):
        part = slice(number * CHUNK, number * CHUNK + len(origins_here))
        if progress is not None:
            progress(part.start, predictions.n)
        yield from zip(
            [files[source] for source in predictions.source[part].tolist()],
            numbers[part].tolist(),
            origins_here,
            [""] * len(origins_here) if labels is None else [names[label] for label in labels[part].tolist()],
            [names[best] for best in predicted[part].tolist()],
            [f"{value:.6f}" for value in probabilities[part].tolist()],
            *[[f"{value:.9g}" for value in column.tolist()] for column in places[part].T],
            strict=True,
        )

"""Tables of predictions as AIDeveloper writes them: one .xlsx file for each source, with five sheets."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.evaluation.decision import MOST_PROBABLE, REJECTED, Decision
from aid_desktop.evaluation.predictions import Predictions, Threshold, thresholded
from aid_desktop.evaluation.tables import CHUNK
from aid_desktop.evaluation.writing import exported
from aid_desktop.evaluation.xlsx_stream import ROWS_PER_SHEET, Value, XlsxFile
from aid_desktop.long_work import Progress

ENDING = "_Prediction.xlsx"
INFO = ("load_model_path", "rtdc_path", "target_class", "threshold")
N_PASSES = 4
"""Sheets that have a row for each image."""


def aideveloper_paths(sources: Sequence[Path], folder: Path | None = None) -> tuple[Path, ...]:
    """Return one path `<name>_Prediction.xlsx` per file or folder, beside it or in `folder`.

    Names that are taken, by files that are there too, get _1, _2 and so on.
    """
    paths: list[Path] = []
    taken: set[Path] = set()
    for source in sources:
        # The name of a folder has no ending, also with a dot in it.
        name = source.name if source.is_dir() else source.stem
        base = (folder or source.parent) / f"{name}{ENDING}"
        path, number = base, 0
        while path in taken or path.exists():
            number += 1
            path = base.with_stem(f"{base.stem}_{number}")
        taken.add(path)
        paths.append(path)
    return tuple(paths)


def write_aideveloper_tables(
    predictions: Predictions,
    model: Path,
    folder: Path | None = None,
    decision: Decision = MOST_PROBABLE,
    progress: Progress | None = None,
    rows_per_sheet: int = ROWS_PER_SHEET,
) -> tuple[Path, ...]:
    """Write one table per source, see `aideveloper_paths`; none replaces another file.

    Sheet "Info": INFO, the class by its number. "Scores_normal" and "Prediction_normal": the probabilities, and the
    number of the most probable class. "Scores_thresholded" and "Prediction_thresholded": the same after the
    threshold, which makes the probability of its class 1 where it is exceeded and 0 elsewhere; without one the same
    again, and no target_class. Predictions of rejected images are empty. "Classes", which AIDeveloper has not: the
    name behind each number. `progress` counts images. Raises ExportError.
    """
    paths = aideveloper_paths([source.path for source in predictions.sources], folder)
    for position, (source, path) in enumerate(zip(predictions.sources, paths, strict=True)):
        rows = _Rows(predictions, position, decision, progress)
        threshold = decision.threshold
        target: tuple[Value, Value] = (threshold.class_index, threshold.probability) if threshold else (None, None)
        numbers = [str(k) for k in range(predictions.n_classes)]
        with exported(path) as temporary, XlsxFile(temporary) as workbook:
            workbook.add_sheets("Info", INFO, [[str(model), str(source.path), *target]])
            for name, rule in (("normal", None), ("thresholded", threshold)):
                workbook.add_sheets(f"Scores_{name}", numbers, rows.scores(rule), rows_per_sheet)
                workbook.add_sheets(f"Prediction_{name}", ["0"], rows.classes(rule), rows_per_sheet)
            workbook.add_sheets("Classes", ["number", "name"], enumerate(predictions.class_names))
    return paths


class _Rows:
    """The rows of one source's sheets, in the order of the images, made bit by bit."""

    def __init__(self, predictions: Predictions, position: int, decision: Decision, progress: Progress | None) -> None:
        self._predictions = predictions
        which = np.flatnonzero(predictions.source == position)
        self._which = which[np.argsort(predictions.index[which], kind="stable")]
        self._reject = decision.reject
        self._progress = progress
        self._n_before = int(np.count_nonzero(predictions.source < position))
        self._n_passes = 0

    def scores(self, threshold: Threshold | None) -> Iterator[list[Value]]:
        for values in self._parts():
            yield from thresholded(values, threshold).astype(np.float64).round(6).tolist()

    def classes(self, threshold: Threshold | None) -> Iterator[list[Value]]:
        decision = Decision(threshold, self._reject)
        for values in self._parts():
            yield from ([None if number == REJECTED else number] for number in decision.classes(values).tolist())

    def _parts(self) -> Iterator[NDArray[np.float32]]:
        n = len(self._which)
        for start in range(0, n, CHUNK):
            yield self._predictions.probabilities[self._which[start : start + CHUNK]]
            if self._progress is not None:
                done = (self._n_passes * n + min(start + CHUNK, n)) // N_PASSES
                self._progress(self._n_before + done, self._predictions.n)
        self._n_passes += 1

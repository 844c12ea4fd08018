"""A map of assessed images: the work behind the tab, for a background thread, and how its points are coloured."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtGui import QColor

from aid_desktop.errors import StoppedError
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.embedding import Embedding, embed_rows
from aid_desktop.evaluation.map_table import write_map_csv
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.projection import Method, Places, project, stratified_sample
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.plots.map_plot import Groups
from aid_desktop.gui.theme import Theme, class_color
from aid_desktop.long_work import Progress
from aid_desktop.models.files import load_model

_CERTAINTY = (0.5, 0.7, 0.9, 0.99)
_CERTAINTY_NAMES = ("< 0.5", "0.5–0.7", "0.7–0.9", "0.9–0.99", "≥ 0.99")
# Violet to yellow, ever lighter, so that the colour-blind see the order; none is as dark as a dark ground.
_CERTAINTY_COLORS = ("#7a4fa3", "#4a78b5", "#2a9d8f", "#76c56a", "#f2d43a")


class ColorBy(StrEnum):
    """What the colour of a point tells."""

    ACTUAL = "actual class"
    PREDICTED = "predicted class"
    CORRECT = "correct or wrong"
    CERTAINTY = "certainty"


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The images of a map: ascending `positions` (N,) in the predictions, and what the network makes of each."""

    predictions: Predictions
    positions: NDArray[np.intp]
    embedding: Embedding
    limit: int


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingMap:
    """Where each image of a sample is, (N, 2), by a method."""

    sample: Sample
    method: Method
    places: Places

    def write_csv(self, assessment: Assessment, path: Path, progress: Progress | None) -> None:
        """Write the map as a table, with what is predicted now; see write_map_csv. Raises ExportError, DataError."""
        positions = self.sample.positions
        predictions, predicted = assessment.predictions.select(positions), assessment.matrix.predicted[positions]
        write_map_csv(path, predictions, self.places, predicted, progress)


def same_images(one: Predictions, other: Predictions) -> bool:
    """Return whether one comes from the other by a change of the probabilities alone, as a temperature makes it."""
    if one is other:
        return True
    is_same = np.array_equal(one.source, other.source) and np.array_equal(one.index, other.index)
    return one.sources is other.sources and is_same


def make_map(
    assessment: Assessment,
    method: Method,
    limit: int,
    before: Sample | None,
    context: JobContext,
) -> EmbeddingMap:
    """Map at most `limit` images of an assessment; `before` is used again if it fits. Raises AidError.

    The progress counts images that the network sees; while they are placed its total is 0.
    """
    sample = before
    if sample is None or not same_images(sample.predictions, assessment.predictions) or sample.limit != limit:
        sample = _sample(assessment, limit, context)
    context.report(0, 0)
    places = project(sample.embedding, method, should_stop=lambda: context.cancelled)
    return EmbeddingMap(sample, method, places)


def _sample(assessment: Assessment, limit: int, context: JobContext) -> Sample:
    predictions = assessment.predictions
    labels = predictions.predicted() if predictions.labels is None else predictions.labels
    positions = stratified_sample(labels, limit)
    loaded = load_model(assessment.path)
    chosen = predictions.select(positions)
    embedding = embed_rows(loaded, chosen, context.report, lambda: context.cancelled)
    if context.cancelled:
        raise StoppedError("Cancelled.")
    return Sample(predictions, positions, embedding, limit)


def groups_of(assessment: Assessment, positions: NDArray[np.intp], by: ColorBy, theme: Theme) -> Groups:
    """Return the groups of some images and their colours."""
    matrix = assessment.matrix
    actual, predicted = matrix.actual[positions], matrix.predicted[positions]
    if by is ColorBy.CORRECT:
        colors = (QColor(theme.correct), QColor(theme.wrong))
        return Groups((actual != predicted).astype(np.intp), ("correct", "wrong"), colors)
    if by is ColorBy.CERTAINTY:
        certainty = assessment.predictions.probability_of(matrix.predicted)[positions]
        codes = np.searchsorted(_CERTAINTY, certainty, side="right").astype(np.intp)
        return Groups(codes, _CERTAINTY_NAMES, tuple(map(QColor, _CERTAINTY_COLORS)))
    codes = actual if by is ColorBy.ACTUAL else predicted
    names = matrix.class_names
    return Groups(codes, names, tuple(class_color(index) for index in range(len(names))))

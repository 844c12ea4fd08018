"""Search for wrong labels: from a model and predicted images to the ranked list."""

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import Role
from aid_desktop.data.formats import reopen
from aid_desktop.data.grouping import group_ids
from aid_desktop.errors import DataError
from aid_desktop.evaluation.cross_validation import joined_groups, out_of_sample
from aid_desktop.evaluation.duplicates import find_duplicates
from aid_desktop.evaluation.embedding import embed_rows
from aid_desktop.evaluation.label_issues import Evidence, LabelIssues, rank_issues
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.series_predictions import predict_held_out
from aid_desktop.long_work import Progress, ShouldStop, leave_if_stopped
from aid_desktop.models.files import LoadedModel
from aid_desktop.runs.series import Series


def search_labels(
    loaded: LoadedModel,
    predictions: Predictions,
    role: Role,
    series: Series | None = None,
    group_by: str | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> LabelIssues:
    """Return the suspicious images among labelled predictions of a model.

    `role` is what the images were to the model: its own probabilities count for validation and test images. Those of
    training images come from `series` if there is one, else from a cross-validation on the embedding, whose parts keep
    equal images together, and the groups of `group_by` (see grouping.group_key). `progress(done, total)` counts each
    image once for each step. Raises StoppedError when `should_stop` says yes,
    DataError for images without classes or that cannot be read, and what `predict_held_out` raises.
    """
    if predictions.labels is None or not predictions.n:
        raise DataError("wrong labels are searched among images of known class, and there are none")
    steps = _Steps(progress, predictions.n, 4 if series is not None or role is Role.TRAINING else 3)
    duplicates = find_duplicates(predictions, steps.next(), should_stop)
    embedding = embed_rows(loaded, predictions, steps.next(), should_stop)
    leave_if_stopped(should_stop)
    judged, evidence = np.ones(predictions.n, np.bool_), Evidence.MODEL
    probabilities = predictions.probabilities
    if series is not None:
        evidence = Evidence.SERIES
        probabilities, judged = predict_held_out(series, predictions, steps.next(), should_stop)
    elif role is Role.TRAINING:
        evidence = Evidence.CROSS_VALIDATION
        groups = duplicates.group
        if group_by is not None:
            groups = joined_groups(groups, _groups(predictions, group_by))
        probabilities, judged = out_of_sample(
            embedding,
            predictions.labels,
            predictions.n_classes,
            groups,
            progress=steps.next(),
            should_stop=should_stop,
        )
    leave_if_stopped(should_stop)
    found = rank_issues(predictions, probabilities, judged, evidence, duplicates, embedding, steps.next(), should_stop)
    steps.finish()
    return found


def _groups(predictions: Predictions, group_by: str) -> NDArray[np.intp]:
    ids = group_ids([reopen(source) for source in predictions.sources], group_by)
    groups = np.zeros(predictions.n, np.intp)
    for number, of_source in enumerate(ids):
        here = predictions.source == number
        groups[here] = of_source[predictions.index[here]]
    return groups


class _Steps:
    """Makes one progress of several, each of which counts for as much as there are images."""

    def __init__(self, progress: Progress | None, n_images: int, number: int) -> None:
        self._progress = progress
        self._n_images = n_images
        self._total = number * n_images
        self._begun = -1

    def next(self) -> Progress:
        """Return the progress of the next step."""
        self._begun += 1
        before = self._begun * self._n_images

        def tell(done: int, total: int) -> None:
            if self._progress is not None:
                self._progress(before + self._n_images * done // max(1, total), self._total)

        return tell

    def finish(self) -> None:
        """Tell that all is done."""
        if self._progress is not None:
            self._progress(self._total, self._total)

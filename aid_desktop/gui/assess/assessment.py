"""What a model is worth on labelled images: the work behind the Assessment tab, for a background thread."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.errors import DataError
from aid_desktop.evaluation.assessment import Assessment, assess
from aid_desktop.evaluation.calibration import (
    Calibration,
    check_range,
    fit_temperature,
    store_temperature,
    with_temperature,
)
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.labelled import labelled_images
from aid_desktop.evaluation.metrics import score, score_matrix
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.evaluation.roles import has_images, images_of_role
from aid_desktop.gui.background import JobContext
from aid_desktop.models.files import load_model
from aid_desktop.runs.best import find_model
from aid_desktop.runs.held_out import HeldOut, held_out_of

ROLES = (Role.TEST, Role.VALIDATION, Role.TRAINING)
"""What a model can be assessed on, the most telling first."""


@dataclass(frozen=True, slots=True, eq=False)
class Recalibrated:
    """The assessment with the probabilities after a change of the temperature, and what was fitted, if anything.

    `is_exact` is false where probabilities were too small to be brought back, so that a new assessment gives others.
    """

    assessment: Assessment
    fitted: Calibration | None
    is_exact: bool = True


def proposed_role(table: ClassTable, held_out: HeldOut | None) -> Role:
    """Return the most telling role that has images; test if there are none at all."""
    return next((role for role in ROLES if has_images(table.rows, role, held_out)), Role.TEST)


def assess_model(
    path: Path,
    role: Role,
    rows: Sequence[ClassRow],
    threshold: Threshold | None,
    threshold_names: tuple[str, ...],
    context: JobContext,
    labelled: Path | None = None,
) -> Assessment:
    """Apply a model (a file, or the best of a run folder) to the images of a role and score it.

    `rows` are those of all roles: the images that the model's run held out of training rows are validation images.
    With `labelled` the images are those of this file, whose labels lie beside it, instead.
    `threshold` counts its class among `threshold_names`; it is left out when the model has other classes: those on
    show may still be of the model before. The first call imports TensorFlow. Raises ModelError, RunError or
    DataError.
    """
    file = find_model(path)
    if labelled is None:
        images = images_of_role(rows, role, held_out_of(file))
        if not images.rows:
            raise DataError(
                f"There are no {role} images: choose another role, or add images of known class on the Data tab."
            )
    loaded = load_model(file)
    if labelled is not None:
        images = labelled_images(labelled, loaded.card.class_names, loaded.card.zoom)
    if loaded.card.class_names != threshold_names:
        threshold = None
    return assess(loaded, images, role, threshold, labelled, context.report, lambda: context.cancelled)


def with_threshold(assessment: Assessment, threshold: Threshold | None, _: JobContext) -> Assessment:
    """Score the same predictions under another threshold, or none. Raises DataError for an unknown class."""
    matrix = ConfusionMatrix.from_predictions(assessment.predictions, threshold)
    known = assessment.scores.probability
    return replace(assessment, matrix=matrix, scores=score_matrix(matrix, assessment.predictions, known))


def calibrate(assessment: Assessment, is_wanted: bool, context: JobContext) -> Recalibrated:
    """Fit a temperature to the assessed images and keep it in the model's card, or take it out of the card again.

    The network in the file stays as it is. Raises ModelError if the file has no card, or another temperature by now;
    DataError if the images do not tell a temperature; ExportError if the file cannot be written.
    """
    made = assessment
    plain = made.predictions if made.card.temperature == 1 else made.uncalibrated
    start, first = (made.predictions, made.card.temperature) if plain is None else (plain, 1.0)
    fitted = fit_temperature(start) if is_wanted else None
    temperature = 1.0 if fitted is None else check_range(first * fitted.temperature)
    context.leave_if_cancelled(1, 2)
    card = store_temperature(made.path, made.card, temperature)
    predictions = with_temperature(start, temperature / first)
    scores = score(predictions, made.matrix.threshold)
    matrix = ConfusionMatrix.from_predictions(predictions, made.matrix.threshold)
    after = replace(made, card=card, predictions=predictions, matrix=matrix, scores=scores, uncalibrated=plain)
    is_exact = plain is not None or bool((start.probabilities >= np.finfo(np.float32).tiny).all())
    return Recalibrated(after, fitted, is_exact)


def write_files(assessment: Assessment, folder: Path, context: JobContext) -> list[Path]:
    """Write the report into a folder; return its files. A cancelled one leaves those that are complete.

    Raises ExportError or DataError.
    """
    return assessment.write(folder, context.report_or_leave)

"""The report on a model's scores as one page of HTML that needs no other file."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aid_desktop import __version__
from aid_desktop.evaluation.bootstrap import SEED
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import HEADLINES, Scores
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.report_curves import ReportCurves, history_plots, score_plots
from aid_desktop.evaluation.report_facts import (
    ReportedRun,
    certain_mistakes,
    data_facts,
    hardware,
    settings_rows,
    versions,
    which_text,
)
from aid_desktop.evaluation.report_methods import methods_text
from aid_desktop.evaluation.report_template import STYLE, TEMPLATE
from aid_desktop.evaluation.writing import encodable
from aid_desktop.models.metadata import ModelCard

LARGEST_TABLE = 60  # classes; a larger matrix is shown as the picture
SHOWN_CONFUSIONS = 10


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about: title, the model's file with its digest, its card, its run, the images' role, and when.

    `made` is a local time as text.
    """

    title: str
    model: tuple[Path, str] | None = None
    card: ModelCard | None = None
    run: ReportedRun | None = None
    role: str = ""
    made: str = ""


def report_page(
    scores: Scores,
    matrix: ConfusionMatrix,
    predictions: Predictions,
    subject: Subject,
    curves: ReportCurves,
    picture: bytes,
) -> str:
    """Return the page; every name and path in it is escaped.

    `picture` is the confusion matrix as PNG, used for more than 60 classes. Raises DataError for a source whose
    images cannot be read any more.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    card, run = subject.card, subject.run
    page = environment.from_string(TEMPLATE).render(
        version=__version__,
        style=Markup(STYLE),
        title=subject.title,
        role=subject.role, made=subject.made,
        scores=scores,
        headlines=[(HEADLINES[key][0], value, scores.intervals.get(key), HEADLINES[key][1])
                   for key, value in scores.headlines.items()],
        threshold=_threshold(scores, matrix),
        methods=methods_text(scores, matrix, card, run, subject.role),
        names=matrix.class_names,
        matrix_rows=_matrix_rows(matrix) if len(matrix.class_names) <= LARGEST_TABLE else None,
        picture=_embedded(picture),
        confusions=frequent_confusions(matrix),
        left_out=curves.n_left_out,
        # The writer of the drawings escapes what they say.
        plots=[Markup(plot) for plot in score_plots(curves)],
        mistakes=_mistakes(predictions, matrix),
        model=subject.model,
        model_rows=[] if card is None else model_rows(card),
        data=data_facts(predictions), which_text=which_text,
        training_data=() if card is None else card.data,
        run=run,
        history_plots=[] if run is None else [Markup(plot) for plot in history_plots(run, card)],
        changes=[] if run is None else run.changes,
        settings=[] if run is None or run.settings is None else settings_rows(run.settings.sections),
        versions=versions(),
        hardware=hardware(),
        trained_with=() if card is None else card.versions,
        bootstrap_seed=SEED,
    )  # fmt: skip
    return encodable(page.strip() + "\n")


def _embedded(picture: bytes) -> str:
    return f"data:image/png;base64,{b64encode(picture).decode('ascii')}"


def _threshold(scores: Scores, matrix: ConfusionMatrix) -> dict[str, Any] | None:
    if matrix.threshold is None:
        return None
    one = scores.per_class[matrix.threshold.class_index]
    return {"name": one.name, "value": f"{matrix.threshold.probability:g}", "scores": one}


def _matrix_rows(matrix: ConfusionMatrix) -> list[dict[str, Any]]:
    shares = matrix.by_row()
    n_classes = len(matrix.class_names)
    return [
        {
            "name": name,
            "total": int(matrix.counts[row].sum()),
            "cells": [
                _matrix_cell(int(matrix.counts[row, column]), float(shares[row, column]), row == column)
                for column in range(n_classes)
            ],
        }
        for row, name in enumerate(matrix.class_names)
    ]


def _matrix_cell(count: int, share: float, correct: bool) -> dict[str, Any]:
    if np.isnan(share):
        return {"count": count, "share": None}
    # A single wrong image among thousands must still be seen: the colour starts at a twelfth.
    strength = 1 / 12 + share * 11 / 12 if count else 0
    return {"count": count, "share": f"{share:.1%}", "kind": "c" if correct else "w", "strength": f"{strength:.3f}"}


def frequent_confusions(matrix: ConfusionMatrix) -> list[tuple[str, str, int]]:
    """Return actual class, predicted class and number of images of the most frequent mistakes."""
    wrong = matrix.counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:SHOWN_CONFUSIONS]
    return [
        (matrix.class_names[actual], matrix.class_names[predicted], int(wrong[actual, predicted]))
        for actual, predicted in zip(*np.unravel_index(order, wrong.shape), strict=True)
        if wrong[actual, predicted]
    ]


def _mistakes(predictions: Predictions, matrix: ConfusionMatrix) -> list[dict[str, Any]]:
    return [
        {
            "source": _embedded(one.png),
            "actual": one.actual,
            "predicted": one.predicted,
            "probability": one.probability,
            "origin": one.origin,
        }
        for one in certain_mistakes(predictions, matrix)
    ]


def model_rows(card: ModelCard) -> list[tuple[str, str]]:
    """Return name and value of what a model's card says."""
    image = card.image
    channels = image.channels if isinstance(image.channels, str) else ", ".join(image.channels)
    rows = [
        ("architecture", card.architecture),
        ("epoch (from 0)", str(card.epoch)),
        ("image", f"{image.width} × {image.height} px, {channels}, {card.pixel_type}"),
        ("normalization", card.normalization.method.replace("_", " ")),
        ("zoom", f"{card.zoom:g}"),
        ("temperature", f"{card.temperature:g}" if card.temperature != 1 else "not calibrated"),
    ]
    rows += [(name, f"{value:.6g}") for name, value in card.metrics]
    return rows

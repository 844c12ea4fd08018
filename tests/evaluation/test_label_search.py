"""From a model and predictions to the list: where probabilities come from, groups, progress, stopping."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.errors import DataError, StoppedError
from aid_desktop.evaluation import label_search
from aid_desktop.evaluation.label_issues import Evidence, Reason
from aid_desktop.evaluation.label_search import search_labels
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.models.files import LoadedModel

Make = Callable[..., Any]
LOADED = LoadedModel(None, None, Path("m.keras"))
WRONG = [8, 31, 55]


@pytest.fixture
def images(tmp_path: Path, predictions_of: Make, write_classes: Make, monkeypatch: pytest.MonkeyPatch) -> Predictions:
    """Return two classes of 30 images with three wrong labels; the model has learnt all of them by heart."""
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], 30)
    shown = labels.copy()
    shown[WRONG] = 1 - shown[WRONG]
    pixels = random.integers(0, 60, (60, 8, 8), np.uint8)
    pixels[:, 4:] += (120 * shown[:, None, None]).astype(np.uint8)
    pixels[50] = pixels[31]
    pixels[31, 0, 0] += 1

    def embed(loaded: LoadedModel, predictions: Predictions, progress: Any, stop: Any) -> np.ndarray:
        progress(predictions.n, predictions.n)
        return pixels[predictions.source * 30 + predictions.index].reshape(predictions.n, -1).astype(np.float32)

    monkeypatch.setattr(label_search, "embed_rows", embed)
    return predictions_of(
        labels, np.where(labels[:, None] == [0, 1], 0.99, 0.01), write_classes(tmp_path, pixels, labels)
    )


def suspicious(images: Predictions, role: Role, **options: Any) -> tuple[list[int], Evidence]:
    found = search_labels(LOADED, images, role, **options)
    return sorted(issue.position for issue in found.issues if Reason.MODEL in issue.reasons), found.evidence


def test_that_training_images_are_judged_by_others_and_validation_images_by_the_model(images: Predictions) -> None:
    positions, evidence = suspicious(images, Role.TRAINING)
    assert set(WRONG) - {31} <= set(positions)
    assert len(positions) <= 5
    assert evidence is Evidence.CROSS_VALIDATION
    assert suspicious(images, Role.VALIDATION) == ([], Evidence.MODEL)


def test_that_groups_are_kept_together(images: Predictions, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = []
    make = label_search.out_of_sample
    monkeypatch.setattr(
        label_search,
        "out_of_sample",
        lambda *arguments, **words: groups.append(arguments[3]) or make(*arguments, **words),
    )
    suspicious(images, Role.TRAINING, group_by=r"class\d\.rtdc#\d*(\d)$")
    assert len(np.unique(groups[0])) == 10
    with pytest.raises(DataError, match="one group"):
        suspicious(images, Role.TRAINING, group_by="folder")


def test_that_progress_ends_and_a_stop_is_heard_anywhere(images: Predictions) -> None:
    told: list[tuple[int, int]] = []
    search_labels(LOADED, images, Role.TRAINING, progress=lambda *step: told.append(step))
    assert told[-1] == (240, 240)
    assert told == sorted(told)
    asked = 0
    for steps in range(1, 8):
        answers = iter([False] * steps + [True] * 100)
        with pytest.raises(StoppedError):
            search_labels(LOADED, images, Role.TRAINING, should_stop=lambda answers=answers: next(answers))
        asked += 1
    assert asked == 7


def test_that_images_without_classes_are_refused(images: Predictions) -> None:
    with pytest.raises(DataError, match="known class"):
        search_labels(LOADED, images.select(np.empty(0, np.intp)), Role.TEST)

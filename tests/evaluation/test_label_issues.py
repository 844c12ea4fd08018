"""Planted wrong labels, outliers and duplicates are found; quality and choice are cleanlab's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from aid_desktop.errors import DataError, StoppedError
from aid_desktop.evaluation.cross_validation import out_of_sample
from aid_desktop.evaluation.duplicates import Duplicates
from aid_desktop.evaluation.label_issues import Evidence, Reason, is_far, outlier_distances, rank_issues
from aid_desktop.evaluation.predictions import Predictions

Make = Callable[..., Any]


def ranked(predictions: Predictions, **options: object):
    judged = np.ones(predictions.n, np.bool_)
    return rank_issues(predictions, predictions.probabilities, judged, Evidence.MODEL, **options)


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return digits, their labels with 5 % of them wrong, and which ones those are."""
    images, labels = load_digits(return_X_y=True)
    random = np.random.default_rng(1)
    wrong = random.choice(len(labels), len(labels) // 20, replace=False)
    labels[wrong] = (labels[wrong] + random.integers(1, 10, len(wrong))) % 10
    return images.astype(np.float32), labels, wrong


def test_that_planted_wrong_labels_of_digits_are_found(
    digits: tuple[np.ndarray, np.ndarray, np.ndarray], predictions_of: Make
) -> None:
    images, labels, wrong = digits
    truth = load_digits(return_X_y=True)[1]
    found = ranked(predictions_of(labels, out_of_sample(images, labels, 10)[0]))
    positions = np.array([issue.position for issue in found.issues if Reason.MODEL in issue.reasons])
    hits = np.isin(positions, wrong)
    assert hits.sum() / len(wrong) >= 0.8
    assert hits.mean() >= 0.8
    # The most suspicious ones are nearly all wrong.
    assert hits[: len(wrong) // 2].mean() >= 0.95
    suggested = [found.predictions.class_names.index(issue.suggested or "") for issue in found.issues[:40]]
    assert (np.array(suggested) == truth[positions[:40]]).mean() >= 0.9


@given(seed=st.integers(0, 1000), n_classes=st.integers(2, 5))
def test_that_quality_and_choice_are_those_of_cleanlab(seed: int, n_classes: int, predictions_of: Make) -> None:
    random = np.random.default_rng(seed)
    labels = random.integers(0, n_classes, 60)
    labels[:n_classes] = np.arange(n_classes)
    probabilities = random.dirichlet([0.4] * n_classes, 60).astype(np.float32)
    found = ranked(predictions_of(labels, probabilities))
    quality = get_label_quality_scores(labels, found.probabilities.astype(np.float64))
    chosen = find_label_issues(labels, found.probabilities.astype(np.float64), n_jobs=1)
    assert {issue.position for issue in found.issues} == set(np.flatnonzero(chosen).tolist())
    assert [issue.score for issue in found.issues] == pytest.approx(sorted(1 - quality[chosen], reverse=True))
    for issue in found.issues:
        assert issue.score == pytest.approx(1 - quality[issue.position])
        assert issue.actual == f"class {labels[issue.position]}"


def test_that_images_of_one_class_keep_their_duplicates(predictions_of: Make) -> None:
    labels, probabilities = np.zeros(12, np.intp), np.tile(np.float32([0.6, 0.4]), (12, 1))
    group = np.arange(12)
    group[[2, 5]] = 2
    found = ranked(predictions_of(labels, probabilities), duplicates=Duplicates(group, np.empty((0, 2), np.intp)))
    assert [issue.position for issue in found.issues] == [2, 5]


def test_that_contradictions_come_first_and_plain_duplicates_last(predictions_of: Make) -> None:
    labels = np.array([0] * 20 + [1] * 20)
    probabilities = np.where(labels[:, None] == [0, 1], 0.95, 0.05)
    probabilities[7] = probabilities[7, ::-1]
    probabilities[20] = 0.8, 0.2
    group = np.arange(40)
    group[[3, 20]] = 3
    group[[30, 31]] = 30
    duplicates = Duplicates(group, np.array([[3, 20], [20, 3]]))
    found = ranked(predictions_of(labels, probabilities), duplicates=duplicates)
    assert [issue.position for issue in found.issues] == [20, 3, 7, 30, 31]
    first, second, third, fourth, _ = found.issues
    assert (first.reasons[0], first.suggested, first.twins) == (Reason.CONTRADICTION, "class 0", (3,))
    assert (second.suggested, second.twins) == (None, (20,))
    assert (third.reasons, third.suggested, third.twins) == ((Reason.MODEL,), "class 1", ())
    assert (fourth.reasons, fourth.suggested, fourth.twins) == ((Reason.DUPLICATE,), None, (31,))
    assert (third.source, third.index) == (0, 7)
    assert found.counts[Reason.CONTRADICTION] == 2


def test_that_planted_outliers_are_found_by_their_distance(predictions_of: Make) -> None:
    random = np.random.default_rng(0)
    embedding = 4 + random.standard_normal((300, 8)).astype(np.float32)
    embedding[40, :4], embedding[200] = 0, -4
    labels = np.arange(300) % 2
    probabilities = np.where(labels[:, None] == [0, 1], 0.9, 0.1)
    found = ranked(predictions_of(labels, probabilities), embedding=embedding)
    assert [issue.position for issue in found.issues] == [200, 40]
    assert all(issue.reasons == (Reason.OUTLIER,) and issue.suggested is None for issue in found.issues)
    assert found.issues[0].distance > found.issues[1].distance > 3


def test_that_distances_are_those_of_the_nearest_neighbours() -> None:
    embedding = np.random.default_rng(0).standard_normal((60, 3)).astype(np.float32)
    unit = embedding.astype(np.float64) / np.linalg.norm(embedding.astype(np.float64), axis=1, keepdims=True)
    distances = np.linalg.norm(unit[:, None] - unit[None], axis=2)
    expected = np.sort(distances, axis=1)[:, 1:11].mean(axis=1)
    assert np.allclose(outlier_distances(embedding), expected, atol=1e-4)
    assert outlier_distances(embedding[:1]).tolist() == [0]


def test_that_the_surest_images_are_no_outliers() -> None:
    random = np.random.default_rng(0)
    embedding = 4 + random.standard_normal((300, 8)).astype(np.float32)
    before = outlier_distances(embedding)
    embedding[7] *= 10
    embedding[9] = 0
    assert outlier_distances(embedding)[7] == pytest.approx(before[7], rel=0.05)
    assert np.flatnonzero(is_far(outlier_distances(embedding))).tolist() == [9]


def test_that_an_embedding_of_no_numbers_is_refused() -> None:
    embedding = np.ones((40, 4), np.float32)
    embedding[3, 2] = np.nan
    with pytest.raises(DataError, match="weights are broken"):
        outlier_distances(embedding)
    with pytest.raises(DataError, match="weights are broken"):
        out_of_sample(embedding, np.arange(40) % 2, 2)


def test_that_few_or_equal_images_have_no_outliers() -> None:
    assert not is_far(np.array([1.0] * 28 + [99])).any()
    assert not is_far(np.array([0.0] * 90 + [1, 2])).any()
    assert is_far(np.linspace(1, 2, 100)).sum() == 0


def test_that_images_nobody_has_judged_are_not_called_wrong(predictions_of: Make) -> None:
    labels = np.arange(40) % 2
    probabilities = np.where(labels[:, None] == [0, 1], 0.9, 0.1).astype(np.float32)
    probabilities[[4, 5]] = probabilities[[4, 5], ::-1]
    judged = np.ones(40, np.bool_)
    judged[5] = False
    duplicates = Duplicates(np.where(np.arange(40) == 5, 9, np.arange(40)), np.array([[5, 4]]))
    predictions = predictions_of(labels, probabilities)
    found = rank_issues(predictions, probabilities, judged, Evidence.SERIES, duplicates)
    by_position = {issue.position: issue for issue in found.issues}
    assert by_position[5].score is None
    assert by_position[5].suggested is None
    assert by_position[4].reasons == (Reason.CONTRADICTION, Reason.MODEL)
    nothing = rank_issues(predictions, probabilities, np.zeros(40, np.bool_), Evidence.SERIES)
    assert nothing.issues == ()


def test_that_images_of_unknown_class_are_refused(predictions_of: Make) -> None:
    predictions = predictions_of(np.array([0, 1]), np.eye(2))
    unlabelled = Predictions(
        predictions.class_names,
        predictions.sources,
        predictions.zooms,
        predictions.source,
        predictions.index,
        np.eye(2),
    )
    with pytest.raises(DataError, match="known class"):
        ranked(unlabelled)


def test_that_the_search_of_outliers_tells_how_far_it_is_and_can_be_stopped() -> None:
    embedding = np.random.default_rng(0).standard_normal((1500, 4)).astype(np.float32)
    told: list[tuple[int, int]] = []
    outlier_distances(embedding, lambda done, total: told.append((done, total)))
    assert told == [(0, 1500), (1024, 1500)]
    with pytest.raises(StoppedError):
        outlier_distances(embedding, should_stop=lambda: len(told) > 0)
    with pytest.raises(StoppedError):
        out_of_sample(embedding, np.arange(1500) % 2, 2, should_stop=lambda: True)

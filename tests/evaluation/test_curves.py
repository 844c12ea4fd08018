"""Curves: by hand, against scikit-learn, and against the rule that predicts under a threshold."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError
from aid_desktop.evaluation import curves
from aid_desktop.evaluation.curves import (
    MOST_POINTS,
    coverage_curve,
    precision_recall_curves,
    probability_histogram,
    reliability,
    roc_curves,
    threshold_curves,
)
from aid_desktop.evaluation.decision import REJECTED, Decision
from aid_desktop.evaluation.predictions import Predictions, Threshold

SOURCE = DataSource(Path("/data/cat"), SourceKind.FOLDER, 9, ((4, 4, 1),), "digest")


def make(values: np.ndarray | list[list[float]], labels: np.ndarray | list[int] | None) -> Predictions:
    array = np.array(values, np.float32)
    n = len(array)
    names = ("cat", "dog", "owl")[: array.shape[1]]
    known = None if labels is None else np.array(labels, np.intp)
    return Predictions(names, (SOURCE,), (1.0,), np.zeros(n, np.intp), np.arange(n), array, known)


def random(n: int, n_classes: int = 3, seed: int = 0) -> Predictions:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, n_classes, n)
    values = generator.dirichlet(np.ones(n_classes), n) * 0.6 + 0.4 * np.eye(n_classes)[labels]
    return make(values, labels)


def test_that_roc_and_pr_curves_are_those_of_scikit_learn() -> None:
    predictions = random(200)
    for index, curve in enumerate(roc_curves(predictions)):
        truth = predictions.labels == index
        area = reference.roc_auc_score(truth, predictions.probabilities[:, index])
        assert np.trapezoid(curve.true_positive_rate, curve.false_positive_rate) == pytest.approx(area)
    for index, curve in enumerate(precision_recall_curves(predictions)):
        truth = predictions.labels == index
        area = reference.average_precision_score(truth, predictions.probabilities[:, index])
        assert (np.diff(curve.recall) * curve.precision[1:]).sum() == pytest.approx(area, abs=0.01)
        assert curve.share == pytest.approx(truth.mean())
        assert (curve.recall[0], curve.precision[0], curve.recall[-1]) == (0, 1, 1)


def test_that_long_curves_are_thinned_and_keep_their_area() -> None:
    predictions = random(20_000, 2)
    area = reference.roc_auc_score(predictions.labels == 0, predictions.probabilities[:, 0])
    roc = roc_curves(predictions)[0]
    assert len(roc.threshold) <= MOST_POINTS
    assert np.trapezoid(roc.true_positive_rate, roc.false_positive_rate) == pytest.approx(area, abs=1e-4)
    pr = precision_recall_curves(predictions)[0]
    assert len(pr.recall) <= MOST_POINTS
    assert (pr.recall[0], pr.recall[-1]) == (0, 1)
    assert len(threshold_curves(predictions, 0).threshold) <= MOST_POINTS
    assert len(coverage_curve(predictions).threshold) <= MOST_POINTS


def test_that_classes_without_images_have_no_curves() -> None:
    predictions = make([[0.9, 0.1, 0], [0.2, 0.8, 0]], [0, 1])
    assert [curve.name for curve in roc_curves(predictions)] == ["cat", "dog"]
    assert [curve.name for curve in roc_curves(predictions, [1, 2])] == ["dog"]
    assert roc_curves(make([[0.9, 0.1], [0.2, 0.8]], [0, 0])) == ()


def test_that_threshold_curves_are_as_computed_by_hand() -> None:
    cats = [0.95, 0.9, 0.8, 0.2, 0.75, 0.6, 0.5, 0.3, 0.2, 0.1]
    found = threshold_curves(make([[p, 1 - p] for p in cats], [0] * 4 + [1] * 6), 0)
    assert found.initial == pytest.approx(0.4)
    place = int(np.flatnonzero(np.isclose(found.threshold, 0.75))[0])
    # Above 0.75: three cats and nothing else.
    assert found.n_sorted[place] == 3
    assert (found.concentration[place], found.sorting_yield[place]) == (1.0, 0.75)
    assert found.enrichment[place] == pytest.approx(2.5)
    point = found.at(0.7)
    assert (point.n_sorted, point.concentration, point.sorting_yield) == (4, 0.75, 0.75)
    assert found.at(1.0).enrichment is None
    # At 0 all are sorted out, at 1 none.
    assert (found.concentration[0], found.enrichment[0], found.sorting_yield[0]) == pytest.approx((0.4, 1, 1))
    assert found.n_sorted[-1] == 0
    assert np.isnan(found.concentration[-1])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_that_threshold_curves_count_what_is_predicted_under_the_threshold(data) -> None:
    n = data.draw(st.integers(1, 12))
    n_classes = data.draw(st.integers(2, 3))
    one = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
    values = data.draw(st.lists(st.lists(one, min_size=n_classes, max_size=n_classes), min_size=n, max_size=n))
    labels = data.draw(st.lists(st.integers(0, n_classes - 1), min_size=n, max_size=n))
    predictions = make(values, labels)
    index = data.draw(st.integers(0, n_classes - 1))
    found = threshold_curves(predictions, index)
    for place, value in enumerate(found.threshold):
        is_sorted = predictions.predicted(Threshold(index, float(value))) == index
        assert found.n_sorted[place] == found.at(float(value)).n_sorted == is_sorted.sum()
        if is_sorted.any():
            assert found.concentration[place] == pytest.approx((predictions.labels[is_sorted] == index).mean())


def test_that_the_histogram_counts_every_image_once() -> None:
    predictions = make([[0.0, 1], [1.0, 0], [0.51, 0.49], [0.49, 0.51]], [1, 0, 0, 1])
    found = probability_histogram(predictions, 0)
    assert found.counts.sum(axis=1).tolist() == [2, 2]
    assert (found.counts[0, -1], found.counts[0, 25], found.counts[1, 0], found.counts[1, 24]) == (1, 1, 1, 1)
    assert set(found.columns) == {"p(cat) from", "to", "images cat", "images dog"}


def test_that_reliability_and_its_error_are_as_computed_by_hand() -> None:
    # Ten images at 0.75 of which 6 are right, ten at 0.95 of which 9 are right.
    labels = [0] * 6 + [1] * 4 + [0] * 9 + [1]
    predictions = make([[0.75, 0.25]] * 10 + [[0.95, 0.05]] * 10, labels)
    found = reliability(predictions, n_bins=10)
    np.testing.assert_allclose(found.confidence, [0.75, 0.95])
    np.testing.assert_allclose(found.accuracy, [0.6, 0.9])
    assert found.ece == pytest.approx((10 * 0.15 + 10 * 0.05) / 20)
    assert found.n.tolist() == [10, 10]
    equal = reliability(predictions, is_equal_mass=True, n_bins=2)
    assert equal.n.tolist() == [10, 10]
    assert equal.ece == pytest.approx(found.ece)


def test_that_bins_of_equal_mass_have_nearly_the_same_number_of_images() -> None:
    found = reliability(random(1500), is_equal_mass=True, n_bins=15)
    assert len(found.n) == 15
    assert found.n.sum() == 1500
    assert abs(found.n - 100).max() <= 1
    one = reliability(make([[1.0, 0.0]] * 5, [0] * 5), is_equal_mass=True)
    assert (one.n.tolist(), one.ece) == ([5], 0.0)


def test_that_coverage_is_as_computed_by_hand() -> None:
    predictions = make([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]], [0, 0, 1, 1])
    found = coverage_curve(predictions)
    np.testing.assert_allclose(found.threshold, [0, 0.6, 0.7, 0.8, 0.9])
    np.testing.assert_allclose(found.coverage, [1, 1, 0.75, 0.5, 0.25])
    np.testing.assert_allclose(found.accuracy, [0.5, 0.5, 2 / 3, 1, 1])
    assert found.at(0.75) == (0.5, 1.0)
    coverage, accuracy = found.at(0.95)
    assert coverage == 0
    assert np.isnan(accuracy)


def test_that_probabilities_at_the_limit_are_counted_as_they_are_predicted() -> None:
    # As float64, 0.9 is below 0.9 as float32, and 0.7 above.
    predictions = make([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]], [0, 0, 1])
    found, kept = threshold_curves(predictions, 0), coverage_curve(predictions)
    for limit in (0.9, 0.7, 0.2, 0.8):
        for number in (limit, np.float64(limit)):
            is_sorted = predictions.predicted(Threshold(0, number)) == 0
            assert found.at(number).n_sorted == is_sorted.sum() == (np.array([0.9, 0.7, 0.2]) > limit).sum()
            is_kept = Decision(reject=number).classes(predictions.probabilities) != REJECTED
            assert kept.at(number)[0] == is_kept.mean() == (np.array([0.9, 0.7, 0.8]) >= limit).mean()


def test_that_the_columns_of_each_curve_are_of_one_length() -> None:
    predictions = random(30)
    made = [
        *roc_curves(predictions),
        *precision_recall_curves(predictions),
        threshold_curves(predictions, 1),
        probability_histogram(predictions, 1),
        reliability(predictions),
        coverage_curve(predictions),
    ]
    for one in made:
        assert len({len(column) for column in one.columns.values()}) == 1


@pytest.mark.parametrize("name", ["roc_curves", "precision_recall_curves", "reliability", "coverage_curve"])
def test_that_images_of_unknown_class_are_refused(name: str) -> None:
    with pytest.raises(DataError, match="not known"):
        getattr(curves, name)(make([[0.9, 0.1]], None))


def test_that_a_class_that_is_not_there_is_refused() -> None:
    with pytest.raises(DataError, match="no class number 5"):
        threshold_curves(random(5), 5)
    with pytest.raises(DataError, match="no class number 5"):
        probability_histogram(random(5), 5)

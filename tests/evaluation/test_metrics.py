"""Scores: computed by hand, against scikit-learn, and the document of `assess --json`."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError
from aid_desktop.evaluation.bootstrap import wilson_interval
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import HEADLINES, score, score_probabilities
from aid_desktop.evaluation.predictions import Predictions, Threshold

SOURCE = DataSource(Path("/data/cat"), SourceKind.FOLDER, 9, ((4, 4, 1),), "digest")


def make(probabilities: np.ndarray | list[list[float]], labels: list[int] | None) -> Predictions:
    values = np.array(probabilities, np.float32).reshape(len(probabilities), -1)
    n = len(values)
    names = ("cat", "dog", "owl")[: values.shape[1]]
    known = None if labels is None else np.array(labels, np.intp)
    return Predictions(names, (SOURCE,), (1.0,), np.zeros(n, np.intp), np.arange(n), values, known)


def random_predictions(seed: int, n: int) -> Predictions:
    generator = np.random.default_rng(seed)
    return make(generator.dirichlet([1, 1, 1], n), generator.integers(0, 3, n).tolist())


BY_HAND = make([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]], [0, 1, 1, 1])


def test_that_scores_are_as_computed_by_hand() -> None:
    scores = score(BY_HAND)
    cat, dog = scores.per_class
    assert (scores.n, scores.accuracy) == (4, 0.75)
    assert scores.balanced_accuracy == pytest.approx((1 + 2 / 3) / 2)
    assert (cat.name, cat.precision, cat.recall, cat.support) == ("cat", 0.5, 1.0, 1)
    assert cat.f1 == pytest.approx(2 / 3)
    assert dog.precision == 1.0
    assert dog.recall == pytest.approx(2 / 3)
    assert (cat.roc_auc, dog.roc_auc, cat.pr_auc, dog.pr_auc) == (1.0, 1.0, 1.0, 1.0)


def test_that_a_threshold_changes_the_classes_but_not_the_areas() -> None:
    plain, ruled = score(BY_HAND), score(BY_HAND, Threshold(1, 0.15))
    assert (plain.accuracy, ruled.accuracy) == (0.75, 1.0)
    assert plain.per_class[0].roc_auc == ruled.per_class[0].roc_auc


def test_that_areas_of_a_single_class_are_none_and_absent_classes_score_zero() -> None:
    scores = score(make([[0.9, 0.1], [0.2, 0.8]], [0, 0]))
    assert [(c.roc_auc, c.pr_auc) for c in scores.per_class] == [(None, None), (None, None)]
    dog = scores.per_class[1]
    assert (dog.precision, dog.recall, dog.f1, dog.support) == (0, 0, 0, 0)
    assert scores.balanced_accuracy == 0.5


def test_that_wilsons_interval_stands_in_where_nothing_is_wrong() -> None:
    # Wilson (1927): 8 of 10, 95 %: 0.4902 to 0.9433.
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=5e-5)
    scores = score(make([[0.9, 0.1]] * 10, [0] * 10))
    assert scores.accuracy_interval == wilson_interval(10, 10)
    assert scores.per_class[0].intervals["recall"] == wilson_interval(10, 10)
    assert "recall" not in scores.per_class[1].intervals
    low, high = score(make([[0.9, 0.1]], [0])).accuracy_interval
    assert 0 < low < high == 1


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 40))
def test_that_scores_agree_with_scikit_learn(seed: int, n: int) -> None:
    predictions = random_predictions(seed, n)
    scores = score(predictions)
    actual, predicted = predictions.labels, predictions.predicted()
    assert scores.accuracy == pytest.approx(reference.accuracy_score(actual, predicted))
    with warnings.catch_warnings(action="ignore"):  # about predicted classes without images
        assert scores.balanced_accuracy == pytest.approx(reference.balanced_accuracy_score(actual, predicted))
        assert scores.mcc == pytest.approx(reference.matthews_corrcoef(actual, predicted))
    exact = predictions.probabilities.astype(np.float64)
    loss = reference.log_loss(actual, exact / exact.sum(axis=1, keepdims=True), labels=[0, 1, 2])
    assert scores.probability.log_loss == pytest.approx(loss, rel=1e-6)
    report = reference.classification_report(actual, predicted, labels=range(3), output_dict=True, zero_division=0)
    for name, found in (("macro avg", scores.macro), ("weighted avg", scores.weighted)):
        present = np.union1d(actual, predicted) if name == "macro avg" else range(3)
        kind = name.partition(" ")[0]
        expected = reference.precision_recall_fscore_support(
            actual, predicted, labels=present, average=kind, zero_division=0
        )
        assert (found.precision, found.recall, found.f1) == pytest.approx(expected[:3])
    for position, one in enumerate(scores.per_class):
        expected = report[str(position)]
        values = (expected["precision"], expected["recall"], expected["f1-score"], expected["support"])
        assert (one.precision, one.recall, one.f1, one.support) == pytest.approx(values)
        truth, column = actual == position, predictions.probabilities[:, position]
        if 0 < truth.sum() < n:
            assert one.roc_auc == pytest.approx(reference.roc_auc_score(truth, column))
            assert one.pr_auc == pytest.approx(reference.average_precision_score(truth, column))


def test_that_the_json_document_has_exactly_the_promised_keys() -> None:
    predictions = make([[0.9, 0.1], [0.2, 0.8]], [0, 0])
    matrix = ConfusionMatrix.from_predictions(predictions)
    document = json.loads(json.dumps(score(predictions).to_json(matrix)))
    assert set(document) == {
        "n", "accuracy", "classes", "confusion_matrix", "per_class", "balanced_accuracy", "mcc", "macro", "weighted",
        "roc_auc", "pr_auc", "log_loss", "ece", "intervals",
    }  # fmt: skip
    assert document["classes"] == ["cat", "dog"]
    assert document["confusion_matrix"] == [[1, 1], [0, 0]]
    cat = document["per_class"]["cat"]
    assert set(cat.pop("intervals")) == {"precision", "recall", "f1"}
    assert cat == {
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
        "roc_auc": None,
        "pr_auc": None,
        "initial_concentration": 1.0,
        "final_concentration": 1.0,
        "enrichment": 1.0,
        "yield": 0.5,
    }
    assert document["per_class"]["dog"]["enrichment"] is None
    assert document["roc_auc"] is None
    assert set(HEADLINES) == set(score(predictions).headlines)


def test_that_sorting_is_as_computed_by_hand() -> None:
    # Of 10 images 4 are cats; above 0.7 lie 3 cats and 1 dog.
    cats = [0.95, 0.9, 0.8, 0.2, 0.75, 0.6, 0.5, 0.3, 0.2, 0.1]
    predictions = make([[p, 1 - p] for p in cats], [0] * 4 + [1] * 6)
    cat = score(predictions, Threshold(0, 0.7)).per_class[0]
    assert cat.initial_concentration == pytest.approx(0.4)
    assert cat.final_concentration == pytest.approx(0.75)
    assert cat.enrichment == pytest.approx(0.75 / 0.4)
    assert cat.sorting_yield == pytest.approx(0.75)
    none = score(predictions, Threshold(0, 1.0)).per_class[0]
    assert (none.final_concentration, none.enrichment, none.sorting_yield) == (None, None, 0.0)


def test_that_draws_in_which_a_class_is_not_predicted_do_not_count_as_a_precision_of_zero() -> None:
    # Dogs are predicted twice, once rightly: many draws have no such image.
    predictions = make([[0.9, 0.1]] * 20 + [[0.1, 0.9]] * 2, [0] * 20 + [0, 1])
    low, high = score(predictions).per_class[1].intervals["precision"]
    assert (low, high) == (0.0, 1.0)
    only = make([[0.9, 0.1]] * 20 + [[0.1, 0.9]], [0] * 20 + [1])
    assert score(only).per_class[1].intervals["precision"] == wilson_interval(1.0, 1)


def test_that_scores_take_what_is_known_of_the_probabilities() -> None:
    predictions = random_predictions(1, 50)
    known = score_probabilities(predictions)
    assert score(predictions, Threshold(1, 0.4), known) == score(predictions, Threshold(1, 0.4))


def test_that_nothing_to_score_is_refused() -> None:
    with pytest.raises(DataError, match="no images"):
        score(BY_HAND.select(np.array([], np.intp)))
    with pytest.raises(DataError, match="not known"):
        score(make([[0.9, 0.1]], None))

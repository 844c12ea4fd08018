"""Intervals: against a plain bootstrap with scikit-learn, and that they hold the true value as often as they say."""

from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as reference

from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.evaluation import bootstrap
from aid_desktop.evaluation.bootstrap import draw_counts, draw_ranks, interval_of
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import image_losses, score, score_probabilities
from aid_desktop.evaluation.predictions import Predictions

SOURCE = DataSource(Path("/data/cat"), SourceKind.FOLDER, 9, ((4, 4, 1),), "digest")
DRAWS = 200


def make(n: int, n_classes: int, seed: int = 0, skill: float = 0.5) -> Predictions:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, n_classes, n)
    values = generator.dirichlet(np.ones(n_classes), n) * (1 - skill) + skill * np.eye(n_classes)[labels]
    # Few distinct values: equal probabilities must count as scikit-learn counts them.
    values = np.round(values, 2)
    names = tuple(f"class {index}" for index in range(n_classes))
    return Predictions(names, (SOURCE,), (1.0,), np.zeros(n, np.intp), np.arange(n), values.astype(np.float32), labels)


def test_that_intervals_are_those_of_a_plain_bootstrap() -> None:
    predictions = make(120, 3, skill=0.15)
    actual, predicted = predictions.labels, predictions.predicted()
    generator = np.random.default_rng(7)
    rows = []
    for _ in range(DRAWS):
        which = generator.integers(0, 120, 120)
        a, p, values = actual[which], predicted[which], predictions.probabilities[which]
        rows.append([
            np.mean(a == p),
            np.mean(p[a == 1] == 1),
            np.mean(a[p == 1] == 1),
            reference.matthews_corrcoef(a, p),
            np.mean([reference.roc_auc_score(a == index, values[:, index]) for index in range(3)]),
        ])  # fmt: skip
    plain = np.quantile(np.array(rows), [0.025, 0.975], axis=0).T
    found = score(predictions)
    one, several = found.per_class[1].intervals, found.intervals
    ours = [several["accuracy"], one["recall"], one["precision"], several["mcc"], several["roc_auc"]]
    for expected, interval in zip(plain, ours, strict=True):
        width = expected[1] - expected[0]
        assert interval == pytest.approx(expected, abs=0.2 * width)


def test_that_each_draw_gives_the_scores_of_scikit_learn() -> None:
    predictions = make(40, 3)
    losses = image_losses(predictions)
    draws = draw_ranks(predictions, losses)
    drawn = next(bootstrap.drawn_images(40, bootstrap.N_DRAWS))
    assert draws is not None
    for place in range(5):
        which = drawn[place]
        assert draws.log_loss[place] == pytest.approx(losses[which].mean())
        for index in range(3):
            truth, values = predictions.labels[which] == index, predictions.probabilities[which, index]
            assert draws.roc_auc[place, index] == pytest.approx(reference.roc_auc_score(truth, values))
            assert draws.pr_auc[place, index] == pytest.approx(reference.average_precision_score(truth, values))


@pytest.mark.parametrize(("n", "n_positive"), [(20_000, 6000), (100_000, 40), (100_000, 99_960)])
def test_that_neighbours_are_put_together_without_changing_the_areas(n: int, n_positive: int) -> None:
    generator = np.random.default_rng(1)
    truth = np.zeros(n, np.bool_)
    truth[generator.choice(n, n_positive, replace=False)] = True
    values = (generator.normal(0, 1, n) + 3 * truth).astype(np.float32)
    ranked = bootstrap.Ranked.of(values, truth)
    assert ranked.n_places <= 2 * n_positive + 1
    drawn = np.stack([np.arange(n), generator.integers(0, n, n)])
    roc, pr = ranked.areas(drawn)
    for place, which in enumerate(drawn):
        assert roc[place] == pytest.approx(reference.roc_auc_score(truth[which], values[which]), abs=1e-9)
        assert pr[place] == pytest.approx(reference.average_precision_score(truth[which], values[which]), abs=1e-9)


def test_that_the_areas_of_a_rare_class_lie_in_their_intervals() -> None:
    generator = np.random.default_rng(4)
    labels = np.zeros(100_000, np.intp)
    labels[generator.choice(100_000, 40, replace=False)] = 1
    rare = 1 / (1 + np.exp(-(generator.normal(-4, 1, 100_000) + 5 * labels)))
    values = np.stack([1 - rare, rare], axis=1).astype(np.float32)
    zeros = np.zeros(100_000, np.intp)
    predictions = Predictions(("cell", "rare"), (SOURCE,), (1.0,), zeros, np.arange(100_000), values, labels)
    found = score_probabilities(predictions)
    for value, name in ((found.class_roc_auc[1], "roc_auc"), (found.class_pr_auc[1], "pr_auc")):
        low, high = found.class_intervals[1][name]
        assert low < value < high


def test_that_drawn_matrices_give_the_scores_of_scikit_learn() -> None:
    drawn = np.array([[5.0, 2, 1, 0, 4, 3]])
    rows, columns = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 1, 2])
    found = [one[0] for one in bootstrap._scores_of_cells(drawn, rows, columns, 3)]
    which = np.repeat(np.arange(6), drawn[0].astype(int))
    actual, predicted = rows[which], columns[which]
    expected = reference.precision_recall_fscore_support(actual, predicted, labels=range(3), zero_division=0)
    assert found[0] == pytest.approx(reference.accuracy_score(actual, predicted))
    assert found[1] == pytest.approx(reference.balanced_accuracy_score(actual, predicted))
    assert found[2] == pytest.approx(reference.matthews_corrcoef(actual, predicted))
    for place in range(4):
        assert found[3 + place] == pytest.approx(expected[place])


def test_that_the_same_predictions_give_the_same_intervals() -> None:
    first, second = score(make(80, 2, skill=0.15)), score(make(80, 2, skill=0.15))
    assert first == second
    assert set(first.intervals) >= {"accuracy", "balanced_accuracy", "mcc", "roc_auc", "pr_auc", "log_loss"}


def test_that_the_interval_of_the_accuracy_holds_the_true_one_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        right = int(generator.binomial(200, 0.9))
        counts = np.array([[right, 200 - right], [0, 0]])
        low, high = interval_of(draw_counts(counts).accuracy)
        held += low <= 0.9 <= high
    assert 180 <= held <= 199


def test_that_a_score_that_is_mostly_undefined_has_no_interval() -> None:
    assert interval_of(np.array([np.nan, np.nan, 1.0])) is None
    assert interval_of(np.array([1.0, 0.5, np.nan])) == pytest.approx((0.5125, 0.9875))


def test_that_draws_that_are_all_alike_make_no_interval() -> None:
    assert interval_of(np.array([1.0, 1.0, np.nan])) is None
    labels = np.arange(60) % 2
    values = np.where(np.eye(2)[labels] > 0, 0.8, 0.2).astype(np.float32)
    found = score(Predictions(("a", "b"), (SOURCE,), (1.0,), np.zeros(60, np.intp), np.arange(60), values, labels))
    assert set(found.intervals) == {"accuracy"}
    assert found.accuracy_interval[0] == pytest.approx(0.9398, abs=1e-4)
    assert {name for one in found.per_class for name in one.intervals} == {"precision", "recall"}


def test_that_macro_recall_and_balanced_accuracy_have_the_same_interval() -> None:
    labels = np.array([0] * 30 + [1] * 30 + [2] * 2)
    values = np.random.default_rng(3).dirichlet(np.ones(3), 62) * 0.6 + 0.4 * np.eye(3)[labels]
    places = np.zeros(62, np.intp)
    found = score(
        Predictions(("a", "b", "c"), (SOURCE,), (1.0,), places, np.arange(62), values.astype(np.float32), labels)
    )
    assert found.macro.recall == pytest.approx(found.balanced_accuracy)
    assert found.intervals["macro_recall"] == pytest.approx(found.intervals["balanced_accuracy"])


def test_that_very_many_probabilities_get_no_intervals_of_areas_but_of_all_else(monkeypatch) -> None:
    monkeypatch.setattr(bootstrap, "_MOST_PROBABILITIES", 10)
    found = score_probabilities(make(30, 2))
    assert found.intervals == {}
    assert found.class_intervals == ({}, {})
    assert "accuracy" in score(make(30, 2)).intervals


def test_that_a_thousand_classes_are_drawn_too() -> None:
    counts = np.diag(np.full(1000, 3))
    counts[0, 1] = 2
    draws = draw_counts(counts)
    assert draws.precision.shape == (bootstrap.N_DRAWS, 1000)
    matrix = ConfusionMatrix(tuple("ab"), np.array([0, 1]), np.array([0, 0]))
    assert draw_counts(matrix.counts).accuracy.mean() == pytest.approx(0.5, abs=0.05)

import math

import numpy as np
import pytest

from aid_desktop.runs.records import EpochRecord
from aid_desktop.training.checkpoints import BestSoFar, superfluous


def metrics(accuracy: float, loss: float) -> dict[str, float]:
    return {"val_accuracy": accuracy, "val_loss": loss}


def test_that_either_record_counts_and_equal_values_do_not() -> None:
    best = BestSoFar()
    cases = [
        (0.5, 0.7, True), (0.5, 0.7, False), (0.6, 0.9, True), (0.4, 0.6, True), (0.6, 0.6, False),
        (0.59, 0.61, False),
    ]  # fmt: skip
    assert [best.improves(metrics(a, b), n) for n, (a, b, _) in enumerate(cases)] == [c for *_, c in cases]


def test_that_nan_breaks_no_record_and_hides_none() -> None:
    best = BestSoFar()
    assert not best.improves(metrics(math.nan, math.nan), 0)
    assert best.improves(metrics(0.1, 2.0), 1)
    assert not best.improves(metrics(math.nan, math.inf), 2)
    assert best.improves(metrics(0.2, math.nan), 3)


def test_that_epochs_are_counted_since_the_lowest_loss() -> None:
    best = BestSoFar()
    for epoch, (accuracy, loss) in enumerate([(0.5, 0.7), (0.9, 0.8), (0.95, 0.9)]):
        best.improves(metrics(accuracy, loss), epoch)
        assert best.epochs_without_improvement(epoch) == epoch


@pytest.mark.parametrize("epoch", [0, 4])
def test_that_a_loss_that_was_never_a_number_counts_as_never_improved(epoch: int) -> None:
    best = BestSoFar()
    best.improves(metrics(0.5, math.nan), 0)
    assert best.epochs_without_improvement(epoch) == epoch + 1


def test_that_a_record_read_from_the_history_file_is_equal_to_the_one_measured() -> None:
    for value in np.random.default_rng(1).random(200, np.float32).tolist():
        read = EpochRecord(0, 0, 0.1, (("val_loss", float(f"{value:.9g}")), ("val_accuracy", 0.5)), 1.0)
        assert not BestSoFar([read]).improves(metrics(0.5, value), 1)


def test_that_a_resumed_run_knows_the_records_before() -> None:
    record = EpochRecord(3, 0, 0.1, (("val_loss", 0.5), ("val_accuracy", 0.8)), 1.0)
    best = BestSoFar([record])
    assert not best.improves(metrics(0.8, 0.5), 4)
    assert best.epochs_without_improvement(5) == 2


def test_that_only_chosen_metrics_tell_whether_an_epoch_is_better() -> None:
    best = BestSoFar()
    assert not best.improves(metrics(0.5, 0.7), 0, ())
    assert best.improves(metrics(0.4, 0.6), 1, ("val_loss",))
    assert not best.improves(metrics(0.6, 0.6), 2, ("val_loss", "val_auc"))
    assert not best.improves(metrics(0.55, 0.5), 3, ("val_accuracy",))
    assert best.improves({**metrics(0.1, 0.9), "val_auc": 0.5}, 4, ("val_auc",))


def _records(*accuracies: float) -> list[EpochRecord]:
    return [
        EpochRecord(epoch, 0, 0.1, (("val_accuracy", value), ("val_loss", 1.0)), 1.0, f"{epoch}.keras")
        for epoch, value in enumerate(accuracies)
    ]


@pytest.mark.parametrize(
    ("accuracies", "keep", "gone"),
    [
        ((0.5, 0.6, 0.7), 0, set()),
        ((0.5, 0.6, 0.7), 2, {0}),
        ((0.9, 0.6, 0.7, 0.1), 1, {1, 2}),
        ((0.5, 0.5, 0.5, 0.5), 2, {2}),
        ((math.nan, 0.1, 0.2), 2, {0}),
    ],
)
def test_that_the_best_and_the_newest_model_stay(accuracies: tuple[float, ...], keep: int, gone: set[int]) -> None:
    left_out = superfluous(_records(*accuracies), keep, ("val_accuracy", "val_loss"))
    assert {record.epoch for record in left_out} == gone

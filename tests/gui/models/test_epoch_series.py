"""Growing columns of a history."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.gui.models.epoch_series import EpochSeries
from aid_desktop.runs.history import rolling_median
from aid_desktop.runs.records import EpochRecord


def record(epoch: int, loss: float = 0.5, model: str | None = None) -> EpochRecord:
    return EpochRecord(epoch, 0, 0.001, (("loss", loss),), 1.0, model)


@given(
    values=st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=1, max_size=60),
    window=st.integers(1, 12),
    n_at_once=st.integers(0, 60),
)
@pytest.mark.filterwarnings("ignore:All-NaN slice")
def test_that_appending_one_by_one_smooths_as_reading_all_at_once(
    values: list[float], window: int, n_at_once: int
) -> None:
    records = [record(epoch, value) for epoch, value in enumerate(values)]
    series = EpochSeries(records[:n_at_once])
    for one in records[n_at_once:]:
        series.append(one)
        series.smoothed("loss", window)
    np.testing.assert_array_equal(series.smoothed("loss", window), rolling_median(np.array(values), window))
    np.testing.assert_array_equal(series.epochs, np.arange(len(values)))


def test_that_long_columns_are_smoothed_as_short_ones(rng: np.random.Generator) -> None:
    values = rng.random(500)
    series = EpochSeries([record(epoch, value) for epoch, value in enumerate(values)])
    for window in (2, 7, 50):
        np.testing.assert_array_equal(series.smoothed("loss", window), rolling_median(values, window))


def test_that_the_nearest_epoch_is_found() -> None:
    series = EpochSeries([record(epoch) for epoch in (3, 4, 8)])
    assert [series.nearest(x) for x in (-5, 3.4, 3.6, 5.9, 6.1, 99)] == [0, 0, 1, 1, 2, 2]
    assert series.position(8) == 2
    assert series.position(5) is None
    assert EpochSeries().nearest(1) is None


def test_that_a_metric_that_comes_later_is_missing_before() -> None:
    series = EpochSeries([record(0)])
    series.append(EpochRecord(1, 0, 0.001, (("loss", 0.4), ("auc", 0.9)), 1.0, "m.keras"))
    np.testing.assert_array_equal(series.values("auc"), [np.nan, 0.9])
    np.testing.assert_array_equal(series.saved, [False, True])


def test_that_a_copy_grows_by_itself() -> None:
    series = EpochSeries([record(0)])
    copy = series.copy()
    copy.append(record(1))
    assert (len(series), len(copy)) == (1, 2)


def test_that_models_that_are_not_kept_are_forgotten() -> None:
    series = EpochSeries([record(epoch, model="m.keras") for epoch in range(4)])
    series.forget_models((0, 2))
    assert series.saved.tolist() == [False, True, False, True]

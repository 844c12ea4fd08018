"""How the learning rate changes by itself."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.settings.hyperparameters import CYCLE_SHAPES, SCHEDULES, HyperParameters
from aid_desktop.training.schedules import Rates, learning_rates

RATE = 0.1
SETTINGS = st.builds(
    HyperParameters,
    learning_rate=st.floats(1e-6, 1),
    epochs=st.integers(1, 60),
    schedule=st.sampled_from(SCHEDULES),
    schedule_epochs=st.integers(1, 80),
    schedule_factor=st.floats(0.01, 1),
    schedule_low=st.floats(0, 1),
    schedule_shape=st.sampled_from(CYCLE_SHAPES),
)


def settings(schedule: str, **words: Any) -> HyperParameters:
    values = {"learning_rate": RATE, "epochs": 40, "schedule_epochs": 10, "schedule_low": 0.01} | words
    return HyperParameters(schedule=schedule, **values)


def whole_run(hyperparameters: HyperParameters, n_steps: int = 8) -> Rates:
    return np.concatenate([learning_rates(hyperparameters, epoch, n_steps) for epoch in range(hyperparameters.epochs)])


@given(hyperparameters=SETTINGS, n_steps=st.integers(1, 30), plateaus=st.integers(0, 20))
def test_that_rates_stay_between_the_lowest_and_the_highest(
    hyperparameters: HyperParameters, n_steps: int, plateaus: int
) -> None:
    for epoch in (0, hyperparameters.epochs - 1, hyperparameters.epochs + 5):
        rates = learning_rates(hyperparameters, epoch, n_steps, plateaus)
        assert rates.shape == (n_steps,)
        assert np.isfinite(rates).all()
        low = hyperparameters.learning_rate * hyperparameters.schedule_low
        # The last part of one_cycle is meant to be below.
        floor = low * 0.01 if hyperparameters.schedule == "one_cycle" else low
        assert (rates >= floor * (1 - 1e-9)).all()
        assert (rates <= hyperparameters.learning_rate * (1 + 1e-9)).all()


@given(hyperparameters=SETTINGS)
def test_that_finer_steps_are_the_same_curve(hyperparameters: HyperParameters) -> None:
    coarse, fine = (learning_rates(hyperparameters, 3, n) for n in (4, 12))
    assert np.allclose(coarse, fine[::3], rtol=1e-9)


@given(hyperparameters=SETTINGS)
def test_that_no_epoch_begins_with_a_jump(hyperparameters: HyperParameters) -> None:
    rates = whole_run(hyperparameters, 500)
    jumps = np.abs(np.diff(rates))
    inside = np.delete(jumps, np.arange(499, len(jumps), 500))
    at_borders = jumps[499::500]
    assert at_borders.max(initial=0) <= 2 * inside.max(initial=0) + 1e-12


def test_that_constant_is_constant() -> None:
    assert set(whole_run(settings("constant"))) == {RATE}


def test_that_exponential_falls_by_the_factor_and_not_below_the_lowest() -> None:
    rates = whole_run(settings("exponential", schedule_factor=0.1, epochs=60))
    assert rates[0] == RATE
    assert rates[8 * 10] == pytest.approx(RATE / 10)
    assert rates[-1] == pytest.approx(RATE / 100)
    assert (np.diff(rates) <= 1e-15).all()


@pytest.mark.parametrize(("shape", "second"), [("triangular", 1), ("triangular2", 0.5), ("exp_range", 0.8)])
def test_that_cycles_rise_and_fall(shape: str, second: float) -> None:
    rates = whole_run(settings("cyclic", schedule_shape=shape, schedule_factor=0.8))
    low = 0.01 * RATE
    assert rates[0] == rates[8 * 20] == pytest.approx(low)
    assert rates[8 * 10] == pytest.approx(RATE)
    assert rates[8 * 30] == pytest.approx(low + second * (RATE - low))


def test_that_one_cycle_rises_falls_and_ends_far_below() -> None:
    rates = whole_run(settings("one_cycle"))
    assert rates[0] == rates[8 * 20] == pytest.approx(0.01 * RATE)
    assert rates[8 * 10] == pytest.approx(RATE)
    assert rates[-1] < 0.1 * rates[0]


def test_that_cosine_warms_up_and_ends_at_the_lowest() -> None:
    rates = whole_run(settings("cosine"), 100)
    assert rates[0] == pytest.approx(0.01 * RATE)
    assert rates.max() == rates[1000] == pytest.approx(RATE)
    assert rates[2500] == pytest.approx((RATE + 0.01 * RATE) / 2)
    assert rates[-1] == pytest.approx(0.01 * RATE, rel=0.01)


def test_that_each_plateau_multiplies_by_the_factor() -> None:
    hyperparameters = settings("reduce_on_plateau", schedule_factor=0.5)
    found = [learning_rates(hyperparameters, 5, 1, plateaus)[0] for plateaus in (0, 1, 2, 20)]
    assert found == pytest.approx([RATE, RATE / 2, RATE / 4, RATE / 100])

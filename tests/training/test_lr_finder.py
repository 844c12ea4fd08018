"""Tests of the learning-rate finder."""

from collections.abc import Callable

import numpy as np
import pytest

from aid_desktop.errors import AidError
from aid_desktop.training.lr_finder import HIGHEST, LOWEST, find_learning_rate
from aid_desktop.training.run import TrainingRun

pytestmark = pytest.mark.keras


def ignore(*told: object) -> None:
    """Take what is told."""


def test_that_rates_grow_and_the_loss_diverges_in_the_end(make_run: Callable[..., TrainingRun]) -> None:
    told: list[tuple[int, int]] = []
    test = find_learning_rate(
        make_run(image={"normalization": "none"}), ignore, lambda done, total: told.append((done, total)), 80
    )
    assert test is not None
    assert test.rates[0] == pytest.approx(LOWEST)
    assert np.all(np.diff(test.rates) > 0)
    # Grey levels of up to 240 with plain gradient descent: the loss is gone long before the highest rate.
    assert test.rates[-1] < HIGHEST
    assert np.isfinite(test.losses).all()
    assert told == [(done, 80) for done in range(1, len(test.losses) + 1)]


def test_that_a_network_that_learns_gets_a_suggestion(make_run: Callable[..., TrainingRun]) -> None:
    test = find_learning_rate(make_run(optimizer="adam"), ignore, ignore, 60)
    assert test is not None
    assert test.steepest is not None
    assert 1e-5 < test.steepest < 1
    assert test.span is not None
    assert test.span[0] < test.span[1]


def test_that_the_same_seed_gives_the_same_numbers(make_run: Callable[..., TrainingRun]) -> None:
    first, second = (find_learning_rate(make_run(), ignore, ignore, 20) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.losses.tolist() == second.losses.tolist()


def test_that_nothing_is_written(make_run: Callable[..., TrainingRun]) -> None:
    run = make_run()
    assert find_learning_rate(run, ignore, ignore, 5) is not None
    assert not run.folder.path.exists()


def test_that_it_can_be_stopped_between_batches(make_run: Callable[..., TrainingRun]) -> None:
    run = make_run()
    done: list[int] = []

    def tell(step: int, total: int) -> None:
        done.append(step)
        if step == 3:
            run.control.stop()

    assert find_learning_rate(run, ignore, tell, 50) is None
    assert done == [1, 2, 3]


def test_that_it_can_be_stopped_while_images_are_opened(make_run: Callable[..., TrainingRun]) -> None:
    run = make_run()
    run.control.stop()
    assert find_learning_rate(run, ignore, ignore) is None


def test_that_what_keeps_a_run_from_starting_is_said_here_too(make_run: Callable[..., TrainingRun]) -> None:
    with pytest.raises(AidError, match="Nowhere"):
        find_learning_rate(make_run(architecture="Nowhere"), ignore, ignore)

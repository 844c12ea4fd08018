"""What happens before the first epoch."""

import random
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aid_desktop.models.seeding import making_network
from aid_desktop.training import start
from aid_desktop.training.datasets import TrainingData, load_training_data
from aid_desktop.training.run import TrainingRun

pytestmark = pytest.mark.keras

MakeRun = Callable[..., TrainingRun]
LIMIT_S = 60


def first_weights(run: TrainingRun) -> list[Any]:
    """Return the weights that a run begins with."""
    state = start.prepare(run, lambda text: None)
    assert state is not None
    return [variable.numpy() for variable in state.model.weights]


def test_that_random_numbers_of_other_threads_do_not_change_the_first_weights(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = first_weights(make_run("one"))

    def load_beside_others(*arguments: Any) -> TrainingData:
        random.random()
        return load_training_data(*arguments)

    monkeypatch.setattr(start, "load_training_data", load_beside_others)
    for before, now in zip(undisturbed, first_weights(make_run("two")), strict=True):
        np.testing.assert_array_equal(now, before)


def test_that_the_network_is_made_when_nobody_else_makes_one(make_run: MakeRun) -> None:
    said: list[str] = []
    is_building = threading.Event()

    def say(text: str) -> None:
        said.append(text)
        if text == "Building the network":
            is_building.set()

    thread = threading.Thread(target=start.prepare, args=(make_run(), say))
    with making_network():
        thread.start()
        assert is_building.wait(LIMIT_S)
        thread.join(0.2)
        assert thread.is_alive()
        assert said[-1] == "Building the network"
    thread.join(LIMIT_S)
    assert said[-1] == "Preparing the first epoch"

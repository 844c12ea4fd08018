"""Equal and nearly equal images among predicted ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.near_duplicates import near_candidates
from aid_desktop.errors import StoppedError
from aid_desktop.evaluation.duplicates import find_duplicates
from aid_desktop.evaluation.predictions import Predictions

Make = Callable[..., Any]


@pytest.fixture
def planted(tmp_path: Path, predictions_of: Make, write_classes: Make) -> Predictions:
    """Return 3 classes of 12 smooth random images with planted copies; of class 2 the first three images are black."""
    random = np.random.default_rng(0)
    waves = np.cumsum(np.cumsum(random.standard_normal((36, 32, 32)), axis=1), axis=2)
    low, high = waves.min(axis=(1, 2), keepdims=True), waves.max(axis=(1, 2), keepdims=True)
    images = (200 * (waves - low) / (high - low)).astype(np.uint8)
    labels = np.repeat([0, 1, 2], 12)
    images[5] = images[4]  # twice in class 0
    images[13] = images[2]  # also in class 1
    images[30] = images[20] + 9  # nearly equal, in class 2
    images[24:27] = 0
    return predictions_of(labels, np.eye(3)[labels], write_classes(tmp_path, images, labels))


def test_that_planted_copies_are_found(planted: Predictions) -> None:
    told: list[tuple[int, int]] = []
    found = find_duplicates(planted, lambda *step: told.append(step))
    assert np.flatnonzero(found.repeated).tolist() == [2, 4, 5, 13]
    assert sorted(map(tuple, found.contradictions.tolist())) == [(2, 13), (13, 2), (20, 30)]
    assert told[-1] == (36, 36)


def test_that_only_the_images_asked_for_are_compared(planted: Predictions) -> None:
    found = find_duplicates(planted.select(np.array([2, 4, 20, 30])))
    assert not found.repeated.any()
    assert found.contradictions.tolist() == [[2, 3]]


def test_that_it_can_be_stopped(planted: Predictions) -> None:
    with pytest.raises(StoppedError):
        find_duplicates(planted, should_stop=lambda: True)


def test_that_the_search_of_nearly_equal_images_can_be_left() -> None:
    hashes = np.arange(2000, dtype=np.uint64)
    calls: list[int] = []

    def leave() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise StoppedError("Stopped.")

    with pytest.raises(StoppedError):
        list(near_candidates(hashes, hashes, leave))
    assert len(calls) == 3

"""Images and a shape of settings that the tests of augmentation share."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

Noise = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def noise() -> Noise:
    """Return a function that makes random images, uint8 (n, height, width, channels)."""

    def make(n: int = 4, height: int = 12, width: int = 9, channels: int = 1, seed: int = 3) -> NDArray[np.uint8]:
        return np.random.default_rng(seed).integers(0, 256, (n, height, width, channels), np.uint8)

    return make

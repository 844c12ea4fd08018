import numpy as np
import pytest

from aid_desktop.models.seeding import making_network

pytestmark = pytest.mark.keras


def test_that_the_same_seed_gives_the_same_weights() -> None:
    import keras

    def weights(seed: int) -> np.ndarray:
        with making_network(seed):
            layer = keras.layers.Dense(3)
            layer.build((None, 4))
        return np.asarray(layer.kernel)

    assert np.array_equal(weights(5), weights(5))
    assert not np.array_equal(weights(5), weights(6))

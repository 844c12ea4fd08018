"""Multiply-adds, each against a sum made by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from aid_desktop.models.cost import Cost, cost_of

pytestmark = pytest.mark.keras


def cost(call: Callable[[Any, Any], Any], shape: tuple[int | None, ...] = (8, 9, 2)) -> Cost:
    """Return the cost of the network that `call(image, keras.layers)` makes."""
    import keras

    image = keras.Input(shape)
    return cost_of(keras.Model(image, call(image, keras.layers)))


@pytest.mark.parametrize(
    ("call", "multiply_adds", "parameters"),
    [
        (lambda x, k: k.Conv2D(5, 3)(x), 6 * 7 * 9 * 2 * 5, 9 * 2 * 5 + 5),
        (lambda x, k: k.Conv2D(5, 3, padding="same", strides=2)(x), 4 * 5 * 9 * 2 * 5, 95),
        (lambda x, k: k.Conv2D(4, 1, groups=2)(x), 8 * 9 * 1 * 4, 8),
        (lambda x, k: k.DepthwiseConv2D(3, padding="same")(x), 8 * 9 * 9 * 2, 20),
        (lambda x, k: k.SeparableConv2D(7, 3, padding="same")(x), 8 * 9 * (9 * 2 + 2 * 7), 18 + 14 + 7),
        (lambda x, k: k.Conv2DTranspose(3, 2, strides=2)(x), 8 * 9 * 4 * 2 * 3, 27),
        (lambda x, k: k.Dense(4)(x), 8 * 9 * 2 * 4, 12),
        (lambda x, k: k.Dense(4)(k.Flatten()(x)), 144 * 4, 580),
        (lambda x, k: k.PReLU()(k.BatchNormalization()(k.MaxPooling2D()(x))), 0, 8 + 4 * 4 * 2),
    ],
)
def test_that_a_layer_counts_what_it_multiplies(
    call: Callable[[Any, Any], Any], multiply_adds: int, parameters: int
) -> None:
    assert cost(call) == Cost(parameters, multiply_adds)


def test_that_a_layer_used_twice_counts_twice() -> None:
    def call(x: Any, k: Any) -> Any:
        shared = k.Dense(2)
        return k.Add()([shared(shared(x)), x])

    assert cost(call) == Cost(6, 2 * 8 * 9 * 4)


def test_that_networks_within_networks_and_sequential_ones_are_counted() -> None:
    import keras

    inner = keras.Sequential([keras.Input((8, 9, 2)), keras.layers.Conv2D(3, 1), keras.layers.Flatten()])
    assert cost_of(inner) == Cost(9, 8 * 9 * 6)
    assert cost(lambda x, k: k.Dense(2)(inner(x))) == Cost(9 + 434, 8 * 9 * 6 + 216 * 2)


def test_that_a_layer_called_with_a_named_argument_is_counted() -> None:
    assert cost(lambda x, k: k.Conv2D(4, 1)(inputs=x)).multiply_adds == 8 * 9 * 2 * 4


@pytest.mark.parametrize(
    "call",
    [
        lambda x, k: k.Dot(1)([k.Flatten()(x), k.Flatten()(x)]),
        lambda x, k: k.MultiHeadAttention(1, 2)(x, x),
        lambda x, k: k.LSTM(2)(k.Reshape((8, 18))(x)),
    ],
)
def test_that_what_is_not_known_is_not_guessed(call: Callable[[Any, Any], Any]) -> None:
    assert cost(call).multiply_adds is None


def test_that_an_open_size_and_layers_that_cannot_be_written_down_give_no_multiply_adds() -> None:
    import keras

    class Own(keras.layers.Layer):
        def __init__(self, scale: object) -> None:
            super().__init__()
            self.scale = scale

        def call(self, x: Any) -> Any:
            return x

    assert cost(lambda x, k: k.Conv2D(3, 1)(x), (None, None, 1)) == Cost(6, None)
    assert cost(lambda x, k: k.Dense(1)(Own(object())(x))) == Cost(3, None)


def test_that_a_model_without_a_graph_has_parameters_only() -> None:
    class Fake:
        def count_params(self) -> int:
            return 7

    assert cost_of(Fake()) == Cost(7, None)


def test_that_activations_are_all_numbers_that_layers_give() -> None:
    import keras

    def call(x: Any, k: Any) -> Any:
        shared = k.Dense(2)
        return k.Dense(5)(k.Flatten()(k.Add()([shared(shared(x)), x])))

    assert cost(call).activations == 3 * 8 * 9 * 2 + 8 * 9 * 2 + 5
    inner = keras.Sequential([keras.Input((8, 9, 2)), keras.layers.Conv2D(3, 1), keras.layers.Flatten()])
    assert cost(lambda x, k: k.Dense(2)(inner(x))).activations == 2 * 8 * 9 * 3 + 2
    assert cost(lambda x, k: x + k.Conv2D(2, 1)(x)).activations == 2 * 8 * 9 * 2
    assert cost(lambda x, k: k.Conv2D(3, 1)(x), (None, None, 1)).activations is None
    assert cost(lambda x, k: k.MultiHeadAttention(1, 2)(x, x)).activations == 8 * 9 * 2

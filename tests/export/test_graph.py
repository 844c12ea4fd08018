"""Networks as lists of layers."""

from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ExportError
from aid_desktop.export.graph import layer_in, read_graph

pytestmark = pytest.mark.keras


def dense(name: str, units: int = 4) -> Any:
    import keras

    return keras.layers.Dense(units, name=name)


def test_that_layers_come_after_those_they_need() -> None:
    import keras

    entrance = keras.Input((8, 8, 2), name="image")
    left = keras.layers.Conv2D(3, 3, padding="same", activation="relu", name="left")(entrance)
    right = keras.layers.Conv2D(3, 1, name="right")(entrance)
    joined = keras.layers.Add(name="sum")([left, right])
    graph = read_graph(keras.Model(entrance, keras.layers.Flatten(name="flat")(keras.layers.Dropout(0.5)(joined))))
    names = [layer.name for layer in graph.layers]
    assert names[0] == "image"
    assert names[-2:] == ["sum", "flat"]
    assert set(names) == {"image", "left", "right", "sum", "flat"}
    assert graph.output == "flat"
    assert graph.layer("sum").inputs == ("left", "right")
    assert (graph.layer("left").activation, graph.layer("right").activation) == ("relu", "linear")
    assert graph.layer("left").shape == (8, 8, 3)
    assert set(graph.layer("left").weights) == {"kernel", "bias"}
    assert [layer.name for layer in graph.readers("image")] == names[1:3]
    assert [layer.name for layer in graph.inputs] == ["image"]


def test_that_nested_models_are_laid_open() -> None:
    import keras

    inner = keras.Sequential([keras.Input((6,)), dense("a"), keras.Sequential([keras.Input((4,)), dense("b")])])
    entrance = keras.Input((6,), name="values")
    graph = read_graph(keras.Model(entrance, dense("c")(inner(entrance))))
    assert [layer.name for layer in graph.layers] == ["values", "a", "b", "c"]
    assert [layer.inputs for layer in graph.layers] == [(), ("values",), ("a",), ("b",)]


def test_that_a_layer_used_twice_is_there_twice_with_the_same_weights() -> None:
    import keras

    entrance = keras.Input((4,), name="values")
    shared = dense("shared")
    graph = read_graph(keras.Model(entrance, shared(keras.layers.ReLU(name="relu")(shared(entrance)))))
    assert [layer.name for layer in graph.layers] == ["values", "shared", "relu", "shared_1"]
    first, second = graph.layer("shared"), graph.layer("shared_1")
    assert np.array_equal(first.weights["kernel"], second.weights["kernel"])
    assert second.inputs == ("relu",)


def test_that_a_nested_model_used_twice_is_there_twice() -> None:
    import keras

    inner = keras.Sequential([keras.Input((4,)), dense("a")])
    one, two = keras.Input((4,), name="one"), keras.Input((4,), name="two")
    graph = read_graph(keras.Model([one, two], keras.layers.Concatenate(name="both")([inner(one), inner(two)])))
    first, second = map(graph.layer, graph.layer("both").inputs)
    assert {first.name, second.name} == {"a", "a_1"}
    assert (first.inputs, second.inputs) == (("one",), ("two",))
    assert [layer.name for layer in graph.inputs] == ["one", "two"]


def test_that_outputs_of_a_nested_model_are_kept_apart() -> None:
    import keras

    inside = keras.Input((4,))
    inner = keras.Model(inside, [dense("a", 2)(inside), dense("b", 3)(inside)])
    entrance = keras.Input((4,), name="values")
    first, second = inner(entrance)
    graph = read_graph(keras.Model(entrance, keras.layers.Concatenate(name="both")([second, first])))
    assert graph.layer("both").inputs == ("b", "a")


def test_that_operations_carry_what_they_were_made_with() -> None:
    import keras
    from keras import ops

    entrance = keras.Input((8, 8, 2), name="image")
    mean = ops.mean(entrance, axis=(1, 2), keepdims=True)
    graph = read_graph(keras.Model(entrance, (entrance - mean) * 2.0))
    kinds = [layer.kind for layer in graph.layers]
    assert kinds == ["InputLayer", "Mean", "Subtract", "Multiply"]
    assert graph.layers[1].config["keepdims"] is True
    assert tuple(graph.layers[1].config["axis"]) == (1, 2)
    assert graph.layers[2].inputs == ("image", graph.layers[1].name)
    assert 2.0 in [float(one) for one in graph.layers[3].arguments if one is not None]


def test_that_hundreds_of_layers_do_not_end_the_stack() -> None:
    import keras

    entrance = keras.Input((4,))
    values = entrance
    for _ in range(400):
        values = keras.layers.ReLU()(values)
    assert len(read_graph(keras.Model(entrance, values)).layers) == 401


def test_that_a_class_of_its_own_is_refused_by_name() -> None:
    import keras

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.inner = [keras.layers.Dense(2)]

        def call(self, values: Any) -> Any:
            return self.inner[0](values)

    entrance = keras.Input((4,))
    with pytest.raises(ExportError, match="the layers of own are not known"):
        read_graph(keras.Model(entrance, Own()(entrance)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("op network_1/functional_1/bend_1/Erfc is unknown", "bend"),
        ("op network_1/functional_1/dense_2_1/MatMul is unknown", "dense_2"),
        ("nothing of the kind/here", None),
    ],
)
def test_that_the_layer_of_a_converters_error_is_found(text: str, expected: str | None) -> None:
    import keras

    entrance = keras.Input((4,))
    graph = read_graph(keras.Model(entrance, dense("dense_2")(dense("bend")(entrance))))
    layer = layer_in(graph, text)
    assert (None if layer is None else layer.name) == expected

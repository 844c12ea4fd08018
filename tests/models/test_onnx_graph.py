"""Networks as ONNX graphs: names, open batch axis, and the layers with which other ways of export go wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ModelError
from aid_desktop.models import onnx_graph
from aid_desktop.models.onnx_engine import OnnxEngine
from aid_desktop.models.onnx_graph import to_onnx

pytestmark = pytest.mark.keras
Build = Callable[..., Any]
RNG = np.random.default_rng(3)


def difference(model: Any, *inputs: np.ndarray) -> float:
    """Return how much the graph differs from the network; both must tell the inputs apart."""
    expected = np.asarray(model(list(inputs) if len(inputs) > 1 else inputs[0], training=False))
    assert np.ptp(expected, axis=0).max() > 0.01
    found = OnnxEngine(to_onnx(model).SerializeToString()).run(inputs)
    return float(np.abs(found - expected).max())


def test_that_names_and_the_open_batch_axis_are_those_that_are_documented(tiny_net: Build) -> None:
    graph = to_onnx(tiny_net()).graph
    for value, name, rest in ((graph.input[0], "image", [12, 12, 1]), (graph.output[0], "probabilities", [2])):
        batch, *others = value.type.tensor_type.shape.dim
        assert (value.name, batch.dim_param, [one.dim_value for one in others]) == (name, "batch", rest)
    assert len(graph.input) == len(graph.output) == 1


def test_that_batch_normalization_behind_resizing_keeps_its_statistics() -> None:
    import keras
    from keras import layers

    keras.utils.set_random_seed(2)
    model = keras.Sequential([
        keras.Input((20, 30, 1)), layers.Resizing(12, 12), layers.Conv2D(6, 3), layers.BatchNormalization(),
        layers.ReLU(), layers.BatchNormalization(), layers.Flatten(), layers.Dense(3, activation="softmax"),
    ])  # fmt: skip
    for weight in model.weights:
        if "moving" in weight.path:
            weight.assign(RNG.uniform(0.2, 2, weight.shape))
    assert difference(model, RNG.random((40, 20, 30, 1), np.float32)) < 1e-6


def test_that_gelu_is_written_with_what_onnx_has() -> None:
    import keras
    from keras import layers

    keras.utils.set_random_seed(2)
    model = keras.Sequential([
        keras.Input((8, 8, 1)), layers.Conv2D(4, 3, activation="gelu"), layers.Flatten(), layers.Dense(2, "softmax"),
    ])  # fmt: skip
    assert difference(model, 4 * RNG.standard_normal((20, 8, 8, 1), np.float32)) < 1e-6


def test_that_features_are_a_second_input() -> None:
    import keras
    from keras import layers

    keras.utils.set_random_seed(2)
    image, features = keras.Input((6, 6, 1)), keras.Input((3,))
    both = layers.Concatenate()([layers.Flatten()(image), features])
    model = keras.Model([image, features], layers.Dense(2, activation="softmax")(both))
    assert [one.name for one in to_onnx(model).graph.input] == ["image", "features"]
    assert difference(model, RNG.random((9, 6, 6, 1), np.float32), RNG.random((9, 3), np.float32)) < 1e-6


def test_that_a_network_of_any_image_size_gets_the_one_asked_for() -> None:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((None, None, 1)), layers.GlobalAveragePooling2D(), layers.Dense(2)])
    dims = to_onnx(model, [(5, 7, 1)]).graph.input[0].type.tensor_type.shape.dim
    assert [one.dim_value for one in dims][1:] == [5, 7, 1]


def test_that_an_operator_without_counterpart_is_refused(unwritable_net: Build) -> None:
    with pytest.raises(ModelError, match=r"cannot be written as ONNX.*Lgamma"):
        to_onnx(unwritable_net())


def test_that_bytes_that_are_no_graph_are_refused() -> None:
    with pytest.raises(ModelError, match="ONNX Runtime cannot use the network"):
        OnnxEngine(b"no graph").run([np.zeros((1, 2), np.float32)])


def test_that_inputs_of_another_shape_are_refused(tiny_net: Build) -> None:
    engine = OnnxEngine(to_onnx(tiny_net()).SerializeToString())
    with pytest.raises(ModelError, match="ONNX Runtime cannot compute the network"):
        engine.run([np.zeros((1, 5, 12, 1), np.float32)])


@pytest.mark.parametrize("kind", ["tensorflow", "protobuf"])
def test_that_errors_of_the_libraries_are_told_as_ours(
    tiny_net: Build, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    def fail(*_: Any) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM") if kind == "tensorflow" else DecodeError("OOM")

    monkeypatch.setattr(onnx_graph, "_convert", fail)
    with pytest.raises(ModelError, match="cannot be written as ONNX: OOM"):
        to_onnx(tiny_net())

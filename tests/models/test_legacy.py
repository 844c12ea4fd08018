"""Networks of Keras 1 and 2; legacy_files/README.md says how those of Keras 2 were made."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from aid_desktop.errors import ModelError
from aid_desktop.models.legacy import holds_network, read_stored, rebuild

pytestmark = pytest.mark.keras
FILES = Path(__file__).parent / "legacy_files"
Change = Callable[[Any], None]


def predicted(path: Path, images: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(rebuild(read_stored(path))(images))


# --- Keras 2 ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["skip", "separable", "nested"])
def test_that_a_network_of_keras_2_predicts_what_it_did(name: str) -> None:
    expected = np.load(FILES / "expected.npz")
    found = predicted(FILES / f"{name}.model", expected["images"])
    assert np.allclose(found, expected[name], atol=1e-6)
    # The networks do not answer the same whatever the image is.
    assert np.ptp(expected[name], axis=0).max() > 1e-4


def test_that_settings_and_frozen_layers_are_kept() -> None:
    nested = rebuild(read_stored(FILES / "nested.model"))
    assert nested.name == "nested"
    backbone = nested.get_layer("backbone")
    assert [layer.name for layer in backbone.layers if layer.weights] == ["block1_conv", "block1_bn"]
    assert not any(layer.trainable for layer in backbone.layers if layer.weights)
    assert nested.layers[-1].trainable
    skip = rebuild(read_stored(FILES / "skip.model"))
    (first, second) = [layer for layer in skip.layers if type(layer).__name__ == "Conv2D"]
    assert first.kernel_regularizer.l2 == pytest.approx(0.01)
    assert type(second.kernel_constraint).__name__ == "UnitNorm"
    assert type(second.kernel_initializer).__name__ == "HeNormal"


def test_that_an_architecture_alone_gets_new_weights() -> None:
    stored = read_stored(FILES / "skip.arch")
    assert not stored.has_weights
    new, trained = rebuild(stored), rebuild(read_stored(FILES / "skip.model"))
    assert [w.shape for w in new.get_weights()] == [w.shape for w in trained.get_weights()]
    assert not np.array_equal(new.get_weights()[0], trained.get_weights()[0])


def test_that_code_in_a_model_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match=r"code\.model has a layer Lambda \(lambda\).* never run: save the model"):
        rebuild(read_stored(FILES / "code.model"))


def changed_arch(tmp_path: Path, change: Change) -> Path:
    document = json.loads((FILES / "skip.arch").read_text("utf-8"))
    change(document)
    path = tmp_path / "changed.arch"
    path.write_text(json.dumps(document), "utf-8")
    return path


def layer(document: Any, kind: str) -> Any:
    return next(item for item in document["config"]["layers"] if item["class_name"] == kind)


def set_in(kind: str, **values: Any) -> Change:
    return lambda document: layer(document, kind)["config"].update(values)


def rename(document: Any) -> None:
    layer(document, "PReLU")["class_name"] = "CapsuleLayer"


def cut_off(document: Any) -> None:
    layer(document, "Add")["inbound_nodes"][0][0][0] = "absent"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (rename, r"a layer of the type CapsuleLayer \(p_re_lu\), which cannot be rebuilt: save the model from Keras 3"),
        (set_in("Conv2D", data_format="channels_first"), "conv2d.* takes the channels first"),
        (set_in("Conv2D", activation="my_own"), "conv2d with the activation 'my_own'"),
        (set_in("Conv2D", kernel_initializer={"class_name": "Mine", "config": {}}), "conv2d with the initializer Mine"),
        (set_in("Conv2D", kernel_regularizer={"class_name": "Mine", "config": {}}), "conv2d with the regularizer Mine"),
        (set_in("Conv2D", kernel_constraint={"class_name": "Mine", "config": {}}), "conv2d with the constraint Mine"),
        (set_in("BatchNormalization", mode=1), "BatchNormalization .* of the mode 1"),
        (set_in("Dense", units=None), "cannot be rebuilt"),
        (cut_off, "cannot be rebuilt"),
        (lambda document: document.update(class_name="Ensemble"), "a network of the type Ensemble"),
    ],
)
def test_that_what_cannot_be_rebuilt_is_named(tmp_path: Path, change: Change, told: str) -> None:
    with pytest.raises(ModelError, match=rf"changed\.arch.*{told}"):
        rebuild(read_stored(changed_arch(tmp_path, change)))


# --- damage -------------------------------------------------------------------------------------------------


def without_weight(file: h5py.File) -> None:
    del file["model_weights/conv2d"]


def with_other_shape(file: h5py.File) -> None:
    del file["model_weights/conv2d/conv2d/kernel:0"]
    file["model_weights/conv2d/conv2d/kernel:0"] = np.zeros((5, 5, 1, 3), np.float32)


def without_group(file: h5py.File) -> None:
    file["model_weights"].attrs["layer_names"] = [b"inputTensor"]


def with_too_many_weights(file: h5py.File) -> None:
    del file["model_weights/conv2d/conv2d/kernel:0"]
    file.create_dataset("model_weights/conv2d/conv2d/kernel:0", (10**6, 10**6), np.float32, chunks=(100, 100))


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (with_too_many_weights, r"cannot hold the weights .*kernel:0 \(1000000, 1000000\)"),
        (without_weight, "cannot be rebuilt"),
        (with_other_shape, r"shapes \[\(5, 5, 1, 3\)\] for the layer conv2d, expected \[\(3, 3, 1, 3\)\]"),
        (without_group, "no weights for the layer conv2d"),
    ],
)
def test_that_missing_weights_are_a_model_error(tmp_path: Path, damage: Callable[[Any], None], told: str) -> None:
    path = tmp_path / "damaged.model"
    path.write_bytes((FILES / "skip.model").read_bytes())
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(ModelError, match=rf"damaged\.model.*{told}"):
        rebuild(read_stored(path))


@pytest.mark.parametrize("content", [b"", b"[1]", b"{}", b"\xff\xfe\x00", b'{"class_name": "Model"}'])
def test_that_another_file_is_a_model_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.model"
    path.write_bytes(content)
    assert not holds_network(path)
    with pytest.raises(ModelError, match=r"other\.model is not a model that can be read"):
        read_stored(path)


def test_that_a_file_of_weights_alone_is_told_from_a_model(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["dense"] = np.zeros(3)
    assert not holds_network(path)
    assert holds_network(FILES / "skip.model")
    with pytest.raises(
        ModelError, match=r"weights\.h5 is not a model but an HDF5 file without a network.* choose the whole model"
    ):
        read_stored(path)


# --- Keras 1 ------------------------------------------------------------------------------------------------


def write_keras_1(path: Path, class_name: str, config: Any, weights: dict[str, dict[str, Any]], backend: str) -> None:
    """Write what `model.save` of Keras 1.2 does, see `save_model` in its keras/models.py."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        file.attrs["model_config"] = json.dumps({"class_name": class_name, "config": config}).encode()
        group = file.create_group("model_weights")
        group.attrs["backend"] = file.attrs["backend"] = backend.encode()
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, values in weights.items():
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [f"{name}_{what}".encode() for what in values]
            for what, value in values.items():
                inner[f"{name}_{what}"] = value


GENERATOR = np.random.default_rng(4)
IMAGES = GENERATOR.random((3, 6, 6, 1), np.float32)
KERNEL, BIAS = GENERATOR.normal(size=(3, 3, 1, 2)).astype(np.float32), np.array([0.1, -0.2], np.float32)
GAMMA, BETA, MEAN, VARIANCE = (GENERATOR.uniform(0.5, 1.5, 2).astype(np.float32) for _ in range(4))
DENSE, DENSE_BIAS = GENERATOR.normal(size=(8, 2)).astype(np.float32), np.array([0.3, 0.0], np.float32)
EPSILON = 0.01

CONVOLUTION = {
    "name": "convolution2d_1", "trainable": True, "batch_input_shape": [None, 6, 6, 1], "input_dtype": "float32",
    "nb_filter": 2, "nb_row": 3, "nb_col": 3, "init": "glorot_uniform", "activation": "linear", "border_mode": "valid",
    "subsample": [1, 1], "dim_ordering": "tf", "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.02},
    "b_regularizer": None, "activity_regularizer": None, "W_constraint": {"name": "MaxNorm", "m": 3, "axis": 0},
    "b_constraint": None, "bias": True,
}  # fmt: skip
NORMALIZATION = {
    "name": "batchnormalization_1", "trainable": True, "epsilon": EPSILON, "mode": 0, "axis": -1, "momentum": 0.99,
    "gamma_regularizer": None, "beta_regularizer": None,
}  # fmt: skip
POOLING = {
    "name": "maxpooling2d_1", "trainable": True, "pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid",
    "dim_ordering": "tf",
}  # fmt: skip
OUTPUT = {
    "name": "dense_1", "trainable": True, "output_dim": 2, "init": "uniform", "activation": "softmax", "bias": True,
    "W_regularizer": None, "b_regularizer": None, "activity_regularizer": None, "W_constraint": None,
    "b_constraint": None, "input_dim": 8,
}  # fmt: skip
CHAIN = [
    ("Convolution2D", CONVOLUTION),
    ("BatchNormalization", NORMALIZATION),
    ("Activation", {"name": "activation_1", "trainable": True, "activation": "relu"}),
    ("MaxPooling2D", POOLING),
    ("Dropout", {"name": "dropout_1", "trainable": True, "p": 0.25}),
    ("Flatten", {"name": "flatten_1", "trainable": True}),
    ("Dense", OUTPUT),
]
WEIGHTS: dict[str, dict[str, Any]] = {
    "convolution2d_1": {"W:0": KERNEL, "b:0": BIAS},
    "batchnormalization_1": {"gamma:0": GAMMA, "beta:0": BETA, "running_mean:0": MEAN, "running_std:0": VARIANCE},
    "dropout_1": {},
    "dense_1": {"W:0": DENSE, "b:0": DENSE_BIAS},
}


def convolved(kernel: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the correlation with the kernel, normalized with the fixed statistics and cut off at 0."""
    windows = np.lib.stride_tricks.sliding_window_view(IMAGES[..., 0].astype(float), (3, 3), axis=(1, 2))
    x = np.einsum("nijkl,klf->nijf", windows, kernel[:, :, 0].astype(float)) + BIAS
    return np.maximum(0, (x - MEAN) / np.sqrt(VARIANCE + EPSILON) * GAMMA + BETA)


def answered(x: NDArray[np.float64]) -> NDArray[np.float64]:
    pooled = x.reshape(3, 2, 2, 2, 2, 2).max(axis=(2, 4)).reshape(3, -1)
    scores = np.exp(pooled @ DENSE + DENSE_BIAS)
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


@pytest.mark.parametrize(("backend", "step"), [("tensorflow", 1), ("theano", -1)])
def test_that_a_chain_of_keras_1_predicts_what_its_formulas_say(tmp_path: Path, backend: str, step: int) -> None:
    path = tmp_path / "one.model"
    items = [{"class_name": kind, "config": config} for kind, config in CHAIN]
    write_keras_1(path, "Sequential", items, WEIGHTS, backend)
    model = rebuild(read_stored(path))
    # Theano convolves, that is it turns the kernel round.
    assert np.allclose(np.asarray(model(IMAGES)), answered(convolved(KERNEL[::step, ::step])), atol=1e-5)
    (convolution, dropout) = model.layers[0], model.get_layer("dropout_1")
    assert convolution.kernel_regularizer.l2 == pytest.approx(0.02)
    assert convolution.kernel_constraint.max_value == 3
    assert dropout.rate == 0.25


@pytest.mark.parametrize("mode", ["sum", "concat", "ave", "mul", "max"])
def test_that_merged_branches_of_keras_1_predict_what_their_formulas_say(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "merged.model"
    merge = {"name": "merge_1", "mode": mode, "mode_type": "raw", "concat_axis": -1, "dot_axes": -1, "arguments": {}}
    size = {**CONVOLUTION, "name": "input_1"}
    layers = [("InputLayer", size, [])]
    for kind, config in CHAIN[:3]:
        layers.append((kind, config, [layers[-1][1]["name"]]))
    layers.append(("Merge", merge, ["activation_1", "convolution2d_1"]))
    layers.append(("GlobalAveragePooling2D", {"name": "pool", "dim_ordering": "tf"}, ["merge_1"]))
    config = {
        "name": "model_1",
        "layers": [
            {"class_name": kind, "config": config, "name": config["name"],
             "inbound_nodes": [[[name, 0, 0] for name in names]] if names else []}
            for kind, config, names in layers
        ],
        "input_layers": [["input_1", 0, 0]],
        "output_layers": [["pool", 0, 0]],
    }  # fmt: skip
    write_keras_1(path, "Model", config, WEIGHTS, "tensorflow")
    windows = np.lib.stride_tricks.sliding_window_view(IMAGES[..., 0].astype(float), (3, 3), axis=(1, 2))
    raw = np.einsum("nijkl,klf->nijf", windows, KERNEL[:, :, 0].astype(float)) + BIAS
    a, b = convolved(KERNEL), raw
    expected = {
        "sum": a + b, "mul": a * b, "ave": (a + b) / 2, "max": np.maximum(a, b), "concat": np.concatenate([a, b], -1),
    }[mode]  # fmt: skip
    assert np.allclose(predicted(path, IMAGES), expected.mean(axis=(1, 2)), atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"dim_ordering": "th"}, r"Conv2D \(convolution2d_1\) that takes the channels first, as Theano has them"),
        ({"batch_input_shape": None}, "does not say which size of images"),
    ],
)
def test_that_what_cannot_be_told_of_keras_1_is_refused(tmp_path: Path, changes: Any, told: str) -> None:
    path = tmp_path / "one.model"
    items = [{"class_name": kind, "config": {**config, **(changes if not place else {})}}
             for place, (kind, config) in enumerate(CHAIN)]  # fmt: skip
    write_keras_1(path, "Sequential", items, WEIGHTS, "tensorflow")
    with pytest.raises(ModelError, match=told):
        rebuild(read_stored(path))

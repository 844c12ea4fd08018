"""What a network computes in, seen in what its layers are given and make."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ModelError
from aid_desktop.models import precision as precision_module
from aid_desktop.models.optimizer import averages, carry_state, make_optimizer
from aid_desktop.models.precision import check_precision, computing_in
from aid_desktop.settings.hyperparameters import HyperParameters

pytestmark = pytest.mark.keras


@pytest.fixture
def seen() -> dict[str, str]:
    """Return what `net` fills: the format of what each of its spies was given."""
    return {}


@pytest.fixture
def net(seen: dict[str, str]) -> Any:
    """Return a network with a spy behind each kind of layer, some of it nested, one of its own mind."""
    import keras

    class Spy(keras.layers.Layer):
        def __init__(self, **words: Any) -> None:
            super().__init__(autocast=False, **words)

        def call(self, x: Any) -> Any:
            seen[self.name] = str(x.dtype)
            return x

    def inner() -> Any:
        image = keras.Input((4, 4, 2))
        x = keras.layers.Conv2D(2, 3, padding="same")(image)
        return keras.Model(image, Spy(name="nested_convolution")(x))

    image = keras.Input((4, 4, 1))
    x = Spy(name="image")(image)
    x = Spy(name="convolution")(keras.layers.Conv2D(2, 3, padding="same", name="conv")(x))
    x = Spy(name="normalized")(keras.layers.BatchNormalization(name="norm")(x))
    x = Spy(name="nested")(inner()(x))
    x = Spy(name="dropped")(keras.layers.Dropout(0.5)(x))
    x = keras.layers.Dense(3, dtype=keras.DTypePolicy("float64"))(keras.layers.Flatten()(x))
    x = Spy(name="own_mind")(x)
    return keras.Model(image, keras.layers.Dense(2, "softmax")(x))


@pytest.fixture
def image() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).random((5, 4, 4, 1), np.float32)


@pytest.mark.parametrize(("precision", "short"), [("mixed_bfloat16", "bfloat16"), ("mixed_float16", "float16")])
def test_that_inner_layers_compute_in_the_format_and_the_last_in_float32(
    net: Any, seen: dict[str, str], image: np.ndarray[Any, Any], precision: str, short: str
) -> None:
    with computing_in(net, precision):
        probabilities = net(image, training=True)
    inner = ("convolution", "normalized", "nested_convolution", "nested", "dropped")
    assert {name: seen[name] for name in inner} == dict.fromkeys(inner, f"<dtype: '{short}'>")
    assert seen["image"] == str(probabilities.dtype) == "<dtype: 'float32'>"
    assert seen["own_mind"] == "<dtype: 'float64'>"


def test_that_afterwards_and_in_float32_nothing_differs(
    net: Any, seen: dict[str, str], image: np.ndarray[Any, Any]
) -> None:
    before = net(image).numpy()
    with computing_in(net, "mixed_bfloat16"):
        rough = net(image).numpy()
    with computing_in(net, "float32"):
        assert np.array_equal(net(image).numpy(), before)
    assert np.array_equal(net(image).numpy(), before)
    assert set(seen.values()) == {"<dtype: 'float32'>", "<dtype: 'float64'>"}
    assert 0 < np.abs(rough - before).max() < 0.05
    assert {str(weight.dtype) for weight in net.get_layer("conv").weights} == {"float32"}


def test_that_an_error_leaves_the_network_in_float32(net: Any) -> None:
    def fail() -> None:
        with computing_in(net, "mixed_bfloat16"):
            assert net.get_layer("conv").compute_dtype == "bfloat16"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert net.get_layer("conv").dtype_policy.name == "float32"


def test_that_the_last_layer_of_a_nested_model_stays_in_float32() -> None:
    import keras

    head = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(2, "softmax")])
    body = keras.layers.Flatten()
    model = keras.Sequential([keras.Input((2, 2, 1)), body, head])
    with computing_in(model, "mixed_bfloat16"):
        assert [layer.compute_dtype for layer in (body, *head.layers)] == ["bfloat16", "bfloat16", "float32"]


def test_that_float16_is_refused_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision_module, "computes_on_gpu", lambda: False)
    for fit in ("float32", "mixed_bfloat16", "auto"):
        check_precision(fit)
    with pytest.raises(ModelError, match=r"training\.precision: got mixed_float16, which needs a GPU"):
        check_precision("mixed_float16")
    monkeypatch.setattr(precision_module, "computes_on_gpu", lambda: True)
    check_precision("mixed_float16")


def test_that_what_the_optimizer_has_learned_goes_with_it_through_loss_scaling(tiny_net: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    model = tiny_net(weight_average=0.9)
    model.train_on_batch(rng.random((8, 12, 12, 1), np.float32), np.eye(2, dtype=np.float32)[[0, 1] * 4])
    plain = model.optimizer
    scaling = make_optimizer(HyperParameters(precision="mixed_float16", weight_average=0.9))
    carry_state(plain, scaling, model.trainable_variables)
    again = make_optimizer(HyperParameters(weight_average=0.9))
    scaling.dynamic_scale.assign(64.0)
    carry_state(scaling, again, model.trainable_variables)
    for one, other in zip(plain.variables, again.variables, strict=True):
        assert np.array_equal(one.numpy(), other.numpy())
    assert int(scaling.iterations) == 1
    assert len(averages(scaling)) == len(model.trainable_variables)
    third = make_optimizer(HyperParameters(precision="mixed_float16", weight_average=0.9))
    carry_state(scaling, third, model.trainable_variables)
    assert float(third.dynamic_scale) == 64.0

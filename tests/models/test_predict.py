import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.normalize import Normalization
from aid_desktop.data.scalar_features import FeatureScaling
from aid_desktop.errors import ModelError
from aid_desktop.models import onnx_cache, onnx_engine, predict
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.onnx_cache import OnnxCache
from aid_desktop.models.predict import Predictor
from aid_desktop.settings.image import ImageSettings

pytestmark = pytest.mark.keras
Build = Callable[..., Any]
IMAGES = np.random.default_rng(5).integers(0, 256, (600, 12, 12, 1), np.uint8)


def test_that_predictions_are_those_of_keras(tiny_net: Build, card: ModelCard) -> None:
    model = tiny_net()
    result = Predictor(model, card).predict(IMAGES)
    assert (result.shape, result.dtype) == ((600, 2), np.float32)
    assert np.allclose(result, model(card.normalization.apply(IMAGES), training=False), atol=1e-6)
    assert np.allclose(result.sum(axis=1), 1, atol=1e-5)


def test_that_predictions_do_not_depend_on_the_neighbours_in_a_batch(
    tiny_net: Build, card: ModelCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    predictor = Predictor(tiny_net(), card)
    together = predictor.predict(IMAGES)
    assert np.allclose(predictor.predict(IMAGES[255:258]), together[255:258], atol=1e-6)
    assert np.allclose(predictor.predict(IMAGES[::-1])[::-1], together, atol=1e-6)
    monkeypatch.setattr(onnx_engine, "MOST_IMAGES", 37)
    other = Predictor(tiny_net(), card, cache=OnnxCache(tmp_path))
    assert np.allclose(other.predict(IMAGES), together, atol=1e-6)


def test_that_no_images_give_no_rows(tiny_net: Build, card: ModelCard) -> None:
    assert Predictor(tiny_net(), card).predict(IMAGES[:0]).shape == (0, 2)


def test_that_dropout_does_not_act_in_predictions(dropout_net: Build, card: ModelCard) -> None:
    predictor = Predictor(dropout_net(0.5), card)
    assert np.array_equal(predictor.predict(IMAGES), predictor.predict(IMAGES))


def test_that_a_stop_leaves_the_rows_computed_so_far(
    tiny_net: Build, card: ModelCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(predict, "BATCH_SIZE", 100)
    monkeypatch.setattr(onnx_engine, "MOST_IMAGES", 25)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    model = tiny_net()
    for n_images, rows in ((1, 200), (None, 400)):
        answers = iter([False, False, True])
        predictor = Predictor(model, card, n_images=n_images, cache=OnnxCache(tmp_path))
        predictor.predict(IMAGES[:1])
        result = predictor.predict(IMAGES, lambda answers=answers: next(answers))
        assert result.shape == (rows, 2)
        assert np.allclose(result, predictor.predict(IMAGES)[:rows], atol=1e-6)


def test_that_single_images_and_batches_run_in_onnx_runtime(tiny_net: Build, card: ModelCard) -> None:
    model = tiny_net()
    predictor = Predictor(model, card)
    together = predictor.predict(IMAGES)
    alone = np.concatenate([predictor.predict(IMAGES[i : i + 1]) for i in range(20)])
    assert predictor.engine_name == "ONNX Runtime"
    np.testing.assert_allclose(alone, together[:20], atol=1e-6)


def test_that_few_images_are_not_worth_a_conversion_but_use_what_is_there(
    tiny_net: Build, card: ModelCard, tmp_path: Path
) -> None:
    model, cache = tiny_net(), OnnxCache(tmp_path)
    few = Predictor(model, card, n_images=20, cache=cache)
    by_keras = few.predict(IMAGES[:20])
    assert (few.engine_name, list(tmp_path.glob("*"))) == ("compiled Keras function", [])
    many = Predictor(model, card, n_images=5000, cache=cache)
    np.testing.assert_allclose(many.predict(IMAGES[:20]), by_keras, atol=1e-6)
    assert many.engine_name == "ONNX Runtime"
    few_again = Predictor(model, card, n_images=20, cache=OnnxCache(tmp_path))
    few_again.predict(IMAGES[:20])
    assert few_again.engine_name == "ONNX Runtime"


def test_that_a_conversion_can_be_stopped(
    tiny_net: Build, card: ModelCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    begun, may_go_on, is_done = (threading.Event() for _ in range(3))
    convert = onnx_cache.to_onnx

    def slow(model: Any, shapes: Any) -> Any:
        begun.set()
        assert may_go_on.wait(60)
        return convert(model, shapes)

    monkeypatch.setattr(onnx_cache, "to_onnx", slow)
    cache = OnnxCache(tmp_path)
    write = cache._write
    monkeypatch.setattr(cache, "_write", lambda *content: (write(*content), is_done.set()))
    predictor = Predictor(tiny_net(), card, cache=cache)
    assert predictor.predict(IMAGES, begun.is_set).shape == (0, 2)
    assert predictor.engine_name == ""
    may_go_on.set()
    # It is there for the next.
    assert is_done.wait(60)
    later = Predictor(tiny_net(), card, n_images=1, cache=OnnxCache(tmp_path))
    assert len(later.predict(IMAGES)) == len(IMAGES)
    assert later.engine_name == "ONNX Runtime"


def test_that_a_conversion_is_told_until_it_has_ended(
    tiny_net: Build, card: ModelCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    may_go_on, told, threads = threading.Event(), [], set()
    convert = onnx_cache.to_onnx

    def slow(model: Any, shapes: Any) -> Any:
        assert may_go_on.wait(60)
        return convert(model, shapes)

    def on_convert(converting: bool) -> None:
        told.append(converting)
        threads.add(threading.current_thread())
        if len(told) == 2:
            may_go_on.set()

    monkeypatch.setattr(onnx_cache, "to_onnx", slow)
    model = tiny_net()
    Predictor(model, card, cache=OnnxCache(tmp_path), on_convert=on_convert).predict(IMAGES)
    assert told[:2] == [True, True]
    assert told.count(False) == 1
    assert told[-1] is False
    assert threads == {threading.current_thread()}
    # What is there already, or is not worth it, takes no time.
    del told[:]
    Predictor(model, card, cache=OnnxCache(tmp_path), on_convert=on_convert).predict(IMAGES)
    Predictor(tiny_net(), card, n_images=1, cache=OnnxCache(tmp_path / "x"), on_convert=on_convert).predict(IMAGES)
    assert told == []


def test_that_deep_and_large_networks_need_more_images(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    from keras import layers

    def build(depth: int) -> Any:
        inside = keras.Sequential([keras.Input((4,)), *(layers.Dense(4) for _ in range(depth))])
        return keras.Sequential([keras.Input((4,)), inside])

    assert not predict.is_worth_it(build(3), 999)
    assert predict.is_worth_it(build(3), 1000)
    assert not predict.is_worth_it(build(40), 1000)
    assert predict.is_worth_it(build(40), 5000)
    monkeypatch.setattr(predict, "MOST_WEIGHTS_CONVERTED", 50)
    assert not predict.is_worth_it(build(3), 10**6)


def test_that_keras_computes_what_onnx_cannot(unwritable_net: Build, card: ModelCard) -> None:
    model = unwritable_net()
    predictor = Predictor(model, card)
    result = predictor.predict(IMAGES)
    assert predictor.engine_name == "compiled Keras function"
    assert np.allclose(result, model(card.normalization.apply(IMAGES), training=False), atol=1e-6)


def test_that_a_gpu_is_used_through_keras(
    tiny_net: Build, card: ModelCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(predict, "has_gpu", lambda: True)
    predictor = Predictor(tiny_net(), card, cache=OnnxCache(tmp_path))
    predictor.predict(IMAGES[:2])
    assert predictor.engine_name == "compiled Keras function"


@pytest.mark.parametrize("method", ["none", "divide_by_255", "standardize_each_image", "standardize_training_set"])
@pytest.mark.parametrize("pixel_type", ["uint8", "uint16", "float32"])
def test_that_images_of_every_kind_are_normalized_first(
    tiny_net: Build, card: ModelCard, method: str, pixel_type: str
) -> None:
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[pixel_type]
    card = replace(card, normalization=Normalization(method, 0.4 * white, 0.2 * white, white), pixel_type=pixel_type)
    images = (IMAGES[:40] / 255 * white).astype(pixel_type)
    model = tiny_net()
    expected = np.asarray(model(card.normalization.apply(images), training=False))
    np.testing.assert_allclose(Predictor(model, card).predict(images), expected, atol=2e-6)


def test_that_features_and_several_channels_go_to_their_inputs(card: ModelCard) -> None:
    import keras
    from keras import layers

    keras.utils.set_random_seed(4)
    image, features = keras.Input((6, 5, 4)), keras.Input((2,))
    both = layers.Concatenate()([layers.Flatten()(image), features])
    model = keras.Model([image, features], layers.Dense(2, activation="softmax")(both))
    names = ("a", "b", "c", "d")
    settings = ImageSettings(width=5, height=6, channels=names, features=("area", "deform"))
    scaling = FeatureScaling(("area", "deform"), (50.0, 0.1), (20.0, 0.05))
    card = replace(card, image=settings, normalization=Normalization("standardize_each_image"), features=scaling)
    rng = np.random.default_rng(0)
    images, numbers = rng.integers(0, 256, (300, 6, 5, 4), np.uint8), rng.normal((50, 0.1), (20, 0.05), (300, 2))
    predictor = Predictor(model, card)
    found = predictor.predict(images, features=numbers)
    assert predictor.engine_name == "ONNX Runtime"
    inputs = [card.normalization.apply(images), scaling.apply(numbers)]
    np.testing.assert_allclose(found, model(inputs, training=False), atol=2e-6)
    assert np.ptp(found[:, 0]) > 0.1
    with pytest.raises(ModelError, match="takes the features area, deform"):
        predictor.predict(images)

"""Converted networks: kept, verified, made anew when damaged, and never used when they differ from Keras."""

import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ModelError
from aid_desktop.models import onnx_cache
from aid_desktop.models.onnx_cache import OnnxCache, is_same, key_of

pytestmark = pytest.mark.keras
Build = Callable[..., Any]
SHAPES = ((12, 12, 1),)
SAMPLE = [np.random.default_rng(0).normal(size=(16, 12, 12, 1)).astype(np.float32)]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list of the networks that were converted."""
    networks: list[Any] = []
    convert = onnx_cache.to_onnx

    def counting(model: Any, shapes: Any) -> Any:
        networks.append(model)
        return convert(model, shapes)

    monkeypatch.setattr(onnx_cache, "to_onnx", counting)
    return networks


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


def test_that_a_network_is_converted_once(tiny_net: Build, tmp_path: Path, made: list[Any]) -> None:
    model = tiny_net()
    cache = OnnxCache(tmp_path / "networks")
    first = cache.engine(model, SHAPES, SAMPLE)
    assert first is not None
    np.testing.assert_allclose(first.run(SAMPLE), model(SAMPLE[0], training=False), atol=1e-6)
    assert cache.engine(model, SHAPES, SAMPLE) is first
    # Another process, for which the same network is another object.
    later = OnnxCache(tmp_path / "networks").engine(tiny_net(), SHAPES, SAMPLE, may_convert=False)
    assert later is not None
    assert np.array_equal(later.run(SAMPLE), first.run(SAMPLE))
    assert len(made) == len(files(tmp_path / "networks")) == 1


def test_that_changed_weights_are_another_network(tiny_net: Build, tmp_path: Path, made: list[Any]) -> None:
    model = tiny_net()
    cache = OnnxCache(tmp_path)
    before = cache.engine(model, SHAPES, SAMPLE)
    model.weights[-1].assign(model.weights[-1] + 1)
    assert cache.engine(model, SHAPES, SAMPLE, may_convert=False) is None
    after = cache.engine(model, SHAPES, SAMPLE)
    assert before is not None
    assert after is not None
    assert len(made) == 2
    np.testing.assert_allclose(after.run(SAMPLE), model(SAMPLE[0], training=False), atol=1e-6)


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "other network"])
def test_that_a_damaged_file_is_made_anew(tiny_net: Build, tmp_path: Path, made: list[Any], damage: str) -> None:
    model = tiny_net()
    OnnxCache(tmp_path).engine(model, SHAPES, SAMPLE)
    [path] = files(tmp_path)
    good = path.read_bytes()
    if damage == "other network":
        other = tiny_net()
        other.weights[0].assign(-other.weights[0])
        OnnxCache(tmp_path / "other").engine(other, SHAPES, SAMPLE)
        [found] = files(tmp_path / "other")
        found.replace(path)
    else:
        at = len(good) // 2
        flipped = good[:at] + bytes([good[at] ^ 16]) + good[at + 1 :]
        path.write_bytes({"cut": good[:-100], "bit": flipped, "empty": b""}[damage])
    made.clear()
    engine = OnnxCache(tmp_path).engine(model, SHAPES, SAMPLE)
    assert engine is not None
    assert len(made) == 1
    np.testing.assert_allclose(engine.run(SAMPLE), model(SAMPLE[0], training=False), atol=1e-6)
    assert OnnxCache(tmp_path).engine(model, SHAPES, SAMPLE, may_convert=False) is not None


def test_that_a_graph_that_differs_from_keras_is_not_used(
    tiny_net: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    convert = onnx_cache.to_onnx
    other = tiny_net()
    other.weights[-1].assign(other.weights[-1] + np.float32([0.01, 0]))
    monkeypatch.setattr(onnx_cache, "to_onnx", lambda model, shapes: convert(other, shapes))
    cache = OnnxCache(tmp_path)
    with caplog.at_level(logging.INFO):
        assert cache.engine(tiny_net(), SHAPES, SAMPLE) is None
    assert "differs from Keras" in caplog.text
    assert OnnxCache(tmp_path).engine(tiny_net(), SHAPES, SAMPLE) is None


def test_that_what_cannot_be_converted_is_tried_once_and_told_in_the_log(
    unwritable_net: Build, tmp_path: Path, made: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    model, cache = unwritable_net(), OnnxCache(tmp_path)
    with caplog.at_level(logging.INFO):
        assert cache.engine(model, SHAPES, SAMPLE) is None
        assert cache.engine(model, SHAPES, SAMPLE) is None
        # Another process.
        assert OnnxCache(tmp_path).engine(model, SHAPES, SAMPLE) is None
    assert len(made) == 1
    assert "computes with Keras" in caplog.text


def test_that_a_missing_runtime_is_no_failure(
    tiny_net: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with caplog.at_level(logging.INFO):
        assert OnnxCache(tmp_path).engine(tiny_net(), SHAPES, SAMPLE) is None
    assert "ONNX Runtime cannot be used" in caplog.text


def test_that_files_used_longest_ago_make_room(tiny_net: Build, tmp_path: Path) -> None:
    import os

    models = []
    for number in range(3):
        model = tiny_net()
        model.weights[-1].assign(model.weights[-1] + number)
        models.append(model)
    OnnxCache(tmp_path).engine(models[0], SHAPES, SAMPLE)
    [first] = files(tmp_path)
    os.utime(first, (1, 1))
    cache = OnnxCache(tmp_path, limit=int(2.5 * first.stat().st_size))
    for model in models[1:]:
        cache.engine(model, SHAPES, SAMPLE)
    assert len(files(tmp_path)) == 2
    assert first not in files(tmp_path)


def test_that_a_folder_that_cannot_be_written_costs_only_the_file(tiny_net: Build, tmp_path: Path) -> None:
    (tmp_path / "networks").write_text("in the way", encoding="utf-8")
    assert OnnxCache(tmp_path / "networks").engine(tiny_net(), SHAPES, SAMPLE) is not None


def test_that_the_key_is_the_content(tiny_net: Build) -> None:
    assert key_of(tiny_net(), SHAPES) == key_of(tiny_net(), SHAPES)
    assert key_of(tiny_net(), SHAPES) != key_of(tiny_net(), ((12, 13, 1),))


def test_that_differences_count_missing_numbers_and_tiny_probabilities() -> None:
    one = np.float32([[0.25, 0.75]])
    assert is_same(one, one + np.float32(1e-5))
    assert not is_same(one, np.float32([[0.5, 0.5]]))
    assert not is_same(one, np.float32([[np.nan, 0.75]]))
    assert is_same(np.float32([[np.nan, 0.75]]), np.float32([[np.nan, 0.75]]))
    assert not is_same(one, one[:, :1])
    assert is_same(np.float32([[1, 1e-20]]), np.float32([[1, 1.1e-20]]))
    assert not is_same(np.float32([[1, 1e-20]]), np.float32([[1, 1e-10]]))
    assert is_same(np.float32([[1, 0]]), np.float32([[1, 1e-40]]))


def test_that_wrong_statistics_of_a_certain_network_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    model = keras.Sequential([
        keras.Input((12, 12, 1)), layers.Conv2D(8, 3, activation="relu"), layers.BatchNormalization(name="norm"),
        layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax"),
    ])  # fmt: skip
    rng = np.random.default_rng(0)
    gamma, beta = rng.uniform(0.5, 2, 8), rng.uniform(0.5, 2, 8)
    statistics = [rng.uniform(0.2, 0.4, 8), rng.uniform(1, 2, 8)]
    model.get_layer("norm").set_weights([gamma, beta, *statistics])
    # Surer of the first class than float32 can say.
    model.layers[-1].bias.assign([30, 0])
    wrong = keras.models.clone_model(model)
    wrong.set_weights(model.get_weights())
    wrong.get_layer("norm").set_weights([gamma, beta, *reversed(statistics)])
    expected, other = (np.asarray(one(SAMPLE[0], training=False)) for one in (model, wrong))
    assert np.abs(expected - other).max() < 1e-4
    convert = onnx_cache.to_onnx
    monkeypatch.setattr(onnx_cache, "to_onnx", lambda _, shapes: convert(wrong, shapes))
    with caplog.at_level(logging.INFO):
        assert OnnxCache(tmp_path).engine(model, SHAPES, SAMPLE) is None
    assert "differs from Keras" in caplog.text
    monkeypatch.undo()
    assert OnnxCache(tmp_path / "right").engine(model, SHAPES, SAMPLE) is not None


def test_that_a_passing_failure_is_not_written_down(
    tiny_net: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: list[Any]
) -> None:
    def fail(graph: bytes) -> None:
        raise ModelError("ONNX Runtime cannot use the network: no memory")

    model, cache = tiny_net(), OnnxCache(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(onnx_cache, "OnnxEngine", fail)
        assert cache.engine(model, SHAPES, SAMPLE) is None
    assert cache.engine(model, SHAPES, SAMPLE) is None
    assert (len(made), files(tmp_path)) == (1, [])
    assert OnnxCache(tmp_path).engine(model, SHAPES, SAMPLE) is not None


def test_that_functions_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    import keras
    from keras import layers

    def build(factor: float) -> Any:
        def scaled(x: Any) -> Any:
            return x * factor

        keras.utils.set_random_seed(0)
        return keras.Sequential(
            [
                keras.Input((12, 12, 1), name="i"),
                layers.Flatten(name="f"),
                layers.Dense(3, scaled, name="a"),
                layers.Dense(2, "softmax", name="b"),
            ],
            name="net",
        )

    first, second, cache = build(1), build(-3), OnnxCache(tmp_path)
    assert key_of(first, SHAPES) == key_of(second, SHAPES)
    for model in (first, second, first):
        engine = cache.engine(model, SHAPES, SAMPLE)
        assert engine is not None
        np.testing.assert_allclose(engine.run(SAMPLE), model(SAMPLE[0], training=False), atol=1e-5)


def test_that_a_conversion_does_not_hold_up_other_networks(
    tiny_net: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, other, cache = tiny_net(), tiny_net(), OnnxCache(tmp_path)
    other.weights[-1].assign(other.weights[-1] + 1)
    assert cache.engine(model, SHAPES, SAMPLE) is not None
    convert, begun, may_go_on = onnx_cache.to_onnx, threading.Event(), threading.Event()

    def slow(network: Any, shapes: Any) -> Any:
        begun.set()
        assert may_go_on.wait(60)
        return convert(network, shapes)

    monkeypatch.setattr(onnx_cache, "to_onnx", slow)
    with ThreadPoolExecutor(2) as executor:
        converting = executor.submit(cache.engine, other, SHAPES, SAMPLE)
        try:
            assert begun.wait(60)
            assert executor.submit(cache.engine, model, SHAPES, SAMPLE).result(60) is not None
            # Few images do not wait for it either.
            assert executor.submit(cache.engine, other, SHAPES, SAMPLE, False).result(60) is None
        finally:
            may_go_on.set()
        assert converting.result() is cache.engine(other, SHAPES, SAMPLE) is not None

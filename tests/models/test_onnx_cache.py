"""Converted networks: kept, verified, made anew when damaged, and never used when they differ from Keras."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.models import onnx_cache
from aid_desktop.models.onnx_cache import OnnxCache, key_of, largest_difference

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


def test_that_differences_count_missing_numbers() -> None:
    one = np.float32([[0.25, 0.75]])
    assert largest_difference(one, one) == 0
    assert largest_difference(one, np.float32([[0.5, 0.5]])) == 0.25
    assert largest_difference(one, np.float32([[np.nan, 0.75]])) == np.inf
    assert largest_difference(one, one[:, :1]) == np.inf

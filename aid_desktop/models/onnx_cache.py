"""Networks converted for ONNX Runtime: kept for the process and in the user's cache folder, each verified before use.

A file is named by all that it was made from, weights included, so a changed network never meets an old file.
"""

import json
import logging
import os
import platform
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ModelError
from aid_desktop.libraries import version_of
from aid_desktop.models.calibration import log_probabilities
from aid_desktop.models.files import versions
from aid_desktop.models.onnx_engine import Inputs, OnnxEngine
from aid_desktop.models.onnx_graph import OPSET, MissingOperatorError, Shape, serialized, to_onnx
from aid_desktop.paths import onnx_cache_dir, write_atomically

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

FORMAT_VERSION = 1
LIMIT_BYTES = 10**9
"""Largest size of all files together; those used longest ago go first."""
LIMIT_ENGINES = 4
"""Networks that a process keeps open."""
LOG_TOLERANCE = 0.01
"""Largest difference between ln p of Keras and of ONNX Runtime, as a part of 1 + |ln p|."""
TOLERANCE = 1e-4
"""Largest difference between probabilities of Keras and ONNX Runtime.

The order of additions alone makes 1e-7 in small networks and up to 1e-5 in deep ones; a conversion that went wrong made
0.2 and more.
"""
# Close to the smallest float32, where the two round to 0 at different places.
_SMALLEST_COMPARED = np.float32(1e-37)
_REFUSED = b""
"""Stands in a file for the graph of a network that could not be converted: to try again takes seconds."""
_LIBRARIES = ("onnxruntime", "onnx", "tf2onnx")
_ABANDONED_S = 3600
_DIGEST_BYTES = 16


class _DifferenceError(ModelError):
    """ONNX Runtime does not compute what Keras computes."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The engine of a network, None for a network that has none, and the object it was compared with."""

    engine: OnnxEngine | None
    model: "weakref.ref[keras.Model]"


class OnnxCache:
    """Files of graphs in a folder, and the engines made of them that were verified in this process.

    A thread that makes an engine holds up others only if they want the same one.
    """

    def __init__(self, folder: Path, limit: int = LIMIT_BYTES) -> None:
        self.folder = folder
        self._limit = limit
        self._engines: OrderedDict[str, _Kept] = OrderedDict()
        self._making: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def engine(
        self,
        model: "keras.Model",
        shapes: Sequence[Shape],
        sample: Inputs,
        may_convert: bool = True,
        on_convert: Callable[[], object] = lambda: None,
    ) -> OnnxEngine | None:
        """Return an engine whose output for `sample` is that of Keras, see `is_same`.

        `shapes` are as in `to_onnx`. A graph that is not at hand is made, unless `may_convert` is false, or waited for
        while another thread makes it. None if there is no such engine; that a network cannot be converted is
        remembered, and told in the log only. `on_convert` is called before either, in this thread.
        """
        if not _has_runtime():
            return None
        key = key_of(model, shapes)
        if key is None:
            if not may_convert:
                return None
            on_convert()
            return self._made(None, model, shapes, sample, _output(model, sample))
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        if not making.acquire(blocking=False):
            if not may_convert:
                return None
            on_convert()
            making.acquire()
        try:
            return self._found(key, model, shapes, sample, may_convert, on_convert)
        finally:
            making.release()

    def _found(
        self,
        key: str,
        model: "keras.Model",
        shapes: Sequence[Shape],
        sample: Inputs,
        may_convert: bool,
        on_convert: Callable[[], object],
    ) -> OnnxEngine | None:
        with self._lock:
            kept = self._engines.get(key)
            if kept is not None:
                self._engines.move_to_end(key)
        if kept is not None and (kept.engine is None or kept.model() is model):
            return kept.engine
        stored = self._read(key) if kept is None else None
        if kept is None and stored is None and not may_convert:
            return None
        engine = None
        if stored != _REFUSED:
            expected = _output(model, sample)
            try:
                # Functions of the same name with other code have the same key.
                engine = kept.engine if kept is not None else None if stored is None else OnnxEngine(stored)
                if engine is not None:
                    _compare(engine, sample, expected)
            except ModelError as error:
                logger.info("the network is converted anew: %s", error)
                engine = None
            if engine is None and not may_convert:
                return None
            if engine is None:
                on_convert()
                engine = self._made(key, model, shapes, sample, expected)
        with self._lock:
            self._engines[key] = _Kept(engine, weakref.ref(model))
            while len(self._engines) > LIMIT_ENGINES:
                self._engines.popitem(last=False)
        return engine

    def _made(
        self,
        key: str | None,
        model: "keras.Model",
        shapes: Sequence[Shape],
        sample: Inputs,
        expected: NDArray[np.float32],
    ) -> OnnxEngine | None:
        """Convert; what will fail again is written down, what may be better next time (memory, libraries) is not."""
        start = time.perf_counter()
        try:
            graph = serialized(to_onnx(model, shapes))
            engine = OnnxEngine(graph)
            _compare(engine, sample, expected)
        except ModelError as error:
            logger.info("classification computes with Keras: %s", error)
            if key is not None and isinstance(error, MissingOperatorError | _DifferenceError):
                self._write(key, _REFUSED)
            return None
        logger.info("the network was converted for ONNX Runtime in %.1f s", time.perf_counter() - start)
        if key is not None:
            self._write(key, graph)
        return engine

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.graph"

    def _read(self, key: str) -> bytes | None:
        """Return the graph of a file; None if there is none, or it is not as it was written."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        digest, graph = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if digest != _digest(graph):
            logger.info("%s is damaged and is made anew", path)
            return None
        with suppress(OSError):
            path.touch()
        return graph

    def _write(self, key: str, graph: bytes) -> None:
        if len(graph) > self._limit:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._make_room(len(graph))
            with write_atomically(self._path(key)) as temporary:
                temporary.write_bytes(_digest(graph) + graph)
        except OSError as error:
            logger.info("%s cannot be written: %s", self._path(key), error)

    def _make_room(self, n_bytes: int) -> None:
        files = []
        for path in self.folder.glob("*.graph"):
            with suppress(OSError):
                state = path.stat()
                # What has a temporary name is being written, or was left by a crash.
                if not path.name.startswith(".") or state.st_mtime < time.time() - _ABANDONED_S:
                    files.append((state.st_mtime, state.st_size, path))
        total = sum(size for _, size, _ in files) + n_bytes
        for _, size, path in sorted(files):
            if total <= self._limit:
                break
            with suppress(OSError):
                path.unlink()
                total -= size


@lru_cache(maxsize=4)
def cache_in(folder: Path) -> OnnxCache:
    """Return the one cache of this process for a folder."""
    return OnnxCache(folder)


def users_cache() -> OnnxCache:
    """Return the cache in the user's folder."""
    return cache_in(onnx_cache_dir())


def _has_runtime() -> bool:
    try:
        import onnxruntime  # noqa: F401
    except ImportError as error:
        logger.info("classification computes with Keras: ONNX Runtime cannot be used: %s", error)
        return False
    return True


def key_of(model: "keras.Model", shapes: Sequence[Shape]) -> str | None:
    """Return a name of layers, weights, shapes, and the libraries; None for layers that cannot be written down."""
    try:
        layers = model.to_json()
    except (NotImplementedError, TypeError, ValueError):
        return None
    libraries = [*versions(), *((name, version_of(name)) for name in _LIBRARIES)]
    parts = [FORMAT_VERSION, OPSET, [list(shape) for shape in shapes], libraries, platform.machine(), os.name, layers]
    digest = blake2b(json.dumps(parts).encode(), digest_size=_DIGEST_BYTES)
    for weight in model.weights:
        values = np.ascontiguousarray(weight.numpy())
        digest.update(f"{weight.path} {values.dtype} {values.shape}".encode())
        digest.update(values.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def is_same(found: NDArray[np.float32], expected: NDArray[np.float32]) -> bool:
    """Return whether probabilities (N, C) and their logarithms are the same within TOLERANCE and LOG_TOLERANCE.

    The logarithms tell networks apart that are so certain that all their probabilities are 0 or 1.
    """
    if found.shape != expected.shape or not np.array_equal(np.isnan(found), np.isnan(expected)):
        return False
    if not np.allclose(found, expected, rtol=0, atol=TOLERANCE, equal_nan=True):
        return False
    logarithms = log_probabilities(np.maximum(expected, _SMALLEST_COMPARED))
    differences = np.abs(log_probabilities(np.maximum(found, _SMALLEST_COMPARED)) - logarithms)
    return not bool((differences > LOG_TOLERANCE * (1 + np.abs(logarithms))).any())


def _output(model: "keras.Model", sample: Inputs) -> NDArray[np.float32]:
    return np.asarray(model(list(sample) if len(sample) > 1 else sample[0], training=False))


def _compare(engine: OnnxEngine, sample: Inputs, expected: NDArray[np.float32]) -> None:
    """Raise ModelError if it does not give what is expected: for all images together, and for one alone."""
    together = engine.run(sample)
    alone = engine.run([one[:1] for one in sample])
    if not (is_same(together, expected) and is_same(alone, expected[:1])):
        raise _DifferenceError("ONNX Runtime differs from Keras, so it is not used for this network")


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=_DIGEST_BYTES).digest()

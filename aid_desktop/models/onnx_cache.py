"""Networks converted for ONNX Runtime: kept for the process and in the user's cache folder, each verified before use.

A file is named by all that it was made from, weights included, so a changed network never meets an old file.
"""

import json
import logging
import os
import platform
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ModelError
from aid_desktop.models.files import versions
from aid_desktop.models.onnx_engine import Inputs, OnnxEngine
from aid_desktop.models.onnx_graph import OPSET, Shape, to_onnx
from aid_desktop.paths import onnx_cache_dir, write_atomically

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

FORMAT_VERSION = 1
LIMIT_BYTES = 10**9
"""Largest size of all files together; those used longest ago go first."""
LIMIT_ENGINES = 4
"""Networks that a process keeps open."""
TOLERANCE = 1e-4
"""Largest difference between probabilities of Keras and ONNX Runtime.

The order of additions alone makes 1e-7 in small networks and up to 1e-5 in deep ones; a conversion that went wrong made
0.2 and more.
"""
_REFUSED = b""
"""Stands in a file for the graph of a network that could not be converted: to try again takes seconds."""
_LIBRARIES = ("onnxruntime", "onnx", "tf2onnx")
_ABANDONED_S = 3600
_DIGEST_BYTES = 16


class OnnxCache:
    """Files of graphs in a folder, and the engines made of them that were verified in this process."""

    def __init__(self, folder: Path, limit: int = LIMIT_BYTES) -> None:
        self.folder = folder
        self._limit = limit
        self._engines: OrderedDict[str, OnnxEngine | None] = OrderedDict()
        self._lock = threading.Lock()

    def engine(
        self, model: "keras.Model", shapes: Sequence[Shape], sample: Inputs, may_convert: bool = True
    ) -> OnnxEngine | None:
        """Return an engine whose output for `sample` is that of Keras, within TOLERANCE.

        `shapes` are as in `to_onnx`. A graph that is not at hand is made, unless `may_convert` is false. None if there
        is no such engine; that a network cannot be converted is remembered, and told in the log only.
        """
        if not _has_runtime():
            return None
        key = key_of(model, shapes)
        with self._lock:
            if key is not None and key in self._engines:
                self._engines.move_to_end(key)
                return self._engines[key]
            stored = self._read(key) if key is not None else None
            if stored is None and not may_convert:
                return None
            engine = None
            if stored != _REFUSED:
                expected = np.asarray(model(list(sample) if len(sample) > 1 else sample[0], training=False))
                engine = None if stored is None else _verified(stored, sample, expected)
                if engine is None and not may_convert:
                    return None
                if engine is None:
                    engine = self._made(key, model, shapes, sample, expected)
            if key is not None:
                self._engines[key] = engine
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
        start = time.perf_counter()
        graph, engine = _REFUSED, None
        try:
            # More than 2 GB is too much for the format: ValueError.
            graph = to_onnx(model, shapes).SerializeToString()
        except (ModelError, ValueError) as error:
            logger.info("classification computes with Keras: %s", error)
        else:
            engine = _verified(graph, sample, expected)
        if engine is not None:
            logger.info("the network was converted for ONNX Runtime in %.1f s", time.perf_counter() - start)
        if key is not None:
            self._write(key, _REFUSED if engine is None else graph)
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


def version_of(library: str) -> str:
    """Return the version of an installed library, "" if it is missing."""
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def largest_difference(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Return the largest difference between outputs; infinite where shapes differ or one is no number."""
    if found.shape != expected.shape or not np.array_equal(np.isnan(found), np.isnan(expected)):
        return float("inf")
    return float(np.nan_to_num(np.abs(found - expected), nan=0.0).max(initial=0.0))


def _verified(graph: bytes, sample: Inputs, expected: NDArray[np.float32]) -> OnnxEngine | None:
    """Return the engine if it gives what is expected: for all images together, and for one alone."""
    try:
        engine = OnnxEngine(graph)
        together = engine.run(sample)
        alone = engine.run([one[:1] for one in sample])
    except ModelError as error:
        logger.info("classification computes with Keras: %s", error)
        return None
    difference = max(largest_difference(together, expected), largest_difference(alone, expected[:1]))
    if difference > TOLERANCE:
        logger.info("ONNX Runtime differs from Keras by %.2g, so it is not used for this network", difference)
        return None
    return engine


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=_DIGEST_BYTES).digest()

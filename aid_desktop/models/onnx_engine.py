"""Run a network in ONNX Runtime."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ModelError

Inputs = Sequence[NDArray[np.float32]]
"""The network's inputs, float32 (N, ...) each: the images, then the scalar features if it takes them."""

MOST_IMAGES = 64
"""Images that one thread computes at once: more of them do not fit into the cache of a processor core."""
MOST_VALUES = 2**20
"""Grey levels that one thread computes at once, so that large images do not fill the memory."""

Mapper = Callable[[Callable[[slice], None], Sequence[slice]], None]


class OnnxEngine:
    """A network in ONNX Runtime on the CPU, made of a graph with its weights, as bytes.

    Each call is computed by the thread that calls; batches are shared out to several such threads, which is quicker
    than the threads of ONNX Runtime, and leaves no thread waiting in a loop while images are read. Raises ModelError
    if ONNX Runtime is missing or cannot use the graph.
    """

    name = "ONNX Runtime"

    def __init__(self, graph: bytes) -> None:
        self._session = _open(graph)
        inputs = self._session.get_inputs()
        self._names = [one.name for one in inputs]
        values = math.prod(side for side in inputs[0].shape[1:] if isinstance(side, int))
        self.n_at_once = max(1, min(MOST_IMAGES, MOST_VALUES // max(1, values)))
        self.n_threads = os.cpu_count() or 1

    def run(self, inputs: Inputs) -> NDArray[np.float32]:
        """Return the output, float32 (N, C), computed by this thread."""
        try:
            result: NDArray[np.float32] = self._session.run(None, dict(zip(self._names, inputs, strict=True)))[0]
        except _errors() as error:
            raise ModelError(f"ONNX Runtime cannot compute the network: {error}") from error
        return result

    def run_shared(self, inputs: Inputs) -> NDArray[np.float32]:
        """Return the output of at least one image, shared out to `n_threads`."""
        parts = parts_of(0, len(inputs[0]), self.n_at_once)
        found: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(parts)

        def compute(part: slice) -> None:
            found[part.start // self.n_at_once] = self.run([one[part] for one in inputs])

        with sharing_out(self.n_threads, len(parts)) as share_out:
            share_out(compute, parts)
        return np.concatenate(found)


def parts_of(start: int, stop: int, size: int) -> list[slice]:
    """Return slices of up to `size` that follow one another."""
    return [slice(first, min(first + size, stop)) for first in range(start, stop, size)]


@contextmanager
def sharing_out(n_threads: int, n_parts: int) -> Iterator[Mapper]:
    """Yield a function that has work done on parts by so many threads; by the calling one if there is one part."""
    if min(n_threads, n_parts) <= 1:
        yield _one_by_one
        return
    with ThreadPoolExecutor(min(n_threads, n_parts), thread_name_prefix="inference") as executor:

        def share_out(work: Callable[[slice], None], parts: Sequence[slice]) -> None:
            # Asked for one by one, so that errors are raised here.
            for future in [executor.submit(work, part) for part in parts]:
                future.result()

        yield share_out


def _one_by_one(work: Callable[[slice], None], parts: Sequence[slice]) -> None:
    for part in parts:
        work(part)


def _open(graph: bytes) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(f"ONNX Runtime cannot be used: {error}") from error
    # Nothing leaves this computer; on Windows it would.
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except _errors() as error:
        raise ModelError(f"ONNX Runtime cannot use the network: {error}") from error


def _errors() -> tuple[type[Exception], ...]:
    """Return what ONNX Runtime raises: classes without a common base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = (
        "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "ModelLoaded", "NoModel", "NoSuchFile",
        "NotImplemented", "RuntimeException", "EPFail", "EngineError",
    )  # fmt: skip
    known = tuple(getattr(state, name) for name in names if hasattr(state, name))
    return (*known, RuntimeError, ValueError, TypeError)

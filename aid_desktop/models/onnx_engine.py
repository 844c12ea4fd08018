"""Run a network in ONNX Runtime."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ModelError

Inputs = Sequence[NDArray[np.float32]]
"""The network's inputs, float32 (N, ...) each: the images, then the scalar features if it takes them."""

FEW = 16
"""Fewer images than these are computed by one thread: to wake others would take longer than they save."""


class OnnxEngine:
    """A graph with its weights, as bytes, and sessions of ONNX Runtime that compute it on the CPU.

    There is a session for one thread and one for all processor cores, each made when it is first needed. Raises
    ModelError if ONNX Runtime is missing or cannot use the graph.
    """

    name = "ONNX Runtime"

    def __init__(self, graph: bytes) -> None:
        self._graph = graph
        self._sessions: dict[int, tuple[Any, list[str]]] = {}
        self.n_threads = os.cpu_count() or 1

    def run(self, inputs: Inputs) -> NDArray[np.float32]:
        """Return the network's output, float32 (N, C)."""
        return self.run_on(inputs, 1 if len(inputs[0]) < FEW else self.n_threads)

    def run_on(self, inputs: Inputs, n_threads: int) -> NDArray[np.float32]:
        """Return the output, computed by so many threads."""
        session, names = self._sessions.get(n_threads) or self._open(n_threads)
        try:
            result: NDArray[np.float32] = session.run(None, dict(zip(names, inputs, strict=True)))[0]
        except _errors() as error:
            raise ModelError(f"ONNX Runtime cannot compute the network: {error}") from error
        return result

    def _open(self, n_threads: int) -> tuple[Any, list[str]]:
        try:
            import onnxruntime
        except ImportError as error:
            raise ModelError(f"ONNX Runtime cannot be used: {error}") from error
        # Nothing leaves this computer; on Windows it would.
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # Threads that wait in a loop for more work would take the cores of those that read images.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            session = onnxruntime.InferenceSession(self._graph, options, providers=["CPUExecutionProvider"])
        except _errors() as error:
            raise ModelError(f"ONNX Runtime cannot use the network: {error}") from error
        self._sessions[n_threads] = session, [one.name for one in session.get_inputs()]
        return self._sessions[n_threads]


def _errors() -> tuple[type[Exception], ...]:
    """Return what ONNX Runtime raises: classes without a common base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = (
        "Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "ModelLoaded", "NoModel", "NoSuchFile",
        "NotImplemented", "RuntimeException", "EPFail", "EngineError",
    )  # fmt: skip
    known = tuple(getattr(state, name) for name in names if hasattr(state, name))
    return (*known, RuntimeError, ValueError, TypeError)

"""What other libraries read from the environment when they are first imported."""

import os
import platform

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
# TensorFlow has oneDNN's convolutions in all builds for these processors, but takes them by itself only where the
# processor has AVX512_VNNI or newer. With AVX2 alone they train LeNet-5 twice as fast, see tests/benchmarks/train.py.
_ONEDNN_MACHINES = ("x86_64", "amd64")
_DEFAULTS = {
    # Mesa's OpenGL and TensorFlow 2.21 both carry LLVM; in one process they end it. Qt loads Mesa with its
    # first window unless told not to (Linux, xcb).
    "QT_XCB_GL_INTEGRATION": "none",
    "TF_CPP_MIN_LOG_LEVEL": "2",
}


def set_defaults() -> None:
    """Set what the user has not set. Call it before anything imports Qt or TensorFlow."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    if platform.machine().lower() in _ONEDNN_MACHINES:
        os.environ.setdefault(ONEDNN, "1")


def has_onednn_switched_off() -> bool:
    """Return whether the environment keeps TensorFlow from oneDNN on a processor that it is quicker on."""
    return platform.machine().lower() in _ONEDNN_MACHINES and os.environ.get(ONEDNN, "1").lower() in ("0", "false")

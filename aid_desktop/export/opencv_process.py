"""What OpenCV's dnn module computes of a file, in a process of its own: some networks make it end its process."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import AidError, ExportError, StoppedError
from aid_desktop.long_work import in_own_process

Inputs = Sequence[tuple[str, NDArray[Any]]]
"""Names of inputs and their values (N, ...)."""
_LIMIT_S = 300.0
"""Networks of this program take seconds for a sample."""


def run_dnn(reader: str, files: Sequence[Path], inputs: Inputs, output: str = "") -> NDArray[np.float32]:
    """Return the output (N, C) of a network for its inputs.

    `reader` is a function of cv2.dnn that makes a network of the files, and `output` a layer, by default the last one.
    OpenCV 4 gives (N, 1, C) for several images where a graph asks for the number of its images; that is (N, C) here.
    Raises ExportError with what OpenCV says, or that it came to no end.
    """
    end = time.monotonic() + _LIMIT_S
    arguments = (reader, tuple(map(str, files)), tuple(inputs), output)
    try:
        return in_own_process(_compute, arguments, lambda: time.monotonic() > end)
    except ExportError:
        raise
    except StoppedError as error:
        raise ExportError(f"no result within {_LIMIT_S:.0f} s, so it was ended") from error
    except AidError as error:
        raise ExportError("it crashes on this network: do not open the file with it") from error


def _compute(reader: str, files: Sequence[str], inputs: Inputs, output: str) -> NDArray[np.float32]:
    # What it says in the console is in its error too.
    os.environ["OPENCV_LOG_LEVEL"] = "SILENT"
    import cv2

    try:
        network = getattr(cv2.dnn, reader)(*files)
        for name, values in inputs:
            network.setInput(values, name)
        found = network.forward(output) if output else network.forward()
    except cv2.error as error:
        # Its own error is lost on the way to another process.
        raise ExportError(str(error)) from None
    return np.asarray(found, np.float32).reshape(len(inputs[0][1]), -1)

"""What OpenCV's dnn module computes of a file, in a process of its own: some networks make it end its process."""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ExportError

Inputs = Sequence[tuple[str, NDArray[Any]]]
"""Names of inputs and their values (N, ...)."""


def run_dnn(reader: str, files: Sequence[Path], inputs: Inputs, output: str = "") -> NDArray[np.float32]:
    """Return the output (N, C) of a network for its inputs.

    `reader` is a function of cv2.dnn that makes a network of the files, and `output` a layer, by default the last one.
    OpenCV 4 gives (N, 1, C) for several images where a graph asks for the number of its images; that is (N, C) here.
    Raises ExportError with what OpenCV says, or that it came to no end.
    """
    # Not a copy of this process: its threads, of TensorFlow and Qt, would be missing in it.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(_compute, reader, tuple(map(str, files)), tuple(inputs), output).result()
        except BrokenProcessPool as error:
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

"""Grad-CAM for the large view: the network is loaded once and asked by one job at a time."""

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.evaluation.gradcam import GradCam, HeatMap
from aid_desktop.gui.assess.predicted_images import ImageDetail
from aid_desktop.gui.background import JobContext
from aid_desktop.models.files import load_model


class HeatMaps:
    """Makes heat maps with the network of a model file; for background jobs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._cam: GradCam | None = None
        self._lock = threading.Lock()

    def layers(self, context: JobContext) -> tuple[str, ...]:
        """Load the network and return the layers to choose from. Imports TensorFlow. Raises ModelError."""
        with self._lock:
            if self._cam is None:
                context.leave_if_cancelled(0, 1)
                self._cam = GradCam(load_model(self.path))
            return self._cam.layers

    def heat_map(self, detail: ImageDetail, layer: str, class_index: int, context: JobContext) -> HeatMap:
        """Return what speaks for a class in an image. Raises ModelError."""
        self.layers(context)
        with self._lock:
            context.leave_if_cancelled(0, 1)
            if self._cam is None:
                raise RuntimeError("the network was loaded just now")
            features: NDArray[np.float64] = detail.features
            return self._cam.heat_map(detail.network_input, class_index, layer, features)

"""Which parts of an image speak for a class: Grad-CAM.

Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization, ICCV,
equations 1 and 2.
"""

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.data.scalar_features import RawFeatures
from aid_desktop.errors import ModelError
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.gradients import layer_gradient, spatial_layers

COLOR_MAPS = {
    "viridis": cv2.COLORMAP_VIRIDIS, "inferno": cv2.COLORMAP_INFERNO, "magma": cv2.COLORMAP_MAGMA,
    "plasma": cv2.COLORMAP_PLASMA, "cividis": cv2.COLORMAP_CIVIDIS, "turbo": cv2.COLORMAP_TURBO,
    "jet": cv2.COLORMAP_JET, "hot": cv2.COLORMAP_HOT, "bone": cv2.COLORMAP_BONE,
}  # fmt: skip
"""OpenCV's maps from weak to strong, the default first."""


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """How much each pixel of the network's input speaks for a class: float32 (H, W), 0 to 1, the strongest is 1.

    All of it is 0 where nothing speaks for the class. `score` is the class's value before the softmax, or where
    `is_pre_softmax` is false the network's output.
    """

    values: NDArray[np.float32]
    layer: str
    class_index: int
    score: float
    is_pre_softmax: bool


class GradCam:
    """Makes heat maps of one network for one image at a time; not for two threads at a time.

    Raises ModelError if the network has no layer that gives a picture.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        self._model, self._card = loaded.model, loaded.card
        found = spatial_layers(loaded.model)
        if not found:
            raise ModelError(
                f"{loaded.path.name} has no layer whose output is a picture, which Grad-CAM needs: choose a model with "
                "convolutions"
            )
        seen: Counter[str] = Counter()
        self._layers = {}
        for layer in found:
            seen[layer.name] += 1
            name = layer.name if seen[layer.name] == 1 else f"{layer.name} ({seen[layer.name]})"
            self._layers[name] = layer

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers to choose from: those whose output is a picture, the last one of the network first."""
        return tuple(self._layers)

    def heat_map(
        self, image: Pixels, class_index: int, layer: str | None = None, features: RawFeatures | None = None
    ) -> HeatMap:
        """Return what speaks for a class in an image (H, W, C) that geometry.fit_image made, of the card's pixel type.

        `layer` is one of `layers`, default the first. `features` (F,) are those of the image, if the network takes any.
        Raises ModelError for an unknown layer or class, for missing features, and if the score does not depend on the
        layer.
        """
        name = self.layers[0] if layer is None else layer
        if name not in self._layers:
            raise ModelError(f"the network has no layer {name}: choose one of {', '.join(self.layers)}")
        if not 0 <= class_index < len(self._card.class_names):
            raise ModelError(f"there is no class {class_index}: expected 0 to {len(self._card.class_names) - 1}")
        inputs = [self._card.normalization.apply(image[np.newaxis])]
        if self._card.features:
            if features is None:
                raise ModelError(f"the model takes the features {', '.join(self._card.features.names)} too")
            inputs.append(self._card.features.apply(features[np.newaxis]))
        found = layer_gradient(self._model, self._layers[name], inputs, class_index)
        small = weighted_map(found.activations, found.gradients)
        height, width = image.shape[:2]
        # Between the pixels of a small map, its maximum is not met again.
        enlarged = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
        values = _to_one(enlarged.astype(np.float64))
        return HeatMap(values, name, class_index, found.score, found.is_pre_softmax)


def weighted_map(activations: NDArray[np.float32], gradients: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the map float32 (h, w), divided by its maximum, of a layer's output and gradient, (h, w, k) each.

    Each of the k channels weighs as much as its gradient in the mean over space; what is negative in their sum speaks
    against the class and becomes 0.
    """
    weights = gradients.mean(axis=(0, 1), dtype=np.float64)
    summed = np.maximum(activations.astype(np.float64) @ weights, 0)
    return _to_one(summed)


def _to_one(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return values of 0 and more, divided by their maximum if there is any above 0."""
    highest = values.max()
    scaled: NDArray[np.float32] = (values / highest if highest > 0 else values).astype(np.float32)
    return scaled


def overlaid(
    image: NDArray[np.uint8], values: NDArray[np.float32], color_map: str, opacity: float
) -> NDArray[np.uint8]:
    """Return RGB, uint8 (H, W, 3): an image (H, W), (H, W, 1) or (H, W, 3) under a heat map (H, W) of 0 to 1.

    `color_map` is one of COLOR_MAPS; of `opacity` 0 the map is not seen, of 1 nothing but the map.
    """
    levels = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    colors = cv2.applyColorMap(levels, COLOR_MAPS[color_map])[:, :, ::-1].astype(np.float64)
    ground = image if image.ndim == 3 else image[:, :, np.newaxis]
    mixed: NDArray[np.uint8] = np.rint(ground * (1 - opacity) + colors * opacity).astype(np.uint8)
    return mixed

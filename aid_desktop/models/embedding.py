"""What a network makes of images before its last layer tells classes: vectors in which alike images are near."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.data.scalar_features import RawFeatures
from aid_desktop.errors import ModelError
from aid_desktop.long_work import ShouldStop
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.transfer import before_last

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 256


class Embedder:
    """Applies a network up to the input of its last Dense or Conv2D layer, its penultimate layer.

    `size` is the number D of values of an image. Feature maps are averaged over their places, as a network does itself
    that ends with a convolution. Raises ModelError for a network without such a layer.
    """

    def __init__(self, model: "keras.Model", card: ModelCard) -> None:
        self._part = before_last(model)
        self._normalization = card.normalization
        self._features = card.features
        self.size = int(self._part.output_shape[-1])

    def embed(
        self,
        images: Pixels,
        should_stop: ShouldStop | None = None,
        features: RawFeatures | None = None,
    ) -> NDArray[np.float32]:
        """Return one vector for each image, float32 (N, D); images and features as for `Predictor.predict`.

        When `should_stop` turns true, the rows not yet computed are missing. Raises ModelError for missing features.
        """
        if self._features and features is None:
            raise ModelError(f"the model takes the features {', '.join(self._features.names)} besides the image")
        parts = [np.empty((0, self.size), np.float32)]
        for start in range(0, len(images), BATCH_SIZE):
            if should_stop is not None and should_stop():
                break
            part = slice(start, start + BATCH_SIZE)
            inputs = [self._normalization.apply(images[part])]
            if self._features and features is not None:
                inputs.append(self._features.apply(features[part]))
            parts.append(np.asarray(self._part(inputs, training=False), np.float32))
        return np.concatenate(parts)

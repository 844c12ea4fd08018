"""Class probabilities for images, in batches."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.data.scalar_features import RawFeatures
from aid_desktop.errors import ModelError
from aid_desktop.models.calibration import calibrated
from aid_desktop.models.metadata import ModelCard

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 256


class Predictor:
    """Applies one network through one traced function, which costs far less per call than `model.predict`."""

    def __init__(self, model: "keras.Model", card: ModelCard) -> None:
        import tensorflow as tf

        height, width, channels = card.image.input_shape
        shapes = [(None, height, width, channels), *([(None, len(card.features))] if card.features else [])]
        if model.output_shape[-1] != len(card.class_names):
            raise ModelError(
                f"the network has {model.output_shape[-1]} outputs, its card names {len(card.class_names)} classes: "
                "the file is damaged"
            )
        self._normalization = card.normalization
        self._features = card.features
        self._temperature = card.temperature
        self._n_classes = len(card.class_names)
        self._call = tf.function(
            lambda *inputs: model(list(inputs) if len(inputs) > 1 else inputs[0], training=False),
            input_signature=[tf.TensorSpec(shape, tf.float32) for shape in shapes],
        )

    def predict(
        self,
        images: Pixels,
        should_stop: Callable[[], bool] | None = None,
        features: RawFeatures | None = None,
    ) -> NDArray[np.float32]:
        """Return probabilities, float32 (N, n_classes), of images (N, height, width, channels)
        of the card's pixel type, with the card's features (N, F) if there are any.

        When `should_stop` turns true, the rows not yet computed are missing. Raises ModelError for missing features.
        """
        if self._features and features is None:
            raise ModelError(
                f"the model takes the features {', '.join(self._features.names)} besides the image, and here are "
                "images alone: choose a model of images"
            )
        parts = [np.empty((0, self._n_classes), np.float32)]
        for start in range(0, len(images), BATCH_SIZE):
            if should_stop is not None and should_stop():
                break
            part = slice(start, start + BATCH_SIZE)
            inputs = [self._normalization.apply(images[part])]
            if self._features and features is not None:
                inputs.append(self._features.apply(features[part]))
            parts.append(np.asarray(self._call(*inputs), np.float32))
        return calibrated(np.concatenate(parts), self._temperature)

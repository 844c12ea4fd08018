"""Class probabilities for images, in batches."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.errors import ModelError
from aid_desktop.models.metadata import ModelCard

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 256


class Predictor:
    """Applies one network through one traced function, which costs far less per call than `model.predict`."""

    def __init__(self, model: "keras.Model", card: ModelCard) -> None:
        import tensorflow as tf

        height, width, channels = card.image.input_shape
        signature = [tf.TensorSpec((None, height, width, channels), tf.float32)]
        if model.output_shape[-1] != len(card.class_names):
            raise ModelError(
                f"the network has {model.output_shape[-1]} outputs, its card names {len(card.class_names)} classes: "
                "the file is damaged"
            )
        self._normalization = card.normalization
        self._n_classes = len(card.class_names)
        self._call = tf.function(lambda images: model(images, training=False), input_signature=signature)

    def predict(self, images: Pixels, should_stop: Callable[[], bool] | None = None) -> NDArray[np.float32]:
        """Return probabilities, float32 (N, n_classes), of images (N, height, width, channels)
        of the card's pixel type.

        When `should_stop` turns true, the rows not yet computed are missing.
        """
        parts = [np.empty((0, self._n_classes), np.float32)]
        for start in range(0, len(images), BATCH_SIZE):
            if should_stop is not None and should_stop():
                break
            batch = self._normalization.apply(images[start : start + BATCH_SIZE])
            parts.append(np.asarray(self._call(batch), np.float32))
        return np.concatenate(parts)

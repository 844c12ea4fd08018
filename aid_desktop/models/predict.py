"""Class probabilities for images, in batches."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.data.scalar_features import RawFeatures
from aid_desktop.errors import ModelError
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.onnx_cache import OnnxCache, users_cache
from aid_desktop.models.onnx_engine import Inputs
from aid_desktop.models.onnx_graph import Shape

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 256
"""Images computed at once: more of them do not fit into a processor's cache."""
WORTH_CONVERTING = 1000
"""From so many images on a network is converted: that takes as long as Keras takes to classify thousands of them."""
_SAMPLE = 8


class Engine(Protocol):
    """What computes a network's output."""

    @property
    def name(self) -> str:
        """For people."""

    def run(self, inputs: Inputs) -> NDArray[np.float32]:
        """Return the output, float32 (N, C)."""


class KerasEngine:
    """The network as one compiled function of TensorFlow, which costs far less per call than `model.predict`."""

    name = "compiled Keras function"

    def __init__(self, model: "keras.Model", shapes: Sequence[Shape]) -> None:
        import tensorflow as tf

        self._call = tf.function(
            lambda *inputs: model(list(inputs) if len(inputs) > 1 else inputs[0], training=False),
            input_signature=[tf.TensorSpec((None, *shape), tf.float32) for shape in shapes],
        )

    def run(self, inputs: Inputs) -> NDArray[np.float32]:
        """Return the output, float32 (N, C)."""
        return np.asarray(self._call(*inputs), np.float32)


class Predictor:
    """Applies a network with its weights of this moment: in ONNX Runtime, or through a compiled function of Keras.

    ONNX Runtime is used where its probabilities are those of Keras, see OnnxCache. `n_images` says how many images
    there will be in all, if that is known: a network that was not converted before is not converted for less than
    WORTH_CONVERTING. Keras computes those, all that ONNX Runtime cannot compute, and everything where TensorFlow has a
    GPU, because ONNX Runtime computes on the CPU here. One predictor does not change from one to the other.
    """

    def __init__(
        self,
        model: "keras.Model",
        card: ModelCard,
        *,
        n_images: int | None = None,
        cache: OnnxCache | None = None,
    ) -> None:
        if model.output_shape[-1] != len(card.class_names):
            raise ModelError(
                f"the network has {model.output_shape[-1]} outputs, its card names {len(card.class_names)} classes: "
                "the file is damaged"
            )
        self._model = model
        self._card = card
        self._cache = cache
        self._may_convert = n_images is None or n_images >= WORTH_CONVERTING
        self._engine: Engine | None = None

    @property
    def engine_name(self) -> str:
        """What computes; "" before the first images."""
        return "" if self._engine is None else self._engine.name

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
        card = self._card
        if card.features and features is None:
            raise ModelError(
                f"the model takes the features {', '.join(card.features.names)} besides the image, and here are "
                "images alone: choose a model of images"
            )
        probabilities = np.empty((len(images), len(card.class_names)), np.float32)
        for start in range(0, len(images), BATCH_SIZE):
            if should_stop is not None and should_stop():
                return probabilities[:start]
            part = slice(start, start + BATCH_SIZE)
            inputs = [card.normalization.apply(images[part])]
            if card.features and features is not None:
                inputs.append(card.features.apply(features[part]))
            if self._engine is None:
                self._engine = self._choose(inputs)
            probabilities[part] = self._engine.run(inputs)
        return probabilities

    def _choose(self, inputs: Inputs) -> Engine:
        shapes = shapes_of(self._card)
        if not has_gpu():
            cache = self._cache or users_cache()
            engine = cache.engine(self._model, shapes, _sample(inputs, self._card), self._may_convert)
            if engine is not None:
                return engine
        return KerasEngine(self._model, shapes)


def shapes_of(card: ModelCard) -> tuple[Shape, ...]:
    """Return the shapes of the inputs of a card's network, without the first axis."""
    return card.image.input_shape, *([(len(card.features),)] if card.features else [])


def _sample(inputs: Inputs, card: ModelCard) -> Inputs:
    """Return a few of the inputs and as many of noise: the first images may be all alike."""
    rng = np.random.default_rng(0)
    noise = rng.uniform(0, card.normalization.white, (_SAMPLE, *card.image.input_shape)).astype(card.pixel_type)
    made = [card.normalization.apply(noise)]
    if card.features:
        made.append(rng.normal(size=(_SAMPLE, len(card.features))).astype(np.float32))
    return [np.concatenate((one[:_SAMPLE], other)) for one, other in zip(inputs, made, strict=True)]


def has_gpu() -> bool:
    """Return whether TensorFlow has a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))

"""Class probabilities for images, in batches."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.data.scalar_features import RawFeatures
from aid_desktop.errors import ModelError, StoppedError
from aid_desktop.long_work import ShouldStop, left_when_stopped
from aid_desktop.models.calibration import calibrated
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.onnx_cache import OnnxCache, users_cache
from aid_desktop.models.onnx_engine import Inputs, parts_of, sharing_out
from aid_desktop.models.onnx_graph import Shape

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 256
"""Images that Keras computes at once: more of them do not fit into a processor's cache."""
WORTH_CONVERTING = 1000
"""From so many images on a network of a few layers is converted."""
WORTH_CONVERTING_LAYER = 100
"""Images for each layer, from which on it is worth it to convert a deep network.

Measured on two cores, for images of 32 × 32 pixels: converting takes 0.7 s for LeNet's 7 layers, 1.6 s for 32, 4 s for
120, 7 s for MobileNetV2's 156; what ONNX Runtime saves makes up for that after 600, 800, 1500, and 14000 images.
"""
MOST_WEIGHTS_CONVERTED = 10**7
"""A larger network is never converted.

ResNet50's 24 million took 25 s, and ONNX Runtime was hardly quicker then: 2.3 instead of 2.6 ms for an image.
"""
_SAMPLE = 8
_PARTS_EACH = 4
"""So many calls of each thread lie between two questions whether to stop."""


class Engine(Protocol):
    """What computes a network's output."""

    @property
    def name(self) -> str:
        """Name of the engine, as the window shows it."""

    @property
    def n_at_once(self) -> int:
        """Number of images with which a call is most efficient."""

    @property
    def n_threads(self) -> int:
        """Number of threads that should call `run` at the same time."""

    def run(self, inputs: Inputs) -> NDArray[np.float32]:
        """Return the output, float32 (N, C)."""


class KerasEngine:
    """The network as one compiled function of TensorFlow, which costs far less per call than `model.predict`.

    `device` is one of `keras_devices`; "" leaves the choice to TensorFlow.
    """

    name = "compiled Keras function"

    def __init__(self, model: "keras.Model", shapes: Sequence[Shape], device: str = "") -> None:
        import tensorflow as tf

        self.n_at_once = BATCH_SIZE
        # TensorFlow shares out each call to all cores by itself.
        self.n_threads = 1
        self._device = keras_devices()[device] if device else None
        self._call = tf.function(
            lambda *inputs: model(list(inputs) if len(inputs) > 1 else inputs[0], training=False),
            input_signature=[tf.TensorSpec((None, *shape), tf.float32) for shape in shapes],
        )

    def run(self, inputs: Inputs) -> NDArray[np.float32]:
        """Return the output, float32 (N, C)."""
        import tensorflow as tf

        if self._device is None:
            return np.asarray(self._call(*inputs), np.float32)
        with tf.device(self._device):
            return np.asarray(self._call(*inputs), np.float32)


class Predictor:
    """Applies a network with its weights of this moment: in ONNX Runtime, or through a compiled function of Keras.

    ONNX Runtime is used where its probabilities are those of Keras, see OnnxCache. `n_images` says how many images
    there will be in all, if that is known: a network that was not converted before is converted only if `is_worth_it`.
    Keras computes networks that are not converted or that ONNX Runtime cannot compute, and all networks where
    TensorFlow has a GPU, because ONNX Runtime computes on the CPU here. A predictor keeps to the engine that it has
    begun with. `on_convert` is called in the thread of `predict`: again and again with True while the network is
    converted, then once with False.
    """

    def __init__(
        self,
        model: "keras.Model",
        card: ModelCard,
        *,
        n_images: int | None = None,
        cache: OnnxCache | None = None,
        on_convert: Callable[[bool], None] | None = None,
    ) -> None:
        if model.output_shape[-1] != len(card.class_names):
            raise ModelError(
                f"the network has {model.output_shape[-1]} outputs, its card names {len(card.class_names)} classes: "
                "the file is damaged"
            )
        self._model = model
        self._card = card
        self._cache = cache
        self._on_convert = on_convert
        self._may_convert = n_images is None or is_worth_it(model, n_images)
        self._engine: Engine | None = None

    @property
    def engine_name(self) -> str:
        """What computes; "" before the first images."""
        return "" if self._engine is None else self._engine.name

    def predict(
        self,
        images: Pixels,
        should_stop: ShouldStop | None = None,
        features: RawFeatures | None = None,
    ) -> NDArray[np.float32]:
        """Return probabilities, float32 (N, n_classes), of images (N, height, width, channels)
        of the card's pixel type, with the card's features (N, F) if there are any.

        When `should_stop` turns true, also while the network is converted, the rows not yet computed are missing.
        Raises ModelError for missing features.
        """
        card = self._card
        if card.features and features is None:
            raise ModelError(
                f"the model takes the features {', '.join(card.features.names)} besides the image, and here are "
                "images alone: choose a model of images"
            )
        probabilities = np.empty((len(images), len(card.class_names)), np.float32)
        if not len(images):
            return probabilities
        if self._engine is None:
            few = None if features is None else features[:_SAMPLE]
            self._engine = self._choose(self._inputs(images[:_SAMPLE], few), should_stop)
            if self._engine is None:
                return probabilities[:0]
        engine = self._engine
        if len(images) <= engine.n_at_once and should_stop is None:
            # A single image takes hardly longer than all that is below.
            return calibrated(engine.run(self._inputs(images, features)), card.temperature)

        def compute(part: slice) -> None:
            probabilities[part] = engine.run(self._inputs(images[part], None if features is None else features[part]))

        parts = parts_of(0, len(images), engine.n_at_once)
        n_together = 1 if engine.n_threads == 1 else _PARTS_EACH * engine.n_threads
        with sharing_out(engine.n_threads, len(parts)) as share_out:
            for first in range(0, len(parts), n_together):
                if should_stop is not None and should_stop():
                    probabilities = probabilities[: parts[first].start]
                    break
                share_out(compute, parts[first : first + n_together])
        return calibrated(probabilities, card.temperature)

    def _inputs(self, images: Pixels, features: RawFeatures | None) -> list[NDArray[np.float32]]:
        inputs = [self._card.normalization.apply(images)]
        if self._card.features and features is not None:
            inputs.append(self._card.features.apply(features))
        return inputs

    def _choose(self, inputs: Inputs, should_stop: ShouldStop | None) -> Engine | None:
        """Return what is to compute; None if there was a stop before that was known."""
        shapes = shapes_of(self._card)
        if has_gpu():
            return KerasEngine(self._model, shapes)
        cache = self._cache or users_cache()
        find = partial(cache.engine, self._model, shapes, _sample(inputs, self._card), self._may_convert)
        if not self._may_convert:
            return find() or KerasEngine(self._model, shapes)
        converting = threading.Event()
        tell = None if self._on_convert is None else partial(self._tell, converting)
        try:
            engine = left_when_stopped(
                partial(find, on_convert=converting.set), should_stop, tell, can_be_cut_off=False
            )
        except StoppedError:
            return None
        if self._on_convert is not None and converting.is_set():
            self._on_convert(False)
        return engine or KerasEngine(self._model, shapes)

    def _tell(self, converting: threading.Event) -> None:
        if self._on_convert is not None and converting.is_set():
            self._on_convert(True)


def is_worth_it(model: "keras.Model", n_images: int) -> bool:
    """Return whether converting a network saves time in the end, when it classifies so many images just once."""
    if n_images < WORTH_CONVERTING or model.count_params() > MOST_WEIGHTS_CONVERTED:
        return False
    return n_images >= WORTH_CONVERTING_LAYER * _n_layers(model)


def _n_layers(layer: "keras.Layer") -> int:
    return sum(map(_n_layers, getattr(layer, "layers", ()))) or 1


def shapes_of(card: ModelCard) -> tuple[Shape, ...]:
    """Return the shapes of the inputs of a card's network, without the first axis."""
    return card.image.input_shape, *([(len(card.features),)] if card.features else [])


def noise_inputs(card: ModelCard, n: int) -> list[NDArray[np.float32]]:
    """Return inputs of `n` images of noise, normalized, and of as many features if the network takes them."""
    rng = np.random.default_rng(0)
    images = rng.uniform(0, card.normalization.white, (n, *card.image.input_shape)).astype(card.pixel_type)
    inputs = [card.normalization.apply(images)]
    if card.features:
        inputs.append(rng.normal(size=(n, len(card.features))).astype(np.float32))
    return inputs


def _sample(inputs: Inputs, card: ModelCard) -> Inputs:
    """Return a few of the inputs and as many of noise: the first images may be all alike."""
    pairs = zip(inputs, noise_inputs(card, _SAMPLE), strict=True)
    return [np.concatenate((one[:_SAMPLE], noise)) for one, noise in pairs]


def keras_devices() -> dict[str, str]:
    """Return the devices that TensorFlow can compute on: cpu, gpu:0, …, with TensorFlow's names for them."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    return {"cpu": "/CPU:0", **{f"gpu:{index}": f"/GPU:{index}" for index in range(len(gpus))}}


def has_gpu() -> bool:
    """Return whether TensorFlow has a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))

"""The network that is written to a file: calibrated as its card says, with or without preparation of its input."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.normalize import SMALLEST_STD, Normalization
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.scalar_features import FeatureScaling, RawFeatures
from aid_desktop.errors import ExportError
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.onnx_graph import INPUT_NAMES
from aid_desktop.models.predict import shapes_of

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class Sample:
    """Images (N, height, width, C) of the card's pixel type and its features (N, F), with what they are in words."""

    images: Pixels
    features: RawFeatures
    origin: str


@dataclass(frozen=True, slots=True)
class ExportNetwork:
    """What an exporter writes.

    Attributes:
        model: a functional network with one float32 output (N, C), of probabilities under the card's temperature. Its
            inputs have fixed shapes: (height, width, C), then (F,) if it takes features.
        card: the model's card.
        is_raw: the network takes images in the card's pixel type and features as they are stored, float32, and
            prepares both itself; else both are float32 and prepared as the card says.
        inputs: a sample of what the network takes, at least 32 of each; float32, or as `is_raw` says.
    """

    model: "keras.Model"
    card: ModelCard
    is_raw: bool
    inputs: tuple[NDArray[Any], ...]


def make_network(loaded: LoadedModel, sample: Sample, is_raw: bool) -> ExportNetwork:
    """Return the network of a model as it is to be written. Raises ExportError for one that has several outputs."""
    import keras

    card, model = loaded.card, loaded.model
    if len(model.outputs) != 1 or len(model.inputs) != len(shapes_of(card)):
        raise ExportError(
            f"{loaded.path.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; expected "
            f"{len(shapes_of(card))} and 1, as its card says"
        )
    entrances = _entrances(card, is_raw)
    prepared = _prepared(card, entrances) if is_raw else entrances
    scores = _calibrated(model, card.temperature)(prepared if len(prepared) > 1 else prepared[0], training=False)
    inputs = (sample.images, sample.features.astype(np.float32)) if is_raw else prepared_inputs(card, sample)
    written = keras.Model(entrances if len(entrances) > 1 else entrances[0], scores, name="network")
    return ExportNetwork(written, card, is_raw, tuple(inputs[: len(entrances)]))


def prepared_inputs(card: ModelCard, sample: Sample) -> tuple[NDArray[np.float32], ...]:
    """Return what the network of a card takes for a sample, prepared as the program does it."""
    images = card.normalization.apply(sample.images)
    return (images, card.features.apply(sample.features)) if card.features else (images,)


def _entrances(card: ModelCard, is_raw: bool) -> list[Any]:
    import keras

    kinds = (card.pixel_type if is_raw else "float32", "float32")
    return [
        keras.Input(shape, dtype=kind, name=name)
        for shape, kind, name in zip(shapes_of(card), kinds, INPUT_NAMES, strict=False)
    ]


def _prepared(card: ModelCard, entrances: list[Any]) -> list[Any]:
    prepared = [_normalized(card.normalization, entrances[0])]
    return [*prepared, _scaled(card.features, entrances[1])] if card.features else prepared


def _normalized(normalization: Normalization, image: Any) -> Any:
    """Return what Normalization.apply computes, of layers that readers of few layers know too, where there are any."""
    from keras import layers, ops

    if normalization.method == "divide_by_255":
        return layers.Rescaling(1 / normalization.white, name="divide_by_white")(image)
    if normalization.method == "standardize_training_set":
        # First the difference, then the quotient: one multiplication and addition would lose digits.
        centred = layers.Rescaling(1.0, -normalization.mean, name="subtract_mean")(image)
        return layers.Rescaling(1 / normalization.std, name="divide_by_std")(centred)
    if normalization.method == "standardize_each_image":
        values = layers.Rescaling(1.0, name="grey_levels")(image)
        axes = (1, 2, 3)
        centred = values - ops.mean(values, axis=axes, keepdims=True)
        std = ops.sqrt(ops.mean(centred * centred, axis=axes, keepdims=True))
        return centred / ops.maximum(std, SMALLEST_STD)
    return layers.Rescaling(1.0, name="grey_levels")(image)


def _scaled(features: FeatureScaling, values: Any) -> Any:
    from keras import layers

    centred = layers.Rescaling(1.0, [-mean for mean in features.mean], name="subtract_means")(values)
    return layers.Rescaling([1 / std for std in features.std], name="divide_by_stds")(centred)


def _calibrated(model: "keras.Model", temperature: float) -> "keras.Model":
    """Return the network whose probabilities are those of calibration.calibrated; the same if there is nothing to do.

    The last layer's weights are divided by the temperature, so that all readers know its layers; only where there is
    no such layer, logarithm and softmax follow.
    """
    if temperature == 1.0:
        return model
    import keras
    from keras import ops

    last = _last_dense(model)
    if last is None:
        scores = ops.log(ops.maximum(model.outputs[0], float(np.finfo(np.float32).tiny))) / temperature
        return keras.Model(model.inputs, ops.softmax(scores))
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    layer = copy.get_layer(last.name)
    layer.set_weights([weights / temperature for weights in layer.get_weights()])
    return copy


def _last_dense(model: "keras.Model") -> Any:
    """Return the dense layer whose softmax is the network's output; None if it ends in another way."""
    import keras

    layers = keras.layers
    producers = _producers(model)
    last = producers.get(id(model.outputs[0]))
    if isinstance(last, layers.Dense) and last.activation is keras.activations.softmax:
        return last
    is_softmax = isinstance(last, layers.Softmax) or (
        isinstance(last, layers.Activation) and last.activation is keras.activations.softmax
    )
    before = producers.get(id(last.input)) if is_softmax and last is not None else None
    return before if isinstance(before, layers.Dense) and before.activation is keras.activations.linear else None


def _producers(model: "keras.Model") -> Mapping[int, Any]:
    """Return the network's own layers that are used once, by the identity of their output."""
    return {id(layer.output): layer for layer in model.layers if len(layer._inbound_nodes) == 1}

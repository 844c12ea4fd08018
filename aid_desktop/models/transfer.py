"""Fit a network to another image size and other classes, with all weights that still mean something."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aid_desktop.errors import ModelError
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.partial import learning_layers

if TYPE_CHECKING:
    import keras

_WITHOUT_WEIGHTS = (
    "Activation", "Softmax", "Dropout", "Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "ReLU", "Identity",
)  # fmt: skip
"""Layers between the last weights and the probabilities that work for any number of classes."""

_SIZES = {"Dense": "units", "Conv2D": "filters"}
"""What kinds of last layer there are, and what their number of classes is called."""


class MisfitError(ModelError):
    """The weights of a model do not fit the images of a run: `why` says so, without what to do in run.toml.

    `tied_layers` are the layers whose weights belong to another image size; none where the channels differ.
    """

    def __init__(self, why: str, advice: str, tied_layers: Sequence[str] = ()) -> None:
        super().__init__(f"{why}: {advice}")
        self.why = why
        self.tied_layers = tuple(tied_layers)


@dataclass(frozen=True, slots=True)
class TransferReport:
    """What has become of a network's weights.

    Attributes:
        n_kept: number of layers whose weights are all kept.
        renewed: names of the layers whose weights were drawn anew, since those of another image size do not fit.
        kept_classes: classes whose weights in the last layer are kept, `new_classes` those that are drawn anew.
        sentences: the same in words.
    """

    n_kept: int
    renewed: tuple[str, ...]
    kept_classes: tuple[str, ...]
    new_classes: tuple[str, ...]
    sentences: tuple[str, ...]


def transfer(
    model: "keras.Model",
    card: ModelCard,
    input_shape: tuple[int, int, int],
    class_names: tuple[str, ...],
    renew_layers: bool = False,
) -> "tuple[keras.Model, TransferReport]":
    """Return a network for images (height, width, channels) and classes in this order that has a model's weights.

    Layers keep their names. In the last layer, weights stay with the class of the same name; those of other classes
    are drawn anew. `renew_layers` also draws those anew that do not fit the image size. A model that fits is returned
    itself. Raises MisfitError naming the layers that keep it from fitting, ModelError for other networks.
    """
    _check_graph(model)
    _check_outputs(model, card)
    _check_channels(model, card, input_shape)
    if tuple(model.inputs[0].shape[1:]) == input_shape and card.class_names == class_names:
        return model, _report(len(learning_layers(model)), (), card, input_shape, class_names)
    rebuilt = _Rebuilt.of(model, input_shape, len(class_names))
    misfits = [old.name for old, new in rebuilt.pairs if not _fits(old, new, is_head=old is rebuilt.head)]
    if misfits and not renew_layers:
        raise _tied(card, misfits)
    for old, new in rebuilt.pairs:
        if old.name in misfits:
            continue
        if old is rebuilt.head:
            _carry_classes(old, new, card.class_names, class_names)
        else:
            new.set_weights(old.get_weights())
    is_head_kept = card.class_names == class_names or rebuilt.head.name in misfits
    n_kept = len(rebuilt.pairs) - len(misfits) - (not is_head_kept)
    knows_classes = rebuilt.head.name not in misfits
    return rebuilt.model, _report(n_kept, tuple(misfits), card, input_shape, class_names, knows_classes)


def restart(model: "keras.Model", input_shape: tuple[int, int, int], n_classes: int) -> "keras.Model":
    """Return a network of a model's architecture for these images and classes, with weights drawn anew.

    Raises ModelError naming the layer that such images do not fit.
    """
    return _Rebuilt.of(model, input_shape, n_classes).model


def before_last(model: "keras.Model") -> "keras.Model":
    """Return the network up to the input of its last Dense or Conv2D layer, with one row of values for each image.

    Weights are shared, and followed into nested networks. Feature maps are averaged over their places. Raises
    ModelError if there is no such layer.
    """
    import keras

    _refuse_subclassed(model)
    tensor = model.outputs[0]
    while True:
        layer = tensor._keras_history.operation
        inputs = layer._inbound_nodes[tensor._keras_history.node_index].input_tensors
        if hasattr(layer, "layers"):
            inner = before_last(layer)
            return keras.Model(model.inputs, inner(inputs))
        if type(layer).__name__ in _SIZES:
            values = inputs[0]
            places = tuple(range(1, len(values.shape) - 1))
            return keras.Model(model.inputs, keras.ops.mean(values, places) if places else values)
        if len(inputs) != 1:
            raise ModelError(
                f"the model's classes come from layer {layer.name} ({type(layer).__name__}) and no Dense or Conv2D "
                "layer behind it: there is no layer before the last one whose values could be shown"
            )
        tensor = inputs[0]


@dataclass(slots=True)
class _Rebuilt:
    """A copy of a network for another image size and number of classes, with new weights.

    `pairs` are the layers with weights, old and new. `head` is the old last layer with weights.
    """

    head: Any
    n_classes: int
    model: Any = None
    _made: dict[int, tuple[Any, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, model: "keras.Model", input_shape: tuple[int, int, int], n_classes: int) -> "_Rebuilt":
        _check_graph(model)
        made = cls(_head(model), n_classes)
        image, *features = model.inputs
        inputs = [_input(image, (None, *input_shape)), *(_input(one, one.shape) for one in features)]
        made.model = made._model(model, inputs)
        if made.model.output_shape[-1] != n_classes:
            raise ModelError(
                f"the model gives {made.model.output_shape[-1]} numbers where {n_classes} classes are wanted, "
                f"although its last layer with weights is {made.head.name}: choose an architecture instead"
            )
        return made

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        return [
            (old, new) for old, new in self._made.values() if getattr(new, "weights", ()) and not hasattr(new, "layers")
        ]

    def _model(self, model: Any, inputs: list[Any]) -> Any:
        """Return a copy of a model, nested ones included, for inputs of other shapes."""
        import keras

        if isinstance(model, keras.Sequential):
            x, layers = inputs[0], []
            for layer in model.layers:
                layers.append(self._layer(layer, (x,)))
                x = self._call(layer, x)
            return keras.Sequential([inputs[0], *layers], name=model.name)
        given = keras.tree.pack_sequence_as(model.input, inputs)
        # Layers are copied where they are called, since a nested model must know the shape that it gets.
        return keras.models.clone_model(
            model, input_tensors=given, clone_function=lambda layer: layer, call_function=self._call
        )

    def _call(self, layer: Any, *arguments: Any, **words: Any) -> Any:
        try:
            return self._layer(layer, arguments)(*arguments, **words)
        except (ValueError, TypeError) as error:
            raise ModelError(
                f"layer {layer.name} ({type(layer).__name__}) cannot take what images of this size make of it: "
                f"{str(error).strip().splitlines()[0]} Choose another image size"
            ) from error

    def _layer(self, layer: Any, arguments: tuple[Any, ...]) -> Any:
        if id(layer) not in self._made:
            self._made[id(layer)] = layer, self._copy(layer, arguments)
        return self._made[id(layer)][1]

    def _copy(self, layer: Any, arguments: tuple[Any, ...]) -> Any:
        import keras

        if isinstance(layer, keras.Model):
            _refuse_subclassed(layer)
            tensors = keras.tree.flatten(arguments[0])
            return self._model(layer, [_input(old, new.shape) for old, new in zip(layer.inputs, tensors, strict=True)])
        config = layer.get_config()
        if layer is self.head:
            config[_SIZES[type(layer).__name__]] = self.n_classes
        return type(layer).from_config(config)


def _input(old: Any, shape: tuple[int | None, ...]) -> Any:
    """Return an input of another shape that stands for an old one, with the name of its layer."""
    import keras

    return keras.Input(batch_shape=shape, dtype=old.dtype, name=old._keras_history.operation.name)


def _head(model: Any) -> Any:
    """Return the last layer with weights before the probabilities. Raises ModelError if no such layer can be found."""
    tensor = model.outputs[0]
    while True:
        layer = tensor._keras_history.operation
        kind = type(layer).__name__
        if hasattr(layer, "layers"):
            _refuse_subclassed(layer)
            return _head(layer)
        if kind in _SIZES:
            return layer
        inputs = layer._inbound_nodes[tensor._keras_history.node_index].input_tensors
        if kind not in _WITHOUT_WEIGHTS or len(inputs) != 1:
            raise ModelError(
                f"the model's classes come from layer {layer.name} ({kind}), which cannot be replaced: only networks "
                "that end with a Dense or Conv2D layer can get other classes or another image size"
            )
        tensor = inputs[0]


def _refuse_subclassed(model: Any) -> None:
    import keras

    # A model written as a class has no graph that could be made again.
    if not isinstance(model, keras.Sequential) and not hasattr(model, "operations"):
        raise ModelError(
            f"the model {model.name} is a class of its own ({type(model).__name__}): only models made of layers can "
            "be looked into, or get other classes or another image size"
        )


def _check_graph(model: "keras.Model") -> None:
    _refuse_subclassed(model)
    others = [tuple(item.shape) for item in model.inputs[1:]]
    if len(others) > 1 or any(len(shape) != 2 for shape in others):
        raise ModelError(
            f"the model has {len(model.inputs)} inputs: only models of one image, or of one with its features, can be "
            "started from"
        )


def _check_outputs(model: "keras.Model", card: ModelCard) -> None:
    n_outputs = model.output_shape[-1]
    if n_outputs != len(card.class_names):
        raise ModelError(f"the model has {n_outputs} outputs, its card names {len(card.class_names)} classes")


def _check_channels(model: "keras.Model", card: ModelCard, input_shape: tuple[int, int, int]) -> None:
    if model.inputs[0].shape[-1] not in (None, input_shape[-1]):
        channels = card.image.channels
        text = f'"{channels}"' if isinstance(channels, str) else str(list(channels))
        raise MisfitError(
            f"the model takes images of {model.inputs[0].shape[-1]} channels, the run is set to {input_shape[-1]}",
            f"set channels = {text} as the model has them, or use only its architecture (mode = restart)",
        )


def _fits(old: Any, new: Any, is_head: bool) -> bool:
    """Return whether weights can be carried; the number of classes, the last axis of the last layer, may differ."""
    part = slice(-1 if is_head else None)
    return [weight.shape[part] for weight in old.weights] == [weight.shape[part] for weight in new.weights]


def _carry_classes(old: Any, new: Any, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Give each class of the last layer the weights of the class of the same name; classes are their last axis."""
    known = [(place, before.index(name)) for place, name in enumerate(after) if name in before]
    values = new.get_weights()
    for value, learnt in zip(values, old.get_weights(), strict=True):
        for place, place_before in known:
            value[..., place] = learnt[..., place_before]
    new.set_weights(values)


def _tied(card: ModelCard, misfits: list[str]) -> MisfitError:
    height, width = card.image.height, card.image.width
    one = len(misfits) == 1
    return MisfitError(
        f"the weights of {'layer' if one else 'the layers'} {', '.join(misfits)} belong to images of "
        f"{width} × {height} pixels, because the network has no global pooling before {'it' if one else 'them'}",
        f"set width = {width} and height = {height}, let {'this layer' if one else 'these layers'} learn anew "
        "(renew_layers = true), or use only the architecture (mode = restart)",
        misfits,
    )


def _report(
    n_kept: int,
    renewed: tuple[str, ...],
    card: ModelCard,
    input_shape: tuple[int, int, int],
    class_names: tuple[str, ...],
    knows_classes: bool = True,
) -> TransferReport:
    kept = tuple(name for name in class_names if knows_classes and name in card.class_names)
    new = tuple(name for name in class_names if name not in kept)
    lost = [name for name in card.class_names if name not in class_names]
    sentences = [f"The weights of {n_kept} {'layer' if n_kept == 1 else 'layers'} are kept."]
    if (card.image.height, card.image.width) != input_shape[:2]:
        size = f"{card.image.width} × {card.image.height} to {input_shape[1]} × {input_shape[0]}"
        sentences.append(f"The image size changes from {size} pixels.")
    if renewed:
        sentences.append(f"{_listed(renewed)} {'begins' if len(renewed) == 1 else 'begin'} with new weights.")
    if card.class_names != class_names:
        sentences.append(f"The last layer is replaced: {_classes_text(kept, new, lost)}.")
    return TransferReport(n_kept, renewed, kept, new, tuple(sentences))


def _classes_text(kept: tuple[str, ...], new: tuple[str, ...], lost: list[str]) -> str:
    parts = [f"{', '.join(names)} {what}" for names, what in ((kept, "kept"), (new, "new"), (lost, "dropped")) if names]
    return "; ".join(parts)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

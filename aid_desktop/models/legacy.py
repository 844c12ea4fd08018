"""Rebuild networks of Keras 1 and 2 (AIDeveloper's .model and .arch, and .h5) layer by layer in Keras 3.

Nothing in the file is executed. Format: `get_config` of Sequential and Model (later Functional) in Keras 1.2, Keras 2.2
and tf.keras.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aid_desktop.data.hdf5 import attributes_of, is_hdf5, open_file
from aid_desktop.errors import ModelError
from aid_desktop.models.legacy_config import NETWORKS, input_shape, layer_name, translate
from aid_desktop.models.legacy_weights import set_weights
from aid_desktop.models.seeding import making_network

if TYPE_CHECKING:
    import keras

MAX_CONFIG = 64 * 2**20
_DAMAGE = (
    ValueError, TypeError, LookupError, AttributeError, OSError, RuntimeError, ArithmeticError, MemoryError,
)  # fmt: skip
"""What h5py and Keras raise for damaged files and for settings that no layer can have."""


@dataclass(frozen=True, slots=True)
class StoredNetwork:
    """What a file tells of its network, before it is built.

    Attributes:
        path: of the file.
        class_name: Sequential, Model or Functional.
        config: of the network.
        keras_version: for example 2.2.2; empty if the file does not say.
        backend: tensorflow, theano or cntk.
        has_weights: false for a file that holds an architecture alone.
    """

    path: Path
    class_name: str
    config: Any
    keras_version: str
    backend: str
    has_weights: bool


def holds_network(path: Path) -> bool:
    """Return whether an HDF5 file holds a network of Keras; quick enough to ask while a file is dragged."""
    import h5py

    try:
        # Not open_file, which looks at megabytes of it first: this reads neither texts nor groups.
        with h5py.File(path) as file:
            return "model_config" in file.attrs
    # The latter two for damaged files.
    except (OSError, LookupError, RuntimeError):
        return False


def read_stored(path: Path) -> StoredNetwork:
    """Read the configuration of an HDF5 model, or of an architecture in JSON. Raises ModelError."""
    try:
        if is_hdf5(path):
            with open_file(path) as file:
                about = attributes_of(file)
            if "model_config" not in about:
                raise ModelError(
                    f"{path.name} is not a model but an HDF5 file without a network: if it holds weights alone, choose "
                    "the whole model"
                )
            document, has_weights = json.loads(about["model_config"]), True
        else:
            with path.open("rb") as text:
                document, has_weights = json.loads(text.read(MAX_CONFIG)), False
            about = document if isinstance(document, dict) else {}
        class_name, config = str(document["class_name"]), document["config"]
    except _DAMAGE as error:
        raise ModelError(f"{path.name} is not a model that can be read ({error})") from error
    version, backend = (_text(about.get(key, default)) for key, default in (("keras_version", ""), ("backend", "")))
    return StoredNetwork(path, class_name, config, version, backend or "tensorflow", has_weights)


def rebuild(stored: StoredNetwork) -> "keras.Model":
    """Return the network in Keras 3, uncompiled, with the weights of the file if it has some. Raises ModelError."""
    try:
        with making_network():
            model = _network(stored.class_name, stored.config)
        if stored.has_weights:
            with open_file(stored.path) as file:
                set_weights(model, file["model_weights"], stored.backend)
    except ModelError as error:
        raise ModelError(f"{stored.path.name} {error}") from error
    except _DAMAGE as error:
        raise ModelError(f"{stored.path.name} cannot be rebuilt: {error}") from error
    return model


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _network(class_name: str, config: Any, name: str = "") -> "keras.Model":
    if class_name not in NETWORKS:
        raise ModelError(f"holds a network of the type {class_name}, expected one of {', '.join(NETWORKS)}")
    if class_name == "Sequential":
        return _sequential(config, name)
    return _Graph({**config, "name": name} if name else config).build()


def _sequential(config: Any, name: str) -> "keras.Model":
    """Return a chain of layers; Keras before 2.2.3 wrote a list, and the size in the first layer."""
    import keras

    items: Sequence[Mapping[str, Any]] = config if isinstance(config, list) else config["layers"]
    given: Mapping[str, Any] = {} if isinstance(config, list) else config
    shape = input_shape(items[0]["config"]) if isinstance(items[0]["config"], dict) else None
    built = given.get("build_input_shape")
    if shape is None and built:
        shape = tuple(built[1:])
    layers = [
        _layer(item["class_name"], item["config"], _name_in_chain(item, place))
        for place, item in enumerate(items)
        if item["class_name"] != "InputLayer"
    ]
    if shape is None and hasattr(layers[0], "layers"):
        shape = tuple(layers[0].input_shape[1:])
    if shape is None:
        raise ModelError("does not say which size of images its network takes: save it after it was trained")
    own_name = layer_name(name or given.get("name", ""))
    return keras.Sequential([keras.Input(shape), *layers], name=own_name or None)


def _name_in_chain(item: Mapping[str, Any], place: int) -> str:
    """Return a layer's name; only a chain nested as a list has none of its own."""
    config = item["config"]
    return str(item.get("name") or (config.get("name", "") if isinstance(config, dict) else f"nested_{place}"))


def _layer(class_name: str, config: Any, name: str) -> Any:
    """Return a layer, or a nested network, under the name that the connections use."""
    import keras

    if class_name in NETWORKS:
        return _network(class_name, config, name)
    wanted, settings = translate(class_name, {**config, "name": name})
    for key, value in settings.items():
        for ending, module in (
            ("_initializer", keras.initializers),
            ("_regularizer", keras.regularizers),
            ("_constraint", keras.constraints),
        ):
            if key.endswith(ending):
                kind, arguments = value
                settings[key] = getattr(module, kind)(**arguments)
    # Not all layers of Keras 3 take it as an argument.
    is_trainable = settings.pop("trainable")
    layer = getattr(keras.layers, wanted)(**settings)
    layer.trainable = is_trainable
    return layer


@dataclass(slots=True)
class _Graph:
    """A network of layers that are connected as the configuration tells; each call of a layer is a node of it."""

    config: Mapping[str, Any]
    outputs: dict[str, list[Any]] = field(default_factory=dict)

    def build(self) -> "keras.Model":
        import keras

        items = {str(item["name"]): item for item in self.config["layers"]}
        pending = {name: _nodes(item) for name, item in items.items()}
        first = _first_nodes(items, pending, self.config)
        layers: dict[str, Any] = {}
        for name, item in items.items():
            if item["class_name"] == "InputLayer":
                self.outputs[name] = [keras.Input(input_shape(item["config"]), name=layer_name(name))]
                pending[name] = []
            else:
                layers[name] = _layer(item["class_name"], item["config"], name)
                self.outputs[name] = []
        while any(pending.values()):
            before = sum(map(len, pending.values()))
            for name, nodes in pending.items():
                while nodes and self._is_ready(nodes[0], first):
                    self._call(layers[name], name, nodes.pop(0), first)
            if sum(map(len, pending.values())) == before:
                waiting = ", ".join(name for name, nodes in pending.items() if nodes)
                raise ModelError(f"has layers whose inputs are nowhere made: {waiting}")
        ends = [
            [self._tensor(reference, first) for reference in _references(self.config[key])]
            for key in ("input_layers", "output_layers")
        ]
        inputs, outputs = (tensors[0] if len(tensors) == 1 else tensors for tensors in ends)
        return keras.Model(inputs, outputs, name=layer_name(str(self.config.get("name", "model"))))

    def _is_ready(self, node: Sequence[Any], first: Mapping[str, int]) -> bool:
        return all(int(index) - first[name] < len(self.outputs[name]) for name, index, *_ in node)

    def _tensor(self, reference: Sequence[Any], first: Mapping[str, int]) -> Any:
        name, index, number = reference[:3]
        if number:
            raise ModelError(f"has a layer {name} with several outputs, which cannot be rebuilt")
        return self.outputs[name][int(index) - first[name]]

    def _call(self, layer: Any, name: str, node: Sequence[Any], first: Mapping[str, int]) -> None:
        tensors = [self._tensor(reference, first) for reference in node]
        settings = dict(node[0][3]) if len(node[0]) > 3 and node[0][3] else {}
        settings.pop("mask", None)
        unknown = sorted(set(settings) - {"training"})
        if unknown:
            raise ModelError(f"calls the layer {name} with {', '.join(unknown)}, which cannot be rebuilt")
        # tf.keras fixes a pretrained network to inference in this way.
        fixed = {"training": settings["training"]} if isinstance(settings.get("training"), bool) else {}
        self.outputs[name].append(layer(tensors[0] if len(tensors) == 1 else tensors, **fixed))


def _references(value: Any) -> list[Any]:
    """Return a list of [layer, node, tensor]; tf.keras writes a single one without the list around it."""
    return [value] if value and isinstance(value[0], str) else list(value)


def _nodes(item: Mapping[str, Any]) -> list[list[Any]]:
    nodes = item.get("inbound_nodes") or []
    if any(not isinstance(node, list) for node in nodes):
        raise ModelError(f"has a layer {item['name']} whose inputs are written in a way that is not known")
    return [_references(node) for node in nodes]


def _first_nodes(
    items: Mapping[str, Any], nodes: Mapping[str, list[list[Any]]], config: Mapping[str, Any]
) -> dict[str, int]:
    """Return the number of each layer's first node: 1 for most nested networks, whose making counts as a call."""
    used = dict.fromkeys(items, 0)
    for reference in [
        *(reference for each in nodes.values() for node in each for reference in node),
        *_references(config["output_layers"]),
    ]:
        used[str(reference[0])] = max(used[str(reference[0])], int(reference[1]))
    return {
        name: max(0, used[name] - max(0, len(nodes[name]) - 1)) if items[name]["class_name"] in NETWORKS else 0
        for name in items
    }

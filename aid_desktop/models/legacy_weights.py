"""Give a rebuilt network the weights of a Keras 1 or 2 HDF5 file, by their names.

Format: `keras/engine/saving.py` of Keras 2.2 and `keras/engine/topology.py` of Keras 1.2.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.hdf5 import attributes_of, is_plausible
from aid_desktop.errors import ModelError
from aid_desktop.models.layers import all_layers
from aid_desktop.models.legacy_config import layer_name

if TYPE_CHECKING:
    import keras

_ROLES = {
    "W": "kernel",
    "b": "bias",
    "alphas": "alpha",
    "running_mean": "moving_mean",
    # Keras 1 calls it so, but keeps the variance in it, see its BatchNormalization.
    "running_std": "moving_variance",
}
_KERNELS = ("kernel", "depthwise_kernel")
_NUMBER = re.compile(r"_\d+$")


@dataclass(frozen=True, slots=True, eq=False)
class _Stored:
    """A weight of the file: its full name, and its values."""

    name: str
    values: NDArray[np.float32]

    def role(self, layer: str) -> str:
        """Return what the weight is in its layer, as Keras 3 calls it."""
        last = self.name.rsplit("/", 1)[-1].split(":", 1)[0].removeprefix(f"{layer}_")
        last = last if last in _ROLES else _NUMBER.sub("", last)
        return _ROLES.get(last, last)

    @property
    def owner(self) -> str:
        """Return the name of the layer in a nested network, as the weight's name has it."""
        return self.name.rsplit("/", 2)[-2] if "/" in self.name else ""


def _read(group: Any, name: str) -> _Stored:
    dataset = group[name]
    if not is_plausible(dataset):
        raise ModelError(f"cannot hold the weights {name} {dataset.shape} that it names: the file is damaged")
    return _Stored(name, np.asarray(dataset, np.float32))


def stored_names(attributes: Any, key: str) -> list[str]:
    """Return a list of names in HDF5 attributes; long ones are cut into key0, key1, …"""
    parts = [attributes[key]] if key in attributes else []
    while f"{key}{len(parts)}" in attributes and key not in attributes:
        parts.append(attributes[f"{key}{len(parts)}"])
    return [name.decode() if isinstance(name, bytes) else str(name) for part in parts for name in part]


def set_weights(model: "keras.Model", file: Any, backend: str) -> None:
    """Set all weights of the network from the group `model_weights` of an open HDF5 file.

    `backend` is what the file was made with: Theano turned the kernels of convolutions round. Raises ModelError, as
    the end of a sentence that begins with the file's name, if a weight is missing or has another shape.
    """
    groups = {layer_name(name): file[name] for name in stored_names(attributes_of(file), "layer_names")}
    for layer in model.layers:
        if not layer.weights:
            continue
        group = groups.get(layer.name)
        if group is None:
            raise ModelError(f"has no weights for the layer {layer.name}: the file is damaged or incomplete")
        stored = [_read(group, name) for name in stored_names(attributes_of(group), "weight_names")]
        if hasattr(layer, "layers"):
            _set_nested(layer, stored, backend)
        else:
            _set_layer(layer, stored, backend)


def _set_nested(network: "keras.Model", stored: Sequence[_Stored], backend: str) -> None:
    """Set the weights of a nested network, whose group lists those of all its layers."""
    layers = [layer for layer in all_layers(network) if layer.weights and not hasattr(layer, "layers")]
    owned = {layer.name: [each for each in stored if layer_name(each.owner) == layer.name] for layer in layers}
    if sum(map(len, owned.values())) == len(stored) == sum(len(layer.weights) for layer in layers):
        for layer in layers:
            _set_layer(layer, owned[layer.name], backend)
        return
    # TensorFlow 1 numbered the names of weights anew when a network was loaded: then their order says what they are.
    variables = [v for layer in layers for v in layer.weights if _learns(v)]
    variables += [v for layer in layers for v in layer.weights if not _learns(v)]
    if backend == "theano":
        raise ModelError(f"has weights of the nested network {network.name} that fit none of its layers by name")
    _assign(network.name, variables, stored)


def _learns(variable: Any) -> bool:
    return not variable.name.startswith("moving_")


def _set_layer(layer: "keras.layers.Layer", stored: Sequence[_Stored], backend: str) -> None:
    variables = list(layer.weights)
    roles = {_only_kernel(each.role(layer.name), variables): each for each in stored}
    if set(roles) == {variable.name for variable in variables}:
        stored = [roles[variable.name] for variable in variables]
    if backend == "theano":
        stored = [_turned(layer, each) for each in stored]
    _assign(layer.name, variables, stored)


def _only_kernel(role: str, variables: Sequence[Any]) -> str:
    """Return the role; the one kernel of a DepthwiseConv2D is called kernel in Keras 3."""
    names = {variable.name for variable in variables}
    return "kernel" if role == "depthwise_kernel" and role not in names else role


def _turned(layer: "keras.layers.Layer", stored: _Stored) -> _Stored:
    is_kernel = _only_kernel(stored.role(layer.name), layer.weights) in _KERNELS and stored.values.ndim == 4
    return _Stored(stored.name, stored.values[::-1, ::-1]) if is_kernel else stored


def _assign(name: str, variables: Sequence[Any], stored: Sequence[_Stored]) -> None:
    found, expected = [each.values.shape for each in stored], [tuple(variable.shape) for variable in variables]
    if found != expected:
        raise ModelError(
            f"has weights of the shapes {found} for the layer {name}, expected {expected}: the file is damaged, or was "
            "made by a version of Keras that is not known"
        )
    for variable, each in zip(variables, stored, strict=True):
        variable.assign(each.values)

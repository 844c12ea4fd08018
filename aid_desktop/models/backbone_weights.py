"""Build a new network, with pretrained weights in its backbone where it begins with such."""

import logging
import zlib
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from aid_desktop.data.heaps import check_heaps
from aid_desktop.errors import ModelError
from aid_desktop.models.backbones import check_image, weights_file
from aid_desktop.models.partial import learning_layers
from aid_desktop.models.zoo import find_architecture, load_zoo
from aid_desktop.settings.image import ImageSettings

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)

FEATURES = "features"
"""Name of the first layer after the backbone, by agreement with model_zoo.py."""

_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, OSError, ImportError, BadZipFile, zlib.error)


def new_network(
    zoo_path: Path, name: str, image: ImageSettings, n_classes: int, weights: str | Path | None = None
) -> "keras.Model":
    """Return a new network of model_zoo.py, not compiled; `weights` as in `weights_file`.

    Raises ModelZooError when it cannot be built for such images, ModelError for weights that are not there or unfit.
    """
    zoo = load_zoo(zoo_path)
    architecture = find_architecture(zoo.architectures, name)
    check_image(architecture, image)
    path = weights_file(architecture, weights)
    model = zoo.build(name, image.input_shape, n_classes, len(image.features))
    if path is not None:
        logger.info("%d layers of %s begin with the weights of %s", load_backbone(model, path), name, path)
    return model


def load_backbone(model: "keras.Model", path: Path) -> int:
    """Set the weights of all layers before the one named `features`; return how many layers those are.

    Files: HDF5 weights as Keras offers them for its applications without their top (.h5), weights that Keras 3 has
    saved (.weights.h5), or a whole model that begins with the same backbone (.keras). Raises ModelError, and leaves
    the network as it was, when the file does not fit.
    """
    base = backbone_part(model)
    before = base.get_weights()
    try:
        if path.suffix == ".keras":
            _copy_weights(path, base)
        else:
            check_heaps(path)
            base.load_weights(path)
    except _UNREADABLE as error:
        base.set_weights(before)
        reason = " ".join(str(error).split())
        raise ModelError(
            f"{path.name} does not hold the weights of this backbone: {reason}. Expected a .h5 file of Keras without "
            "its top layers, a .weights.h5 or a .keras file of the same network"
        ) from error
    return len(learning_layers(base))


def backbone_part(model: "keras.Model") -> "keras.Model":
    """Return the part of a network before the layer named `features`, with the same layers. Raises ModelError."""
    import keras

    try:
        end = model.get_layer(FEATURES)
    except ValueError:
        raise ModelError(
            f"the network has no layer named {FEATURES!r}, so nobody knows where its backbone ends: give this name to "
            "the first layer after the backbone in model_zoo.py"
        ) from None
    return keras.Model(model.input, end.input)


def _copy_weights(path: Path, base: "keras.Model") -> None:
    """Take the weights of the first layers of a saved model. Raises ValueError when they differ in form."""
    import keras

    given = learning_layers(keras.models.load_model(path, compile=False))
    wanted = learning_layers(base)
    if len(given) < len(wanted):
        raise ValueError(f"it has {len(given)} layers with weights, the backbone has {len(wanted)}")
    for source, target in zip(given, wanted, strict=False):
        shapes = [tuple(weight.shape) for weight in source.weights], [tuple(weight.shape) for weight in target.weights]
        if type(source) is not type(target) or shapes[0] != shapes[1]:
            raise ValueError(f"its layer {source.name} with weights {shapes[0]} stands where {shapes[1]} are expected")
    for source, target in zip(given, wanted, strict=False):
        target.set_weights(source.get_weights())

"""Pretrained backbones: which weights Keras offers for them, where they are kept, and how they get there.

Nothing is downloaded unless `download` is called, for which the user has to be asked first.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import h5py

from aid_desktop.data.download import fetch, has_digest, reason_of
from aid_desktop.errors import ModelError, ModelZooError
from aid_desktop.models.registry import Architecture
from aid_desktop.models.zoo import check_features, check_size
from aid_desktop.paths import write_atomically
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.pretrained import IMAGENET, RANDOM

NORMALIZATION = "divide_by_255"
CHANNELS = (1, 3)

_BYTES_PER_WEIGHT = 4
_BASE = "https://storage.googleapis.com/tensorflow/keras-applications/"


@dataclass(frozen=True, slots=True)
class Backbone:
    """A network of keras.applications without its last layers, and the file of its ImageNet weights.

    `url` is where Keras offers the file, `file_name` its name in Keras' folder of models, `digest` its MD5 or SHA-256
    as Keras states it, empty where Keras states none. `n_weights` counts all weights.
    """

    url: str
    file_name: str
    digest: str
    n_weights: int

    @property
    def megabytes(self) -> float:
        """About how large the file is: four bytes a weight."""
        return self.n_weights * _BYTES_PER_WEIGHT / 1e6


def _backbone(folder: str, file_name: str, digest: str, n_weights: int, remote_name: str = "") -> Backbone:
    return Backbone(f"{_BASE}{folder}/{remote_name or file_name}", file_name, digest, n_weights)


_KERNELS = "weights_tf_dim_ordering_tf_kernels"

# As keras.applications 3.15 has them; a test compares.
BACKBONES = {
    "MobileNetV3Small": _backbone("mobilenet_v3", "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
                                  "d3e8ec802a04aa4fc771ee12a9a9b836", 939_120),
    "MobileNetV2": _backbone("mobilenet_v2", f"mobilenet_v2_{_KERNELS}_1.0_224_no_top.h5", "", 2_257_984),
    "MobileNetV3Large": _backbone("mobilenet_v3", "weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
                                  "07fb09a5933dd0c8eaafa16978110389", 2_996_352),
    "NASNetMobile": _backbone("nasnet", "nasnet_mobile_no_top.h5", "1ed92395b5b598bdda52abe5c0dbfd63", 4_269_716,
                              "NASNet-mobile-no-top.h5"),
    "EfficientNetV2B0": _backbone("efficientnet_v2", "efficientnetv2-b0_notop.h5",
                                  "893217f2bb855e2983157299931e43ff", 5_919_312),
    "DenseNet121": _backbone("densenet", f"densenet121_{_KERNELS}_notop.h5",
                             "30ee3e1110167f948a6b9946edeeb738", 7_037_504),
    "VGG16": _backbone("vgg16", f"vgg16_{_KERNELS}_notop.h5", "6d6bbae143d832006294945121d1f1fc", 14_714_688),
    "VGG19": _backbone("vgg19", f"vgg19_{_KERNELS}_notop.h5", "253f8cb515780f3b799900260a226db6", 20_024_384),
    "EfficientNetV2S": _backbone("efficientnet_v2", "efficientnetv2-s_notop.h5",
                                 "af0682fb74e8c54910f2d4393339c070", 20_331_360),
    "Xception": _backbone("xception", f"xception_{_KERNELS}_notop.h5",
                          "b0042744bf5b25fce3cb969f33bebb97", 20_861_480),
    "InceptionV3": _backbone("inception_v3", f"inception_v3_{_KERNELS}_notop.h5",
                             "bcbd6486424b2319ff4ef7d526e38f63", 21_802_784),
    "ResNet50V2": _backbone("resnet", f"resnet50v2_{_KERNELS}_notop.h5",
                            "fac2f116257151a9d068a22e544a4917", 23_564_800),
    "ResNet50": _backbone("resnet", f"resnet50_{_KERNELS}_notop.h5",
                          "4d473c1dd8becc155b73f8504c6f6626", 23_587_712),
    "ConvNeXtTiny": _backbone("convnext", "convnext_tiny_notop.h5",
                              "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1", 27_820_128),
}  # fmt: skip


def backbone_of(architecture: Architecture) -> Backbone | None:
    """Return the backbone whose weights an architecture takes, None if it takes none. Raises ModelZooError."""
    if not architecture.weights:
        return None
    if architecture.weights not in BACKBONES:
        raise ModelZooError(
            f"{architecture.name} is declared with weights={architecture.weights!r}: expected one of "
            f"{', '.join(BACKBONES)}"
        )
    return BACKBONES[architecture.weights]


def check_image(architecture: Architecture, image: ImageSettings) -> None:
    """Raise ModelZooError where images are not in the form that a pretrained network was made for."""
    if not architecture.weights:
        return
    if image.n_channels not in CHANNELS:
        raise ModelZooError(
            f"{architecture.name} was trained on colour images and takes gray or rgb, got {image.n_channels} channels: "
            "choose gray or rgb, or another architecture"
        )
    if image.normalization != NORMALIZATION:
        raise ModelZooError(
            f"{architecture.name} takes grey levels from 0 to 1 and brings them to what it was trained with by itself, "
            f"got the normalization {image.normalization}: choose {NORMALIZATION}"
        )


def check_takes(architecture: Architecture, image: ImageSettings) -> None:
    """Raise ModelZooError where a network cannot take the images, or the features beside them, of these settings."""
    check_size(architecture, image.input_shape)
    check_image(architecture, image)
    check_features(architecture, len(image.features))


def weights_dir() -> Path:
    """Return the folder in which Keras keeps weights, `models` in KERAS_HOME or ~/.keras; it need not exist."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def local_file(backbone: Backbone) -> Path | None:
    """Return the file of the weights if it is on this computer, in Keras' folder."""
    path = weights_dir() / backbone.file_name
    return path if path.is_file() else None


def weights_file(architecture: Architecture, weights: str | Path | None) -> Path | None:
    """Return the file that a new network begins with; None: random weights.

    `weights` is IMAGENET, RANDOM or a path; None means IMAGENET where there are such weights. Nothing is downloaded.
    Raises ModelError when the file is not there, or for weights of an architecture that takes none.
    """
    backbone = backbone_of(architecture)
    if backbone is None:
        if weights in (None, RANDOM):
            return None
        raise ModelError(
            f"model.weights: got {str(weights)!r}, but {architecture.name} has no pretrained weights: remove the key, "
            "or choose an architecture of the family pretrained"
        )
    if weights == RANDOM:
        return None
    if isinstance(weights, Path):
        if not weights.is_file():
            raise ModelError(f"model.weights: there is no file {weights}: give a .h5, .weights.h5 or .keras file")
        return weights
    path = local_file(backbone)
    if path is None:
        raise ModelError(missing_text(architecture, backbone))
    check_file(path, backbone)
    return path


def missing_text(architecture: Architecture, backbone: Backbone) -> str:
    """Return what to do where the ImageNet weights are not on this computer."""
    return (
        f"the ImageNet weights of {architecture.name} are not on this computer: download them (the button Download, or "
        f"the option --download-weights; {backbone.megabytes:.0f} MB from {backbone.url}), use a file of weights "
        f'(model.weights), or begin with random ones (model.weights = "{RANDOM}")'
    )


def takes_imagenet(architecture: Architecture, weights: str | Path | None) -> Backbone | None:
    """Return the backbone whose ImageNet weights a new network begins with, None for other weights."""
    return backbone_of(architecture) if weights in (None, IMAGENET) else None


def check_file(path: Path, backbone: Backbone) -> None:
    """Raise ModelError unless a file is what Keras says it is, as far as it says."""
    try:
        is_whole = _is_as_offered(path, backbone)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}") from error
    if not is_whole:
        raise ModelError(f"{path} is damaged, or is not the file that Keras offers: remove it and download it again")


def download(backbone: Backbone, progress: Callable[[int, int], None]) -> Path:
    """Fetch the weights into Keras' folder; ask the user first. Return the file.

    `progress(done, total)` is told of bytes; what it raises ends the download, and nothing is left of it. Raises
    ModelError when the file cannot be fetched or is not what Keras says it is.
    """
    path = weights_dir() / backbone.file_name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as temporary:
            fetch(backbone.url, temporary, progress)
            if not _is_as_offered(temporary, backbone):
                raise ModelError(f"what came from {backbone.url} is not the file that Keras offers: try again later")
    except (OSError, HTTPException) as error:
        raise ModelError(
            f"the weights could not be downloaded from {backbone.url}: {reason_of(error)}. "
            "Without a connection, fetch this file on another computer and choose it as a file of weights"
        ) from error
    return path


def _is_as_offered(path: Path, backbone: Backbone) -> bool:
    if not backbone.digest:
        return _is_weights(path)
    return has_digest(path, backbone.digest)


def _is_weights(path: Path) -> bool:
    # What is cut short cannot be opened: HDF5 keeps its length in the header.
    if not h5py.is_hdf5(path):
        return False
    with h5py.File(path) as file:
        return "layer_names" in file.attrs

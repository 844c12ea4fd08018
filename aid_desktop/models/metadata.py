"""The model card: what a network was trained on and how its input must be prepared."""

import dataclasses
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aid_desktop.data.normalize import Normalization
from aid_desktop.data.pixels import PIXEL_TYPES
from aid_desktop.data.scalar_features import NO_FEATURES, FeatureScaling
from aid_desktop.errors import DataError, ModelError, SettingsError
from aid_desktop.models.calibration import check_temperature
from aid_desktop.settings.image import ImageSettings

CARD_NAME = "aid_card.json"
CARD_VERSION = 1
_DAMAGE = (
    OSError, EOFError, ValueError, RuntimeError, OverflowError, zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip
"""What zipfile and json raise for damaged files, and for archives of a kind that is not known."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What must be known to use a model: classes, image form, normalization, and where it comes from.

    Attributes:
        class_names: in the order of the network's outputs.
        image: size, channels and geometry that the network takes.
        normalization: method with the statistics of its training images.
        metrics: of the epoch the model was saved after, as (name, value).
        data: of the training images, as (path, digest).
        zoom: factor applied to training images before they were brought to size.
        pixel_type: of the training images, one of pixels.PIXEL_TYPES; other images mean something else.
        is_asked_for: the user wanted this file: it is not removed when only the best are kept.
        features: mean and standard deviation of the features that the network takes besides the image.
        temperature: with which the network's probabilities are calibrated, see calibration.py; 1: not at all.
    """

    class_names: tuple[str, ...]
    image: ImageSettings
    normalization: Normalization
    architecture: str
    epoch: int
    revision: int
    metrics: tuple[tuple[str, float], ...] = ()
    data: tuple[tuple[str, str], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    zoom: float = 1.0
    pixel_type: str = "uint8"
    is_asked_for: bool = False
    features: FeatureScaling = NO_FEATURES
    temperature: float = 1.0
    version: int = CARD_VERSION

    def to_json(self) -> dict[str, Any]:
        """Return the card as plain values, as stored in the model file."""
        return {
            "version": self.version,
            "class_names": list(self.class_names),
            "image": dataclasses.asdict(self.image),
            "normalization": self.normalization.to_json(),
            "architecture": self.architecture,
            "epoch": self.epoch,
            "revision": self.revision,
            "metrics": dict(self.metrics),
            "data": [{"path": path, "digest": digest} for path, digest in self.data],
            "versions": dict(self.versions),
            "zoom": self.zoom,
            "pixel_type": self.pixel_type,
            "is_asked_for": self.is_asked_for,
            **({"features": self.features.to_json()} if self.features else {}),
            **({"temperature": self.temperature} if self.temperature != 1.0 else {}),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "ModelCard":
        """Read what `to_json` gives. Raises ModelError for anything else."""
        try:
            if values["version"] > CARD_VERSION:
                raise ModelError(
                    f"the model card has version {values['version']}, this program reads up to {CARD_VERSION}: "
                    "update AID Desktop"
                )
            image = ImageSettings(**values["image"])
            return cls(
                class_names=tuple(_text(name) for name in _list(values["class_names"])),
                image=image,
                normalization=Normalization.from_json(values["normalization"]),
                architecture=_text(values["architecture"]),
                epoch=_whole(values["epoch"]),
                revision=_whole(values["revision"]),
                metrics=tuple((name, float(value)) for name, value in values["metrics"].items()),
                data=tuple((_text(item["path"]), _text(item["digest"])) for item in _list(values["data"])),
                versions=tuple((name, _text(value)) for name, value in values["versions"].items()),
                zoom=_above_zero(values["zoom"]),
                pixel_type=_one_of(PIXEL_TYPES, values.get("pixel_type", "uint8")),
                is_asked_for=bool(values.get("is_asked_for", False)),
                features=FeatureScaling.from_json(values.get("features", {}), image.features),
                temperature=check_temperature(float(values.get("temperature", 1.0))),
            )
        except (LookupError, TypeError, ValueError, OverflowError, AttributeError, DataError, SettingsError) as error:
            raise ModelError(f"the model card cannot be read: {error}") from error


def has_card(path: Path) -> bool:
    """Return whether a file is a model archive with a card inside, of whatever content."""
    try:
        with zipfile.ZipFile(path) as archive:
            return CARD_NAME in archive.namelist()
    except _DAMAGE:
        return False


def read_card(path: Path) -> ModelCard:
    """Read the card inside a model file without loading the network. Raises ModelError. See files.find_card."""
    try:
        with zipfile.ZipFile(path) as archive:
            values = json.loads(archive.read(CARD_NAME))
    except FileNotFoundError:
        raise ModelError(f"there is no model at {path}") from None
    except KeyError:
        raise ModelError(
            f"{path.name} has no model card, so its classes and image size are unknown: "
            "choose a model that AID Desktop has trained"
        ) from None
    except _DAMAGE as error:
        raise ModelError(f"{path.name} is not a model that AID Desktop has saved ({error})") from error
    return ModelCard.from_json(values)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"got {value!r}, expected a text")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"got {value!r}, expected a list")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"got {value!r}, expected a whole number")
    return value


def _above_zero(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"got {value!r}, expected a number above 0")
    return float(value)


def _one_of(known: Sequence[str], value: object) -> str:
    if value not in known:
        raise ValueError(f"got {value!r}, expected {' or '.join(known)}")
    return str(value)

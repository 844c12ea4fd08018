"""The model card: what a network was trained on and how its input must be prepared."""

import dataclasses
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aid_desktop.data.normalize import Normalization
from aid_desktop.data.scalar_features import NO_FEATURES, FeatureScaling
from aid_desktop.errors import DataError, ModelError, SettingsError
from aid_desktop.models.calibration import check_temperature
from aid_desktop.settings.image import ImageSettings

CARD_NAME = "aid_card.json"
CARD_VERSION = 1


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
                class_names=tuple(values["class_names"]),
                image=image,
                normalization=Normalization.from_json(values["normalization"]),
                architecture=values["architecture"],
                epoch=values["epoch"],
                revision=values["revision"],
                metrics=tuple(values["metrics"].items()),
                data=tuple((item["path"], item["digest"]) for item in values["data"]),
                versions=tuple(values["versions"].items()),
                zoom=values["zoom"],
                pixel_type=values.get("pixel_type", "uint8"),
                is_asked_for=values.get("is_asked_for", False),
                features=FeatureScaling.from_json(values.get("features", {}), image.features),
                temperature=check_temperature(float(values.get("temperature", 1.0))),
            )
        except (KeyError, TypeError, ValueError, AttributeError, DataError, SettingsError) as error:
            raise ModelError(f"the model card cannot be read: {error}") from error


def has_card(path: Path) -> bool:
    """Return whether a file is a model archive with a card inside, of whatever content."""
    try:
        with zipfile.ZipFile(path) as archive:
            return CARD_NAME in archive.namelist()
    except (OSError, zipfile.BadZipFile):
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
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path.name} is not a model that AID Desktop has saved ({error})") from error
    return ModelCard.from_json(values)

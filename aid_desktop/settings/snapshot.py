"""All that can be changed while a network trains, as one frozen value, and what differs between two."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from aid_desktop.errors import SettingsError
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.field import Cost, FieldInfo, Kind, SettingsSection, field_infos, path_of
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.saving import SavingSettings

_IMAGES_PER_EPOCH = "data.images_per_epoch"
_IMAGES_INFO = FieldInfo(Kind.COUNTS, "Images per epoch", "How many images of each training row an epoch has.")


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What the loop takes at the start of an epoch.

    `images_per_epoch` has a number for each training row, in the order of the class table, 0 for all of its images;
    it is empty as long as those of the class table count.
    """

    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    hyperparameters: HyperParameters = field(default_factory=HyperParameters)
    saving: SavingSettings = field(default_factory=SavingSettings)
    images_per_epoch: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        measured = {"val_loss", *(f"val_{name}" for name in self.hyperparameters.metrics)}
        for name in self.saving.improvement:
            if name not in measured:
                metric = name.removeprefix("val_")
                raise SettingsError("saving.improvement", f"{metric} is not measured: add {metric} to the metrics")

    def with_hyperparameters(self, **values: Any) -> "TrainingSettings":
        """Return a copy in which some hyper-parameters are others. Raises SettingsError."""
        return dataclasses.replace(self, hyperparameters=dataclasses.replace(self.hyperparameters, **values))

    @property
    def sections(self) -> tuple[HyperParameters, AugmentationSettings, SavingSettings]:
        """All settings that are tables of run.toml."""
        return self.hyperparameters, self.augmentation, self.saving


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that differs: its path in run.toml, its declaration, and both values."""

    path: str
    info: FieldInfo
    old: object
    new: object

    @property
    def cost(self) -> Cost:
        """What it takes to bring the change into a running training."""
        return self.info.cost

    def __str__(self) -> str:
        return f"{self.path} {_text(self.old)} → {_text(self.new)}"


@dataclass(frozen=True, slots=True)
class SettingsDiff:
    """The settings that differ between two snapshots, in order of declaration."""

    changes: tuple[Change, ...] = ()

    @classmethod
    def between(cls, old: TrainingSettings, new: TrainingSettings) -> "SettingsDiff":
        """Compare every setting of two snapshots."""
        changes: list[Change] = []
        sections: tuple[SettingsSection, ...] = old.sections
        for before, after in zip(sections, new.sections, strict=True):
            for name, info in field_infos(type(before)).items():
                values = getattr(before, name), getattr(after, name)
                if values[0] != values[1]:
                    changes.append(Change(path_of(before, name), info, *values))
        if old.images_per_epoch != new.images_per_epoch:
            changes.append(Change(_IMAGES_PER_EPOCH, _IMAGES_INFO, old.images_per_epoch, new.images_per_epoch))
        return cls(tuple(changes))

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __str__(self) -> str:
        return ", ".join(map(str, self.changes))

    def touches(self, *paths: str) -> bool:
        """Return whether any of these settings differs."""
        return any(change.path in paths for change in self.changes)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)

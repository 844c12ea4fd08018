"""All that can be changed while a network trains, as one frozen value, and what differs between two."""

from dataclasses import dataclass, field

from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.field import Cost, field_infos, path_of
from aid_desktop.settings.hyperparameters import HyperParameters


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What the loop takes at the start of an epoch."""

    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    hyperparameters: HyperParameters = field(default_factory=HyperParameters)


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that differs: its path in run.toml, both values, and the cost of the change."""

    path: str
    old: object
    new: object
    cost: Cost

    def __str__(self) -> str:
        return f"{self.path} {_text(self.old)} → {_text(self.new)}"


@dataclass(frozen=True, slots=True)
class SettingsDiff:
    """The settings that differ between two snapshots, in order of declaration."""

    changes: tuple[Change, ...] = ()

    @classmethod
    def between(cls, old: TrainingSettings, new: TrainingSettings) -> "SettingsDiff":
        """Compare every setting of two snapshots."""
        pairs = (
            (old.hyperparameters, new.hyperparameters),
            (old.augmentation, new.augmentation),
        )
        changes = (
            Change(path_of(before, name), getattr(before, name), getattr(after, name), info.cost)
            for before, after in pairs
            for name, info in field_infos(type(before)).items()
            if getattr(before, name) != getattr(after, name)
        )
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

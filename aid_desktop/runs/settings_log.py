"""settings.jsonl: which settings were in force from which epoch on."""

import dataclasses
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aid_desktop.errors import RunError
from aid_desktop.paths import write_atomically
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.snapshot import TrainingSettings

_IMAGES = "images_per_epoch"


@dataclass(frozen=True, slots=True)
class Revision:
    """Settings that the loop took: their number, the first epoch that used them, when (ISO 8601), and all values."""

    revision: int
    epoch: int
    time: str
    settings: TrainingSettings

    @classmethod
    def now(cls, revision: int, epoch: int, settings: TrainingSettings) -> "Revision":
        """Return settings that the loop takes at this moment."""
        return cls(revision, epoch, datetime.now(UTC).isoformat(timespec="seconds"), settings)


def append_revision(path: Path, item: Revision) -> None:
    """Append one line and flush it to the disk. Raises OSError."""
    values = {
        "revision": item.revision,
        "epoch": item.epoch,
        "time": item.time,
        "settings": {
            **{section.SECTION: dataclasses.asdict(section) for section in item.settings.sections},
            _IMAGES: item.settings.images_per_epoch,
        },
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(values) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_revisions(path: Path) -> tuple[Revision, ...]:
    """Read all lines; a last one that a crash cut short is left out. Raises RunError naming a broken line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}") from error
    lines = text[: text.rfind("\n") + 1].splitlines()
    return tuple(_revision(path, number, line) for number, line in enumerate(lines, start=1))


def truncate_revisions(path: Path, last_epoch: int) -> tuple[Revision, ...]:
    """Keep the lines of epochs up to `last_epoch`, so that numbers are not given twice; return what is kept."""
    kept = tuple(item for item in read_revisions(path) if item.epoch <= last_epoch)
    lines = path.read_text(encoding="utf-8").splitlines() if kept else []
    with write_atomically(path) as temporary:
        temporary.write_text("".join(f"{line}\n" for line in lines[: len(kept)]), encoding="utf-8")
    return kept


def _revision(path: Path, number: int, line: str) -> Revision:
    try:
        values = json.loads(line)
        settings = values["settings"]
        hyperparameters = dict(settings[HyperParameters.SECTION])
        for name in ("class_weights", "trainable"):
            if isinstance(hyperparameters.get(name), list):
                hyperparameters[name] = dict(hyperparameters[name])
        return Revision(
            revision=values["revision"],
            epoch=values["epoch"],
            time=values["time"],
            settings=TrainingSettings(
                AugmentationSettings(**settings[AugmentationSettings.SECTION]),
                HyperParameters(**hyperparameters),
                # Runs of version 0.1 have no such settings.
                SavingSettings(**settings.get(SavingSettings.SECTION, {})),
                tuple(map(int, settings.get(_IMAGES, ()))),
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise RunError(f"{path}, line {number} cannot be read: {error}") from error

"""What a run tells: frozen values, each complete in itself."""

from dataclasses import dataclass
from pathlib import Path

from aid_desktop.runs.records import EpochRecord
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings


@dataclass(frozen=True, slots=True)
class StageChanged:
    """The run prepares or finishes something that takes a while; `text` says what."""

    text: str


@dataclass(frozen=True, slots=True)
class RunStarted:
    """All is loaded and built, the first epoch begins.

    Attributes:
        n_training: images per epoch.
        n_validation: images validated on after each epoch.
        first_epoch: above 0 when the run was resumed.
        parameters: number of weights of the network.
        revision: of the settings in force.
        notes: sentences about a network that was started from, `warnings` those of them that cast doubt on the results.
    """

    folder: Path
    class_names: tuple[str, ...]
    n_training: int
    n_validation: int
    first_epoch: int
    parameters: int
    settings: TrainingSettings
    revision: int = 0
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """A part of an epoch is done: `step` of `n_steps` batches, with the mean loss and accuracy so far."""

    epoch: int
    step: int
    n_steps: int
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class SettingsApplied:
    """Settings of this revision are in force from `epoch` on; `diff` says what changed.

    `reason` is a sentence where the run itself has changed them, else empty.
    """

    epoch: int
    revision: int
    settings: TrainingSettings
    diff: SettingsDiff
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SettingsRefused:
    """Settings of this revision do not fit the network or the classes; those in force stay. `message` says why."""

    epoch: int
    revision: int
    message: str


@dataclass(frozen=True, slots=True)
class EpochFinished:
    """An epoch is over and on disk.

    Attributes:
        removed: the epochs whose models were removed, since only the best are kept.
        n_models: number of saved models that the run has now, `model_bytes` their size.
    """

    record: EpochRecord
    epochs: int
    removed: tuple[int, ...] = ()
    n_models: int = 0
    model_bytes: int = 0


@dataclass(frozen=True, slots=True)
class RunPaused:
    """The run waits until it is resumed or stopped."""

    epoch: int


@dataclass(frozen=True, slots=True)
class RunResumed:
    """The run goes on after a pause."""

    epoch: int


@dataclass(frozen=True, slots=True)
class StorageChanged:
    """The run's files are written to another folder from now on; `message` says why, in sentences.

    `is_fallback`: because the run's own folder cannot be written; else that one is in use again.
    """

    folder: Path
    message: str
    is_fallback: bool


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run has ended in good order. `reason` is a short sentence for the log.

    `has_diverged`: its last epoch was taken back, because the loss was no number any more.
    """

    folder: Path
    reason: str
    n_epochs: int
    best_epoch: int | None
    best_model: Path | None
    has_diverged: bool = False


@dataclass(frozen=True, slots=True)
class RunFailed:
    """The run has ended by an error. `message` is for the user; `details` a traceback, or empty."""

    message: str
    details: str = ""


TrainingEvent = (
    StageChanged
    | RunStarted
    | BatchProgress
    | SettingsApplied
    | SettingsRefused
    | EpochFinished
    | RunPaused
    | RunResumed
    | StorageChanged
    | RunFinished
    | RunFailed
)

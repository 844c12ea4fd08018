"""After which epochs the network is kept."""

from dataclasses import dataclass
from typing import ClassVar

from aid_desktop.settings.field import FieldInfo, Kind, bounded, setting, switch, validate
from aid_desktop.settings.hyperparameters import METRICS

IMPROVEMENTS = tuple(f"val_{name}" for name in (METRICS[0], "loss", *METRICS[1:]))


@dataclass(frozen=True, slots=True)
class SavingSettings:
    """Which epochs' models are saved, and how many stay; table `[saving]` of run.toml."""

    SECTION: ClassVar[str] = "saving"

    improvement: tuple[str, ...] = setting(
        IMPROVEMENTS[:2],
        FieldInfo(
            Kind.WORDS,
            "Save when better",
            "A model is saved after each epoch in which one of these validation metrics is better than ever before. "
            "The first one decides which models are the best.",
            choices=IMPROVEMENTS,
        ),
    )
    every: int = bounded(
        0,
        0,
        1_000_000,
        unit="epochs",
        label="Save every",
        help="Save a model after so many epochs, whatever its metrics; 0: only when it is better. "
        "Typical: 0 to 50 epochs.",
    )
    keep_best: int = bounded(
        0,
        0,
        100_000,
        unit="models",
        label="Keep the best",
        help="Remove saved models but so many of the best and the newest one. A model that you have asked for stays. "
        "0: keep all. "
        "Typical: 5 to 20 models.",
    )
    undo_points: int = bounded(
        20,
        0,
        1000,
        unit="changes",
        label="Undo points",
        help="Before settings change, the network is kept, so that the run can go back there: for so many of the last "
        "changes. 0: no going back. "
        "Typical: 5 to 20 changes.",
    )

    tensorboard: bool = switch(
        False,
        label="TensorBoard",
        help="Write the curves into an event file in the run's folder tensorboard, too, for TensorBoard to show.",
    )

    def __post_init__(self) -> None:
        validate(self)

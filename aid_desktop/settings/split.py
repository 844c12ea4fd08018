"""How validation images are held out of the training images."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from aid_desktop.errors import SettingsError
from aid_desktop.settings.field import Cost, FieldInfo, Kind, bounded, path_of, setting, validate

MOST_FOLDS = 20
MOST_SEED = 2**32 - 1
RUN_SEED = -1
"""Value of `seed` for the seed of the run."""


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """Share and grouping of the held-out images; table `[split]` of run.toml."""

    SECTION: ClassVar[str] = "split"

    validation_fraction: float = bounded(
        0.2,
        0.01,
        0.9,
        step=0.05,
        label="Validation share",
        cost=Cost.NEW_RUN,
        help="Share of the training images of each class that is kept for validation and never trained on. "
        "Typical: 0.1 to 0.2.",
    )
    group_by: str = setting(
        "image",
        FieldInfo(
            Kind.TEXT,
            "Keep together",
            "Images that must not be torn apart: image, file, folder, folder_name (folders of one name in several "
            "classes are one group), or a regular expression with one group that finds, say, the patient in the path.",
            Cost.NEW_RUN,
        ),
    )
    held_out: Path | None = setting(  # noqa: RUF009  Ruff does not know that paths are immutable
        None,
        FieldInfo(
            Kind.FILE,
            "Held-out images",
            "List of the held-out images as a run writes it; it is taken whatever share and grouping say.",
            Cost.NEW_RUN,
        ),
    )

    folds: int = bounded(
        0,
        0,
        MOST_FOLDS,
        label="Folds",
        cost=Cost.NEW_RUN,
        help="Number of parts of a cross-validation: all groups are dealt into them once, and each run holds out one "
        "part. 0: none, the validation share counts. "
        "Typical: 5 or 10.",
    )
    fold: int = bounded(
        0,
        0,
        MOST_FOLDS - 1,
        label="Fold",
        cost=Cost.NEW_RUN,
        help="Which part this run holds out, counted from 0; it counts only with folds.",
    )
    seed: int = bounded(
        RUN_SEED,
        RUN_SEED,
        MOST_SEED,
        label="Seed of the split",
        cost=Cost.NEW_RUN,
        help="What the held-out images are drawn from. -1: the seed of the run.",
    )

    def __post_init__(self) -> None:
        validate(self)
        if self.folds == 1:
            raise SettingsError(path_of(self, "folds"), f"got 1, expected 0 (off) or 2 to {MOST_FOLDS}")
        if self.folds and self.fold >= self.folds:
            raise SettingsError(
                path_of(self, "fold"), f"got {self.fold}, expected 0 to {self.folds - 1} of {self.folds} folds"
            )

    @property
    def held_out_share(self) -> float:
        """About which part of the images is held out, if no list says which."""
        return 1 / self.folds if self.folds else self.validation_fraction

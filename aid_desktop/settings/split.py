"""How validation images are held out of the training images."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from aid_desktop.settings.field import Cost, FieldInfo, Kind, bounded, setting, validate


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

    def __post_init__(self) -> None:
        validate(self)

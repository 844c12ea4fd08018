"""TrainingRun: all that the loop needs, in one object."""

from dataclasses import dataclass, field
from pathlib import Path

from aid_desktop.runs.config import RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.training.control import RunControl
from aid_desktop.training.mailbox import SettingsMailbox


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """Configuration, place on disk, and the two channels down into the loop.

    `resume` goes on from the folder's last.keras instead of starting anew. `model_zoo` is the file to build from.
    """

    config: RunConfig
    folder: RunFolder
    model_zoo: Path
    mailbox: SettingsMailbox = field(default_factory=SettingsMailbox)
    control: RunControl = field(default_factory=RunControl)
    resume: bool = False

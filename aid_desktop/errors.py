"""Errors whose text is meant for the user: what was received, what was expected, what to do."""


class AidError(Exception):
    """A known failure; its text is one plain sentence or two, shown without a traceback."""


class StoppedError(AidError):
    """Somebody asked to stop before the work was done."""


class SettingsError(AidError):
    """A setting has a value that cannot be used.

    `field` is the setting's path in run.toml, for example `augmentation.rotation`.
    """

    def __init__(self, field: str, message: str) -> None:
        # Both, so that another process can send it.
        super().__init__(field, message)
        self.field = field
        self.message = message

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class DataError(AidError):
    """Images cannot be read, or the class table cannot be trained or assessed on."""


class ModelZooError(AidError):
    """model_zoo.py, or one architecture in it, cannot be used."""


class ModelError(AidError):
    """A model file cannot be read, or does not fit the data given to it."""


class RunError(AidError):
    """A run folder, or a file in it, cannot be read or written."""


class TrainingError(AidError):
    """A run cannot start or cannot go on."""


class OutOfMemoryError(TrainingError):
    """The device has too little memory for a batch."""


class ExportError(AidError):
    """A report or an exported file cannot be written."""

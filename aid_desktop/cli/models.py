"""Load the model that a command line means."""

from pathlib import Path

from aid_desktop.models.devices import warm_up
from aid_desktop.models.files import LoadedModel, load_model
from aid_desktop.runs.best import find_model


def load(path: Path) -> LoadedModel:
    """Load a model file, or the best model of a run folder. Raises AidError."""
    found = find_model(path)
    warm_up()
    return load_model(found)

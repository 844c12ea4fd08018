"""Save and load networks with their cards: one .keras archive that plain Keras opens too."""

import json
import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from aid_desktop.errors import ModelError
from aid_desktop.models.metadata import CARD_NAME, ModelCard, read_card
from aid_desktop.models.strategies import without_workers
from aid_desktop.paths import write_atomically

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network with its card and the file that both come from."""

    model: "keras.Model"
    card: ModelCard
    path: Path


def save_model(model: "keras.Model", card: ModelCard, path: Path) -> None:
    """Write the network, its optimizer's state and the card to `path` (suffix .keras), atomically.

    Raises OSError when the disk is full or the folder cannot be written.
    """
    with write_atomically(path) as temporary:
        # Workers save at times of their own.
        without_workers(partial(model.save, temporary))
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(CARD_NAME, json.dumps(card.to_json(), indent=1))


def load_model(path: Path, for_training: bool = False) -> LoadedModel:
    """Load a network that AID Desktop has saved.

    With `for_training` it comes compiled, with its optimizer's state. Raises ModelError.
    """
    card = read_card(path)
    import keras

    try:
        model = keras.models.load_model(path, compile=for_training)
    except (ValueError, TypeError, KeyError, AttributeError, OSError, ImportError, BadZipFile, zlib.error) as error:
        raise ModelError(f"{path.name} cannot be loaded: {error}") from error
    return LoadedModel(model, card, path)


def versions() -> tuple[tuple[str, str], ...]:
    """Return the versions of the libraries that make a model, for its card."""
    import platform

    import keras
    import tensorflow as tf

    from aid_desktop import __version__

    return (
        ("aid_desktop", __version__),
        ("keras", keras.__version__),
        ("tensorflow", tf.__version__),
        ("python", platform.python_version()),
    )

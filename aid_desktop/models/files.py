"""Save and load networks with their cards: one .keras archive that plain Keras opens too; read those of others.

`load_model` is the one way in: a .keras file of ours, any .keras or .h5 file of Keras, and AIDeveloper's .model.
"""

import json
import shutil
import zipfile
import zlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from aid_desktop.errors import ModelError
from aid_desktop.models.facts import NOTHING_SAID, ModelFacts, NetworkShape, card_from_facts
from aid_desktop.models.legacy import StoredNetwork, read_stored, rebuild
from aid_desktop.models.metadata import CARD_NAME, ModelCard, has_card, read_card
from aid_desktop.models.seeding import making_network
from aid_desktop.models.strategies import without_workers
from aid_desktop.models.trust import may_run_code, trust_code
from aid_desktop.paths import write_atomically

if TYPE_CHECKING:
    import keras

_DAMAGE = (
    ValueError, TypeError, LookupError, AttributeError, OSError, ImportError, RuntimeError, ArithmeticError,
    MemoryError, AssertionError, SyntaxError, BadZipFile, zlib.error,
)  # fmt: skip
"""What Keras raises for damaged files and for networks of other programs."""

MODEL_SUFFIXES = (".keras", ".model", ".h5", ".hdf5")
"""Files of AID Desktop and Keras 3; of AIDeveloper; of Keras."""


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
        # Code that runs here already, from model_zoo.py or a model that was trusted.
        trust_code(temporary)


def rewrite_card(path: Path, card: ModelCard) -> None:
    """Put another card into a .keras file that has one, atomically; the network in it stays byte for byte.

    Raises ModelError if the file has no card or is damaged, OSError when it cannot be written.
    """
    if not has_card(path):
        raise ModelError(
            f"{path.name} has no model card that could be changed: export the model as a .keras file first, and use "
            "that one"
        )
    try:
        with (
            write_atomically(path) as temporary,
            zipfile.ZipFile(path) as before,
            zipfile.ZipFile(temporary, "w") as after,
        ):
            for item in before.infolist():
                if item.filename != CARD_NAME:
                    with before.open(item) as source, after.open(item, "w", force_zip64=True) as target:
                        shutil.copyfileobj(source, target)
            after.writestr(CARD_NAME, json.dumps(card.to_json(), indent=1))
    except (BadZipFile, zlib.error) as error:
        raise ModelError(f"{path.name} is damaged: {error}") from error


def load_model(
    path: Path, for_training: bool = False, said: ModelFacts = NOTHING_SAID, needs_weights: bool = True
) -> LoadedModel:
    """Load a network and its card.

    Without `needs_weights` an .arch file is taken too; its weights are drawn anew.
    With `for_training` one that AID Desktop has saved comes compiled, with its optimizer's state; others never do.
    `said` is what the user knows of a network that has no card; it is not looked at if there is one. Raises ModelError,
    MissingFactsError if the card cannot be made up, trust.UntrustedCodeError if the file holds code that nobody has
    said to trust, and RunError if AIDeveloper's table beside the file is damaged.
    """
    if has_card(path):
        card = read_card(path)
        return LoadedModel(load_network(path, compile_it=for_training), card, path)
    stored = _stored(path)
    if needs_weights and stored is not None and not stored.has_weights:
        raise ModelError(
            f"{path.name} holds an architecture without weights: choose a trained model, or start a run from the "
            'architecture of this one (in run.toml: mode = "restart")'
        )
    model = _network(path, stored)
    return LoadedModel(model, _made_up_card(path, model, stored, said), path)


def find_card(path: Path, said: ModelFacts = NOTHING_SAID) -> ModelCard:
    """Return the card of any model or .arch file; a network without one is built to see its shape.

    The rest is as in `load_model`.
    """
    if has_card(path):
        return read_card(path)
    stored = _stored(path)
    return _made_up_card(path, _network(path, stored), stored, said)


def save_as_keras(path: Path, target: Path, said: ModelFacts = NOTHING_SAID) -> None:
    """Save a copy of a model as a .keras file with a card; one of ours is copied as it is.

    Raises what `load_model` raises, and OSError.
    """
    if has_card(path):
        with write_atomically(target) as temporary:
            shutil.copyfile(path, temporary)
        return
    loaded = load_model(path, said=said)
    save_model(loaded.model, loaded.card, target)


def load_network(path: Path, compile_it: bool = False) -> "keras.Model":
    """Load a file of Keras 3 without its card. Raises ModelError, and UntrustedCodeError as `load_model` does."""
    import keras

    is_safe = not may_run_code(path)
    try:
        # Keras reads weights that lack their checksum all the same, and damaged HDF5 can end the process.
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if damaged := archive.testzip():
                    raise BadZipFile(f"{damaged} in it is damaged")
        with making_network():
            return keras.models.load_model(path, compile=compile_it, safe_mode=is_safe)
    except _DAMAGE as error:
        raise ModelError(f"{path.name} cannot be loaded: {error}") from error


def _stored(path: Path) -> StoredNetwork | None:
    """Return what an HDF5 or JSON file tells of its network; None for a .keras archive. Raises ModelError."""
    if not path.is_file():
        raise ModelError(f"there is no model at {path}")
    return None if zipfile.is_zipfile(path) else read_stored(path)


def _network(path: Path, stored: StoredNetwork | None) -> "keras.Model":
    if stored is None:
        return load_network(path)
    if stored.keras_version.partition(".")[0] in ("", "1", "2"):
        return rebuild(stored)
    if not stored.has_weights or path.suffix.lower() not in (".h5", ".hdf5"):
        raise ModelError(f"{path.name} was written by Keras {stored.keras_version}: save it as .keras or .h5 there")
    return load_network(path)


def _made_up_card(path: Path, model: "keras.Model", stored: StoredNetwork | None, said: ModelFacts) -> ModelCard:
    if len(model.inputs) != 1 or len(model.outputs) != 1 or len(model.outputs[0].shape) != 2:
        raise ModelError(
            f"{path.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs of the shapes "
            f"{[tuple(output.shape) for output in model.outputs]}, expected one image in and one row of "
            "probabilities out"
        )
    shape = NetworkShape(tuple(model.inputs[0].shape[1:]), int(model.outputs[0].shape[-1]))
    card = card_from_facts(path, shape, said, stored.keras_version if stored else "")
    # The table's numbers are of the weights, which an .arch file does not have.
    return card if stored is None or stored.has_weights else replace(card, metrics=())


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

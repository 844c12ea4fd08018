"""Which model file a path means, and what it asks of images, in one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from aid_desktop.data.class_table import ClassRow
from aid_desktop.data.fitness import named_problems, source_problem
from aid_desktop.data.pixels import pixel_type_text
from aid_desktop.errors import ExportError
from aid_desktop.gui.background import JobContext
from aid_desktop.models.facts import MissingFactsError, ModelFacts, NetworkShape
from aid_desktop.models.files import MODEL_SUFFIXES, load_model, save_as_keras
from aid_desktop.models.legacy import holds_network
from aid_desktop.models.metadata import ModelCard, has_card, read_card
from aid_desktop.models.trust import may_run_code
from aid_desktop.runs.aideveloper_model import read_aideveloper_model
from aid_desktop.runs.best import find_model
from aid_desktop.runs.folder import is_run_folder
from aid_desktop.runs.held_out import HeldOut, held_out_of

_NAMES_SHOWN = 8
_NORMALIZATIONS = {
    "none": "not normalized",
    "divide_by_255": "/255",
    "standardize_each_image": "each image standardized",
    "standardize_training_set": "standardized by the training images",
}


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model file, its card, and the images that its run held out, if that is known.

    `shape` is that of a network whose file has no card, so that the card was made up; else None.
    """

    path: Path
    card: ModelCard
    held_out: HeldOut | None = None
    shape: NetworkShape | None = None


@dataclass(frozen=True, slots=True)
class UnknownModel:
    """A model that cannot be used before its user has described it; `missing` are fields of ModelFacts.

    What is known already is proposed; a normalization that is known cannot be changed.
    """

    path: Path
    shape: NetworkShape
    missing: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    normalization: str = ""
    mean: float | None = None
    std: float | None = None

    @property
    def text(self) -> str:
        """Say in a sentence or two what is wanted and why."""
        height, width, channels = self.shape.input_shape
        size = "any size" if width is None or height is None else f"{width} × {height} px"
        takes = f"It takes images of {size} with {channels} channel{'' if channels == 1 else 's'}"
        return (
            f"{self.path.name} has no model card. {takes} and tells {self.shape.n_classes} classes apart, in the order "
            "of its outputs. Say what they are; the network is saved with this description, the file stays as it is."
        )

    @property
    def target(self) -> Path:
        """Propose a new name for the described model."""
        names = (f"{self.path.stem}{ending}.keras" for ending in chain([""], (f"_{n}" for n in count(1))))
        return next(path for name in names if not (path := self.path.with_name(name)).exists())


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """Which model to save where, with what is said of it."""

    path: Path
    target: Path
    facts: ModelFacts


def identify(path: Path, _: JobContext) -> ChosenModel | UnknownModel:
    """Find a model and read its card and what its run held out. Raises ModelError, UntrustedCodeError, or RunError.

    A file without a card is loaded: this imports TensorFlow.
    """
    file = find_model(path)
    may_run_code(file)
    if has_card(file):
        return ChosenModel(file, read_card(file), held_out_of(file))
    try:
        loaded = load_model(file)
    except MissingFactsError as error:
        known = read_aideveloper_model(file)
        return UnknownModel(file, error.shape, error.missing, normalization=known.normalization if known else "")
    card = loaded.card
    return ChosenModel(file, card, shape=NetworkShape(card.image.input_shape, len(card.class_names)))


def save_described(request: SaveRequest, _: JobContext) -> Path:
    """Save a model as a new .keras file with a card; return its path. Raises AidError."""
    target = request.target.absolute()
    if target.suffix.lower() != ".keras" or target.exists():
        raise ExportError(
            f"{target} {'is there already' if target.exists() else 'has another suffix'}: give a new name that ends "
            "with .keras"
        )
    try:
        save_as_keras(request.path, target, request.facts)
    except OSError as error:
        raise ExportError(f"The model cannot be saved as {target}: {error.strerror}. Choose another place.") from error
    return target


def may_be_model(path: Path) -> bool:
    """Return whether a dropped path looks like a model or a run. Of HDF5, which images come in too, it asks more."""
    suffix = path.suffix.lower()
    if suffix in (".h5", ".hdf5"):
        return holds_network(path)
    return suffix in MODEL_SUFFIXES or is_run_folder(path)


def contract_text(card: ModelCard) -> str:
    """Return for example `32×32 gray, /255, 2 classes (cat, automobile), 8-bit · LeNet5_do epoch 11`."""
    image = card.image
    names = list(card.class_names[:_NAMES_SHOWN])
    if len(card.class_names) > _NAMES_SHOWN:
        names.append(f"and {len(card.class_names) - _NAMES_SHOWN} more")
    channels = image.channels if isinstance(image.channels, str) else "+".join(image.channels)
    parts = [
        f"{image.width}×{image.height} {channels}",
        _NORMALIZATIONS.get(card.normalization.method, card.normalization.method),
        f"{len(card.class_names)} classes ({', '.join(names)})",
        pixel_type_text(card.pixel_type).replace(" bits", "-bit"),
    ]
    if card.zoom != 1:
        parts.append(f"zoom {card.zoom:g}")
    if image.features:
        parts.append(f"features {', '.join(image.features)}")
    if card.temperature != 1:
        parts.append(f"calibrated (temperature {card.temperature:.3g})")
    return f"{', '.join(parts)} · {card.architecture} epoch {card.epoch}"


def contract_problem(card: ModelCard, rows: Sequence[ClassRow]) -> str | None:
    """Return why a model cannot be assessed on rows, and what to do about it; None if it can."""
    unknown = list(dict.fromkeys(row.class_name for row in rows if row.class_name not in card.class_names))
    if unknown:
        more = f" and {len(unknown) - _NAMES_SHOWN} more" if len(unknown) > _NAMES_SHOWN else ""
        return (
            f"The model does not know the class{'es' if len(unknown) > 1 else ''} "
            f"{', '.join(unknown[:_NAMES_SHOWN])}{more}, only {', '.join(card.class_names[:_NAMES_SHOWN])}: rename "
            "on the Data tab, or choose another model."
        )
    # Thousands of rows are of few kinds.
    kinds = {
        (source.pixel_types, frozenset(shape[2] for shape in source.shapes), source.channels, source.features): source
        for source in (row.source for row in rows)
    }
    found = ((source, source_problem(source, card.image, card.pixel_type)) for source in kinds.values())
    wrong = [(source, problem) for source, problem in found if problem is not None]
    if not wrong:
        return None
    return f"{named_problems(wrong)}. Choose images like those of the training, or a model for these."

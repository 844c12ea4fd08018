"""The card of a network that brings none: from AIDeveloper's table beside it, the network itself, and the user."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aid_desktop.data.normalize import Normalization
from aid_desktop.errors import DataError, ModelError, SettingsError
from aid_desktop.models.metadata import ModelCard
from aid_desktop.runs.aideveloper_model import AideveloperModel, model_epoch, read_aideveloper_model
from aid_desktop.settings.image import ImageSettings

_CHANNELS = {1: "gray", 3: "rgb"}


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is said of a network without a card; what is empty or None is not said.

    Attributes:
        class_names: in the order of the network's outputs.
        normalization: method of ImageSettings.normalization.
        mean: of the training images, in grey levels, for standardize_training_set.
        std: in the same way.
        size: (width, height) of the images, for a network that takes any.
        channels: names, for a network that takes another number than 1 or 3.
        is_of_run: what a run wants of its network rather than what the user knows of it: where it does not fit, the
            network and AIDeveloper's table are right, and classes without a name get a number.
    """

    class_names: tuple[str, ...] = ()
    normalization: str = ""
    mean: float | None = None
    std: float | None = None
    size: tuple[int, int] | None = None
    channels: tuple[str, ...] = ()
    is_of_run: bool = False

    @classmethod
    def of_run(cls, class_names: tuple[str, ...], image: ImageSettings, is_restart: bool) -> "ModelFacts":
        """Return what a run says of a network that it starts from; one that gets new weights needs no statistics."""
        mean, std = (0.0, 1.0) if is_restart else (None, None)
        size, channels = (image.width, image.height), image.channel_names or ()
        return cls(class_names, image.normalization, mean, std, size, channels, is_of_run=True)

    def fitting(self, shape: "NetworkShape") -> "ModelFacts":
        """Return what fits the network of what a run wants."""
        names = tuple(f"class {index}" for index in range(shape.n_classes))
        height, width, channels = shape.input_shape
        return replace(
            self,
            class_names=self.class_names if len(self.class_names) == shape.n_classes else names,
            size=self.size if width is None or height is None else None,
            channels=self.channels if channels in (None, len(self.channels)) else (),
        )


NOTHING_SAID = ModelFacts()


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """What a network takes, (height, width, channels) with None for any, and how many classes it tells apart."""

    input_shape: tuple[int | None, ...]
    n_classes: int


class MissingFactsError(ModelError):
    """Nobody has said what must be known to use a network: `missing` are fields of ModelFacts, `shape` is its form."""

    def __init__(self, name: str, missing: Sequence[str], shape: NetworkShape) -> None:
        self.missing = tuple(missing)
        self.shape = shape
        wanted = ", ".join(_ASKED[field].format(n=shape.n_classes) for field in missing)
        super().__init__(
            f"{name} has no model card and does not say what is needed to use it: {wanted}. Say so to aid-desktop info "
            "MODEL --save NEW.keras, or fill in the form on the Assessment tab of the window, and use the new file"
        )


_ASKED = {
    "class_names": "the names of its {n} classes (--classes A,B,…)",
    "normalization": "how its images were normalized (--normalization METHOD)",
    "mean": "the mean grey level of its training images (--mean NUMBER)",
    "std": "the standard deviation of its training images (--std NUMBER)",
    "size": "the size of its images (--size WIDTHxHEIGHT)",
    "channels": "the names of its channels (--channels A,B,…)",
}


def split_names(text: str) -> tuple[str, ...]:
    """Return the names of classes or channels that a user has written with commas between them."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def card_from_facts(path: Path, shape: NetworkShape, said: ModelFacts, keras_version: str = "") -> ModelCard:
    """Return the card of a network from what is said, AIDeveloper's table beside its file, and its own shape.

    Names of classes that are said stand over those of the table, which are often numbers. Raises MissingFactsError for
    what nobody says, ModelError for what contradicts itself, RunError for a table that cannot be read.
    """
    _check_shape(path, shape)
    table = read_aideveloper_model(path)
    if said.is_of_run:
        said = said.fitting(shape)
    names = _class_names(path, shape, said, table)
    method = _normalization(path, said, table)
    mean, std = (_statistic(path, name, said, table) for name in ("mean", "std"))
    needs_statistics = method == "standardize_training_set"
    missing = [name for name, is_missing in _asked(shape, said, names, method) if is_missing]
    missing += [name for name, value in (("mean", mean), ("std", std)) if needs_statistics and value is None]
    if missing:
        raise MissingFactsError(path.name, missing, shape)
    statistics = (mean or 0.0, 1.0 if std is None else std) if needs_statistics else ()
    versions = [("keras", keras_version), ("aideveloper", table.version if table else "")]
    try:
        return ModelCard(
            class_names=names,
            image=_image(path, shape, said, table, method),
            normalization=Normalization(method, *statistics),
            architecture=(table.architecture if table else "") or path.stem,
            epoch=model_epoch(path),
            revision=0,
            metrics=table.metrics if table else (),
            versions=tuple(pair for pair in versions if pair[1]),
            zoom=table.zoom if table else 1.0,
        )
    except (SettingsError, DataError) as error:
        raise ModelError(f"{path.name}: {error}") from error


def _asked(shape: NetworkShape, said: ModelFacts, names: tuple[str, ...], method: str) -> tuple[tuple[str, bool], ...]:
    height, width, channels = shape.input_shape
    return (
        ("class_names", not names),
        ("normalization", not method),
        ("size", said.size is None and (width is None or height is None)),
        ("channels", not said.channels and channels not in _CHANNELS),
    )


def _image(
    path: Path, shape: NetworkShape, said: ModelFacts, table: AideveloperModel | None, method: str
) -> ImageSettings:
    height, width, channels = shape.input_shape
    others = table.image if table else ImageSettings()
    wide, high = said.size or (0, 0)
    image = ImageSettings(
        width=width or wide,
        height=height or high,
        channels=said.channels or _CHANNELS[channels or 0],
        normalization=method,
        padding=others.padding,
        resize=others.resize,
    )
    if said.size not in (None, (image.width, image.height)) or channels not in (None, image.n_channels):
        raise ModelError(
            f"{path.name} takes images of {_text(shape.input_shape)} (height × width × channels), got "
            f"{_text(image.input_shape if said.size is None else (high, wide, image.n_channels))}: give its own"
        )
    return image


def _text(shape: Sequence[int | None]) -> str:
    return " × ".join("any" if side is None else str(side) for side in shape)


def _check_shape(path: Path, shape: NetworkShape) -> None:
    if len(shape.input_shape) != 3:
        raise ModelError(
            f"{path.name} takes input of the shape {shape.input_shape}, expected images of (height, width, channels)"
        )
    if shape.n_classes < 2:
        raise ModelError(
            f"{path.name} has {shape.n_classes} output, expected one for each of at least two classes: AID Desktop "
            "has classifiers only"
        )


def _class_names(path: Path, shape: NetworkShape, said: ModelFacts, table: AideveloperModel | None) -> tuple[str, ...]:
    known = table.class_names if table is not None else {}
    # AIDeveloper knows classes by number unless its user has named them.
    is_named = len(known) == shape.n_classes and all(name != f"class {index}" for index, name in known.items())
    if said.is_of_run and is_named:
        return tuple(known[index] for index in range(shape.n_classes))
    if said.class_names:
        if len(said.class_names) != shape.n_classes or len(set(said.class_names)) != shape.n_classes:
            raise ModelError(
                f"{path.name} tells {shape.n_classes} classes apart, got the names {', '.join(said.class_names)}: give "
                f"{shape.n_classes} different names in the order of its outputs"
            )
        return said.class_names
    if table is None:
        return ()
    return tuple(known.get(index, f"class {index}") for index in range(shape.n_classes))


def _statistic(path: Path, name: str, said: ModelFacts, table: AideveloperModel | None) -> float | None:
    """Return mean or std, from the table where it has one. Raises ModelError if the user says another number."""
    given: float | None = getattr(said, name)
    known: float | None = getattr(table, name) if table is not None else None
    if table is None or known is None:
        return given
    if given not in (None, known) and not said.is_of_run:
        raise ModelError(
            f"{path.name} was trained with {name} {known:g}, says {table.meta.name} beside it; got {given:g}: leave it "
            "out, or move the table away if it is of another model"
        )
    return known


def _normalization(path: Path, said: ModelFacts, table: AideveloperModel | None) -> str:
    if table is None or not table.normalization:
        return said.normalization
    if not said.is_of_run and said.normalization not in ("", table.normalization):
        raise ModelError(
            f"{path.name} was trained with the normalization {table.normalization}, says {table.meta.name} beside it; "
            f"got {said.normalization}: choose the model's, or move the table away if it is of another model"
        )
    return table.normalization

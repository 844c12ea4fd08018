"""Export a model: write it aside, prove it in its own runtime, and only then put it in its place."""

import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ExportError
from aid_desktop.export.exporter import ExportFormat, how_to_install
from aid_desktop.export.kit import check_kit, kit_folder, write_kit
from aid_desktop.export.network import Sample, make_network, prepared_inputs
from aid_desktop.export.report import LABELS_NAME, ExportReport, exported_files, write_report
from aid_desktop.export.sample import find_sample
from aid_desktop.export.verify import verify
from aid_desktop.models.calibration import calibrated
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.predict import KerasEngine, shapes_of
from aid_desktop.paths import write_atomically


class ExportStoppedError(ExportError):
    """Somebody asked to stop before the file was in its place."""


class ExportRefusedError(ExportError):
    """The file does not compute what Keras computes; the export can be forced."""


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """How models are exported.

    Attributes:
        is_raw: the network prepares grey levels (and features) itself.
        verify_on: a folder of images or file to compare on; None: see find_sample.
        is_forced: put the file in its place even if it does not compute what Keras computes.
        with_kit: write a deployment kit beside it, see kit.py.
    """

    is_raw: bool = False
    verify_on: Path | None = None
    is_forced: bool = False
    with_kit: bool = False


def export_model(
    loaded: LoadedModel,
    target: ExportFormat,
    path: Path,
    choice: ExportChoice | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> ExportReport:
    """Write a model to a file (or folder) that is replaced if it is there; return how it was proven.

    The report and labels.txt are written beside it. Raises ExportError if a package is missing or the network cannot
    be written, ExportRefusedError if a runtime of the format computes something else (unless forced),
    ExportStoppedError, DataError for images that do not fit, and OSError; nothing is left behind then, and a file that
    was there stays.
    """
    choice = choice or ExportChoice()
    _check(target, path)
    check_labels(path, loaded.card.class_names)
    if choice.with_kit:
        check_kit(target.name, loaded, path)
    sample = find_sample(loaded.card, choice.verify_on)
    expected = keras_probabilities(loaded, sample)
    network = make_network(loaded, sample, choice.is_raw)
    _leave_if(should_stop)
    with _aside(path, target) as temporary:
        target.write(network, temporary)
        _leave_if(should_stop)
        verifications = verify(target, temporary, network.inputs, expected)
        report = ExportReport(
            target, path, loaded.path, network, verifications, sample.origin, len(sample.images), choice.is_forced
        )
        if report.problems and not choice.is_forced:
            raise ExportRefusedError(
                f"{path.name} was not exported, because it would not give the answers of the model. "
                f"{'; '.join(report.problems)}. Choose another format, or force the export"
            )
        if choice.with_kit:
            write_kit(report, loaded, sample, kit_folder(temporary))
        _leave_if(should_stop)
    _write_labels(path.parent / LABELS_NAME, loaded.card.class_names)
    write_report(report)
    return report


def keras_probabilities(loaded: LoadedModel, sample: Sample) -> NDArray[np.float32]:
    """Return what the program itself answers, computed by Keras: float32 (N, C)."""
    engine = KerasEngine(loaded.model, shapes_of(loaded.card))
    return calibrated(engine.run(prepared_inputs(loaded.card, sample)), loaded.card.temperature)


def _check(target: ExportFormat, path: Path) -> None:
    if target.missing:
        names = " ".join(target.missing)
        raise ExportError(
            f"{target.title} cannot be written without {names}: install it with {how_to_install(*target.missing)}. "
            "Everything for export: pip install aid-desktop[export]"
        )
    if path.suffix != target.suffix:
        wanted = f"a name that ends with {target.suffix}" if target.suffix else "the name of a folder, without a suffix"
        raise ExportError(f"{target.title}: got {path.name}, expected {wanted}")
    if not path.parent.is_dir():
        raise ExportError(f"there is no folder {path.parent}: make it first, or choose another one")


def check_labels(path: Path, class_names: tuple[str, ...]) -> None:
    """Raise ExportError if labels.txt beside an exported file belongs to another network that lies there."""
    labels = path.parent / LABELS_NAME
    others = [one for one in exported_files(path.parent) if one != path]
    if labels.is_file() and others and labels.read_text(encoding="utf-8") != _labels_text(class_names):
        raise ExportError(
            f"{labels} names the classes of {others[0].name}, which are other ones: choose another folder"
        )


@contextmanager
def _aside(path: Path, target: ExportFormat) -> Iterator[Path]:
    """Yield a path in a new folder beside the target; what is there at the end without error is put in its place."""
    folder = path.parent / f".export-{uuid.uuid4().hex[:12]}"
    folder.mkdir()
    try:
        temporary = folder / path.name
        yield temporary
        made = [(temporary.with_suffix(suffix), path.with_suffix(suffix)) for suffix in target.companions]
        if kit_folder(temporary).is_dir():
            made.append((kit_folder(temporary), kit_folder(path)))
        _put([*made, (temporary, path)], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put(made: Sequence[tuple[Path, Path]], folder: Path) -> None:
    """Put each first path in the place of the second, all of them or none. Raises OSError."""
    if len(made) == 1 and not made[0][1].is_dir():
        made[0][0].replace(made[0][1])
        return
    # Folders, and several files, cannot be replaced in one step: old ones wait aside until all new ones are there.
    put: list[tuple[Path, Path | None]] = []
    try:
        for number, (source, place) in enumerate(made):
            old = folder / f"old-{number}" if place.exists() else None
            if old is not None:
                place.rename(old)
            put.append((place, old))
            source.rename(place)
    except OSError:
        for number, (place, old) in enumerate(put):
            if place.exists():
                place.rename(folder / f"undone-{number}")
            if old is not None:
                old.rename(place)
        raise


def _write_labels(path: Path, class_names: tuple[str, ...]) -> None:
    with write_atomically(path) as temporary:
        temporary.write_text(_labels_text(class_names), encoding="utf-8")


def _labels_text(class_names: tuple[str, ...]) -> str:
    return "".join(f"{name}\n" for name in class_names)


def _leave_if(should_stop: Callable[[], bool] | None) -> None:
    if should_stop is not None and should_stop():
        raise ExportStoppedError("The export was stopped; nothing was written.")

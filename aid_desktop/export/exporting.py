"""Export a model: write it aside, prove it in its own runtime, and only then put it in its place."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import AidError, ExportError
from aid_desktop.evaluation.writing import plain_failures
from aid_desktop.export.exporter import ExportFormat
from aid_desktop.export.graph import layer_in, read_graph
from aid_desktop.export.kit import check_kit, kit_folder, write_kit
from aid_desktop.export.labels import LABELS_NAME, labels_text
from aid_desktop.export.network import ExportNetwork, Sample, make_network, prepared_inputs
from aid_desktop.export.placing import aside, check_beside, check_place, put
from aid_desktop.export.report import REPORT_NAME, ExportReport, report_text
from aid_desktop.export.sample import find_sample
from aid_desktop.export.verify import first_line, verify
from aid_desktop.long_work import ShouldStop, leave_if_stopped
from aid_desktop.models.calibration import calibrated
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.predict import KerasEngine, shapes_of

logger = logging.getLogger(__name__)


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
    should_stop: ShouldStop | None = None,
) -> ExportReport:
    """Write a model to a file (or folder) that is replaced if it is there; return how it was proven.

    The report and labels.txt are written beside it. Raises ExportError if a package is missing or the network cannot
    be written, ExportRefusedError if a runtime of the format computes something else (unless forced),
    StoppedError, and DataError for images that do not fit; nothing is left behind then, and a file that was there
    stays.
    """
    choice = choice or ExportChoice()
    check_place(target, path, loaded.path)
    check_beside(path, loaded.card.class_names)
    if choice.with_kit:
        check_kit(target.name, loaded, path)
    sample = find_sample(loaded.card, choice.verify_on)
    expected = keras_probabilities(loaded, sample)
    network = make_network(loaded, sample, choice.is_raw)
    leave_if_stopped(should_stop)
    with plain_failures(path), aside(path) as folder:
        temporary = folder / path.name
        _write(target, network, temporary)
        leave_if_stopped(should_stop)
        verifications = verify(target, temporary, network.inputs, expected)
        report = ExportReport(
            target, path, loaded.path, network, verifications, sample.origin, len(sample.images), choice.is_forced
        )
        if report.problems and not choice.is_forced:
            raise ExportRefusedError(
                f"{path.name} was not exported, because it would not give the answers of the model. "
                f"{'; '.join(report.problems)}. Choose another format, or force the export"
            )
        names = [path.name, *(path.with_suffix(suffix).name for suffix in target.companions)]
        if choice.with_kit:
            write_kit(report, loaded, sample, kit_folder(temporary))
            names.append(kit_folder(path).name)
        (folder / LABELS_NAME).write_text(labels_text(loaded.card.class_names), encoding="utf-8")
        (folder / REPORT_NAME).write_text(report_text(report), encoding="utf-8")
        leave_if_stopped(should_stop)
        put([*names, LABELS_NAME, REPORT_NAME], folder, path.parent)
    return report


def keras_probabilities(loaded: LoadedModel, sample: Sample) -> NDArray[np.float32]:
    """Return what the program itself answers, computed by Keras: float32 (N, C)."""
    engine = KerasEngine(loaded.model, shapes_of(loaded.card))
    return calibrated(engine.run(prepared_inputs(loaded.card, sample)), loaded.card.temperature)


def _write(target: ExportFormat, network: ExportNetwork, path: Path) -> None:
    """Write the network. Whatever a converter fails with becomes an ExportError that names the layer, if it does."""
    try:
        target.write(network, path)
    except (AidError, OSError):
        raise
    # Converters of six makers have no error in common.
    except Exception as error:
        logger.info("%s cannot be written", target.title, exc_info=True)
        said = first_line(error)
        layer = layer_in(read_graph(network.model), str(error))
        if layer is None:
            raise ExportError(f"{target.title} cannot hold this network: {said}. Choose another format") from error
        raise layer.refuse(said, target.title) from error

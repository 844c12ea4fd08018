"""Classify new files and write what was found: the work behind the dialog, for a background thread."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from aid_desktop.data.formats import open_source
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError, ExportError
from aid_desktop.evaluation.assess import predict_sources
from aid_desktop.evaluation.classified import write_classified_copies
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.evaluation.tables import write_predictions
from aid_desktop.gui.background import JobCancelledError, JobContext
from aid_desktop.gui.numbers import grouped
from aid_desktop.models.files import load_model
from aid_desktop.runs.best import find_model

_CLASSES_SHOWN = 12


class Format(StrEnum):
    """Where the predictions go."""

    CSV = "CSV table (.csv)"
    XLSX = "Excel table (.xlsx)"
    RTDC = "into copies of the .rtdc files"


SUFFIXES = {Format.CSV: ".csv", Format.XLSX: ".xlsx"}
"""The tables' suffixes; the copies have none."""


@dataclass(frozen=True, slots=True)
class ClassifyRequest:
    """What to classify, by which model, and where to.

    `target` is the file of a table, or the folder of the copies; None: beside each .rtdc file.
    """

    model: Path
    paths: tuple[Path, ...]
    format: Format
    target: Path | None
    threshold: Threshold | None = None


@dataclass(frozen=True, slots=True)
class Classified:
    """What was found: number of images, of each class, the files written, and what could not be read."""

    n: int
    counts: tuple[tuple[str, int], ...]
    files: tuple[Path, ...]
    problems: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return for example `2 000 images: cat 913, automobile 1 087 → /out/classified.csv`."""
        named = sorted(self.counts, key=lambda pair: -pair[1])[:_CLASSES_SHOWN] if self._is_long else self.counts
        parts = [f"{name} {grouped(number)}" for name, number in named]
        if self._is_long:
            parts.append(f"and {len(self.counts) - _CLASSES_SHOWN} more classes")
        written = str(self.files[0]) if len(self.files) == 1 else f"{len(self.files)} files"
        images = "1 image" if self.n == 1 else f"{grouped(self.n)} images"
        return f"{images}: {', '.join(parts)} → {written}"

    @property
    def _is_long(self) -> bool:
        return len(self.counts) > _CLASSES_SHOWN


def classify(request: ClassifyRequest, context: JobContext) -> Classified:
    """Classify all images of some files and folders and write the result. Raises AidError."""
    suffix = SUFFIXES.get(request.format)
    if not request.paths:
        raise DataError("There is nothing to classify: add folders of images or .rtdc files.")
    if suffix is not None and (request.target is None or request.target.suffix.lower() != suffix):
        raise ExportError(f"The table's name is {request.target or 'empty'}: give a name that ends with {suffix}.")
    sources = [open_source(path, context.report_or_leave).source for path in request.paths]
    if request.format is Format.RTDC:
        _check_kinds(sources)

    loaded = load_model(find_model(request.model))
    predictions = predict_sources(loaded, sources, context.report, lambda: context.cancelled)
    if context.cancelled:
        raise JobCancelledError("Cancelled: nothing was written.")
    files = _write(request, predictions)
    counts = tuple(predictions.class_counts(request.threshold).items())
    problems = tuple(
        f"{source.path}: {source.problem_text}:\n" + "\n".join(map(str, source.problems))
        for source in sources
        if source.problems
    )
    return Classified(predictions.n, counts, files, problems)


def _check_kinds(sources: list[DataSource]) -> None:
    others = [source.name for source in sources if source.kind is not SourceKind.RTDC]
    if others:
        raise DataError(
            f"{', '.join(others)}: predictions can be put into copies of .rtdc files only. Choose a table, or "
            "remove what is no .rtdc file."
        )


def _write(request: ClassifyRequest, predictions: Predictions) -> tuple[Path, ...]:
    if request.format is Format.RTDC:
        return write_classified_copies(predictions, request.target, request.threshold)
    if request.target is None:
        raise ExportError("The table has no name.")
    write_predictions(request.target, predictions, request.threshold)
    return (request.target,)

"""Classify new files and write what was found: the work behind the dialog, for a background thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from aid_desktop.data.formats import open_source
from aid_desktop.errors import DataError, ExportError, StoppedError
from aid_desktop.evaluation.assess import predict_sources
from aid_desktop.evaluation.decision import Decision
from aid_desktop.evaluation.outputs import Outputs, Written, write_outputs
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.evaluation.score_names import PREFIX, ml_score_codes
from aid_desktop.evaluation.sorting import Link
from aid_desktop.evaluation.summary import Summary
from aid_desktop.gui.background import JobContext
from aid_desktop.models.files import find_card, load_model
from aid_desktop.numbers import grouped
from aid_desktop.runs.best import find_model

_CLASSES_SHOWN = 12
_FILES_SHOWN = 3
_REPLACED_SHOWN = 5
_QUICKLY_CHECKED = 100


class Format(StrEnum):
    """Where the predictions go."""

    CSV = "CSV table (.csv)"
    XLSX = "Excel table (.xlsx)"
    AIDEVELOPER = "Excel tables as AIDeveloper writes them"
    RTDC = "into copies of the .rtdc files"
    BASIN = "small .rtdc files that refer to the originals"
    FOLDERS = "images sorted into a folder for each class"


SUFFIXES = {Format.CSV: ".csv", Format.XLSX: ".xlsx"}
"""The tables' suffixes; the others have none."""


@dataclass(frozen=True, slots=True)
class ClassifyRequest:
    """What to classify, by which model and rule, and where to.

    `target` is the file of a table, or a folder; None: beside each file. `link` concerns sorted image files.
    """

    model: Path
    paths: tuple[Path, ...]
    format: Format
    target: Path | None
    threshold: Threshold | None = None
    reject: float | None = None
    link: Link = Link.COPY

    @property
    def outputs(self) -> Outputs:
        """What is to be written. Raises ExportError for a target that is missing or has the wrong ending."""
        suffix = SUFFIXES.get(self.format)
        if suffix is not None:
            if self.target is None or self.target.suffix.lower() != suffix:
                raise ExportError(f"The table's name is {self.target or 'empty'}: give a name that ends with {suffix}.")
            return Outputs(table=self.target)
        if self.format is Format.FOLDERS:
            if self.target is None:
                raise ExportError("There is no folder to sort the images into: choose one.")
            return Outputs(sort_into=self.target, link=self.link)
        if self.format is Format.AIDEVELOPER:
            return Outputs(with_aideveloper=True, folder=self.target)
        return Outputs(with_rtdc=True, as_basin=self.format is Format.BASIN, folder=self.target)


@dataclass(frozen=True, slots=True)
class Classified:
    """What was found: number of images, of each class, the files written, and what could not be read.

    `counts` ends with the rejected images if some were to be rejected; `notes` are what the user should know besides.
    """

    n: int
    counts: tuple[tuple[str, int], ...]
    files: tuple[Path, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    summary: Summary | None = None
    summary_file: Path | None = None

    @property
    def text(self) -> str:
        """Say for example `2 000 images: cat 913, dog 1 087 → /out/a.csv; the counts: a_summary.csv`."""
        named = sorted(self.counts, key=lambda pair: -pair[1])[:_CLASSES_SHOWN] if self._is_long else self.counts
        parts = [f"{name} {grouped(number)}" for name, number in named]
        if self._is_long:
            parts.append(f"and {len(self.counts) - _CLASSES_SHOWN} more classes")
        written = str(self.files[0]) if len(self.files) == 1 else f"{len(self.files)} files"
        images = "1 image" if self.n == 1 else f"{grouped(self.n)} images"
        counts = "" if self.summary_file is None else f"; the counts: {self.summary_file.name}"
        return f"{images}: {', '.join(parts)} → {written}{counts}"

    @property
    def _is_long(self) -> bool:
        return len(self.counts) > _CLASSES_SHOWN


def classify(request: ClassifyRequest, context: JobContext) -> Classified:
    """Classify all images of some files and folders and write the result. Raises AidError."""
    if not request.paths:
        raise DataError("There is nothing to classify: add folders of images or .rtdc files.")
    outputs = request.outputs
    sources = [open_source(path, context.report_or_leave).source for path in request.paths]
    outputs.check(sources)

    loaded = load_model(find_model(request.model))
    predictions = predict_sources(loaded, sources, context.report, lambda: context.cancelled)
    if context.cancelled:
        raise StoppedError("Cancelled: nothing was written.")
    decision = Decision(request.threshold, request.reject)
    written = write_outputs(predictions, outputs, decision, loaded.path, context.report_or_leave)
    problems = tuple(
        f"{source.path}: {source.problem_text}:\n" + "\n".join(map(str, source.problems))
        for source in sources
        if source.problems
    )
    return _classified(written, problems)


def _classified(written: Written, problems: tuple[str, ...]) -> Classified:
    summary = written.summary
    counts = summary.groups(summary.total)
    return Classified(summary.total.n, counts, written.files, problems, written.notes, summary, written.summary_file)


def read_class_names(model: Path, _: JobContext) -> tuple[str, ...]:
    """Return the classes of a model file or the best one of a run. Raises AidError."""
    return find_card(find_model(model)).class_names


def planned_text(request: ClassifyRequest) -> str:
    """Say what will be written, for example `Writes /out/classified.csv and classified_summary.csv.`, or what lacks."""
    if not request.paths:
        return ""
    try:
        outputs = request.outputs
    except ExportError as error:
        return str(error)
    if outputs.sort_into is not None:
        kind = {Link.COPY: "Copies of", Link.HARD: "Hard links to", Link.SYMBOLIC: "Symbolic links to"}[outputs.link]
        return (
            f"{kind} the image files, and images of stacks as PNG, go into {outputs.sort_into}, with manifest.csv and "
            "the counts. Nothing is replaced."
        )
    # Of very many files, the first are enough to see the names.
    paths = outputs.planned(request.paths[:_FILES_SHOWN])
    parts = [str(paths[0]), *(path.name if path.parent == paths[0].parent else str(path) for path in paths[1:])]
    n_more = len(request.paths) - _FILES_SHOWN
    if n_more > 0 and outputs.table is None:
        parts.insert(_FILES_SHOWN, f"{n_more} more")
    text = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"Writes {text}." + (" Nothing is replaced." if outputs.with_aideveloper else "")


def is_quickly_checked(request: ClassifyRequest) -> bool:
    """Return whether `replaced_files` looks at so few files that a window need not wait."""
    return request.format in SUFFIXES or len(request.paths) <= _QUICKLY_CHECKED


def replaced_files(request: ClassifyRequest, context: JobContext | None = None) -> tuple[Path, ...]:
    """Return which of the files that will be written are there already. Raises StoppedError."""
    if not request.paths or request.format in (Format.FOLDERS, Format.AIDEVELOPER):
        return ()
    try:
        paths = request.outputs.planned(request.paths)
    except ExportError:
        return ()  # told by planned_text
    found = []
    for number, path in enumerate(paths):
        if context is not None:
            context.leave_if_cancelled(number, len(paths))
        if path.exists():
            found.append(path)
    return tuple(found)


def replaced_text(paths: Sequence[Path]) -> str:
    """Say which files will be replaced, "" if none."""
    if not paths:
        return ""
    more = f" and {grouped(len(paths) - _REPLACED_SHOWN)} more" if len(paths) > _REPLACED_SHOWN else ""
    return f"Replaces {', '.join(path.name for path in paths[:_REPLACED_SHOWN])}{more}."


def scores_text(class_names: Sequence[str]) -> str:
    """Say under which names dclab and DCscope show the scores of the classes."""
    codes = ml_score_codes(class_names)
    pairs = list(zip(codes, class_names, strict=True))
    shown = [f"{PREFIX}{code} {name} ({number})" for number, (code, name) in enumerate(pairs[:_CLASSES_SHOWN])]
    more = f", and {len(pairs) - _CLASSES_SHOWN} more" if len(pairs) > _CLASSES_SHOWN else ""
    return f"In DCscope, with the number in ml_class: {', '.join(shown)}{more}."

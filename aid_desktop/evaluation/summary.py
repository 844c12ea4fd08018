"""How many images of each file are of each class: the differential count of a blood sample, for example."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aid_desktop.evaluation.bootstrap import wilson_interval
from aid_desktop.evaluation.decision import MOST_PROBABLE, REJECTED, Decision
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.writing import encodable, exported
from aid_desktop.long_work import Progress

CHUNK = 2**16
ALL_FILES = "all files"
REJECTED_NAME = "rejected"
HEADER = ("file", "images", "class", "count", "fraction", "fraction_low", "fraction_high")

Row = tuple[str | int | float | None, ...]


@dataclass(frozen=True, slots=True)
class FileSummary:
    """The images of one file, or of all: their number in each class, and that of the rejected ones.

    `path` is the file's or folder's, with its part; `name` is the end of it.
    """

    path: str
    name: str
    counts: tuple[int, ...]
    n_rejected: int = 0

    @property
    def n(self) -> int:
        """Number of images, rejected ones included."""
        return sum(self.counts) + self.n_rejected

    @property
    def fractions(self) -> tuple[float | None, ...]:
        """Share of each class among all images, rejected ones included; None without images."""
        return tuple(count / self.n if self.n else None for count in self.counts)

    @property
    def intervals(self) -> tuple[tuple[float, float], ...]:
        """Limits of each fraction with a confidence of 95 %, see wilson_interval."""
        return tuple(wilson_interval(count, self.n) for count in self.counts)


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of each file, in the order of the files, and of all together (`total`)."""

    class_names: tuple[str, ...]
    files: tuple[FileSummary, ...]
    has_rejection: bool = False

    @property
    def total(self) -> FileSummary:
        """All images of all files."""
        counts = [sum(file.counts[k] for file in self.files) for k in range(len(self.class_names))]
        return FileSummary(ALL_FILES, ALL_FILES, tuple(counts), sum(file.n_rejected for file in self.files))

    @property
    def shown(self) -> tuple[FileSummary, ...]:
        """The files, and all of them together if there are several."""
        return (*self.files, self.total) if len(self.files) > 1 else self.files

    @property
    def total_first(self) -> tuple[FileSummary, ...]:
        """The same, all of them together first: below hundreds of files nobody would see them."""
        return (self.total, *self.files) if len(self.files) > 1 else self.files

    def groups(self, file: FileSummary) -> tuple[tuple[str, int], ...]:
        """Return each class, and what was rejected if that was asked for, with its number of images in a file."""
        rejected = ((REJECTED_NAME, file.n_rejected),) if self.has_rejection else ()
        return (*zip(self.class_names, file.counts, strict=True), *rejected)

    def rows(self) -> Iterator[Row]:
        """Yield the rows of a table with the columns HEADER: one for each file and class; fractions are 0 to 1."""
        for file in self.shown:
            for name, count in self.groups(file):
                fraction = round(count / file.n, 6) if file.n else None
                low, high = (round(limit, 6) for limit in wilson_interval(count, file.n))
                yield file.path, file.n, name, count, fraction, low, high

    def to_json(self) -> list[dict[str, Any]]:
        """Return one object for each file: file, n, counts, fractions, intervals and rejected."""
        return [
            {
                "file": file.path,
                "n": file.n,
                "counts": dict(zip(self.class_names, file.counts, strict=True)),
                "fractions": dict(zip(self.class_names, file.fractions, strict=True)),
                "intervals": dict(zip(self.class_names, map(list, file.intervals), strict=True)),
                "rejected": file.n_rejected,
            }
            for file in self.files
        ]


def summarize(predictions: Predictions, decision: Decision = MOST_PROBABLE) -> Summary:
    """Count the images of each class in each source of `predictions`."""
    names, n_sources = predictions.class_names, len(predictions.sources)
    # One more column, in which -1 ends up: what is rejected.
    n_columns = len(names) + 1
    counts = np.zeros(n_sources * n_columns, np.intp)
    for start in range(0, predictions.n, CHUNK):
        part = slice(start, start + CHUNK)
        classes = decision.classes(predictions.probabilities[part])
        classes[classes == REJECTED] = len(names)
        counts += np.bincount(predictions.source[part] * n_columns + classes, minlength=len(counts))
    table = counts.reshape(n_sources, n_columns).tolist()
    files = tuple(
        FileSummary(f"{source.path}::{source.part}" if source.part else str(source.path), source.name, tuple(row), last)
        for source, (*row, last) in zip(predictions.sources, table, strict=True)
    )
    return Summary(names, files, decision.reject is not None)


def write_summary(path: Path, summary: Summary, progress: Progress | None = None) -> None:
    """Write the table of `Summary.rows` to a .csv file in UTF-8; `progress` counts rows. Raises ExportError."""
    n_rows = len(summary.shown) * (len(summary.class_names) + summary.has_rejection)
    with (
        exported(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for number, row in enumerate(summary.rows()):
            if progress is not None and not number % CHUNK:
                progress(number, n_rows)
            writer.writerow(row)


def summary_lines(summary: Summary) -> list[str]:
    """Return the table as lines of text: for each file its images, and for each class count, share and interval."""
    lines = []
    for file in summary.shown:
        lines.append(encodable(f"{file.path}: {_images(file.n)}"))
        width = max(len(name) for name, _ in summary.groups(file))
        lines += [encodable(_line(name, count, file.n, width)) for name, count in summary.groups(file)]
    return lines


def _line(name: str, count: int, n: int, width: int) -> str:
    return f"  {name:<{width}}  {count:>{len(str(n))}}  {fraction_text(count, n)}".rstrip()


def fraction_text(count: int, n: int) -> str:
    """Return for example `12.3 % (10.1 to 14.9)`, the limits being those of wilson_interval; "" without images."""
    if not n:
        return ""
    low, high = wilson_interval(count, n)
    return f"{count / n:.1%} ({100 * low:.1f} to {100 * high:.1f})".replace("%", " %", 1)


def _images(n: int) -> str:
    return "1 image" if n == 1 else f"{n} images"

"""The list of suspicious images as .csv, .xlsx or JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from aid_desktop.errors import ExportError
from aid_desktop.evaluation.label_issues import LabelIssue, LabelIssues
from aid_desktop.evaluation.tables import TABLE_SUFFIXES, Value
from aid_desktop.evaluation.writing import exported
from aid_desktop.evaluation.xlsx_stream import XlsxFile

HEADER = (
    "rank", "file", "index", "image", "actual", "suggested", "score", "reasons", "distance", "same_as",
)  # fmt: skip
"""The columns; `same_as` are the equal or nearly equal images."""


def write_label_issues(path: Path, found: LabelIssues) -> None:
    """Write the list as the suffix of `path` says, .csv (UTF-8, decimal points) or .xlsx (sheet "Wrong labels").

    Scores have six decimals. Raises ExportError for another suffix or if the file cannot be written, DataError if a
    source is gone.
    """
    suffix = path.suffix.lower()
    if suffix not in TABLE_SUFFIXES:
        raise ExportError(f"The table's name is {path}: give a name that ends with {' or '.join(TABLE_SUFFIXES)}.")
    rows = issue_rows(found)
    if suffix == ".csv":
        _write_csv(path, rows)
        return
    with exported(path) as temporary, XlsxFile(temporary) as workbook:
        workbook.add_sheets("Wrong labels", HEADER, rows)


def issue_rows(found: LabelIssues) -> list[list[Value]]:
    """Return one row of HEADER for each image, in order. Raises DataError if a source is gone."""
    twins = [position for issue in found.issues for position in issue.twins]
    positions = [issue.position for issue in found.issues]
    needed = np.array(sorted({*positions, *twins}), np.intp)
    origins = dict(zip(needed.tolist(), found.predictions.select(needed).origins(), strict=True))
    return list(_rows(found, origins))


def issues_to_json(found: LabelIssues) -> dict[str, Any]:
    """Return what is found as a JSON document. Raises DataError if a source is gone."""
    return {
        "n_images": found.predictions.n,
        "n_judged": int(np.count_nonzero(found.judged)),
        "evidence": found.evidence.name.lower(),
        "counts": {reason.name.lower(): number for reason, number in found.counts.items()},
        "issues": [dict(zip(HEADER, row, strict=True)) for row in issue_rows(found)],
    }


def _rows(found: LabelIssues, origins: dict[int, str]) -> Iterator[list[Value]]:
    files = [str(source.path) for source in found.predictions.sources]
    numbers = found.predictions.file_numbers()
    for rank, issue in enumerate(found.issues, start=1):
        yield [
            rank,
            files[issue.source],
            int(numbers[issue.position]),
            origins[issue.position],
            issue.actual,
            issue.suggested,
            None if issue.score is None else round(issue.score, 6),
            reasons_text(issue),
            None if issue.distance is None else round(issue.distance, 6),
            "; ".join(origins[position] for position in issue.twins) or None,
        ]


def reasons_text(issue: LabelIssue) -> str:
    """Return all reasons of an image in words."""
    return "; ".join(issue.reasons)


def _write_csv(path: Path, rows: list[list[Value]]) -> None:
    import csv

    with (
        exported(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for row in rows:
            writer.writerow(f"{value:.6f}" if isinstance(value, float) else value for value in row)

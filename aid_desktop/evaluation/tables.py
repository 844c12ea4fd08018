"""One row per image: what the model says, as .csv or .xlsx."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from aid_desktop.errors import ExportError
from aid_desktop.evaluation.decision import REJECTED, Decision, Rule, deciding_probability, decision_of
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.summary import HEADER, Summary
from aid_desktop.evaluation.writing import exported
from aid_desktop.evaluation.xlsx_stream import Value, XlsxFile
from aid_desktop.long_work import Progress

__all__ = ["CHUNK", "TABLE_SUFFIXES", "Value", "check_table_name", "table_header", "table_rows",
           "write_predictions", "write_predictions_csv", "write_predictions_xlsx"]  # fmt: skip

CHUNK = 4096
TABLE_SUFFIXES = (".csv", ".xlsx")


def check_table_name(path: Path | None) -> None:
    """Raise ExportError unless the name of a table ends with one of TABLE_SUFFIXES."""
    if path is None or path.suffix.lower() not in TABLE_SUFFIXES:
        expected = " or ".join(TABLE_SUFFIXES)
        raise ExportError(f"The table's name is {path or 'empty'}: give a name that ends with {expected}.")


def write_predictions(
    path: Path,
    predictions: Predictions,
    rule: Rule = None,
    summary: Summary | None = None,
    progress: Progress | None = None,
) -> None:
    """Write one row per image as the suffix of `path` says: one of TABLE_SUFFIXES. Raises ExportError, DataError.

    An .xlsx file gets the `summary` as a sheet of its own, in a .csv file there is no room for it. `progress` counts
    images.
    """
    check_table_name(path)
    if path.suffix.lower() == ".csv":
        write_predictions_csv(path, predictions, rule=rule, progress=progress)
    else:
        write_predictions_xlsx(path, predictions, rule=rule, summary=summary, progress=progress)


def write_predictions_csv(
    path: Path,
    predictions: Predictions,
    origins: Sequence[str] | None = None,
    rule: Rule = None,
    progress: Progress | None = None,
) -> None:
    """Write one line per image to a .csv file in UTF-8 with decimal points.

    Columns: file (of the source), index (from 0 in that file), image (its origin), predicted, probability
    (of the predicted class), `p_<class>` for every class, and actual if the images are labelled. Of rejected images
    predicted is empty, and probability the highest. Probabilities have six decimals. `origins` has one text per image;
    None asks the sources. The rows are made bit by bit. Raises ExportError if the file cannot be written, DataError if
    a source is gone.
    """
    import csv

    rows = table_rows(predictions, origins, rule, progress)
    with (
        exported(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table_header(predictions))
        for row in rows:
            writer.writerow(f"{value:.6f}" if isinstance(value, float) else value for value in row)


def write_predictions_xlsx(
    path: Path,
    predictions: Predictions,
    origins: Sequence[str] | None = None,
    rule: Rule = None,
    summary: Summary | None = None,
    progress: Progress | None = None,
) -> None:
    """Write the same table as `write_predictions_csv` to an .xlsx file, sheet "Images", and the summary to "Summary".

    More rows than a sheet can have go on in "Images 2" and so on. Raises the same errors, and ExportError
    for more classes than a sheet has columns.
    """
    rows = table_rows(predictions, origins, rule, progress)
    with exported(path) as temporary, XlsxFile(temporary) as workbook:
        workbook.add_sheets("Images", table_header(predictions), rows)
        if summary is not None:
            workbook.add_sheets("Summary", HEADER, summary.rows())


def table_header(predictions: Predictions) -> list[str]:
    """Return the names of the columns."""
    columns = ["file", "index", "image", "predicted", "probability"]
    columns += [f"p_{name}" for name in predictions.class_names]
    return columns + (["actual"] if predictions.labelled else [])


def table_rows(
    predictions: Predictions,
    origins: Sequence[str] | None = None,
    rule: Rule = None,
    progress: Progress | None = None,
) -> Iterator[list[Value]]:
    """Yield one row per image; probabilities are floats rounded to six decimals.

    Raises ExportError if there is not one origin per image, DataError if a source is gone.
    """
    if origins is None:
        return _rows(predictions, predictions.origins_of_parts(CHUNK), decision_of(rule), progress)
    if len(origins) != predictions.n:
        raise ExportError(f"got {len(origins)} names of images for {predictions.n} predictions")
    parts = (origins[start : start + CHUNK] for start in range(0, len(origins), CHUNK))
    return _rows(predictions, parts, decision_of(rule), progress)


def _rows(
    predictions: Predictions, origins: Iterable[Sequence[str]], decision: Decision, progress: Progress | None
) -> Iterator[list[Value]]:
    names = predictions.class_names
    files = [str(source.path) for source in predictions.sources]
    indices = predictions.file_numbers()
    for number, origins_here in enumerate(origins):
        part = slice(number * CHUNK, number * CHUNK + len(origins_here))
        probabilities = predictions.probabilities[part]
        predicted = decision.classes(probabilities)
        columns = zip(
            predictions.source[part].tolist(),
            indices[part].tolist(),
            origins_here,
            predicted.tolist(),
            deciding_probability(probabilities, predicted).tolist(),
            probabilities.tolist(),
            strict=True,
        )
        labels = None if predictions.labels is None else predictions.labels[part].tolist()
        for offset, (source, index, origin, best, highest, values) in enumerate(columns):
            name = "" if best == REJECTED else names[best]
            row: list[Value] = [files[source], index, origin, name, round(highest, 6)]
            row += [round(value, 6) for value in values]
            yield row if labels is None else [*row, names[labels[offset]]]
        if progress is not None:
            progress(part.stop, predictions.n)

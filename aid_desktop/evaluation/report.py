"""The report on a model's scores: page, workbook, table of all images and picture."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from aid_desktop import __version__
from aid_desktop.data.digest import digest_of
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import Scores
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.report_page import report_page
from aid_desktop.evaluation.report_picture import draw_confusion_matrix
from aid_desktop.evaluation.tables import Value, add_sheets, table_header, table_rows, write_predictions_csv
from aid_desktop.evaluation.writing import exported

REPORT_VERSION = 1


def write_report(
    scores: Scores,
    matrix: ConfusionMatrix,
    predictions: Predictions,
    folder: Path,
    title: str,
    model: Path | None = None,
) -> list[Path]:
    """Write report.html, report.xlsx, predictions.csv and confusion_matrix.png; return their paths.

    Makes the folder if needed. The classes predicted are those of `matrix`, with its threshold. `model` is
    the model's file, named in the report with its digest. Raises ExportError if something cannot be written,
    DataError if a source or the model is gone.
    """
    page, workbook, table, picture = (
        folder / name for name in ("report.html", "report.xlsx", "predictions.csv", "confusion_matrix.png")
    )
    origins = predictions.origins()
    identity = None if model is None else (model, digest_of(model))
    buffer = BytesIO()
    draw_confusion_matrix(matrix, title).save(buffer, format="PNG")
    text = report_page(scores, matrix, predictions, title, buffer.getvalue(), identity)
    with exported(page) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    _write_workbook(workbook, scores, matrix, predictions, origins, title, identity)
    write_predictions_csv(table, predictions, origins, matrix.threshold)
    with exported(picture) as temporary:
        temporary.write_bytes(buffer.getvalue())
    return [page, workbook, table, picture]


def _write_workbook(
    path: Path,
    scores: Scores,
    matrix: ConfusionMatrix,
    predictions: Predictions,
    origins: Sequence[str],
    title: str,
    model: tuple[Path, str] | None,
) -> None:
    from openpyxl import Workbook

    with exported(path) as temporary:
        workbook = Workbook(write_only=True)
        add_sheets(workbook, "Summary", [title, ""], _summary(scores, matrix, predictions, model))
        add_sheets(
            workbook,
            "Confusion matrix",
            ["actual \\ predicted", *matrix.class_names],
            ([name, *row] for name, row in zip(matrix.class_names, matrix.counts.tolist(), strict=True)),
        )
        add_sheets(
            workbook,
            "Per class",
            ["class", "precision", "recall", "f1", "support", "roc_auc", "pr_auc"],
            ([c.name, c.precision, c.recall, c.f1, c.support, c.roc_auc, c.pr_auc] for c in scores.per_class),
        )
        rows = table_rows(predictions, origins, matrix.threshold)
        add_sheets(workbook, "Images", table_header(predictions), rows)
        workbook.save(temporary)


def _summary(
    scores: Scores, matrix: ConfusionMatrix, predictions: Predictions, model: tuple[Path, str] | None
) -> Iterator[list[Value]]:
    yield ["images", scores.n]
    yield ["accuracy", scores.accuracy]
    low, high = scores.accuracy_interval
    yield ["accuracy, 95 % confidence", f"{low:.6f} to {high:.6f}"]
    yield ["balanced accuracy", scores.balanced_accuracy]
    if matrix.threshold is not None:
        yield ["threshold of", matrix.class_names[matrix.threshold.class_index]]
        yield ["threshold", matrix.threshold.probability]
    if model is not None:
        yield ["model", str(model[0])]
        yield ["model digest", model[1]]
    for source in predictions.sources:
        yield ["data", str(source.path)]
        yield ["data digest", source.digest]
    yield ["made with", f"AID Desktop {__version__}"]
    yield ["report version", REPORT_VERSION]

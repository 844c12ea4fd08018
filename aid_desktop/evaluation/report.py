"""The report on a model's scores: page, workbook, tables and picture."""

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path

from aid_desktop import __version__
from aid_desktop.data.digest import digest_of
from aid_desktop.errors import ExportError
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import HEADLINES, Scores
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.report_curves import report_curves
from aid_desktop.evaluation.report_facts import (
    ReportedRun,
    data_facts,
    find_run,
    hardware,
    settings_rows,
    versions,
    which_text,
)
from aid_desktop.evaluation.report_methods import methods_text
from aid_desktop.evaluation.report_page import Subject, frequent_confusions, model_rows, report_page
from aid_desktop.evaluation.report_picture import draw_confusion_matrix
from aid_desktop.evaluation.report_tables import Table, column_table, write_table_csv
from aid_desktop.evaluation.tables import CHUNK, Value, table_header, table_rows, write_predictions_csv
from aid_desktop.evaluation.writing import exported
from aid_desktop.evaluation.xlsx_stream import XlsxFile
from aid_desktop.long_work import Progress
from aid_desktop.models.metadata import ModelCard

REPORT_VERSION = 2
_N_STEPS = 5
# Tables that not every report has.
_SOMETIMES = (
    "Confusions", "Model", "Run data", "Training data", "Settings", "History", "roc", "precision_recall", "threshold",
    "probabilities", "reliability", "coverage",
)  # fmt: skip
TABLES = "tables"
"""Folder of the report's tables as .csv."""


def write_report(
    scores: Scores,
    matrix: ConfusionMatrix,
    predictions: Predictions,
    folder: Path,
    title: str,
    model: Path | None = None,
    card: ModelCard | None = None,
    role: str = "",
    progress: Progress | None = None,
) -> list[Path]:
    """Write report.html, report.xlsx, predictions.csv and confusion_matrix.png, and tables/*.csv; return their paths.

    Makes the folder if needed; tables that only an older report in it has are removed. The classes predicted are
    those of `matrix`, with its threshold. `model` is the model's file, named in the report with its digest, `card`
    what is known of it; if it lies in the folder of a run, that is told too. `role` says what the images are.
    `progress(done, total)` counts steps.
    Raises ExportError if something cannot be written, DataError if a source or the model is gone.
    """
    page, workbook, table, picture = (
        folder / name for name in ("report.html", "report.xlsx", "predictions.csv", "confusion_matrix.png")
    )
    origins = predictions.origins()
    identity = None if model is None else (model.absolute(), digest_of(model))
    made = datetime.now().astimezone().isoformat(" ", "seconds")
    subject = Subject(title, identity, card, find_run(model), role, made)
    buffer = BytesIO()
    draw_confusion_matrix(matrix, title).save(buffer, format="PNG")
    curves = report_curves(scores, matrix, predictions)
    _tell(progress, 1)
    text = report_page(scores, matrix, predictions, subject, curves, buffer.getvalue())
    tables = _tables(scores, matrix, predictions, subject)
    _tell(progress, 2)
    with exported(page) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    _write_workbook(
        workbook, tables, _followed(table_rows(predictions, origins, matrix.threshold), progress), predictions
    )
    _tell(progress, 3)
    write_predictions_csv(table, predictions, origins, matrix.threshold)
    with exported(picture) as temporary:
        temporary.write_bytes(buffer.getvalue())
    _tell(progress, 4)
    written = [page, workbook, table, picture]
    all_tables = tables | {name: column_table(columns) for name, columns in curves.tables.items() if columns}
    for name, one in all_tables.items():
        write_table_csv(_table_path(folder, name), one)
        written.append(_table_path(folder, name))
    _remove_tables(folder, set(_SOMETIMES) - set(all_tables))
    return written


def _table_path(folder: Path, name: str) -> Path:
    return folder / TABLES / f"{name.lower().replace(' ', '_')}.csv"


def _remove_tables(folder: Path, names: set[str]) -> None:
    """Take tables away that another report has left in the folder: they would be taken for those of this one."""
    for name in names:
        path = _table_path(folder, name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ExportError(f"{path} of an older report cannot be removed: {error.strerror}.") from error


def _tell(progress: Progress | None, done: int) -> None:
    if progress is not None:
        progress(done, _N_STEPS)


def _followed(rows: Iterator[list[Value]], progress: Progress | None) -> Iterator[list[Value]]:
    """Yield the rows; `progress` is asked now and then, so that a long workbook can be left."""
    for number, row in enumerate(rows):
        if number % CHUNK == 0:
            _tell(progress, 2)
        yield row


def _write_workbook(
    path: Path, tables: dict[str, Table], images: Iterator[list[Value]], predictions: Predictions
) -> None:
    with exported(path) as temporary, XlsxFile(temporary) as workbook:
        for name, one in tables.items():
            workbook.add_sheets(name, one.header, one.rows)
        workbook.add_sheets("Images", table_header(predictions), images)


def _tables(scores: Scores, matrix: ConfusionMatrix, predictions: Predictions, subject: Subject) -> dict[str, Table]:
    """Return the tables by the names of their sheets."""
    methods = methods_text(scores, matrix, subject.card, subject.run, subject.role)
    names = ("precision", "recall", "f1", "support", "roc_auc", "pr_auc", "initial_concentration", "enrichment")
    limits = ("precision", "recall", "f1", "roc_auc", "pr_auc")
    ends = [f"{name} {end}" for name in limits for end in ("from", "to")]
    per_class = [
        [
            one.name,
            *(getattr(one, name) for name in names),
            *(end for name in limits for end in one.intervals.get(name, (None, None))),
        ]
        for one in scores.per_class
    ]
    tables = {
        "Summary": Table([subject.title, ""], list(_summary(scores, matrix, predictions, subject))),
        "Scores": Table(["score", "value", "95 % from", "to"], list(_score_rows(scores))),
        "Confusion matrix": Table(
            ["actual \\ predicted", *matrix.class_names],
            [[name, *row] for name, row in zip(matrix.class_names, matrix.counts.tolist(), strict=True)],
        ),
        "Confusions": Table(["actual", "predicted", "images"], frequent_confusions(matrix)),
        "Per class": Table(["class", *names, *ends], per_class),
        "Data": _data_table(predictions),
        "Model": Table(["what", "value"], list(_model(subject))),
        "Versions": Table(["what", "version"], [list(pair) for pair in (*versions(), *hardware())]),
        "Methods": Table(["methods"], [[methods]]),
    }
    if subject.card is not None and (subject.run is None or subject.run.config is None):
        tables["Training data"] = Table(["data", "digest"], list(subject.card.data))
    tables = {name: one for name, one in tables.items() if one.rows}
    return tables if subject.run is None else tables | _run_tables(subject.run)


def _data_table(predictions: Predictions) -> Table:
    names = ("path", "part", "kind", "classes", "n", "zoom", "which", "problems", "digest")
    rows = [[getattr(one, name) for name in names] for one in data_facts(predictions)]
    return Table(["data", "part", "kind", "class", "images", "zoom", "which", "problems", "digest"], rows)


def _model(subject: Subject) -> Iterator[list[Value]]:
    if subject.model is not None:
        yield ["model", str(subject.model[0])]
        yield ["digest", subject.model[1]]
    if subject.card is not None:
        for name, value in model_rows(subject.card):
            yield [name, value]
        for name, version in subject.card.versions:
            yield [f"saved with {name}", version]


def _run_tables(run: ReportedRun) -> dict[str, Table]:
    tables = {}
    if run.config is not None:
        data: list[list[Value]] = [
            [
                str(row.path),
                row.part,
                row.class_name,
                str(row.role),
                row.zoom,
                which_text(row.images),
                row.images_per_epoch,
                row.shuffle,
                row.digest,
            ]
            for row in run.config.data
        ]
        header = ["data", "part", "class", "role", "zoom", "which", "images per epoch", "shuffle", "digest"]
        tables["Run data"] = Table(header, data)
    if run.settings is not None:
        rows: list[list[Value]] = [
            ["start", "", f"{label}: {value}"] for label, value in settings_rows(run.settings.sections)
        ]
        rows += [[epoch, time, text] for epoch, time, text in run.changes]
        tables["Settings"] = Table(["from epoch", "time", "setting"], rows)
    if len(run.history):
        columns = ("epoch", *run.history.columns)
        tables["History"] = Table(
            list(columns), [[record.value(name) for name in columns] for record in run.history.records]
        )
    return tables


def _score_rows(scores: Scores) -> Iterator[list[Value]]:
    for key, (title, _) in HEADLINES.items():
        low, high = scores.intervals.get(key, (None, None))
        yield [title, scores.headlines[key], low, high]
    for kind, mean in (("macro", scores.macro), ("weighted", scores.weighted)):
        for name in ("precision", "recall", "f1"):
            low, high = scores.intervals.get(f"{kind}_{name}", (None, None))
            yield [f"{kind} {name}", getattr(mean, name), low, high]


def _summary(
    scores: Scores, matrix: ConfusionMatrix, predictions: Predictions, subject: Subject
) -> Iterator[list[Value]]:
    yield ["images", scores.n]
    if subject.role:
        yield ["role of the images", subject.role]
    yield ["accuracy", scores.accuracy]
    low, high = scores.accuracy_interval
    yield ["accuracy, 95 % confidence", f"{low:.6f} to {high:.6f}"]
    yield ["balanced accuracy", scores.balanced_accuracy]
    if matrix.threshold is not None:
        yield ["threshold of", matrix.class_names[matrix.threshold.class_index]]
        yield ["threshold", matrix.threshold.probability]
    if subject.model is not None:
        yield ["model", str(subject.model[0])]
        yield ["model digest", subject.model[1]]
    for source in predictions.sources:
        yield ["data", str(source.path)]
        yield ["data digest", source.digest]
    yield ["made with", f"AID Desktop {__version__}"]
    yield ["made on", subject.made]
    yield ["report version", REPORT_VERSION]

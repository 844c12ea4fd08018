"""The report on a model's scores as one page of HTML that needs no other file."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import numpy as np

from aid_desktop import __version__
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import Scores
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.writing import encodable

LARGEST_TABLE = 60  # classes; a larger matrix is shown as the picture
SHOWN_CONFUSIONS = 10

EXPLANATION = """Precision: share of the images predicted as this class that are of it. Recall: share of its
images that were found. AUC: areas under the ROC curve and the stepwise precision-recall curve of this class
against all others, whatever the threshold."""

STYLE = """
:root { color-scheme: light dark; --page: #ffffff; --text: #1b1f24; --faint: #5d6570; --line: #d8dce2;
  --panel: #f5f6f8; --correct: 31 119 200; --wrong: 240 130 30; }
@media (prefers-color-scheme: dark) { :root { --page: #16191d; --text: #e8eaed; --faint: #a2a9b3;
  --line: #373d45; --panel: #1f2328; --correct: 45 125 205; --wrong: 205 95 15; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 2rem 1.5rem 4rem; background: var(--page);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.7rem; } h2 { margin: 2.2rem 0 .6rem; font-size: 1.15rem; }
p { margin: .3rem 0; } .faint { color: var(--faint); font-size: .9rem; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.2rem 0; }
.figures div { background: var(--panel); border: 1px solid var(--line); border-radius: 8px;
  padding: .7rem 1.1rem; }
.figures b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: .35rem .7rem; text-align: right; white-space: nowrap; }
th { background: var(--panel); font-weight: 600; }
td.text, th:first-child { text-align: left; }
td small { display: block; opacity: .85; } code { font-size: .85rem; overflow-wrap: anywhere; }
td.c { background: rgb(var(--correct) / calc(var(--s) * .7)); }
td.w { background: rgb(var(--wrong) / calc(var(--s) * .8)); }
img { max-width: 100%; border-radius: 8px; }
"""


def report_page(
    scores: Scores,
    matrix: ConfusionMatrix,
    predictions: Predictions,
    title: str,
    picture: bytes,
    model: tuple[Path, str] | None = None,
) -> str:
    """Return the page; every name and path in it is escaped.

    `picture` is the confusion matrix as PNG, used for more than 60 classes; `model` is the model's path and
    digest.
    """
    low, high = scores.accuracy_interval
    large = len(matrix.class_names) > LARGEST_TABLE
    shown = _embedded(picture) if large else _matrix_table(matrix)
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="AID Desktop {__version__}">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p class="faint">Report of AID Desktop {__version__}</p>
<div class="figures">
<div><b>{scores.n}</b>images</div>
<div><b>{scores.accuracy:.4f}</b>accuracy ({low:.4f} to {high:.4f} with 95 % confidence)</div>
<div><b>{scores.balanced_accuracy:.4f}</b>balanced accuracy</div>
</div>
{_threshold_line(matrix)}
<h2>Confusion matrix</h2>
<p class="faint">Rows: actual class. Columns: predicted class. Below each number: its share of the row.</p>
<div class="wide">{shown}</div>
{_confusions(matrix)}
<h2>Per class</h2>
<div class="wide">{_class_table(scores)}</div>
<p class="faint">{EXPLANATION}</p>
<h2>Model and data</h2>
{_model_line(model)}
<div class="wide">{_source_table(predictions)}</div>
</body>
</html>
"""
    return encodable(page)


def _embedded(picture: bytes) -> str:
    source = b64encode(picture).decode("ascii")
    return f'<img alt="Confusion matrix" src="data:image/png;base64,{source}">'


def _threshold_line(matrix: ConfusionMatrix) -> str:
    if matrix.threshold is None:
        return "<p>Each image is given to its most probable class.</p>"
    name = escape(matrix.class_names[matrix.threshold.class_index])
    return (
        f"<p>An image is given to <b>{name}</b> where its probability is greater than "
        f"{matrix.threshold.probability:g}, otherwise to the most probable other class.</p>"
    )


def _table(head: Sequence[str], rows: Iterable[str]) -> str:
    """Return a table of column names, not yet escaped, and rows of finished cells."""
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: str) -> str:
    return f'<td class="text">{escape(value)}</td>'


def _code(value: str) -> str:
    return f'<td class="text"><code>{escape(value)}</code></td>'


def _matrix_table(matrix: ConfusionMatrix) -> str:
    shares = matrix.by_row()
    rows = []
    for row, name in enumerate(matrix.class_names):
        cells = [
            _matrix_cell(int(matrix.counts[row, column]), float(shares[row, column]), row == column)
            for column in range(len(matrix.class_names))
        ]
        total = int(matrix.counts[row].sum())
        rows.append(f'<th scope="row">{escape(name)}</th>{"".join(cells)}<td>{total}</td>')
    return _table(["actual \\ predicted", *matrix.class_names, "images"], rows)


def _matrix_cell(count: int, share: float, correct: bool) -> str:
    if np.isnan(share):
        return f"<td>{count}</td>"
    kind = "c" if correct else "w"
    # A single wrong image among thousands must still be seen: the colour starts at a twelfth.
    strength = 1 / 12 + share * 11 / 12 if count else 0
    return f'<td class="{kind}" style="--s:{strength:.3f}">{count}<small>{share:.1%}</small></td>'


def _confusions(matrix: ConfusionMatrix) -> str:
    wrong = matrix.counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:SHOWN_CONFUSIONS]
    rows = [
        f"{_text(matrix.class_names[actual])}{_text(matrix.class_names[predicted])}<td>{wrong[actual, predicted]}</td>"
        for actual, predicted in zip(*np.unravel_index(order, wrong.shape), strict=True)
        if wrong[actual, predicted]
    ]
    if not rows:
        return "<p>No image was given to a wrong class.</p>"
    table = _table(["actual", "predicted", "images"], rows)
    return f'<h2>Most frequent confusions</h2><div class="wide">{table}</div>'


def _class_table(scores: Scores) -> str:
    rows = []
    for one in scores.per_class:
        values = (one.precision, one.recall, one.f1, one.roc_auc, one.pr_auc)
        cells = "".join(f"<td>{'–' if value is None else format(value, '.4f')}</td>" for value in values)
        rows.append(f'<th scope="row">{escape(one.name)}</th><td>{one.support}</td>{cells}')
    return _table(["class", "images", "precision", "recall", "F1", "ROC AUC", "PR AUC"], rows)


def _model_line(model: tuple[Path, str] | None) -> str:
    if model is None:
        return ""
    path, digest = model
    return f"<p>Model <code>{escape(str(path))}</code><br>digest <code>{escape(digest)}</code></p>"


def _source_table(predictions: Predictions) -> str:
    used = np.bincount(predictions.source, minlength=len(predictions.sources)).tolist()
    rows = [
        f"{_code(str(source.path))}{_text(source.kind)}<td>{n}</td><td>{zoom:g}</td>"
        f"{_text(source.problem_text or 'none')}{_code(source.digest)}"
        for source, zoom, n in zip(predictions.sources, predictions.zooms, used, strict=True)
    ]
    return _table(["data", "kind", "images", "zoom", "problems", "digest"], rows)

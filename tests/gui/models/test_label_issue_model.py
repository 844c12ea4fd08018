"""The table of suspicious images without its window."""

from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt

from aid_desktop.data.selection import select_images
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.evaluation.label_issues import Evidence, LabelIssue, LabelIssues, Reason
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.gui.models.label_issue_model import Column, LabelIssueModel

ISSUES = (
    LabelIssue(1, 0, 1, "cat", "dog", 0.98765, (Reason.CONTRADICTION, Reason.MODEL), None, (0,)),
    LabelIssue(2, 0, 2, "cat", None, 0.25, (Reason.OUTLIER,), 7.25),
    LabelIssue(0, 0, 0, "cat", None, None, (Reason.DUPLICATE,), None, (1,)),
)


@pytest.fixture
def model(qapp) -> LabelIssueModel:
    source = DataSource(Path("/data/cats.rtdc"), SourceKind.RTDC, 3, ((8, 8, 1),), "digest")
    half = np.full((3, 2), 0.5, np.float32)
    predictions = Predictions(("cat", "dog"), (source,), (1.0,), np.zeros(3, int), np.arange(3), half, np.zeros(3, int))
    made = LabelIssueModel()
    made.set_issues(LabelIssues(predictions, half, np.ones(3, np.bool_), Evidence.MODEL, ISSUES))
    return made


def row_of(model: LabelIssueModel, row: int) -> list[str]:
    return [model.index(row, column).data() for column in Column]


def test_that_rows_say_what_is_known(model: LabelIssueModel) -> None:
    assert row_of(model, 0) == [
        "cats.rtdc #1",
        "cat",
        "dog",
        "0.988",
        "same image, other class; looks like another class",
    ]
    assert row_of(model, 1) == ["cats.rtdc #2", "cat", "–", "0.250", "unlike all others"]
    assert row_of(model, 2)[3] == "–"
    assert [model.headerData(column, Qt.Horizontal) for column in Column] == [
        "image", "actual", "looks like", "score", "why",
    ]  # fmt: skip
    assert model.headerData(2, Qt.Vertical) == 3


def test_that_tips_explain(model: LabelIssueModel) -> None:
    assert model.index(1, Column.REASONS).data(Qt.ToolTipRole).endswith("7.2 times as far from its neighbours as usual")
    assert "without having learnt from it" in model.index(2, Column.SCORE).data(Qt.ToolTipRole)
    assert "cleanlab" in model.headerData(Column.SCORE, Qt.Horizontal, Qt.ToolTipRole)


def test_that_reasons_choose_the_rows(model: LabelIssueModel) -> None:
    predictions = LabelIssues(
        Predictions(("cat", "dog"), (), (), np.empty(0, int), np.empty(0, int), np.empty((0, 2), np.float32)),
        np.empty((0, 2), np.float32), np.empty(0, np.bool_), Evidence.SERIES, ISSUES,
    )  # fmt: skip
    model.set_issues(predictions, (Reason.MODEL, Reason.DUPLICATE))
    assert [issue.position for issue in model.issues] == [1, 0]
    model.set_issues(None)
    assert model.rowCount() == 0


def test_that_an_image_of_a_part_of_a_file_has_its_number_in_the_whole_file(qapp) -> None:
    whole = DataSource(Path("/data/cats.rtdc"), SourceKind.RTDC, 30, ((8, 8, 1),), "digest")
    part = select_images(whole, [5, 11, 29])
    half = np.full((3, 2), 0.5, np.float32)
    predictions = Predictions(("cat", "dog"), (part,), (1.0,), np.zeros(3, int), np.arange(3), half, np.zeros(3, int))
    model = LabelIssueModel()
    model.set_issues(LabelIssues(predictions, half, np.ones(3, np.bool_), Evidence.MODEL, ISSUES))
    assert [row_of(model, row)[0].partition("#")[2] for row in range(3)] == ["11", "29", "5"]

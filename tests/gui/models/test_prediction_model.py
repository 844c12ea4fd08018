from PyQt5.QtCore import Qt

from aid_desktop.evaluation.metrics import ClassScores, Scores
from aid_desktop.gui.models.prediction_model import SORT_ROLE, Column, MetricsModel, overall_text

SCORES = Scores(
    2000,
    0.905,
    0.9051,
    (
        ClassScores("cat", 0.8986, 0.913, 0.9057, 1000, 0.9671, None),
        ClassScores("automobile", 0.9116, 0.897, 0.9042, 1000, 0.9671, 0.9702),
    ),
)


def test_that_the_model_keeps_qts_rules(qtmodeltester):
    model = MetricsModel()
    qtmodeltester.check(model)
    model.set_scores(SCORES)
    qtmodeltester.check(model)


def test_that_each_class_has_a_row_of_its_scores(qapp):
    model = MetricsModel()
    model.set_scores(SCORES)
    row = [model.index(0, column).data() for column in range(model.columnCount())]
    assert row == ["cat", "0.899", "0.913", "0.906", "1\N{THIN SPACE}000", "0.967", "–"]
    assert model.index(0, Column.PRECISION).data(SORT_ROLE) == 0.8986
    assert "Not defined" in model.index(0, Column.PR_AUC).data(Qt.ToolTipRole)
    assert [model.headerData(i, Qt.Horizontal) for i in (1, 4)] == ["precision", "images"]


def test_that_the_last_row_is_about_all_classes(qapp):
    model = MetricsModel()
    model.set_scores(SCORES)
    assert model.rowCount() == 3
    assert model.index(2, 0).data() == f"all classes: {overall_text(SCORES)}"
    assert overall_text(SCORES) == ("accuracy 0.9050 [0.891–0.917] · balanced 0.905")
    model.set_scores(None)
    assert model.rowCount() == 0

from dataclasses import replace

from PyQt5.QtCore import Qt

from aid_desktop.evaluation.metrics import Averages, ClassScores, ProbabilityScores, Scores
from aid_desktop.gui.models.prediction_model import SORT_ROLE, Column, MetricsModel, interval_text

PROBABILITY = ProbabilityScores(0.9671, 0.97, 0.3, 0.04, (0.9671, 0.9671), (None, 0.9702), {}, ({}, {}))
SCORES = Scores(
    2000,
    0.905,
    0.9051,
    0.81,
    Averages(0.9051, 0.905, 0.9049),
    Averages(0.9052, 0.905, 0.9048),
    PROBABILITY,
    (
        ClassScores("cat", 0.8986, 0.913, 0.9057, 1000, 0.9671, None, 0.5, 900, {"precision": (0.88, 0.92)}),
        ClassScores("automobile", 0.9116, 0.897, 0.9042, 1000, 0.9671, 0.9702, 0.5),
    ),
    {"accuracy": (0.891, 0.917), "macro_f1": (0.89, 0.92)},
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
    assert row == ["cat", "0.899", "0.913", "0.906", "1\N{NO-BREAK SPACE}000", "0.967", "–", "0.500", "1.797"]
    assert model.index(0, Column.PRECISION).data(SORT_ROLE) == 0.8986
    assert "Not defined" in model.index(0, Column.PR_AUC).data(Qt.ToolTipRole)
    assert model.index(0, Column.PRECISION).data(Qt.ToolTipRole).startswith("0.8800 to 0.9200 with a confidence")
    # Nothing was predicted as the second class.
    assert model.index(1, Column.ENRICHMENT).data() == "–"
    assert [model.headerData(i, Qt.Horizontal) for i in (1, 4)] == ["precision", "images"]


def test_that_the_last_rows_are_means_over_the_classes(qapp):
    model = MetricsModel()
    model.set_scores(SCORES)
    assert model.rowCount() == 4
    assert [model.index(2, column).data() for column in range(4)] == ["macro mean", "0.905", "0.905", "0.905"]
    assert model.index(3, Column.NAME).data() == "weighted mean"
    assert model.index(2, Column.F1).data(Qt.ToolTipRole).startswith("0.8900 to 0.9200")
    assert model.index(3, Column.ROC_AUC).data() == ""
    assert interval_text((0.891, 0.917)) == "[0.891–0.917]"
    model.set_scores(None)
    assert model.rowCount() == 0


def test_that_other_scores_of_the_same_classes_do_not_reset_the_table(qtbot):
    model = MetricsModel()
    model.set_scores(SCORES)
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.set_scores(replace(SCORES, n=1999))
    assert model.scores.n == 1999

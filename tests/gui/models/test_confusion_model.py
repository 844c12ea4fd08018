import numpy as np
import pytest
from PyQt5.QtCore import QModelIndex, Qt
from PyQt5.QtGui import QColor

from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.gui.models.confusion_model import (
    COUNT_ROLE,
    SMALLEST_CONTRAST,
    Block,
    ConfusionModel,
    Mode,
    contrast,
    images_in,
    mixed,
)
from aid_desktop.gui.theme import DARK, LIGHT

CAT, CAR = 0, 1


def matrix_of(counts: list[list[int]], names: tuple[str, ...] = ("cat", "automobile")) -> ConfusionMatrix:
    pairs = [(a, p) for a, row in enumerate(counts) for p, n in enumerate(row) for _ in range(n)]
    actual, predicted = np.array(pairs, np.intp).reshape(-1, 2).T
    return ConfusionMatrix(names, actual, predicted)


@pytest.fixture
def matrix() -> ConfusionMatrix:
    return matrix_of([[913, 87], [103, 897]])


@pytest.fixture
def model(qapp, matrix) -> ConfusionModel:
    shown = ConfusionModel()
    shown.set_matrix(matrix)
    return shown


def texts(model: ConfusionModel) -> list[list[str]]:
    n = model.rowCount()
    return [[model.index(row, column).data() for column in range(n)] for row in range(n)]


def test_that_the_model_keeps_qts_rules(qtmodeltester, model):
    qtmodeltester.check(model)
    model.set_matrix(None)
    qtmodeltester.check(model)
    assert model.rowCount(QModelIndex()) == 0


def test_that_each_mode_shows_its_numbers(model):
    assert texts(model) == [["913", "87"], ["103", "897"]]
    model.set_mode(Mode.BY_ROW)
    assert texts(model) == [["91.3 %", "8.7 %"], ["10.3 %", "89.7 %"]]
    model.set_mode(Mode.BY_COLUMN)
    assert texts(model) == [["89.9 %", "8.8 %"], ["10.1 %", "91.2 %"]]
    assert model.index(CAT, CAR).data(COUNT_ROLE) == 87


def test_that_thousands_are_grouped_and_shares_of_nothing_are_a_dash(qapp):
    model = ConfusionModel()
    model.set_matrix(matrix_of([[12_345, 0], [0, 0]]))
    assert model.index(0, 0).data() == "12\N{NO-BREAK SPACE}345"
    model.set_mode(Mode.BY_ROW)
    assert texts(model) == [["100.0 %", "0.0 %"], ["–", "–"]]


def test_that_tooltips_spell_what_a_cell_is(model):
    cell = model.index(CAT, CAR)
    assert cell.data(Qt.ToolTipRole) == "87 images: actual cat, predicted automobile (8.7 % of cat)"
    model.set_mode(Mode.BY_COLUMN)
    expected = "87 images: actual cat, predicted automobile (8.8 % of those predicted automobile)"
    assert cell.data(Qt.ToolTipRole) == expected
    header = model.headerData(CAR, Qt.Horizontal, Qt.ToolTipRole)
    assert (model.headerData(CAR, Qt.Horizontal), header) == ("automobile", "984 images: predicted automobile")
    assert model.headerData(CAT, Qt.Vertical, Qt.ToolTipRole) == "1\N{NO-BREAK SPACE}000 images: actual cat"


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_that_text_can_be_read_on_every_ground(qapp, theme):
    for share in range(0, 101):
        model = ConfusionModel()
        model.set_theme(theme)
        model.set_matrix(matrix_of([[share, 100 - share], [100 - share, share]]))
        for row in range(2):
            for column in range(2):
                index = model.index(row, column)
                ground, text = index.data(Qt.BackgroundRole), index.data(Qt.ForegroundRole)
                assert contrast(ground, text) >= SMALLEST_CONTRAST


def test_that_correct_cells_are_blue_and_wrong_ones_orange(model):
    for row, column, ink in ((0, 0, LIGHT.correct), (1, 0, LIGHT.wrong)):
        share = model.matrix.by_row()[row, column]
        expected = mixed(QColor(LIGHT.base), QColor(ink), 0.85 * share)
        assert model.index(row, column).data(Qt.BackgroundRole) == expected


def test_that_contrast_follows_wcag():
    assert contrast(QColor("white"), QColor("black")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("blocks", "text", "actual", "predicted"),
    [
        ([Block(0, 1, 0, 1)], "87 × actual cat, predicted automobile", CAT, CAR),
        ([Block(0, 0, 0, 1)], "1\N{NO-BREAK SPACE}000 × actual cat", CAT, None),
        ([Block(0, 0, 1, 0)], "1\N{NO-BREAK SPACE}016 × predicted cat", None, CAT),
        ([Block(0, 0, 1, 1)], "2\N{NO-BREAK SPACE}000 × all images", None, None),
    ],
)
def test_that_cells_stand_for_exactly_their_images(matrix, blocks, text, actual, predicted):
    found = images_in(matrix, blocks)
    assert found.text == text
    np.testing.assert_array_equal(found.positions, matrix.indices(actual, predicted))


def test_that_several_cells_give_the_union_of_their_images(matrix):
    found = images_in(matrix, [Block(0, 1, 0, 1), Block(1, 0, 1, 0), Block(0, 1, 0, 1)])
    assert found.text == "190 × 2 cells"
    expected = np.union1d(matrix.indices(0, 1), matrix.indices(1, 0))
    np.testing.assert_array_equal(found.positions, expected)
    assert images_in(matrix, []).positions.size == 0


def test_that_the_matrix_is_copied_as_tab_separated_text(model):
    assert model.to_tsv() == "actual \\ predicted\tcat\tautomobile\ncat\t913\t87\nautomobile\t103\t897\n"
    model.set_mode(Mode.BY_ROW)
    assert model.to_tsv().splitlines()[1] == "cat\t0.913\t0.087"
    model.set_matrix(None)
    assert model.to_tsv() == ""


def test_that_another_matrix_of_the_same_classes_keeps_the_cells(qtbot, model):
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        model.set_matrix(matrix_of([[1, 2], [3, 4]]))
    with qtbot.waitSignal(model.modelReset):
        model.set_matrix(matrix_of([[1, 2, 0], [3, 4, 0], [0, 0, 1]], ("a", "b", "c")))

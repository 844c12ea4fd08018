"""The names above the confusion matrix."""

import numpy as np
import pytest
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.gui.assess.confusion_header import NamesHeader
from aid_desktop.gui.assess.confusion_view import ConfusionView
from aid_desktop.gui.theme import ThemeManager


@pytest.fixture
def view(qtbot: QtBot) -> ConfusionView:
    view = ConfusionView(ThemeManager(QApplication.instance()))
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show()
    qtbot.waitExposed(view)
    return view


def matrix_of(names: tuple[str, ...]) -> ConfusionMatrix:
    numbers = np.arange(len(names))
    return ConfusionMatrix(names, numbers, numbers)


def header_of(view: ConfusionView) -> NamesHeader:
    header = view.table.horizontalHeader()
    assert isinstance(header, NamesHeader)
    return header


def test_that_long_names_of_many_classes_stand_upright(qtbot: QtBot, view: ConfusionView) -> None:
    view.set_matrix(matrix_of(("cat", "dog")))
    header = header_of(view)
    flat = header.height()
    assert not header.is_upright
    names = tuple(f"neutrophil granulocyte {number}" for number in range(10))
    view.set_matrix(matrix_of(names))
    qtbot.waitUntil(lambda: header.height() > 2 * flat)
    assert header.is_upright
    assert not view.grab().isNull()
    view.resize(3000, 400)
    qtbot.waitUntil(lambda: header.height() == flat)
    assert not header.is_upright

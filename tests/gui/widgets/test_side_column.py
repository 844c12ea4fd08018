"""The column at the side of a tab."""

import pytest
from PyQt5.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.side_column import SideColumn


@pytest.mark.parametrize("is_fixed", [True, False])
def test_that_it_grows_with_the_font(qtbot: QtBot, is_fixed: bool) -> None:
    outer = QWidget()
    qtbot.addWidget(outer)
    column = SideColumn(QLabel("text"), 40, outer, is_fixed)
    before = column.minimumWidth()
    assert before == 40 * column.fontMetrics().horizontalAdvance("0")
    font = column.font()
    font.setPointSizeF(2 * font.pointSizeF())
    column.setFont(font)
    assert column.minimumWidth() > 1.8 * before
    assert (column.maximumWidth() == column.minimumWidth()) is is_fixed

"""A row that goes on in the next line."""

from PyQt5.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.flow_layout import FlowLayout


def test_that_it_breaks_where_the_width_ends_and_keeps_its_distances(qtbot: QtBot) -> None:
    outer = QWidget()
    qtbot.addWidget(outer)
    flow = FlowLayout(outer, spacing=8, line_spacing=4)
    buttons = [QPushButton(f"button {number}") for number in range(4)]
    for button in buttons:
        flow.addWidget(button)
    size = buttons[0].sizeHint()
    outer.resize(2 * size.width() + 8, 400)
    outer.show()
    assert [button.x() for button in buttons] == [0, size.width() + 8] * 2
    assert [button.y() for button in buttons] == [0, 0, size.height() + 4, size.height() + 4]
    assert flow.heightForWidth(2 * size.width() + 8) == 2 * size.height() + 4
    assert all(button.size() == size for button in buttons)


def test_that_a_widget_can_be_put_between_others(qtbot: QtBot) -> None:
    outer = QWidget()
    qtbot.addWidget(outer)
    flow = FlowLayout(outer)
    first, last, between = QPushButton("first"), QPushButton("last"), QPushButton("between")
    flow.addWidget(first)
    flow.addWidget(last)
    flow.insert_widget(1, between)
    outer.resize(600, 60)
    outer.show()
    assert first.x() < between.x() < last.x()

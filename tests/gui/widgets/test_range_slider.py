"""The slider with two handles, by mouse and keyboard."""

import pytest
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtGui import QFocusEvent, QMouseEvent
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aid_desktop.gui.theme import DARK, LIGHT, apply_theme
from aid_desktop.gui.widgets.range_slider import RangeSlider

TAB, BACKTAB = Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def slider(qtbot: QtBot) -> RangeSlider:
    slider = RangeSlider(-10, 10, 0.5)
    qtbot.addWidget(slider)
    slider.resize(214, 20)
    slider.set_values(-5, 5)
    slider.show()
    return slider


def _spot(slider: RangeSlider, handle: int) -> QPoint:
    return slider.handle_center(handle).toPoint()


def _drag(qtbot: QtBot, slider: RangeSlider, start: QPoint, end: QPoint) -> None:
    qtbot.mousePress(slider, LEFT, pos=start)
    # The offscreen platform does not hand on moves of the test's pointer.
    move = QMouseEvent(QEvent.Type.MouseMove, QPointF(end), LEFT, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(slider, move)
    qtbot.mouseRelease(slider, LEFT, pos=end)


def test_that_setting_values_is_quiet_and_rounds_to_steps(qtbot: QtBot, slider: RangeSlider) -> None:
    with qtbot.assertNotEmitted(slider.range_changed):
        slider.set_values(-3.3, 99)
    assert slider.values() == (-3.5, 10)
    assert slider.nearest(0.3) == 0.5


def test_that_handles_can_be_dragged_but_not_past_each_other(qtbot: QtBot, slider: RangeSlider) -> None:
    with qtbot.waitSignal(slider.range_changed) as signal:
        _drag(qtbot, slider, _spot(slider, 1), QPoint(187, 10))
    assert signal.args == [-5, 8]
    _drag(qtbot, slider, _spot(slider, 0), QPoint(214, 10))
    assert slider.values() == (8, 8)


@pytest.mark.parametrize(("end", "expected"), [(57, (-5, 0)), (157, (0, 5))])
def test_that_of_two_handles_on_one_spot_the_direction_tells(
    qtbot: QtBot, slider: RangeSlider, end: int, expected: tuple[float, float]
) -> None:
    slider.set_values(0, 0)
    _drag(qtbot, slider, _spot(slider, 0), QPoint(end, 10))
    assert slider.values() == expected


def test_that_a_click_on_the_line_fetches_the_nearer_handle(qtbot: QtBot, slider: RangeSlider) -> None:
    qtbot.mouseClick(slider, LEFT, pos=QPoint(27, 10))
    assert slider.values() == (-8, 5)
    qtbot.mouseClick(slider, Qt.MouseButton.RightButton, pos=QPoint(207, 10))
    assert slider.values() == (-8, 5)


def test_that_keys_move_the_chosen_handle(qtbot: QtBot, slider: RangeSlider) -> None:
    slider.focusInEvent(QFocusEvent(QFocusEvent.FocusIn, TAB))
    qtbot.keyClick(slider, Qt.Key.Key_Right)
    assert slider.values() == (-4.5, 5)
    qtbot.keyClick(slider, Qt.Key.Key_PageDown)
    assert slider.values() == (-9.5, 5)
    qtbot.keyClick(slider, Qt.Key.Key_End)
    assert slider.values() == (5, 5)
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    assert slider.values() == (-10, 5)


def test_that_tab_goes_through_both_handles_and_leaves(qtbot: QtBot, slider: RangeSlider) -> None:
    slider.activateWindow()
    slider.setFocus(TAB)
    qtbot.waitUntil(slider.hasFocus)
    assert "smallest" in slider.accessibleDescription()
    assert slider.focusNextPrevChild(True)
    assert "largest" in slider.accessibleDescription()
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert slider.values() == (-5, 4.5)
    assert slider.focusNextPrevChild(False)
    assert "smallest" in slider.accessibleDescription()
    slider.focusInEvent(QFocusEvent(QFocusEvent.FocusIn, BACKTAB))
    assert "largest" in slider.accessibleDescription()


def test_that_it_takes_its_colours_from_the_theme(qapp: QApplication, slider: RangeSlider) -> None:
    for theme in (DARK, LIGHT):
        apply_theme(qapp, theme)
        image = slider.grab().toImage()
        assert image.pixelColor(image.rect().center()).name() == theme.accent
        slider.setEnabled(False)
        assert slider.grab().toImage().pixelColor(image.rect().center()).name() == theme.control_border
        slider.setEnabled(True)

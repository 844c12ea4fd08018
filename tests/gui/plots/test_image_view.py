"""Large images with layers: levels, colours, the pixel under the mouse, legend and tiles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt5.QtCore import QEvent, QPoint, Qt
from PyQt5.QtGui import QColor
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QCheckBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.plots.class_legend import ClassLegend
from aid_desktop.gui.plots.image_layer import ImageLayer, image_levels, label_levels
from aid_desktop.gui.plots.image_view import ImageView
from aid_desktop.gui.plots.tile_outlines import TileOutlines
from aid_desktop.gui.theme import ThemeManager, ThemeName, class_color
from aid_desktop.numbers import grouped


@pytest.fixture
def view(qtbot: QtBot, themes: ThemeManager) -> ImageView:
    shown = ImageView("testImage", "An image")
    qtbot.addWidget(shown)
    shown.resize(420, 420)
    shown.show()
    qtbot.waitExposed(shown)
    return shown


def color_at(view: ImageView, column: int, row: int) -> tuple[int, int, int]:
    color = QColor(view.canvas.grab().toImage().pixelColor(view.pixel_of(column, row)))
    return color.red(), color.green(), color.blue()


def quarters(side: int) -> np.ndarray:
    """Return a label map with another label in each quarter: 0, 1, 2, 3."""
    rows, columns = np.mgrid[:side, :side] // (side // 2)
    return (2 * rows + columns).astype(np.uint8)


@given(st.integers(1, 700), st.integers(1, 700))
def test_that_levels_halve_until_they_are_small(height: int, width: int) -> None:
    labels = np.arange(height * width).reshape(height, width).astype(np.uint16)
    levels = label_levels(labels)
    assert levels[0] is labels
    assert max(levels[-1].shape) <= 256 or min(levels[-1].shape) == 1
    for step, level in enumerate(levels):
        np.testing.assert_array_equal(level, labels[:: 2**step, :: 2**step])
    shapes = [level.shape[:2] for level in image_levels(np.zeros((height, width, 3), np.uint8))]
    assert shapes == [level.shape for level in levels]


@pytest.mark.parametrize("side", [40, 1600])
def test_that_an_image_is_shown_right_at_every_zoom(view: ImageView, side: int) -> None:
    gray = (quarters(side) * 80).astype(np.uint8)
    view.set_image(image_levels(np.dstack([gray, np.full_like(gray, 7), gray])))
    for place in (side // 4, 3 * side // 4):
        assert color_at(view, place, place) == (int(gray[place, place]), 7, int(gray[place, place]))
    view._box.setRange(xRange=(side * 0.7, side * 0.8), yRange=(side * 0.7, side * 0.8))
    assert color_at(view, 3 * side // 4, 3 * side // 4) == (240, 7, 240)
    view.canvas.scene().sigMouseClicked.emit(_DoubleClick())
    assert color_at(view, side // 4, 3 * side // 4) == (160, 7, 160)


class _DoubleClick:
    def double(self) -> bool:
        return True


def test_that_labels_have_colours_and_the_opacity_of_their_layer(view: ImageView) -> None:
    view.set_image(image_levels(np.full((64, 64), 100, np.uint8)))
    layer = ImageLayer()
    view.add_layer(layer)
    colors = np.array([[0, 0, 0, 0], [255, 0, 0, 255], [0, 255, 0, 0], [0, 0, 255, 255]], np.uint8)
    layer.set_levels(label_levels(quarters(64)), colors)
    assert [color_at(view, x, y) for y in (16, 48) for x in (16, 48)] == [
        (100, 100, 100),
        (255, 0, 0),
        (100, 100, 100),
        (0, 0, 255),
    ]
    layer.setOpacity(0.5)
    assert color_at(view, 48, 16) == pytest.approx((178, 50, 50), abs=2)
    colors[1, 3] = 0
    layer.set_colors(colors)
    assert color_at(view, 48, 16) == (100, 100, 100)


def test_that_the_pixel_under_the_mouse_is_told(qtbot: QtBot, view: ImageView) -> None:
    view.set_image(image_levels(np.zeros((30, 40), np.uint8)))
    with qtbot.waitSignal(view.pointed) as told:
        QTest.mouseMove(view.canvas.viewport(), view.pixel_of(31, 12))
    assert told.args == [31, 12]
    qtbot.wait(20)  # pyqtgraph skips moves that come too fast
    with qtbot.waitSignal(view.left):
        QTest.mouseMove(view.canvas.viewport(), QPoint(1, 1))
    with qtbot.waitSignal(view.left):
        QApplication.sendEvent(view.canvas.viewport(), QEvent(QEvent.Type.Leave))


def test_that_the_ground_follows_the_theme_and_an_empty_view_says_what_belongs_there(
    view: ImageView, themes: ThemeManager
) -> None:
    view.clear("Nothing here.")
    assert view.empty_text == "Nothing here."
    themes.set_theme(ThemeName.DARK)
    assert QColor(view.canvas.grab().toImage().pixelColor(2, 2)).name() == themes.current.plot_background
    themes.set_theme(ThemeName.LIGHT)
    view.set_image(image_levels(np.zeros((4, 4), np.uint8)))
    assert view.empty_text == ""


@pytest.mark.parametrize(("side", "size"), [(40, 20), (1200, 2)])
def test_that_tiles_are_filled_with_the_colour_of_their_class_but_the_background(
    view: ImageView, side: int, size: int
) -> None:
    view.set_image(image_levels(np.full((side, side), 255, np.uint8)))
    starts = np.arange(0, side, size)
    positions = np.stack(np.meshgrid(starts, starts), axis=-1).reshape(-1, 2)
    labels = (positions[:, 0] >= side // 2).astype(np.intp)
    layer = TileOutlines()
    view.add_layer(layer)
    layer.set_tiles(positions, labels, size, (True, True))
    left, right = color_at(view, side // 4, side // 4), color_at(view, 3 * side // 4, side // 4)
    color = class_color(1)
    expected = [255 + (part - 255) * 70 // 255 for part in (color.red(), color.green(), color.blue())]
    assert left == (255, 255, 255)
    assert right == pytest.approx(expected, abs=3)
    layer.set_shown((True, False))
    assert color_at(view, 3 * side // 4, side // 4) == (255, 255, 255)


def test_that_a_layer_without_anything_draws_nothing(view: ImageView) -> None:
    for layer in (ImageLayer(), TileOutlines()):
        view.add_layer(layer)
        assert layer.boundingRect().isEmpty()
    view.canvas.grab()


def test_that_hidden_classes_stay_hidden_when_numbers_change(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    legend = ClassLegend("testLegend", owner)
    QVBoxLayout(owner).addWidget(legend)
    owner.show()
    legend.set_counts({"cat": 1200, "dog": 3})
    assert legend.text == f"cat  {grouped(1200)}, dog  3"
    with qtbot.waitSignal(legend.changed):
        qtbot.mouseClick(legend.findChild(QCheckBox, "testLegend.1"), Qt.LeftButton)
    legend.set_counts({"cat": 1, "dog": 2})
    assert legend.shown == (True, False)
    legend.set_counts({"owl": 1})
    assert legend.shown == (True,)


def test_that_a_legend_of_other_things_has_their_colours(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    legend = ClassLegend("testLegend", owner)
    legend.set_counts({"correct": 3, "wrong": 1}, [QColor("#0072b2"), QColor("#d55e00")])
    box = legend.findChild(QCheckBox, "testLegend.1")
    assert box.icon().pixmap(12, 12).toImage().pixelColor(6, 6).name() == "#d55e00"
    legend.set_counts({"correct": 3, "wrong": 1}, [QColor("#56b4e9"), QColor("#e69f00")])
    newest = legend.findChildren(QCheckBox, "testLegend.1")[-1]
    assert newest.icon().pixmap(12, 12).toImage().pixelColor(6, 6).name() == "#e69f00"

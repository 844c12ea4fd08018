"""A map of points as a user handles it: lasso, click, keys, legend, saving."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtGui import QColor, QMouseEvent
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aid_desktop.gui.plots.map_plot import Groups, MapPlot
from aid_desktop.gui.theme import ThemeManager, ThemeName

PLACES = np.array([(x, y) for x in (0.0, 10.0, 20.0) for y in (0.0, 10.0, 20.0)])
"""Nine points, number 4 in the middle; the upper three of each column are numbers 2, 5 and 8."""


@pytest.fixture
def plot(qtbot: QtBot, themes: ThemeManager) -> MapPlot:
    made = MapPlot("testMap", themes)
    qtbot.addWidget(made)
    made.resize(600, 500)
    made.show()
    colors = (QColor("#0072b2"), QColor("#e69f00"))
    made.set_points(PLACES, Groups(np.arange(9) % 2, ("even <b>", "odd"), colors))
    qtbot.waitExposed(made)
    QApplication.processEvents()
    return made


def drag(plot: MapPlot, corners: Sequence[tuple[float, float]], keys: int = Qt.NoModifier) -> None:
    """Drag the mouse along places in units of the axes, by the events that Qt sends."""
    viewport = plot.canvas.viewport()
    pixels = [QPoint(plot.pixel_of(plot.panel, *corner)) for corner in corners]
    kinds = [QEvent.MouseButtonPress, *[QEvent.MouseMove] * (len(pixels) - 1), QEvent.MouseButtonRelease]
    for kind, pixel in zip(kinds, [*pixels, pixels[-1]], strict=True):
        button = Qt.NoButton if kind == QEvent.MouseMove else Qt.LeftButton
        event = QMouseEvent(kind, QPointF(pixel), button, Qt.LeftButton, Qt.KeyboardModifiers(keys))
        QApplication.sendEvent(viewport, event)


def picks_of(plot: MapPlot) -> list[list[int]]:
    picks: list[list[int]] = []
    plot.picked.connect(lambda points: picks.append(points.tolist()))
    return picks


def test_that_a_lasso_picks_what_is_inside_and_shift_adds(plot: MapPlot) -> None:
    picks = picks_of(plot)
    drag(plot, [(-1, 8), (-1, 21), (12, 21), (12, 8)])
    drag(plot, [(18, -1), (21, -1), (21, 2), (18, 2)], Qt.ShiftModifier)
    drag(plot, [(5, 4), (6, 4), (6, 6)])
    assert picks == [[1, 2, 4, 5], [1, 2, 4, 5, 6], []]


def test_that_a_click_picks_the_nearest_point_or_nothing(qtbot: QtBot, plot: MapPlot) -> None:
    picks = picks_of(plot)
    place = plot.pixel_of(plot.panel, 10, 10) + QPoint(3, 2)
    qtbot.mouseClick(plot.canvas.viewport(), Qt.LeftButton, pos=place)
    qtbot.mouseClick(plot.canvas.viewport(), Qt.LeftButton, pos=plot.pixel_of(plot.panel, 5, 5))
    assert picks == [[4]]
    assert plot.nearest(20, 20) == 8


def test_that_hidden_groups_are_not_picked(plot: MapPlot) -> None:
    picks = picks_of(plot)
    plot.set_shown((True, False))
    drag(plot, [(-1, -1), (-1, 21), (21, 21), (21, -1)])
    assert picks == [[0, 2, 4, 6, 8]]
    assert plot.nearest(0, 10) == -1


def test_that_keys_go_from_point_to_point(qtbot: QtBot, plot: MapPlot) -> None:
    picks, pointed = picks_of(plot), []
    plot.pointed.connect(pointed.append)
    plot.setFocus()
    for key in (Qt.Key_Down, Qt.Key_Right, Qt.Key_Up, Qt.Key_Return):
        qtbot.keyClick(plot, key)
    assert pointed == [4, 7, 8]
    assert picks == [[8]]
    qtbot.keyClick(plot, Qt.Key_Right)
    assert pointed == [4, 7, 8]


def test_that_dragging_moves_the_plot_without_the_lasso(plot: MapPlot) -> None:
    picks = picks_of(plot)
    plot.set_lasso_active(False)
    before = plot.panel.plot.vb.viewRange()
    drag(plot, [(0, 0), (5, 5), (8, 8), (10, 10)])
    assert picks == []
    assert plot.panel.plot.vb.viewRange() != before


def test_that_pictures_have_a_legend_and_tables_are_written_by_the_owner(plot: MapPlot, tmp_path: Path) -> None:
    plot.set_ringed(np.array([0, 4]))
    plot.save(tmp_path / "map.svg")
    drawing = (tmp_path / "map.svg").read_text(encoding="utf-8")
    assert "even &lt;b&gt;" in drawing
    assert "odd" in drawing
    plot.save(tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 1000
    plot.set_csv_writer(lambda path, _: path.write_text("x,y\n") and None)
    plot.save(tmp_path / "map.csv")
    assert (tmp_path / "map.csv").read_text() == "x,y\n"


def test_that_colours_follow_the_groups_and_rings_the_theme(plot: MapPlot, themes: ThemeManager) -> None:
    plot.set_groups(Groups(np.zeros(9, np.intp), ("all",), (QColor("#ff0000"),)))
    themes.set_theme(ThemeName.DARK)
    plot.set_ringed(np.arange(9))
    pixels = plot.canvas.grab().toImage()
    at = plot.canvas.viewport().mapTo(plot.canvas, plot.pixel_of(plot.panel, 10, 10))
    middle = pixels.pixelColor(at)
    assert middle.red() > 120
    assert max(middle.green(), middle.blue()) < 80
    assert pixels.pixelColor(at + QPoint(6, 0)).lightness() > 120

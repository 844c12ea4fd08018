"""Axes that leave room for curves that grow."""

import numpy as np
import pyqtgraph as pg
import pytest
from pytestqt.qtbot import QtBot

from aid_desktop.gui.plots.growing_view import GrowingViewBox


@pytest.fixture
def plot(qtbot: QtBot) -> pg.PlotWidget:
    widget = pg.PlotWidget(viewBox=GrowingViewBox(enableMenu=False))
    widget.getPlotItem().vb.setAutoVisible(y=True)
    qtbot.addWidget(widget)
    widget.resize(600, 400)
    widget.show()
    return widget


def ranges_while_growing(plot: pg.PlotWidget, n_first: int, n_last: int) -> list[tuple[float, ...]]:
    curve = plot.plot([], [])
    found = []
    for n in range(n_first, n_last):
        curve.setData(np.arange(n), np.linspace(0, 1, n))
        plot.grab()
        found.append(tuple(plot.getPlotItem().vb.viewRange()[0]))
        assert found[-1][0] <= 0
        assert found[-1][1] >= n - 1
    return found


def test_that_all_points_are_seen_while_the_axes_seldom_change(plot: pg.PlotWidget) -> None:
    found = ranges_while_growing(plot, 50, 100)
    assert len(set(found)) <= 10
    assert found[-1][1] < 1.4 * 99


def test_that_it_fits_tightly_once_told_to(plot: pg.PlotWidget) -> None:
    ranges_while_growing(plot, 50, 60)
    view = plot.getPlotItem().vb
    view.forget()
    view.enableAutoRange()
    view.updateAutoRange()
    low, high = view.viewRange()[0]
    assert 59 <= high - low <= 1.25 * 59


def test_that_fewer_points_bring_the_range_back(plot: pg.PlotWidget) -> None:
    found = ranges_while_growing(plot, 100, 102)
    plot.clear()
    assert ranges_while_growing(plot, 10, 11)[0][1] < found[0][1] / 4

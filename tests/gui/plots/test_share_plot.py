"""Bars of 100 %."""

import numpy as np
import pytest

from aid_desktop.evaluation.summary import FileSummary, Summary
from aid_desktop.gui.plots.share_plot import SharePlot
from aid_desktop.gui.theme import ThemeName, class_color

FILES = (
    FileSummary("/data/a.rtdc", "a.rtdc", (30, 60), 10),
    FileSummary("/data/none", "none", (0, 0)),
    FileSummary("/data/b<c>.rtdc", "b<c>.rtdc", (0, 50)),
)
SUMMARY = Summary(("lym", "mon"), FILES, has_rejection=True)


@pytest.fixture
def plot(qtbot, themes):
    made = SharePlot("shares", themes)
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    made.show_summary(SUMMARY)
    return made


def bars_of(plot):
    return [(bar.opts["x0"], bar.opts["width"], bar.opts["brush"].color().name()) for bar in plot._bars]


def test_that_the_shares_stand_side_by_side_in_the_colours_of_the_classes(plot):
    lym, mon, rejected = bars_of(plot)
    np.testing.assert_allclose(lym[1], [20, 30, 0, 0])
    np.testing.assert_allclose(mon[0], [20, 30, 0, 0])
    np.testing.assert_allclose(mon[1], [110 / 1.5, 60, 0, 100])
    np.testing.assert_allclose(rejected[0] + rejected[1], [100, 100, 0, 100])
    assert [lym[2], mon[2]] == [class_color(0).name(), class_color(1).name()]
    assert rejected[2] not in (lym[2], mon[2])


def test_that_the_first_file_is_on_top_below_the_legend(plot):
    [panel] = plot.panels.values()
    places = [plot.pixel_of(panel, 50, row).y() for row in range(4)]
    assert places == sorted(places)
    legend = panel.legend.sceneBoundingRect()
    assert legend.bottom() < places[0]
    assert places[3] < plot.canvas.height()


def test_that_the_place_under_the_mouse_is_read(plot):
    [panel] = plot.panels.values()
    assert "mon: 60 of 100<br>60.0 % (50.2 to 69.1)" in plot._read(panel, 45.0, 1.2).text
    assert "rejected" in plot._read(panel, 95.0, 1.0).text
    assert "<b>b&lt;c>.rtdc</b>" in plot._read(panel, 5.0, 3.0).text
    for x, y in ((50.0, 2.0), (-3.0, 0.0), (50.0, 9.0), (50.0, -2.0)):
        assert plot._read(panel, x, y) is None


def test_that_another_summary_replaces_the_bars_and_names_have_room(plot, themes):
    [panel] = plot.panels.values()
    width = panel.plot.getAxis("left").fixedWidth
    long = FileSummary("/x", "a very long name of a file of a measurement.rtdc", (1, 2))
    plot.show_summary(Summary(("lym", "mon"), (long,)))
    assert len(plot._bars) == len(panel.legend.items) == 2
    wider = panel.plot.getAxis("left").fixedWidth
    assert wider > width
    themes.set_theme(ThemeName.DARK)
    assert panel.plot.getAxis("left").fixedWidth == wider


def test_that_as_many_files_are_shown_as_can_be_read(plot):
    [panel] = plot.panels.values()
    many = tuple(FileSummary(str(k), str(k), (1, 1)) for k in range(100))
    plot.show_summary(Summary(("lym", "mon"), many))
    distance = plot.pixel_of(panel, 50, 1).y() - plot.pixel_of(panel, 50, 0).y()
    assert distance >= 19


def test_that_of_many_classes_the_most_frequent_ones_are_drawn(plot):
    rng = np.random.default_rng(3)
    counts = rng.integers(1, 9, (200, 1000))
    counts[:, [5, 700]] = 5000
    files = tuple(FileSummary(str(k), f"{k}.rtdc", tuple(row)) for k, row in enumerate(counts.tolist()))
    plot.show_summary(Summary(tuple(f"class {k}" for k in range(1000)), files))
    assert len(plot._bars) == 13
    starts, widths, _ = zip(*bars_of(plot), strict=True)
    np.testing.assert_allclose(np.sum(widths, axis=0), 100)
    np.testing.assert_allclose(starts[-1] + widths[-1], 100)
    [panel] = plot.panels.values()
    assert "<b>all files</b><br>988 other classes: " in plot._read(panel, 99.0, 0.0).text
    assert "class 700: 5\N{NO-BREAK SPACE}000 of " in plot._read(panel, 100 * 5010 / counts[0].sum() + 10, 1.0).text
    assert panel.legend.sceneBoundingRect().bottom() < plot.pixel_of(panel, 50, 0).y()

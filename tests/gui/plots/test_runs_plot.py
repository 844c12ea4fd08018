"""The curves of several runs side by side."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtTest import QTest
from pytestqt.qtbot import QtBot

from aid_desktop.gui.background import Background
from aid_desktop.gui.models.epoch_series import EpochSeries, medians_of
from aid_desktop.gui.plots.marker_lines import MarkerLines
from aid_desktop.gui.plots.plotted_run import Look, PlottedRun, run_color
from aid_desktop.gui.plots.runs_plot import RunsPlot
from aid_desktop.gui.theme import DARK, LIGHT, ThemeManager
from aid_desktop.runs.history import rolling_median
from aid_desktop.runs.records import EpochRecord

MANY = 100_000
TITLES = ("accuracy", "validation accuracy")


def record(epoch: int, accuracy: float, model: str | None = None) -> EpochRecord:
    metrics = (
        ("loss", 1 - accuracy),
        ("accuracy", accuracy),
        ("val_loss", 1.1 - accuracy),
        ("val_accuracy", accuracy - 0.05),
    )
    return EpochRecord(epoch, 0, 0.001, metrics, 1.5, model)


def run(
    name: str, place: int = 0, *, n_epochs: int = 20, slope: float = 0.01, notes: dict[int, str] | None = None
) -> PlottedRun:
    records = [record(epoch, 0.5 + slope * epoch, "m" if epoch % 5 == 0 else None) for epoch in range(n_epochs)]
    return PlottedRun(f"/{name}", name, EpochSeries(records), place, notes or {})


def long_run(name: str, place: int = 0) -> PlottedRun:
    rng = np.random.default_rng(place)
    series = EpochSeries([record(0, 0.5)])
    series._epochs._buffer = np.arange(MANY, dtype=np.float64)
    series._saved._buffer = np.zeros(MANY)
    for column in series._columns.values():
        column._buffer = rng.random(MANY)
    for part in (series._epochs, series._saved, *series._columns.values()):
        part._length = MANY
    return PlottedRun(f"/{name}", name, series, place)


@pytest.fixture
def background(qapp: object) -> Iterator[Background]:
    background = Background()
    yield background
    background.shut_down()


@pytest.fixture
def plot(qtbot: QtBot, themes: ThemeManager, background: Background) -> RunsPlot:
    plot = RunsPlot("historyPlot", themes, background)
    qtbot.addWidget(plot)
    plot.resize(700, 400)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def curves(plot: RunsPlot) -> dict[str, object]:
    return plot.frame.panels[0].curves


def legend(plot: RunsPlot) -> list[str]:
    return [label.text for _, label in plot.frame.panels[0].legend.items]


def test_that_the_run_decides_the_colour_and_the_column_the_dash(plot: RunsPlot) -> None:
    plot.set_runs([run("a", 0), run("b", 1)], "/a")
    assert set(curves(plot)) == {f"{name} · {title}" for name in "ab" for title in TITLES}
    pens = {label: curve.opts["pen"] for label, curve in curves(plot).items()}
    for name, place in (("a", 0), ("b", 1)):
        assert {pens[f"{name} · {title}"].color().name() for title in TITLES} == {run_color(place, LIGHT).name()}
    for title, style in zip(TITLES, (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine), strict=True):
        assert {pens[f"{name} · {title}"].style() for name in "ab"} == {style}
    plot.set_runs([run("a", 0)], "/a")
    assert set(curves(plot)) == set(TITLES)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_that_many_runs_have_colours_of_their_own(theme: object) -> None:
    assert len({run_color(place, theme).name() for place in range(30)}) == 30


def test_that_columns_that_one_run_does_not_have_are_shown_of_the_others(plot: RunsPlot) -> None:
    bare = PlottedRun("/c", "c", EpochSeries([EpochRecord(0, 0, math.nan, (("accuracy", 0.4),), math.nan)]), 1)
    plot.set_runs([run("a"), bare], "/a")
    plot.set_columns(["accuracy", "learning_rate"])
    assert len(curves(plot)["a · learning rate"].getOriginalDataset()[0]) == 20
    assert curves(plot)["c · learning rate"].getOriginalDataset() == (None, None)
    assert bare.series.names == ("accuracy",)


def test_that_a_click_means_the_nearest_point_of_any_run(qtbot: QtBot, plot: RunsPlot) -> None:
    runs = [run("a", 0), run("b", 1, slope=0.02)]
    plot.set_runs(runs, "/a")
    plot.set_columns(["accuracy"])
    qtbot.wait(20)
    viewport = plot.frame.canvas.viewport()
    panel = plot.frame.panels[0]
    for one, epoch in ((runs[1], 12), (runs[0], 15)):
        value = one.series.values("accuracy")[epoch]
        place = plot.frame.pixel_of(panel, epoch, value) + QPoint(2, 1)
        with qtbot.waitSignal(plot.point_clicked) as clicked:
            QTest.mouseClick(viewport, Qt.LeftButton, Qt.NoModifier, place)
        assert clicked.args == [one.key, epoch]
        qtbot.wait(20)
    assert plot.selected_epoch == 15


def test_that_keys_move_along_the_current_run(plot: RunsPlot) -> None:
    plot.set_runs([run("a", 0, n_epochs=5), run("b", 1, n_epochs=9)], "/b")
    heard: list[int] = []
    plot.epoch_clicked.connect(heard.append)
    for key in (Qt.Key_End, Qt.Key_Left, Qt.Key_Home, Qt.Key_Right):
        QTest.keyClick(plot, key)
    assert heard == [8, 7, 0, 1]


def test_that_the_crosshair_tells_the_values_of_all_runs(qtbot: QtBot, plot: RunsPlot) -> None:
    plot.set_runs([run("a", 0), run("<b>", 1, slope=0.02)], "/a")
    told = plot._read(plot.frame.panels[0], 10.2, 0.6)
    assert (told.x, told.y) == (10, 0.6)
    assert "a · accuracy <b>0.6</b>" in told.text
    assert "&lt;b&gt; · accuracy <b>0.7</b>" in told.text
    assert "a: model saved" in told.text
    plot.set_runs([run(f"run{place}", place) for place in range(20)], "/run0")
    assert "and 25 more" in plot._read(plot.frame.panels[0], 10, 0.6).text


def test_that_markers_name_their_run(plot: RunsPlot) -> None:
    plot.set_runs([run("a", 0, notes={3: "x 1 → 2"}), run("b", 1, notes={7: "y 1 → 2"})], "/a")
    lines = next(item for item in plot.frame.panels[0].plot.items if isinstance(item, MarkerLines))
    assert lines.marks == (
        (2.5, "Changed from epoch 3 on in a:\nx 1 → 2"),
        (6.5, "Changed from epoch 7 on in b:\ny 1 → 2"),
    )
    plot.set_log_x(True)
    assert [place for place, _ in lines.marks] == pytest.approx([math.log10(3.5), math.log10(7.5)])


def test_that_a_line_is_fitted_to_the_last_tenth_and_told_in_the_legend(qtbot: QtBot, plot: RunsPlot) -> None:
    plot.set_runs([run("a", 0), run("b", 1, slope=0.02)], "/a")
    plot.set_columns(["accuracy"])
    with qtbot.waitSignal(plot.stretch_changed) as changed:
        plot.set_fit_shown(True)
    assert changed.args == [18, 19]
    assert plot.fits["b · accuracy"].slope == pytest.approx(0.02)
    assert "b: +2.00e-02 / epoch" in legend(plot)
    plot.set_fit_shown(False)
    assert plot.fits == {}
    assert set(legend(plot)) == {"a", "b"}
    plot.set_columns(["accuracy", "val_accuracy"])
    assert "a · accuracy" in legend(plot)


def test_that_short_runs_are_fitted_as_a_whole(plot: RunsPlot) -> None:
    plot.set_runs([run("a", n_epochs=11)], "/a")
    plot.set_fit_shown(True)
    assert plot.stretch == (0, 10)


def test_that_the_stretch_is_dragged(qtbot: QtBot, plot: RunsPlot) -> None:
    plot.set_runs([run("a", n_epochs=40)], "/a")
    plot.set_fit_shown(True)
    region = plot._fit.region
    with qtbot.waitSignal(plot.stretch_changed) as changed:
        region.setRegion([5, 30])
    assert changed.args == pytest.approx([5, 30])
    assert {fit.n_points for fit in plot.fits.values()} == {26}
    # It stays where the user has put it.
    plot.set_runs([run("a", n_epochs=40), run("b", 1, n_epochs=40)], "/a")
    assert plot.stretch == (5, 30)
    plot.set_log_x(True)
    assert region.getRegion() == pytest.approx((math.log10(6), math.log10(31)))
    region.setRegion([math.log10(11), math.log10(21)])
    assert plot.stretch == pytest.approx((10, 20))


def test_that_hidden_curves_have_no_line(plot: RunsPlot) -> None:
    plot.set_runs([run("a")], "/a")
    plot.set_fit_shown(True)
    curve = curves(plot)["accuracy"]
    curve.setVisible(False)
    plot.frame.panels[0].legend.sigSampleClicked.emit(curve)
    assert set(plot.fits) == {"validation accuracy"}


def test_that_saved_epochs_alone_are_drawn_and_fitted(plot: RunsPlot) -> None:
    plot.set_runs([run("a", n_epochs=21)], "/a")
    plot.set_saved_only(True)
    plot.set_fit_shown(True)
    plot.set_stretch(0, 20)
    np.testing.assert_array_equal(curves(plot)["accuracy"].getOriginalDataset()[0], [0, 5, 10, 15, 20])
    assert plot.fits["accuracy"].n_points == 5


def test_that_a_logarithmic_axis_counts_epochs_from_one(plot: RunsPlot) -> None:
    plot.set_runs([run("a")], "/a")
    plot.set_selected_epoch(9)
    plot.set_log_x(True)
    plot.set_log(True)
    plot.set_fit_shown(True)
    plot.grab()
    assert curves(plot)["accuracy"].getOriginalDataset()[0][0] == 1
    assert plot._read(plot.frame.panels[0], 1.0, 0.0).x == pytest.approx(1.0)
    look = Look(is_log=True, is_log_x=True)
    assert [look.epoch_at(look.view_x(epoch)) for epoch in (0, 9, 99)] == pytest.approx([0, 9, 99])
    assert np.isnan(look.view_y(np.array([0.0]))[0])
    epochs = np.array([-3.0, 0.0, 9.0, 1e6])
    for look in (Look(), Look(is_log_x=True)):
        assert look.view_xs(epochs) == pytest.approx([look.view_x(epoch) for epoch in epochs])


def test_that_a_growing_run_is_drawn_as_it_grows(qtbot: QtBot, plot: RunsPlot) -> None:
    grown, other = run("a"), run("b", 1)
    plot.set_runs([grown, other], "/b")
    grown.series.append(record(20, 0.9))
    plot.grow()
    qtbot.waitUntil(lambda: len(curves(plot)["a · accuracy"].getOriginalDataset()[0]) == 21)


def test_that_the_csv_names_run_and_column(plot: RunsPlot, tmp_path: Path) -> None:
    plot.set_runs([run("a", n_epochs=3), run("b", 1, n_epochs=2)], "/a")
    for suffix in (".csv", ".png", ".svg"):
        plot.frame.save(tmp_path / f"x{suffix}")
        assert (tmp_path / f"x{suffix}").stat().st_size > 50
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == [f"{name}: {column}" for name in "ab" for column in ("epoch", "accuracy", "val_accuracy")]
    assert rows[3] == ["2", "0.52", "0.47", "", "", ""]
    assert plot.frame.suggested_name == "a and b history"


def test_that_long_runs_are_smoothed_in_the_background(qtbot: QtBot, plot: RunsPlot, background: Background) -> None:
    runs = [long_run("a"), long_run("b", 1)]
    plot.set_runs(runs, "/a")
    plot.set_rolling_median(9)
    assert background.n_jobs == 1
    assert not runs[0].series.is_smoothed("accuracy", 9)
    # What is chosen meanwhile is shown together with it.
    plot.set_columns(["val_accuracy"])
    qtbot.waitUntil(lambda: runs[1].series.is_smoothed("val_accuracy", 9))
    qtbot.waitUntil(lambda: set(curves(plot)) == {"a · validation accuracy", "b · validation accuracy"})
    _, y = curves(plot)["a · validation accuracy"].getOriginalDataset()
    np.testing.assert_allclose(y[1000:1100], rolling_median(runs[0].series.values("val_accuracy"), 9)[1000:1100])
    assert not runs[0].series.is_smoothed("accuracy", 9)
    # One more epoch costs its neighbours only.
    runs[0].series.append(record(MANY, 0.5))
    assert len(runs[0].series.smoothed("val_accuracy", 9)) == MANY + 1


@pytest.mark.parametrize("n", [0, 1, 30, 20_000, 20_001, 45_000])
def test_that_medians_in_parts_are_those_of_the_whole(n: int) -> None:
    values = np.random.default_rng(n).random(n)
    np.testing.assert_array_equal(medians_of(values, 7, lambda: None), rolling_median(values, 7))


def test_that_the_work_of_an_update_is_bounded(plot: RunsPlot, monkeypatch: pytest.MonkeyPatch) -> None:
    """100 000 epochs: as many points are drawn as there are pixels, and one epoch more draws one run anew."""
    runs = [long_run(f"run{place}", place) for place in range(3)]
    plot.set_runs(runs, "/run0")
    plot.grab()
    drawn = sum(len(curve.curve.getData()[0]) for curve in curves(plot).values())
    assert drawn <= len(curves(plot)) * 4 * plot.frame.canvas.width()
    given: list[str] = []
    for label, curve in curves(plot).items():
        monkeypatch.setattr(curve, "setData", lambda *_, label=label: given.append(label))
    runs[1].series.append(record(MANY, 0.5))
    plot.refresh()
    assert sorted(given) == ["run1 · accuracy", "run1 · validation accuracy"]
    given.clear()
    plot.set_selected_epoch(MANY // 2)
    plot.set_fit_shown(True)
    plot.set_stretch(10, 50_000)
    assert given == []


def test_that_the_crosshair_goes_on_where_the_current_run_has_ended(plot: RunsPlot) -> None:
    plot.set_runs([run("a", n_epochs=5), run("b", 1, n_epochs=30)], "/a")
    told = plot._read(plot.frame.panels[0], 22.4, 0.6)
    assert told.x == 22
    assert "a ·" not in told.text

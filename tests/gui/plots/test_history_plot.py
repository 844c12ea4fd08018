"""The curves of a run."""

import dataclasses
import time
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QCheckBox, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.models.epoch_names import GROUPS, in_order, title_of
from aid_desktop.gui.plots.epoch_columns import column_color, column_style
from aid_desktop.gui.plots.history_plot import EMPTY_TEXT, HistoryPlot
from aid_desktop.gui.plots.marker_lines import MarkerLines
from aid_desktop.gui.theme import DARK, LIGHT, ThemeManager, ThemeName
from aid_desktop.runs.history import History
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import Revision
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings

MANY = 100_000


def record(epoch: int, accuracy: float | None = None) -> EpochRecord:
    value = accuracy if accuracy is not None else 1 - 1 / (epoch + 2)
    metrics = (("loss", 1 - value), ("accuracy", value), ("val_loss", 1.1 - value), ("val_accuracy", value - 0.1))
    return EpochRecord(epoch, 0, 0.001, metrics, 1.5, f"epoch_{epoch:05d}.keras" if epoch % 4 == 0 else None)


def history(n_epochs: int = 20) -> History:
    return History(tuple(map(record, range(n_epochs))))


def revision(number: int, epoch: int, **values: float) -> Revision:
    hyperparameters = HyperParameters(**{k: v for k, v in values.items() if k == "learning_rate"})
    augmentation = AugmentationSettings(**{k: v for k, v in values.items() if k == "rotation"})
    return Revision(number, epoch, "2026-01-01T00:00:00+00:00", TrainingSettings(augmentation, hyperparameters))


def show(qtbot: QtBot, plot: HistoryPlot) -> HistoryPlot:
    qtbot.addWidget(plot)
    plot.resize(700, 400)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


@pytest.fixture
def plot(qtbot: QtBot, themes: ThemeManager) -> HistoryPlot:
    return show(qtbot, HistoryPlot("trainingPlot", themes))


@pytest.fixture
def single(qtbot: QtBot, themes: ThemeManager) -> HistoryPlot:
    return show(qtbot, HistoryPlot("historyPlot", themes, is_stacked=False))


def shown_panels(plot: HistoryPlot) -> list[int]:
    return [row for row, panel in plot.frame.panels.items() if panel.plot.isVisible()]


def curve_data(plot: HistoryPlot, column: str) -> tuple[np.ndarray, np.ndarray]:
    for panel in plot.frame.panels.values():
        if title_of(column) in panel.curves:
            return panel.curves[title_of(column)].getOriginalDataset()
    raise KeyError(column)


def marker_lines(plot: HistoryPlot, row: int = 0) -> MarkerLines:
    return next(item for item in plot.frame.panels[row].plot.items if isinstance(item, MarkerLines))


def markers(plot: HistoryPlot) -> list[tuple[float, str]]:
    return list(marker_lines(plot).marks)


def test_that_an_empty_plot_says_what_comes(plot: HistoryPlot) -> None:
    assert plot.objectName() == "trainingPlot"
    assert plot.frame.empty_text == EMPTY_TEXT
    plot.set_empty_text("Open a run")
    assert plot.frame.empty_text == "Open a run"


def test_that_accuracy_stands_above_loss(qtbot: QtBot, plot: HistoryPlot) -> None:
    plot.set_history(history(), "cat")
    assert plot.columns == ("accuracy", "val_accuracy", "loss", "val_loss")
    assert shown_panels(plot) == [GROUPS.index("score"), GROUPS.index("loss")]
    assert plot.frame.empty_text == ""
    upper, lower = (plot.frame.panels[row].plot.vb for row in shown_panels(plot))
    qtbot.waitUntil(lambda: upper.sceneBoundingRect().left() == lower.sceneBoundingRect().left())
    assert upper.sceneBoundingRect().bottom() < lower.sceneBoundingRect().top()
    lower.setXRange(3, 7, padding=0)
    assert upper.viewRange()[0] == pytest.approx([3, 7])


def test_that_chosen_columns_share_one_plot(single: HistoryPlot) -> None:
    single.set_history(history())
    assert single.columns == ("accuracy", "val_accuracy")
    single.set_columns(["loss", "seconds", "unknown"])
    assert single.columns == ("loss", "seconds")
    assert shown_panels(single) == [0]
    single.set_columns([])
    assert "Check a column" in single.frame.empty_text


def test_that_the_check_buttons_choose_the_columns(qtbot: QtBot, plot: HistoryPlot) -> None:
    plot.set_history(history())
    button = plot.findChild(QCheckBox, "trainingColumns.learning_rate")
    with qtbot.waitSignal(plot.columns_changed):
        button.click()
    assert plot.columns[-1] == "learning_rate"
    assert shown_panels(plot) == [0, 1, 2]
    button.click()
    assert shown_panels(plot) == [0, 1]


def test_that_epochs_appear_as_they_come(qtbot: QtBot, plot: HistoryPlot) -> None:
    for epoch in range(3):
        plot.append(record(epoch))
    qtbot.waitUntil(lambda: len(_x(plot)) == 3)
    assert plot.frame.empty_text == ""
    np.testing.assert_allclose(curve_data(plot, "accuracy")[1], [0.5, 2 / 3, 0.75])


def _x(plot: HistoryPlot) -> np.ndarray:
    x = curve_data(plot, "accuracy")[0] if "accuracy" in plot.columns else None
    return np.empty(0) if x is None else x


def test_that_training_is_solid_validation_dashed_and_both_have_the_colour_of_the_metric(
    plot: HistoryPlot, themes: ThemeManager
) -> None:
    plot.set_history(history())
    curves = plot.frame.panels[0].curves
    pens = [curves[title_of(name)].opts["pen"] for name in ("accuracy", "val_accuracy")]
    assert [pen.style() for pen in pens] == [Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine]
    assert pens[0].color() == pens[1].color() == column_color("accuracy", (), LIGHT)
    themes.set_theme(ThemeName.DARK)
    assert curves["accuracy"].opts["pen"].color() == column_color("accuracy", (), DARK)
    themes.set_theme(ThemeName.LIGHT)


def test_that_metrics_of_a_run_have_colours_of_their_own() -> None:
    columns = ["learning_rate", "val_f1", "f1", "auc", "val_loss", "loss", "accuracy", "recall", "seconds"]
    assert in_order(columns)[:4] == ["accuracy", "auc", "f1", "val_f1"]
    for theme in (LIGHT, DARK):
        colors = {column_color(name, columns, theme).name() for name in columns}
        assert len(colors) == 7
    assert column_style("val_f1") != column_style("f1")


@pytest.mark.parametrize("epoch", [4, 9, 17])
def test_that_a_click_at_a_point_chooses_its_epoch(qtbot: QtBot, plot: HistoryPlot, epoch: int) -> None:
    plot.set_history(history())
    qtbot.wait(20)
    viewport = plot.frame.canvas.viewport()
    for column in ("val_accuracy", "loss"):
        place = plot.pixel_of(epoch, column)
        qtbot.wait(20)
        assert viewport.rect().contains(place)
        QTest.mouseMove(viewport, place)
        with qtbot.waitSignal(plot.epoch_clicked) as clicked:
            QTest.mouseClick(viewport, Qt.LeftButton, Qt.NoModifier, place + QPoint(3, 0))
        assert clicked.args == [epoch]
        assert plot.selected_epoch == epoch


def test_that_keys_move_the_selection(qtbot: QtBot, plot: HistoryPlot) -> None:
    QTest.keyClick(plot, Qt.Key_Left)
    plot.set_history(history())
    heard: list[int] = []
    plot.epoch_clicked.connect(heard.append)
    for key in (Qt.Key_Left, Qt.Key_Left, Qt.Key_Right, Qt.Key_Right, Qt.Key_Home, Qt.Key_Left, Qt.Key_End):
        QTest.keyClick(plot, key)
    assert heard == [19, 18, 19, 19, 0, 0, 19]
    plot.set_selected_epoch(None)
    assert plot.selected_epoch is None


def test_that_keys_step_over_epochs_that_are_not_drawn(plot: HistoryPlot) -> None:
    plot.set_history(history())
    plot.set_saved_only(True)
    heard: list[int] = []
    plot.epoch_clicked.connect(heard.append)
    for key in (Qt.Key_Left, Qt.Key_Left, Qt.Key_Right, Qt.Key_Right, Qt.Key_Home, Qt.Key_Right, Qt.Key_End):
        QTest.keyClick(plot, key)
    assert heard == [16, 12, 16, 16, 0, 4, 16]
    plot.set_selected_epoch(6)
    QTest.keyClick(plot, Qt.Key_Right)
    plot.set_selected_epoch(6)
    QTest.keyClick(plot, Qt.Key_Left)
    assert heard[-2:] == [8, 4]


def test_that_the_crosshair_tells_the_values_of_the_epoch(qtbot: QtBot, plot: HistoryPlot) -> None:
    plot.set_history(history())
    plot.add_marker(8, "training.learning_rate 0.001 → 0.0005")
    qtbot.wait(20)
    QTest.mouseMove(plot.frame.canvas.viewport(), plot.pixel_of(8, "accuracy") + QPoint(2, 3))
    readout = plot.frame._readout
    qtbot.waitUntil(readout.isVisible)
    text = readout.text()
    assert "epoch 8" in text
    assert "validation accuracy <b>0.8</b>" in text
    assert "model saved" in text
    assert "learning_rate 0.001 → 0.0005" in text
    qtbot.wait(20)  # pyqtgraph skips moves that come too fast
    QTest.mouseMove(plot.frame.canvas.viewport(), plot.pixel_of(9, "accuracy"))
    qtbot.waitUntil(lambda: "epoch 9" in readout.text())
    assert "model saved" not in readout.text()


def test_that_changed_settings_are_marked(plot: HistoryPlot) -> None:
    plot.set_history(history())
    start = revision(0, 0)
    same = dataclasses.replace(start, revision=1, epoch=3)
    plot.set_markers([start, same, revision(2, 5, learning_rate=0.01), revision(3, 9, learning_rate=0.01, rotation=9)])
    assert [place for place, _ in markers(plot)] == [4.5, 8.5]
    assert "Learning rate: 0.001 → 0.01" in markers(plot)[0][1]
    assert "Rotation: 0 ° → 9 °" in markers(plot)[1][1]
    assert "learning_rate" not in markers(plot)[1][1]
    plot.add_marker(12, "x 1 → 2")
    assert markers(plot)[-1][0] == 11.5
    plot.set_history(history())
    assert markers(plot) == []


def test_that_markers_reach_panels_that_come_later(plot: HistoryPlot) -> None:
    plot.set_history(history())
    plot.add_marker(3, "text")
    plot.set_columns(["learning_rate"])
    assert [place for place, _ in marker_lines(plot, GROUPS.index("learning rate")).marks] == [2.5]


def test_that_the_tooltip_of_a_marker_is_under_the_mouse(qtbot: QtBot, plot: HistoryPlot) -> None:
    plot.set_history(history())
    plot.add_marker(8, "training.epochs 20 → 30")
    qtbot.wait(20)
    canvas, panel = plot.frame.canvas, plot.frame.panels[0]
    at = canvas.mapFromScene(panel.plot.vb.mapViewToScene(QPointF(7.5, 0.7)))
    lines = marker_lines(plot)
    QTest.mouseMove(canvas.viewport(), at)
    qtbot.waitUntil(lambda: lines.toolTip() == "Changed from epoch 8 on:\ntraining.epochs 20 → 30")
    assert lines in canvas.items(at)
    qtbot.wait(20)  # pyqtgraph skips moves that come too fast
    QTest.mouseMove(canvas.viewport(), at + QPoint(30, 0))
    qtbot.waitUntil(lambda: lines.toolTip() == "")


def test_that_saved_epochs_are_marked_and_can_be_shown_alone(plot: HistoryPlot) -> None:
    plot.set_history(history(10))
    saved = plot._curves._saved["score"][""]
    np.testing.assert_array_equal(saved.getOriginalDataset()[0], [0, 4, 8])
    plot.set_saved_only(True)
    np.testing.assert_array_equal(curve_data(plot, "loss")[0], [0, 4, 8])
    plot.set_saved_only(False)
    assert len(curve_data(plot, "loss")[0]) == 10


def test_that_smoothing_draws_the_rolling_median(plot: HistoryPlot) -> None:
    values = [0.5, 0.9, 0.6, 0.1, 0.7]
    plot.set_history(History(tuple(record(epoch, value) for epoch, value in enumerate(values))))
    plot.set_rolling_median(3)
    np.testing.assert_allclose(curve_data(plot, "accuracy")[1], [0.7, 0.6, 0.6, 0.6, 0.4])
    plot.set_rolling_median(1)
    np.testing.assert_allclose(curve_data(plot, "accuracy")[1], values)


def test_that_clicks_find_points_on_a_logarithmic_axis(qtbot: QtBot, single: HistoryPlot) -> None:
    single.set_history(history())
    single.set_columns(["loss"])
    single.set_log(True)
    qtbot.wait(20)
    heights = [single.pixel_of(epoch, "loss").y() for epoch in (0, 18)]
    area = single.frame.canvas.viewport().rect()
    assert 0 < heights[0] < heights[1] < area.height()


def test_that_values_that_are_no_numbers_do_no_harm(plot: HistoryPlot) -> None:
    values = [0.5, float("nan"), float("inf"), 0.6]
    plot.set_history(History(tuple(record(epoch, value) for epoch, value in enumerate(values))))
    plot.set_rolling_median(2)
    plot.set_log(True)
    plot.grab()
    x, y = curve_data(plot, "accuracy")
    np.testing.assert_array_equal(x[np.isfinite(y)], [0, 3])
    np.testing.assert_array_equal(y[np.isfinite(y)], [0.5, 0.6])


def test_that_a_run_without_validation_is_shown(plot: HistoryPlot) -> None:
    plot.set_history(History((EpochRecord(0, 0, 0.1, (("loss", 1.0), ("accuracy", 0.5)), 1.0, "m.keras"),)))
    assert plot.columns == ("accuracy", "loss")


def test_that_very_long_runs_are_drawn_with_few_points(qtbot: QtBot, plot: HistoryPlot) -> None:
    plot.set_history(history(MANY))
    plot.append(record(MANY))
    qtbot.waitUntil(lambda: len(_x(plot)) == MANY + 1)
    plot.grab()
    panel = plot.frame.panels[0]
    drawn = len(panel.curves["accuracy"].curve.getData()[0])
    assert 100 < drawn <= 4 * plot.frame.canvas.width()
    # A short stretch is drawn in full.
    panel.plot.setXRange(5000, 5050, padding=0)
    plot.grab()
    assert 50 <= len(panel.curves["accuracy"].curve.getData()[0]) <= 60


def test_that_a_hidden_plot_draws_when_it_is_shown(qtbot: QtBot, themes: ThemeManager) -> None:
    plot = HistoryPlot("trainingPlot", themes)
    qtbot.addWidget(plot)
    plot.append(record(0))
    assert len(_x(plot)) == 0
    plot.show()
    assert len(_x(plot)) == 1


def test_that_the_csv_holds_all_epochs_as_measured(plot: HistoryPlot, tmp_path: Path) -> None:
    plot.set_history(history(5), "cat")
    plot.set_rolling_median(3)
    plot.set_columns(["val_loss", "loss"])
    plot.frame.save(tmp_path / "x.csv")
    lines = (tmp_path / "x.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "epoch,loss,val_loss"
    assert lines[1] == "0,0.5,0.6"
    assert len(lines) == 6
    assert plot.frame.suggested_name == "cat history"


def test_that_what_can_be_used_has_a_name_of_its_own(plot: HistoryPlot) -> None:
    plot.set_history(history())
    usable = [w for w in plot.findChildren(QWidget) if w.focusPolicy() != Qt.NoFocus and w.isEnabled()]
    names = [widget.objectName() for widget in usable]
    assert all(names), [type(w) for w in usable if not w.objectName()]
    assert len(set(names)) == len(names)
    assert all(widget.accessibleName() for widget in usable)


def test_that_the_mouse_leaving_takes_the_dots_away(qtbot: QtBot, plot: HistoryPlot) -> None:
    plot.set_history(history())
    qtbot.wait(20)
    QTest.mouseMove(plot.frame.canvas.viewport(), plot.pixel_of(8, "accuracy"))
    hovered = plot._curves._points["score"]["hovered"]
    qtbot.waitUntil(lambda: len(hovered.getOriginalDataset()[0]) == 2)
    plot.frame.eventFilter(plot.frame.canvas.viewport(), QEvent(QEvent.Leave))
    assert hovered.getOriginalDataset()[0] is None or len(hovered.getOriginalDataset()[0]) == 0


def test_that_the_room_for_the_curves_is_kept_between_two_runs(qtbot: QtBot, plot: HistoryPlot) -> None:
    plot.set_history(history())
    room = plot.frame.canvas.viewport().size()
    for records in ((), history().records):
        plot.set_history(History(records))
        qtbot.wait(10)
        taken = plot.frame.canvas.ci.geometry()
        assert taken.width() > 0.95 * room.width()
        assert taken.height() > 0.9 * room.height()


@pytest.mark.parametrize(("seconds", "least", "most"), [(0.0, 100, 100), (0.004, 300, 400), (0.5, 900, 1000)])
def test_that_slow_drawing_leaves_the_window_most_of_its_time(
    plot: HistoryPlot, seconds: float, least: int, most: int
) -> None:
    plot.set_history(history(5))
    plot._drawn_at = time.perf_counter()
    plot._draw_seconds = plot.frame.canvas.paint_seconds = seconds / 2
    plot.append(record(5))
    assert least <= plot._timer.interval() <= most

"""The look and the services of all plots."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PyQt5 import sip
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QColor, QImage
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from aid_desktop.errors import StoppedError
from aid_desktop.gui.background import Background
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_saving import PlotTable, write_csv
from aid_desktop.gui.plots.plot_style import WholeNumberAxis
from aid_desktop.gui.theme import ThemeManager, ThemeName


@pytest.fixture
def frame(qtbot: QtBot, themes: ThemeManager) -> PlotFrame:
    frame = PlotFrame("testPlot", themes)
    qtbot.addWidget(frame)
    panel = frame.add_panel()
    panel.set_labels("true positives", "false positives")
    panel.add_curve("cat", QColor("red")).setData(np.array([0.0, 0.2, 1.0]), np.array([0.0, 0.8, 1.0]))
    panel.add_curve("dog", QColor("blue"), Qt.PenStyle.DashLine).setData(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    frame.restyle()
    frame.resize(400, 300)
    frame.show()
    qtbot.waitExposed(frame)
    return frame


def test_that_plots_load_without_the_heavy_packages() -> None:
    code = (
        "import sys, aid_desktop.gui.plots.history_plot;"
        "print([name for name in ('tensorflow', 'keras', 'sklearn', 'pandas', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_that_a_plot_follows_the_theme(frame: PlotFrame, themes: ThemeManager) -> None:
    def ground() -> str:
        return QColor(frame.grab().toImage().pixelColor(frame.width() - 3, frame.height() - 3)).name()

    assert ground() == themes.current.plot_background
    themes.set_theme(ThemeName.DARK)
    assert ground() == themes.current.plot_background
    assert frame.panels[0].plot.getAxis("left").textPen().color().name() == themes.current.muted
    themes.set_theme(ThemeName.LIGHT)


def test_that_a_click_on_the_legend_hides_the_curve_and_is_no_click_on_the_plot(qtbot: QtBot, frame: PlotFrame) -> None:
    panel = frame.panels[0]
    sample = panel.legend.items[0][0]
    place = frame.canvas.mapFromScene(sample.sceneBoundingRect().center())
    with qtbot.assertNotEmitted(frame.clicked):
        QTest.mouseClick(frame.canvas.viewport(), Qt.LeftButton, Qt.NoModifier, place)
    assert not panel.curves["cat"].isVisible()
    QTest.mouseClick(frame.canvas.viewport(), Qt.LeftButton, Qt.NoModifier, place)
    assert panel.curves["cat"].isVisible()


def test_that_a_click_tells_the_place_in_units_of_the_axes(qtbot: QtBot, frame: PlotFrame) -> None:
    place = frame.pixel_of(frame.panels[0], 0.25, 0.5)
    with qtbot.waitSignal(frame.clicked) as click:
        QTest.mouseClick(frame.canvas.viewport(), Qt.LeftButton, Qt.NoModifier, place)
    assert click.args == pytest.approx([0.25, 0.5], abs=0.02)


def test_that_the_crosshair_comes_and_goes_with_the_mouse(qtbot: QtBot, frame: PlotFrame) -> None:
    panel = frame.panels[0]
    QTest.mouseMove(frame.canvas.viewport(), frame.pixel_of(panel, 0.5, 0.25))
    qtbot.waitUntil(panel.down.isVisible)
    assert panel.down.value() == pytest.approx(0.5, abs=0.02)
    assert panel.across.value() == pytest.approx(0.25, abs=0.02)
    qtbot.wait(20)  # pyqtgraph skips moves that come too fast
    QTest.mouseMove(frame.canvas.viewport(), QPoint(1, 1))
    qtbot.waitUntil(lambda: not panel.down.isVisible())


def test_that_fitting_brings_everything_back(frame: PlotFrame) -> None:
    panel = frame.panels[0]
    panel.plot.setXRange(5, 6)
    frame.fit()
    panel.plot.vb.updateAutoRange()
    (left, right), _ = panel.plot.vb.viewRange()
    assert left <= 0
    assert 1 <= right < 2


@pytest.mark.parametrize("theme", [ThemeName.LIGHT, ThemeName.DARK])
def test_that_pictures_are_saved_in_double_size(
    frame: PlotFrame, themes: ThemeManager, theme: ThemeName, tmp_path: Path
) -> None:
    themes.set_theme(theme)
    frame.save(tmp_path / "plot.png")
    image = QImage(str(tmp_path / "plot.png"))
    assert image.width() == 2 * frame.canvas.width()
    assert image.pixelColor(2, 2).name() == themes.current.plot_background
    frame.save(tmp_path / "plot.svg")
    text = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert text.startswith("<?xml")
    assert "true positives" in text
    assert sorted(path.name for path in tmp_path.glob("plot*")) == ["plot.png", "plot.svg"]


def test_that_the_numbers_of_visible_curves_are_saved_as_csv(frame: PlotFrame, tmp_path: Path) -> None:
    frame.save(tmp_path / "both.csv")
    assert (tmp_path / "both.csv").read_text(encoding="utf-8").splitlines() == [
        "false positives,cat,false positives,dog", "0,0,0,0", "0.2,0.8,1,1", "1,1,,",
    ]  # fmt: skip
    frame.panels[0].curves["dog"].hide()
    frame.save(tmp_path / "one.csv")
    assert (tmp_path / "one.csv").read_text(encoding="utf-8").splitlines()[0] == "false positives,cat"


def test_that_the_save_menu_adds_the_suffix(frame: PlotFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(*arguments: object) -> tuple[str, str]:
        asked.append(arguments[2])
        return str(tmp_path / "mine"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    frame._save_button.menu().actions()[2].trigger()
    assert asked == ["plot.csv"]
    assert (tmp_path / "mine.csv").is_file()


def test_that_a_file_that_cannot_be_written_is_told_at_the_plot(
    frame: PlotFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "gone" / "x.png"), ""))
    frame._save_button.menu().actions()[0].trigger()
    (note,) = frame._messages.notes
    assert "x.png cannot be written" in note.text
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    frame._save_button.menu().actions()[0].trigger()


def test_that_a_table_is_written_in_the_background(
    qtbot: QtBot, frame: PlotFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    background = Background()
    threads: list[str] = []

    def write(path: Path, progress: Callable[[int, int], None]) -> None:
        threads.append(threading.current_thread().name)
        progress(0, 1)
        path.write_text("1", encoding="utf-8")

    frame.save_tables_in(background)
    monkeypatch.setattr(frame, "csv_writer", lambda: write)
    for folder in (tmp_path, tmp_path / "gone"):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, folder=folder: (str(folder / "x.csv"), ""))
        frame._save_button.menu().actions()[2].trigger()
        qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=30_000)
    assert (tmp_path / "x.csv").read_text(encoding="utf-8") == "1"
    assert len(threads) == 2
    assert threading.main_thread().name not in threads
    (note,) = frame._messages.notes
    assert "x.csv cannot be written" in note.text
    background.shut_down()


def test_that_a_table_is_written_although_its_window_is_closed(
    qtbot: QtBot, themes: ThemeManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    background, told, may_go_on = Background(), [], threading.Event()
    background.failed.connect(lambda failure: told.append(failure.message))

    def write(path: Path, progress: Callable[[int, int], None]) -> None:
        assert may_go_on.wait(30)
        path.write_text("1", encoding="utf-8")

    for folder in (tmp_path, tmp_path / "gone"):
        frame = PlotFrame("closedPlot", themes)
        frame.save_tables_in(background)
        monkeypatch.setattr(frame, "csv_writer", lambda: write)
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, folder=folder: (str(folder / "x.csv"), ""))
        frame._save_button.menu().actions()[2].trigger()
        sip.delete(frame)
        may_go_on.set()
        qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=30_000)
        may_go_on.clear()
    assert (tmp_path / "x.csv").read_text(encoding="utf-8") == "1"
    assert len(told) == 1
    assert "x.csv cannot be written" in told[0]
    background.shut_down()


def test_that_a_table_whose_writing_is_stopped_leaves_no_file(tmp_path: Path) -> None:
    def leave(done: int, total: int) -> None:
        if done:
            raise StoppedError("Cancelled.")

    with pytest.raises(StoppedError):
        write_csv(PlotTable(("x",), (np.arange(10_000.0),)), tmp_path / "x.csv", leave)
    assert list(tmp_path.iterdir()) == []


def test_that_ticks_of_counted_things_are_whole() -> None:
    axis = WholeNumberAxis()
    assert all(spacing >= 1 for spacing, _ in axis.tickSpacing(0, 3, 800))
    assert axis.tickSpacing(0, 0.5, 800) == [(1.0, 0.0)]


def test_that_words_stand_in_place_of_axes(frame: PlotFrame) -> None:
    frame.set_empty_text("Nothing yet")
    assert frame.empty_text == "Nothing yet"
    frame.set_empty_text("")
    assert frame.empty_text == ""

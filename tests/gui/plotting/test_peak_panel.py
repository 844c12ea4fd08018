"""Peaks collected event by event, and the line through them."""

import h5py
import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QFileDialog, QLabel

from aid_desktop.data.formats import open_source
from aid_desktop.evaluation.peaks import Peak, fit_peaks, read_peaks
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.plotting.event_reading import EventRequest, read_event
from aid_desktop.gui.plotting.peak_panel import PeakPanel


@pytest.fixture
def flowing(measured_cells):
    """Return cells with one peak each, 3 µs later for each µm."""
    with h5py.File(measured_cells, "a") as file:
        positions = np.linspace(2, 16, 60)
        file["events/pos_x"][:] = positions
        traces = np.zeros((60, 30), np.int16)
        traces[np.arange(60), np.round((3 * positions + 4) / 2).astype(int)] = 100 + np.arange(60)
        file["events/trace/fl1_raw"][:] = traces
    return open_source(measured_cells).source


@pytest.fixture
def panel(qtbot, background, themes, flowing) -> PeakPanel:
    made = PeakPanel(background, themes)
    qtbot.addWidget(made)
    made.resize(420, 600)
    made.show()
    made.set_source(flowing)
    return made


def show(panel: PeakPanel, source, index: int, idle) -> None:
    panel.show_event(read_event(EventRequest(source, index), JobContext(lambda *_: None)))
    idle()


def test_that_peaks_are_added_and_a_line_goes_through_them(panel, flowing, idle) -> None:
    assert not panel.add_button.isEnabled()
    assert "Click an event that has fluorescence traces first" in panel.highest_button.toolTip()
    for index in (3, 30, 57):
        show(panel, flowing, index, idle)
        time = 2 * int(np.argmax(panel.trace.values))
        panel.region.setRegion((time - 3, time + 3))
        panel.add_button.click()
        panel.add_button.click()
    assert [peak.event for peak in panel.table.peaks] == [3, 30, 57]
    assert [peak.height for peak in panel.table.peaks] == [103, 130, 157]
    assert panel.model == fit_peaks(panel.table.peaks, 6)
    assert panel.model.slope == pytest.approx(3, abs=0.1)
    assert panel.findChild(QLabel, "peakModel").text().startswith("time = ")
    x, y = panel._line.getOriginalDataset()
    np.testing.assert_allclose(y, panel.model.slope * x + panel.model.intercept)
    panel.region.setRegion((50, 50.5))
    panel.region.sigRegionChangeFinished.emit(panel.region)
    assert panel.model.range_us == 0.5


def test_that_a_range_without_a_sample_is_told(panel, flowing, idle, qtbot) -> None:
    show(panel, flowing, 3, idle)
    panel.region.setRegion((0.5, 1.5))
    with qtbot.waitSignal(panel.failed) as told:
        panel.add_button.click()
    assert "no sample from 0.5 to 1.5" in told.args[0].message


def test_that_the_highest_are_added_and_peaks_removed(panel, flowing, idle) -> None:
    show(panel, flowing, 0, idle)
    assert panel.highest_button.toolTip().startswith("Add the maxima")
    panel.percent_box.setValue(10)
    panel.highest_button.click()
    assert not panel.highest_button.isEnabled()
    idle()
    assert panel.highest_button.isEnabled()
    assert sorted(peak.event for peak in panel.table.peaks) == [54, 55, 56, 57, 58, 59]
    panel.table.selectRow(0)
    assert len(panel._ring.getData()[0]) == 1
    QTest.keyClick(panel.table, Qt.Key_Delete)
    assert len(panel.table.peaks) == 5
    peak = panel.table.peaks[2]
    panel.peak_plot.clicked.emit(peak.position, peak.time)
    assert panel.table.selected_peaks() == (2,)
    panel.clear_button.click()
    assert panel.table.peaks == ()
    assert panel.model is None
    assert not panel.save_button.isEnabled()


def test_that_peaks_are_saved_and_opened(panel, flowing, idle, tmp_path, monkeypatch, qtbot) -> None:
    show(panel, flowing, 0, idle)
    panel.highest_button.click()
    idle()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "a"), ""))
    panel.save_button.click()
    found = read_peaks(tmp_path / "a.xlsx")
    assert [peak.event for peak in found] == [peak.event for peak in panel.table.peaks]
    panel.clear_button.click()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "a.xlsx"), ""))
    panel.open_button.click()
    assert list(panel.table.peaks) == found
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "gone.xlsx"), ""))
    with qtbot.waitSignal(panel.failed) as told:
        panel.open_button.click()
    assert "gone.xlsx cannot be read" in told.args[0].message


def test_that_traces_without_numbers_and_events_without_a_place_are_told(
    panel, flowing, measured_cells, idle, qtbot
) -> None:
    with h5py.File(measured_cells, "a") as file:
        file["events/trace/fl3_raw"] = np.full((60, 30), np.nan)
        file["events/pos_x"][5] = np.nan
    show(panel, flowing, 0, idle)
    panel.set_source(flowing)
    panel.show_event(read_event(EventRequest(flowing, 0), JobContext(lambda *_: None)))
    panel.trace_box.setCurrentText("fl3_raw")
    idle()
    assert np.isnan(panel.trace.values).all()
    with qtbot.waitSignal(panel.failed) as told:
        panel.highest_button.click()
    assert "no event of cells.rtdc has both a pos_x and numbers in the trace fl3_raw" in told.args[0].message
    panel.trace_box.setCurrentText("fl1_raw")
    show(panel, flowing, 5, idle)
    with qtbot.waitSignal(panel.failed) as told:
        panel.region.setRegion((0, 60))
        panel.add_button.click()
    assert "event 6 has no pos_x" in told.args[0].message


def test_that_peaks_without_a_place_are_shown_beside_the_line(panel) -> None:
    peaks = [Peak(i, "a", 1.0, 2.0 * i, float(i) if i else np.nan, 0, 0.0, "/data/a.rtdc") for i in range(4)]
    panel.table.add(peaks[:1])
    panel.peak_plot.clicked.emit(1.0, 1.0)
    assert panel.table.selected_peaks() == ()
    panel.table.add(peaks)
    assert panel.model.slope == pytest.approx(2)
    assert panel._line.getOriginalDataset()[0].tolist() == [1, 3]
    assert panel.table.item(0, 5).text() == "a.rtdc"


def test_that_a_file_without_times_says_so_in_place_of_the_trace(panel, flowing, measured_cells, idle) -> None:
    with h5py.File(measured_cells, "a") as file:
        del file.attrs["fluorescence:sample rate"]
    show(panel, flowing, 0, idle)
    assert "does not say how many samples" in panel.trace_plot.empty_text
    assert not panel.add_button.isEnabled()

"""Peaks of fluorescence traces and the line through them."""

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.formats import open_source
from aid_desktop.data.selection import select_images
from aid_desktop.errors import DataError
from aid_desktop.evaluation.peaks import Peak, fit_peaks, highest_peaks, read_peaks, trace_at, write_peaks


@pytest.fixture
def flowing(measured_cells):
    """Return cells whose traces have one peak each, 3 µs later for each µm; the later the event, the higher."""
    with h5py.File(measured_cells, "a") as file:
        positions = np.linspace(2, 16, 60)
        file["events/pos_x"][:] = positions
        samples = np.round((3 * positions + 4) / 2).astype(int)
        file["events/trace/fl1_raw"][:] = 0
        traces = np.zeros((60, 30), np.int16)
        traces[np.arange(60), samples] = 100 + np.arange(60)
        file["events/trace/fl1_raw"][:] = traces
    return open_source(measured_cells).source


def test_that_the_peak_in_a_range_is_found_with_time_and_place(flowing) -> None:
    found = trace_at(flowing, "fl1_raw", 10)
    position = np.linspace(2, 16, 60)[10]
    sample = round((3 * position + 4) / 2)
    peak = found.peak(0, 58)
    assert (peak.event, peak.trace, peak.height, peak.sample, peak.time) == (10, "fl1_raw", 110, sample, 2 * sample)
    assert (peak.position, peak.pixel) == pytest.approx((position, position / 0.5))
    assert found.peak(0, 2 * sample - 1).height == 0
    with pytest.raises(DataError, match=r"no sample from 0.2 to 1.5 µs"):
        found.peak(0.2, 1.5)


def test_that_the_highest_peaks_are_those_of_the_highest_events(flowing) -> None:
    told = []
    found = highest_peaks(flowing, "fl1_raw", 10, lambda done, total: told.append((done, total)))
    assert [peak.event for peak in found] == [59, 58, 57, 56, 55, 54]
    assert found[0] == trace_at(flowing, "fl1_raw", 59).peak(0, 58)
    assert told == [(0, 60)]
    assert len(highest_peaks(flowing, "fl1_raw", 0.01)) == 1


def test_that_events_of_a_selection_keep_their_number_and_file(flowing, tmp_path) -> None:
    some = select_images(flowing, [10, 20, 50])
    found = [trace_at(some, "fl1_raw", 1).peak(0, 58), *highest_peaks(some, "fl1_raw", 100)]
    assert [peak.event for peak in found] == [20, 50, 20, 10]
    assert found[0] == found[2] == trace_at(flowing, "fl1_raw", 20).peak(0, 58)
    assert {peak.source for peak in found} == {str(flowing.path)}
    write_peaks(tmp_path / "a.xlsx", found, None)
    again = read_peaks(tmp_path / "a.xlsx")
    assert [(peak.event, peak.source) for peak in again] == [(peak.event, peak.source) for peak in found]


def test_that_peaks_without_a_place_are_refused_or_left_out(flowing) -> None:
    with h5py.File(flowing.path, "a") as file:
        file["events/pos_x"][3] = np.nan
    with pytest.raises(DataError, match="event 4 has no pos_x"):
        trace_at(flowing, "fl1_raw", 3).peak(0, 58)
    with pytest.raises(DataError, match=r"no event of .* has both a pos_x and numbers"):
        highest_peaks(select_images(flowing, [3]), "fl1_raw", 100)
    lines = [Peak(i, "a", 1.0, 2.0 * i, float(i), 0, 0.0) for i in range(3)]
    odd = [Peak(9, "a", 1.0, 5.0, np.nan, 0, 0.0), Peak(9, "a", 1.0, np.nan, 4.0, 0, 0.0)]
    assert fit_peaks([*lines, *odd], 1).slope == pytest.approx(2)
    with pytest.raises(DataError, match="two different positions"):
        fit_peaks([lines[0], *odd], 1)


def test_that_a_peak_without_a_pixel_size_is_there_once(flowing) -> None:
    with h5py.File(flowing.path, "a") as file:
        del file.attrs["imaging:pixel size"]
    first, second = (trace_at(flowing, "fl1_raw", 3).peak(0, 58) for _ in range(2))
    assert np.isnan(first.pixel)
    assert len({first, second}) == 1


def test_that_the_line_is_that_of_the_flow(flowing) -> None:
    model = fit_peaks(highest_peaks(flowing, "fl1_raw", 100), 12)
    assert model.slope == pytest.approx(3, abs=0.05)
    assert model.intercept == pytest.approx(4, abs=0.6)
    assert model.velocity == pytest.approx(1 / 3, abs=0.01)


@given(st.floats(0.1, 10), st.floats(-50, 50), st.lists(st.floats(0, 100), min_size=2, max_size=20, unique=True))
def test_that_a_line_is_found_again(slope, intercept, positions) -> None:
    if np.ptp(positions) < 1e-2:
        return
    peaks = [Peak(i, "fl1_raw", 1, slope * x + intercept, x, 0, x) for i, x in enumerate(positions)]
    model = fit_peaks(peaks, 1)
    assert model.slope == pytest.approx(slope, rel=1e-4, abs=1e-4)
    assert model.intercept == pytest.approx(intercept, rel=1e-4, abs=1e-2)


def test_that_one_position_gives_no_line() -> None:
    with pytest.raises(DataError, match="two different positions"):
        fit_peaks([Peak(0, "a", 1, 2, 3, 4, 5)] * 2, 1)


def test_that_peaks_come_back_from_their_file(flowing, tmp_path) -> None:
    import openpyxl

    peaks = highest_peaks(flowing, "fl1_raw", 20)
    model = fit_peaks(peaks, 12)
    write_peaks(tmp_path / "peaks.xlsx", peaks, model)
    # Such files keep 16 digits of a number.
    found = read_peaks(tmp_path / "peaks.xlsx")
    assert [(peak.event, peak.trace, peak.sample) for peak in found] == [(p.event, p.trace, p.sample) for p in peaks]
    for name in ("height", "time", "position", "pixel"):
        np.testing.assert_allclose([getattr(p, name) for p in found], [getattr(p, name) for p in peaks], rtol=1e-14)
    book = openpyxl.load_workbook(tmp_path / "peaks.xlsx")
    assert book.sheetnames == ["Model", "Peaks"]
    header, values = book["Model"].iter_rows(values_only=True)
    assert dict(zip(header, values, strict=True))["Slope [us/um]"] == pytest.approx(model.slope)
    (tmp_path / "no.xlsx").write_text("no")
    with pytest.raises(DataError, match=r"no\.xlsx cannot be read as a table of peaks"):
        read_peaks(tmp_path / "no.xlsx")


def test_that_without_times_or_places_there_are_no_peaks(measured_cells) -> None:
    with h5py.File(measured_cells, "a") as file:
        del file["events/pos_x"]
    with pytest.raises(DataError, match="has no feature pos_x"):
        trace_at(open_source(measured_cells).source, "fl1_raw", 0)
    with h5py.File(measured_cells, "a") as file:
        del file.attrs["fluorescence:sample rate"]
    with pytest.raises(DataError, match="does not say how many samples"):
        highest_peaks(open_source(measured_cells).source, "fl1_raw", 5)

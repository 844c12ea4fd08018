"""One event beside the plot."""

import h5py
import numpy as np
import pytest

from aid_desktop.data.event_columns import read_columns, read_traces, trace_names
from aid_desktop.data.selection import select_images
from aid_desktop.gui.plotting.event_view import EMPTY_TEXT, EventView


@pytest.fixture
def view(qtbot, background, themes, cells) -> EventView:
    made = EventView(background, themes)
    qtbot.addWidget(made)
    made.set_source(cells)
    made.resize(420, 640)
    made.show()
    return made


def test_that_an_event_is_shown_with_image_contour_centre_and_traces(view, cells, idle, measured_cells) -> None:
    assert view.image.empty_text == EMPTY_TEXT
    view.show_event(45)
    idle()
    shown = view.shown
    with h5py.File(measured_cells) as file:
        np.testing.assert_array_equal(shown.image, file["events/image"][45])
        mask = file["events/mask"][45]
        np.testing.assert_array_equal(shown.traces["fl1_raw"], file["events/trace/fl1_raw"][45])
        centre = file["events/pos_x"][45] / 0.5, file["events/pos_y"][45] / 0.5
    assert view.number.value() == 46
    assert shown.centre == pytest.approx(np.array(centre) + 0.5)
    assert shown.centre == pytest.approx(np.argwhere(mask).mean(axis=0)[::-1] + 0.5, abs=0.3)
    x, y = view._contours[0].getData()
    assert (x[0], y[0]) == (x[-1], y[-1])
    columns, rows = np.floor([x, y]).astype(int)
    assert (mask[rows, columns] == 255).all()
    assert set(view._trace_panel.curves) == {"fl1_raw", "fl2_raw"}
    time, signal = view._trace_panel.curves["fl2_raw"].getOriginalDataset()
    np.testing.assert_array_equal(signal, shown.traces["fl2_raw"])
    np.testing.assert_allclose(time, np.arange(30) * 2)
    assert view._trace_panel.labels["bottom"] == "time [µs]"


def test_that_contour_centre_channel_and_traces_are_chosen(view, idle) -> None:
    view.show_event(3)
    idle()
    view.contour.setChecked(False)
    view.centre.setChecked(False)
    assert len(view._contours[0].getData()[0]) == 0
    assert len(view._centre.getData()[0]) == 0
    view.channel.setCurrentText("mask")
    idle()
    assert set(np.unique(view.shown.image)) == {0, 255}
    first, second = view._trace_menu.actions()
    first.setChecked(False)
    idle()
    assert set(view._trace_panel.curves) == {"fl2_raw"}
    second.setChecked(False)
    idle()
    assert view.trace_plot.isHidden()
    view.show_event(4)
    idle()
    assert view.shown.traces == {}


def test_that_a_centre_that_is_not_known_is_not_marked(view, measured_cells, idle) -> None:
    with h5py.File(measured_cells, "a") as file:
        file["events/pos_y"][3] = np.nan
    for index, n_marks in ((3, 0), (4, 1)):
        view.show_event(index)
        idle()
        assert len(view._centre.getData()[0]) == n_marks
    with h5py.File(measured_cells, "a") as file:
        del file.attrs["imaging:pixel size"]
    view.show_event(5)
    idle()
    assert view.shown.centre is None


def test_that_smoothed_traces_come_first(view, measured_cells, idle) -> None:
    with h5py.File(measured_cells, "a") as file:
        file["events/trace/fl1_median"] = np.ones((60, 30), np.int16)
        file.attrs["fluorescence:sample rate"] = 0
    view.number.setValue(2)
    idle()
    assert view.shown.trace_names == ("fl1_median", "fl1_raw", "fl2_raw")
    assert set(view.shown.traces) == {"fl1_median"}
    assert view._trace_panel.labels["bottom"] == "sample"


def test_that_a_file_that_has_gone_is_told(view, measured_cells, idle, qtbot) -> None:
    measured_cells.unlink()
    with qtbot.waitSignal(view.failed) as told:
        view.show_event(1)
    idle()
    assert "does not exist" in told.args[0].message
    assert view.image.empty_text == EMPTY_TEXT


def test_that_no_event_is_shown_for_another_source(view, idle) -> None:
    view.show_event(7)
    idle()
    view.set_source(None)
    assert view.shown is None
    assert not view.number.isEnabled()
    assert not view.contour.isEnabled()


def test_that_events_of_a_selection_are_those_of_the_file(view, cells, idle, background) -> None:
    some = select_images(cells, [4, 8, 50])
    np.testing.assert_array_equal(
        read_columns(some, ["area_um"])["area_um"], read_columns(cells, ["area_um"])["area_um"][[4, 8, 50]]
    )
    assert trace_names(some) == ("fl1_raw", "fl2_raw")
    np.testing.assert_array_equal(read_traces(some, "fl1_raw", [2])[0], read_traces(cells, "fl1_raw", [50])[0])
    view.set_source(some)
    view.show_event(2)
    idle()
    np.testing.assert_array_equal(view.shown.traces["fl1_raw"], read_traces(cells, "fl1_raw", [50])[0])

"""Features and traces of events as they are."""

import numpy as np
import pytest

from aid_desktop.data.event_columns import read_columns, read_traces, sample_interval, trace_names
from aid_desktop.data.formats import open_source
from aid_desktop.data.selection import select_images
from aid_desktop.errors import DataError


def test_that_images_alone_have_no_columns(tmp_path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3, 4, 5), np.uint8))
    source = open_source(tmp_path / "a.npy").source
    with pytest.raises(DataError, match=r"a\.npy has images alone: features come with \.rtdc files"):
        read_columns(source, ["area_um"])


def test_that_columns_and_traces_of_a_selection_are_those_of_its_events(measured_cells) -> None:
    cells = open_source(measured_cells).source
    some = select_images(cells, [4, 8, 50])
    for name, column in read_columns(some, ["deform", "fl1_max"]).items():
        np.testing.assert_array_equal(column, read_columns(cells, [name])[name][[4, 8, 50]])
    assert np.isnan(read_columns(cells, ["deform"])["deform"]).sum() == 1
    assert trace_names(some) == ("fl1_raw", "fl2_raw")
    np.testing.assert_array_equal(read_traces(some, "fl1_raw", [2])[0], read_traces(cells, "fl1_raw", [50])[0])
    assert sample_interval(some) == 2


def test_that_what_is_not_there_is_told(measured_cells) -> None:
    cells = open_source(measured_cells).source
    with pytest.raises(DataError, match="has no feature 'volume': it has area_um"):
        read_columns(cells, ["volume"])
    with pytest.raises(DataError, match="has no trace 'fl3_raw'"):
        read_traces(cells, "fl3_raw", [0])[0]

"""Scalar features and traces of .rtdc files, whichever program wrote them."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aid_desktop.data.formats import open_source, reopen
from aid_desktop.errors import DataError

SHARED = Path(__file__).parents[3] / "shared" / "data"
N = 30
SAMPLES = 17


def write(path, **events):
    with h5py.File(path, "w") as file:
        file["events/image"] = np.zeros((N, 4, 5), np.uint8)
        for name, values in events.items():
            file[f"events/{name}"] = values
    return path


@pytest.fixture
def measured(tmp_path):
    """Return a file with two features, two traces, and what is neither."""
    path = write(
        tmp_path / "a.rtdc",
        area_um=np.linspace(20, 90, N),
        fl10_max=np.arange(N, dtype=np.uint16),
        fl9_max=np.full(N, np.nan, np.float32),
        short=np.zeros(N - 1),
        names=np.array([b"x"] * N),
    )
    with h5py.File(path, "a") as file:
        raw = np.arange(N * SAMPLES, dtype=np.int16).reshape(N, SAMPLES)
        file.create_dataset("events/trace/fl1_raw", data=raw, chunks=(4, SAMPLES))
        file["events/trace/fl1_median"] = raw / 2
        file["events/trace/fl2_raw"] = raw[1:]
        file["events/contour/0"] = np.zeros((7, 2))
    return path


def test_that_numbers_of_each_event_are_features_in_the_order_in_which_people_count(measured):
    reader = open_source(measured)
    assert reader.feature_names == ("area_um", "fl9_max", "fl10_max")
    assert reader.trace_names == ("fl1_median", "fl1_raw")
    assert reopen(reader.source).feature_names == reader.feature_names


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.integers(0, N - 1), max_size=12))
def test_that_any_choice_of_events_comes_in_its_order(measured, indices):
    reader = open_source(measured)
    found = reader.features(("fl10_max", "area_um"), indices)
    assert (found.dtype, found.shape) == (np.float64, (len(indices), 2))
    np.testing.assert_array_equal(found[:, 0], indices)
    np.testing.assert_array_equal(found[:, 1], np.linspace(20, 90, N)[indices])
    traces = reader.traces("fl1_raw", indices)
    assert traces.dtype == np.int16
    np.testing.assert_array_equal(traces, np.arange(N * SAMPLES).reshape(N, SAMPLES)[indices])
    np.testing.assert_array_equal(reader.traces("fl1_median", indices), traces / 2)


def test_that_what_is_not_there_is_told_with_what_is(measured, tmp_path):
    reader = open_source(measured)
    with pytest.raises(DataError, match=r"a\.rtdc has no feature 'deform': it has area_um, fl9_max, fl10_max\."):
        reader.features(["area_um", "deform"], [0])
    with pytest.raises(DataError, match=r"has no trace 'fl2_raw': it has fl1_median, fl1_raw\."):
        reader.traces("fl2_raw", [0])
    with pytest.raises(IndexError, match="30 images"):
        reader.features(["area_um"], [N])
    bare = open_source(write(tmp_path / "bare.rtdc"))
    with pytest.raises(DataError, match=r"has no feature 'deform': it has none\."):
        bare.features(["deform"], [0])


def test_that_a_file_that_has_become_shorter_is_noticed(measured):
    reader = open_source(measured)
    with h5py.File(measured, "a") as file:
        for name in ("area_um", "trace/fl1_raw"):
            shorter = file[f"events/{name}"][:5]
            del file[f"events/{name}"]
            file[f"events/{name}"] = shorter
    with pytest.raises(DataError, match="fewer events"):
        reader.features(["area_um"], [7])
    with pytest.raises(DataError, match="fewer events"):
        reader.traces("fl1_raw", [7])


def test_that_the_extra_input_of_aideveloper_is_a_feature(tmp_path):
    path = write(tmp_path / "a.rtdc")
    with h5py.File(path, "a") as file:
        file["xtra_in"] = np.arange(N) * 0.5
    reader = open_source(path)
    assert reader.feature_names == ("xtra_in",)
    assert reader.features(["xtra_in"], [3]) == 1.5


def test_that_features_and_traces_of_dclab_are_read(tmp_path):
    from dclab.rtdc_dataset import RTDCWriter

    traces = {"fl1_raw": np.arange(30 * 50).reshape(30, 50).astype(np.int16), "fl1_median": np.ones((30, 50), np.int16)}
    with RTDCWriter(tmp_path / "a.rtdc", mode="reset") as writer:
        writer.store_metadata({"experiment": {"sample": "a", "run index": 1}})
        writer.store_feature("image", np.zeros((30, 8, 20), np.uint8))
        writer.store_feature("deform", np.linspace(0, 0.2, 30))
        writer.store_feature("ml_score_abc", np.linspace(0, 1, 30))
        writer.store_feature("trace", traces)
    reader = open_source(tmp_path / "a.rtdc")
    assert reader.feature_names == ("deform", "ml_score_abc")
    assert reader.trace_names == ("fl1_median", "fl1_raw")
    np.testing.assert_array_equal(reader.features(["deform"], range(30))[:, 0], np.linspace(0, 0.2, 30))
    np.testing.assert_array_equal(reader.traces("fl1_raw", [29, 0]), traces["fl1_raw"][[29, 0]])


@pytest.mark.skipif(not (SHARED / "cat_vs_automobile").is_dir(), reason="needs the example data")
def test_that_features_of_files_of_aideveloper_are_read():
    reader = open_source(SHARED / "cat_vs_automobile" / "train" / "cat.rtdc")
    assert reader.feature_names == ("index", "pos_x", "pos_y")
    assert reader.trace_names == ()
    # Its numbers are stored in 8 bits, beyond which they stay at 255.
    assert reader.features(["pos_x", "index"], [0, 299]).tolist() == [[16, 1], [16, 255]]

"""What .rtdc files know of their events besides the images, and what becomes of it when they are converted."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from dclab.rtdc_dataset import RTDCWriter
from dclab.rtdc_dataset.check import check_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from aid_desktop.data import convert
from aid_desktop.data.conversion import ConvertSettings
from aid_desktop.data.convert import convert_sources
from aid_desktop.data.formats import open_source
from aid_desktop.data.geometry import crop_pad, resize
from aid_desktop.data.rtdc_writing import write_rtdc

SHARED = Path(__file__).parents[3] / "shared" / "data"
N, HEIGHT, WIDTH, SAMPLES = 30, 12, 20, 50
METADATA = {
    "experiment": {"date": "2024-05-06", "run index": 3, "sample": "blood of Zoë", "time": "10:11:12"},
    "fluorescence": {
        **{"bit depth": 16, "channel 1 name": "525/50", "channel count": 1, "channels installed": 3},
        **{"laser 1 lambda": 488.0, "laser 1 power": 8.0, "laser count": 1, "lasers installed": 3},
        **{"sample rate": 312500, "samples per event": SAMPLES, "signal max": 1.0, "signal min": -1.0},
        "trace median": 3,
    },
    "imaging": {
        **{"flash device": "LED", "flash duration": 2.0, "frame rate": 2000.0, "pixel size": 0.34},
        **{"roi position x": 629, "roi position y": 512, "roi size x": WIDTH, "roi size y": HEIGHT},
    },
    "online_contour": {"bin area min": 10, "no absdiff": True},
    "online_filter": {"area_um max": 47.0, "area_um soft limit": True, "target event count": 1000},
    "pipeline": {"dcnum hash": "abc"},
    "setup": {
        **{"channel width": 20.0, "chip region": "channel", "flow rate": 0.06, "flow rate sample": 0.02},
        **{"flow rate sheath": 0.04, "identifier": "ZMDD", "medium": "CellCarrierB", "temperature": 23.5},
        "module composition": "AcCellerator,FluorescenceModule",
    },
    "user": {"donor": "7"},
}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def measure(path, seed=0, **changes):
    """Write a measurement as dclab does it and return its features."""
    rng = np.random.default_rng(seed)
    traces = {f"fl1_{kind}": rng.integers(-99, 99, (N, SAMPLES)).astype(np.int16) for kind in ("raw", "median")}
    features = {
        **{"image": noise(N, HEIGHT, WIDTH, seed=seed), "image_bg": noise(N, HEIGHT, WIDTH, seed=seed + 1)},
        **{"mask": noise(N, HEIGHT, WIDTH, seed=seed) > 99, "qpi_pha": rng.random((N, HEIGHT, WIDTH), np.float32)},
        **{name: rng.uniform(10, 99, N) for name in ("area_um", "deform", "fl1_max", "temp")},
        **{"frame": np.arange(N) * 7, "pos_x": rng.uniform(1, 6, N), "pos_y": rng.uniform(1, 3, N), "trace": traces},
        **changes,
    }
    with RTDCWriter(path, mode="reset") as writer:
        writer.store_metadata(METADATA)
        for name, values in features.items():
            if values is not None:
                writer.store_feature(name, values)
        writer.store_log("acquisition", ["first line", "µ" * 90])
    return features


def convert_paths(paths, out, wanted=None, **options):
    return convert_sources([open_source(path).source for path in paths], out, wanted or ConvertSettings(), **options)


def lost_names(report):
    return [problem.name for problem in report.lost]


@pytest.fixture
def measured(tmp_path):
    """Return the file of a measurement with all that the RT-DC programs know, and its features."""
    path = tmp_path / "a.rtdc"
    return path, measure(path)


def test_that_everything_is_kept_when_the_images_stay_as_they_are(tmp_path, measured):
    path, features = measured
    report = convert_paths([path], tmp_path / "b.rtdc")
    assert report.lost == ()
    assert check_dataset(tmp_path / "b.rtdc")[:2] == ([], [])
    with h5py.File(path) as old, h5py.File(tmp_path / "b.rtdc") as new:
        assert set(new["events"]) == {*old["events"], "index"}
        for name in ("image", "image_bg", "mask", "qpi_pha", "area_um", "frame", "trace/fl1_raw", "trace/fl1_median"):
            np.testing.assert_array_equal(new["events"][name], old["events"][name])
            assert new["events"][name].dtype == old["events"][name].dtype
        changed = {name for name in new.attrs if name not in old.attrs or new.attrs[name] != old.attrs[name]}
        assert changed == {"setup:software version", "user:format version"}
        assert new["logs/acquisition"][0] == b"first line"
        assert b"".join(new["logs/acquisition"][1:]).decode() == "µ" * 90
    reader = open_source(tmp_path / "b.rtdc")
    np.testing.assert_array_equal(reader.positions(range(N)), open_source(path).positions(range(N)))
    np.testing.assert_allclose(reader.features(["pos_x"], range(N))[:, 0], features["pos_x"], rtol=1e-15)


@pytest.mark.parametrize("padding", ["constant", "reflect"])
def test_that_images_beside_the_image_are_cut_out_with_it(tmp_path, measured, padding):
    path, features = measured
    positions = open_source(path).positions(range(N))
    report = convert_paths([path], tmp_path / "b.rtdc", ConvertSettings(size=(16, 14), padding=padding))
    assert lost_names(report) == ["pos_x, pos_y"]
    assert check_dataset(tmp_path / "b.rtdc")[:2] == ([], [])

    def cut(images):
        pairs = zip(images, positions.tolist(), strict=True)
        return np.array([crop_pad(image, tuple(at), 16, 14, padding) for image, at in pairs])

    with h5py.File(tmp_path / "b.rtdc") as file:
        for name in ("image", "image_bg", "qpi_pha"):
            np.testing.assert_array_equal(file["events"][name], cut(features[name]))
        np.testing.assert_array_equal(file["events/mask"], cut(features["mask"]) * np.uint8(255))
        assert (file.attrs["imaging:roi size x"], file.attrs["imaging:roi size y"]) == (16, 14)
        assert file.attrs["imaging:pixel size"] == 0.34
    np.testing.assert_allclose(open_source(tmp_path / "b.rtdc").positions(range(N)), [[8, 7]] * N, rtol=1e-15)


def test_that_scaled_masks_stay_black_and_white_and_the_pixel_size_follows(tmp_path, measured):
    path, features = measured
    half = ConvertSettings(size=(WIDTH // 2, HEIGHT // 2), fit="scale", resize="area")
    convert_paths([path], tmp_path / "b.rtdc", half)
    assert check_dataset(tmp_path / "b.rtdc")[:2] == ([], [])
    with h5py.File(tmp_path / "b.rtdc") as file:
        assert set(np.unique(file["events/mask"])) == {0, 255}
        expected = resize(features["image_bg"][3], (WIDTH // 2, HEIGHT // 2), "area")
        np.testing.assert_array_equal(file["events/image_bg"][3], expected)
        assert file.attrs["imaging:pixel size"] == pytest.approx(0.68)
    uneven = ConvertSettings(size=(WIDTH, HEIGHT // 2), fit="scale")
    report = convert_paths([path], tmp_path / "c.rtdc", uneven)
    assert "imaging:pixel size" in lost_names(report)
    with h5py.File(tmp_path / "c.rtdc") as file:
        assert file.attrs["imaging:pixel size"] == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=5)
@given(st.integers(1, N + 1))
def test_that_events_stay_together_whatever_the_blocks(tmp_path, measured, block):
    path, features = measured
    other = measure(tmp_path / "other.rtdc", seed=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert, "_BLOCK", block)
        report = convert_paths([path, tmp_path / "other.rtdc"], tmp_path / "b.rtdc", overwrite=True)
    assert report.n == 2 * N
    with h5py.File(tmp_path / "b.rtdc") as file:
        for name in ("image_bg", "area_um", "frame"):
            np.testing.assert_array_equal(file["events"][name], np.concatenate([features[name], other[name]]))
        expected = np.concatenate([features["trace"]["fl1_raw"], other["trace"]["fl1_raw"]])
        np.testing.assert_array_equal(file["events/trace/fl1_raw"], expected)


def test_that_what_not_all_files_have_is_named(tmp_path, measured):
    traces = {"fl1_raw": np.zeros((N, 9), np.int16)}
    measure(tmp_path / "other.rtdc", seed=5, deform=None, circ=np.ones(N), trace=traces)
    with h5py.File(tmp_path / "other.rtdc", "a") as file:
        file.attrs["experiment:sample"] = "another"
    report = convert_paths([measured[0], tmp_path / "other.rtdc"], tmp_path / "b.rtdc")
    assert [str(problem) for problem in report.lost] == [
        "a.rtdc: trace/fl1_median: other.rtdc does not have it",
        "other.rtdc: trace/fl1_raw: its type or length is not that of a.rtdc",
        "a.rtdc: deform: other.rtdc does not have it",
        "other.rtdc: circ: a.rtdc does not have it",
        "experiment:sample, fluorescence:samples per event: the files differ; what a.rtdc says is written",
    ]
    assert check_dataset(tmp_path / "b.rtdc")[:2] == ([], [])
    assert open_source(tmp_path / "b.rtdc").feature_names == (
        *("area_um", "fl1_max", "frame", "index", "pos_x", "pos_y", "temp"),
    )


def test_that_nothing_is_kept_beside_images_that_have_nothing_like_it(tmp_path, measured):
    Image.fromarray(noise(HEIGHT, WIDTH)).save(tmp_path / "c.png")
    report = convert_paths([measured[0], tmp_path / "c.png"], tmp_path / "b.rtdc")
    [problem] = report.lost
    assert problem.reason == "c.png is no .rtdc file"
    assert problem.name.startswith("a.rtdc: image_bg, mask, qpi_pha, trace/fl1_median, trace/fl1_raw, area_um")
    assert open_source(tmp_path / "b.rtdc").feature_names == ("index", "pos_x", "pos_y")
    assert check_dataset(tmp_path / "b.rtdc")[:2] == ([], [])


def test_that_what_is_no_feature_is_named_with_the_reason(tmp_path):
    write_rtdc(tmp_path / "a.rtdc", noise(N, HEIGHT, WIDTH))
    with h5py.File(tmp_path / "a.rtdc", "a") as file:
        file["events/contour/0"] = np.zeros((4, 2))
        file["events/short"] = np.zeros(N - 1)
        file["events/image_small"] = noise(N, 3, 3)
        file["events/gone"] = h5py.SoftLink("/nowhere")
        file["events/trace/fl1_raw"] = np.zeros((N - 1, 4))
        file["tables/one"] = np.zeros(3)
        file.create_group("empty")
    report = convert_paths([tmp_path / "a.rtdc"], tmp_path / "b.rtdc")
    assert {problem.name: problem.reason for problem in report.lost} == {
        "contour": "it is a group of other data",
        "gone": "it is a link to nowhere",
        "image_small": "it is 30 × 3 × 3 of the type uint8, neither numbers nor images of each event",
        "short": "it is 29 of the type float64, neither numbers nor images of each event",
        "tables": "it is not part of the events",
        "trace/fl1_raw": "it has not as many traces as there are images",
    }
    assert check_dataset(tmp_path / "b.rtdc")[:2] == ([], [])


def test_that_other_channels_can_become_the_image(tmp_path, measured):
    path, features = measured
    report = convert_paths([path], tmp_path / "b.rtdc", ConvertSettings(channels=("image_bg", "image")))
    assert report.shape == (HEIGHT, WIDTH, 2)
    [image] = open_source(tmp_path / "b.rtdc").read([4])
    np.testing.assert_array_equal(image, np.dstack([features["image_bg"][4], features["image"][4]]))
    assert check_dataset(tmp_path / "b.rtdc")[:2] == ([], [])


def test_that_metadata_that_the_rtdc_programs_refuse_are_kept_as_those_of_the_user(tmp_path):
    write_rtdc(tmp_path / "a.rtdc", noise(N, HEIGHT, WIDTH))
    with h5py.File(tmp_path / "a.rtdc", "a") as file:
        file.attrs.update({"note": "x", "aid:model": "m", "imaging:roi poition x": 4, "imaging:frame rate": 0.0})
        file.attrs.update({"experiment:run index": 2.0, "setup:chip region": np.bytes_("Channel"), "a:b:c": [1, 2]})
    convert_paths([tmp_path / "a.rtdc"], tmp_path / "b.rtdc")
    assert check_dataset(tmp_path / "b.rtdc")[:2] == ([], [])
    with h5py.File(tmp_path / "b.rtdc") as file:
        found = {name: file.attrs[name] for name in file.attrs if name.startswith("user:")}
        assert found.pop("user:a b c").tolist() == [1, 2]
        assert found == {
            **{"user:note": "x", "user:aid model": "m", "user:imaging roi poition x": 4},
            **{"user:imaging frame rate": 0.0, "user:format version": 1},
        }
        assert (file.attrs["setup:chip region"], file.attrs["experiment:run index"]) == ("channel", 2)


def test_that_a_second_conversion_changes_nothing_more(tmp_path, measured):
    convert_paths([measured[0]], tmp_path / "b.rtdc")
    convert_paths([tmp_path / "b.rtdc"], tmp_path / "c.rtdc")
    with h5py.File(tmp_path / "b.rtdc") as one, h5py.File(tmp_path / "c.rtdc") as two:
        assert {**one.attrs} == {**two.attrs}
        np.testing.assert_array_equal(one["logs/acquisition"], two["logs/acquisition"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.floats(0.01, 3), st.lists(st.integers(0, 2000), min_size=1, max_size=9))
def test_that_positions_between_two_pixels_stay_there(tmp_path, size, halves):
    images = noise(len(halves), 4, 5)
    with h5py.File(tmp_path / "a.rtdc", "w") as file:
        file["events/image"] = images
        file["events/pos_x"] = np.array(halves) / 2 * size
        file["events/pos_y"] = np.array(halves) / 2 * size
        file.attrs["imaging:pixel size"] = size
    convert_paths([tmp_path / "a.rtdc"], tmp_path / "b.rtdc", overwrite=True)
    before, after = (open_source(tmp_path / name).positions(range(len(halves))) for name in ("a.rtdc", "b.rtdc"))
    np.testing.assert_array_equal(before, after)


@pytest.mark.skipif(not (SHARED / "cat_vs_automobile").is_dir(), reason="needs the example data")
def test_that_files_of_aideveloper_become_valid_ones_without_loss(tmp_path):
    report = convert_paths([SHARED / "cat_vs_automobile" / "validation" / "cat.rtdc"], tmp_path / "b.rtdc")
    assert report.lost == ()
    assert check_dataset(tmp_path / "b.rtdc")[:2] == ([], [])
    with h5py.File(tmp_path / "b.rtdc") as file:
        assert file.attrs["setup:medium"] == "CellCarrierB"
        assert file.attrs["imaging:roi size x"] == 32

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aid_desktop.data import hdf5
from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.rtdc import RtdcReader
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import SourceKind
from aid_desktop.errors import DataError

SHARED = Path(__file__).parents[3] / "shared" / "data"


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize("shape", [(300, 6, 600), (300, 6, 7, 3), (1, 5, 4)])
def test_that_what_is_written_is_read_again(tmp_path, shape):
    images = noise(*shape)
    positions = np.random.default_rng(1).uniform(0, 600, (shape[0], 2)).astype(np.float32)
    path = tmp_path / "a.rtdc"
    write_rtdc(path, images, positions, sample="blood")
    reader = open_source(path)
    channels = shape[3] if len(shape) == 4 else 1
    assert reader.source.shapes == ((shape[1], shape[2], channels),)
    assert (reader.source.kind, reader.source.n_images) == (SourceKind.RTDC, shape[0])
    everything = np.arange(shape[0])
    np.testing.assert_array_equal(reader.read(everything), images)
    np.testing.assert_array_equal(reopen(reader.source).positions(everything), positions)
    assert reader.origin(0) == f"{path}#0"
    assert list(tmp_path.iterdir()) == [path]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 250), st.integers(1, 4), st.integers(1, 4))),
    st.lists(st.integers(0, 249), max_size=30),
)
def test_that_any_choice_of_images_is_read_in_its_order(tmp_path, images, indices):
    path = tmp_path / "any.rtdc"
    write_rtdc(path, images)
    chosen = [i % len(images) for i in indices]
    found = RtdcReader.open(path).read(chosen)
    assert len(found) == len(chosen)
    for i, image in zip(chosen, found, strict=True):
        np.testing.assert_array_equal(image, images[i])


@pytest.mark.parametrize("chunks", [None, (1, 8, 9), (7, 8, 9), (50, 3, 2), True])
@pytest.mark.parametrize("n_bytes", [1, 8 * 9 * 20, 2**25])
def test_that_all_ways_of_chunking_are_read_rightly(tmp_path, monkeypatch, chunks, n_bytes):
    monkeypatch.setattr(hdf5, "READ_BYTES", n_bytes)
    images = noise(60, 8, 9)
    with h5py.File(tmp_path / "a.rtdc", "w") as file:
        file.create_dataset("events/image", data=images, chunks=chunks)
    reader = open_source(tmp_path / "a.rtdc")
    for chosen in (range(60), [59, 0, 30, 31, 31, 2], [5]):
        np.testing.assert_array_equal(reader.read(chosen), images[list(chosen)])
    assert reader.read([]) == []
    with pytest.raises(IndexError, match="60 images"):
        reader.read([60])


def with_events(path, attributes=None, **events):
    with h5py.File(path, "w") as file:
        file["events/image"] = noise(3, 10, 20)
        for name, values in events.items():
            file[f"events/{name}"] = values
        file.attrs.update(attributes or {})
    return open_source(path).positions([0, 1, 2])


CENTRE = [[10, 5]] * 3


def test_that_positions_are_divided_by_the_pixel_size(tmp_path):
    found = with_events(
        tmp_path / "a.rtdc", {"imaging:pixel size": 0.34}, pos_x=np.array([3.4, 0, 6.8]), pos_y=[1.7, 3.4, 0]
    )
    np.testing.assert_allclose(found, [[10, 5], [0, 10], [20, 0]])


def test_that_positions_that_are_no_numbers_become_the_centre(tmp_path):
    found = with_events(
        tmp_path / "a.rtdc",
        {"imaging:pixel size": np.array([0.5])},
        pos_x=np.array([np.nan, 1, np.inf]),
        pos_y=np.array([1, np.nan, 2.0]),
    )
    np.testing.assert_allclose(found, [[10, 2], [2, 5], [10, 4]])


@pytest.mark.parametrize(
    ("attributes", "events"),
    [
        ({}, {"pos_x": [1.0] * 3, "pos_y": [1.0] * 3}),
        ({"imaging:pixel size": 0.0}, {"pos_x": [1.0] * 3, "pos_y": [1.0] * 3}),
        ({"imaging:pixel size": "unknown"}, {"pos_x": [1.0] * 3, "pos_y": [1.0] * 3}),
        ({"imaging:pixel size": 1.0}, {"pos_x": [1.0] * 3}),
        ({"imaging:pixel size": 1.0}, {}),
        ({"imaging:pixel size": 1.0}, {"pos_x": [1.0] * 2, "pos_y": [1.0] * 2}),
    ],
)
def test_that_positions_that_are_not_known_become_the_centre(tmp_path, attributes, events):
    np.testing.assert_array_equal(with_events(tmp_path / "a.rtdc", attributes, **events), CENTRE)


def test_that_positions_overflown_in_8_bits_become_the_centre(tmp_path):
    with h5py.File(tmp_path / "a.rtdc", "w") as file:
        file["events/image"] = noise(2, 40, 600)
        file["events/pos_x"] = np.full(2, 300 % 256, np.uint8)
        file["events/pos_y"] = np.full(2, 20, np.uint8)
        file["events/index"] = np.arange(1, 3, dtype=np.uint8)
        file.attrs["imaging:pixel size"] = 1.0
    np.testing.assert_array_equal(open_source(tmp_path / "a.rtdc").positions([0, 1]), [[300, 20]] * 2)


def test_that_one_channel_as_last_axis_is_gray(tmp_path):
    with h5py.File(tmp_path / "a.rtdc", "w") as file:
        file["events/image"] = noise(2, 4, 5, 1)
    reader = open_source(tmp_path / "a.rtdc")
    assert reader.source.shapes == ((4, 5, 1),)
    assert reader.read([0])[0].shape == (4, 5)


def test_that_images_compressed_by_zstd_are_read(tmp_path):
    hdf5plugin = pytest.importorskip("hdf5plugin")
    with h5py.File(tmp_path / "a.rtdc", "w") as file:
        file.create_dataset("events/image", data=noise(5, 4, 5), compression=hdf5plugin.Zstd())
    np.testing.assert_array_equal(open_source(tmp_path / "a.rtdc").read([4])[0], noise(5, 4, 5)[4])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("events/mask", noise(2, 4, 4), "has no images: expected the dataset events/image"),
        ("events/image/0", noise(4, 4), "has no images"),
        ("events/image", np.zeros((0, 4, 4), np.uint8), "is empty"),
        ("events/image", np.zeros((2, 4, 4), np.complex64), "complex64"),
        ("events/image", np.zeros((4, 4), np.uint8), "shape"),
        ("events/image", np.zeros((2, 4, 4, 2, 2), np.uint8), "shape"),
    ],
)
def test_that_a_file_without_usable_images_is_refused(tmp_path, name, value, message):
    with h5py.File(tmp_path / "a.rtdc", "w") as file:
        file[name] = value
    with pytest.raises(DataError, match=message):
        open_source(tmp_path / "a.rtdc")


@pytest.mark.parametrize("content", [b"", b"plain text, long enough to have a beginning" * 9])
def test_that_a_file_that_is_not_hdf5_is_refused(tmp_path, content):
    (tmp_path / "a.rtdc").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.rtdc is (not an \.rtdc file|cut off)"):
        open_source(tmp_path / "a.rtdc")


@pytest.mark.parametrize("part", [0.2, 0.5, 0.99])
def test_that_a_truncated_file_is_refused(tmp_path, part):
    write_rtdc(tmp_path / "a.rtdc", noise(200, 20, 20))
    content = (tmp_path / "a.rtdc").read_bytes()
    (tmp_path / "a.rtdc").write_bytes(content[: int(part * len(content))])
    with pytest.raises(DataError, match="cut off"):
        open_source(tmp_path / "a.rtdc")


def test_that_damaged_pixels_are_told_when_read(tmp_path):
    path = tmp_path / "a.rtdc"
    write_rtdc(path, noise(200, 100, 100))
    with h5py.File(path) as file:
        place = file["events/image"].id.get_chunk_info(1).byte_offset
    with path.open("rb+") as file:
        file.seek(place + 50)
        file.write(b"\xff" * 20)
    reader = open_source(path)
    reader.read([0])
    with pytest.raises(DataError, match="damaged"):
        reader.read([150])


def test_that_a_replaced_or_removed_file_is_noticed(tmp_path):
    path = tmp_path / "a.rtdc"
    write_rtdc(path, noise(9, 4, 4))
    reader = open_source(path)
    write_rtdc(path, noise(5, 4, 4))
    with pytest.raises(DataError, match="changed"):
        reopen(reader.source)
    with pytest.raises(DataError, match="fewer images"):
        reader.read([8])
    path.unlink()
    with pytest.raises(DataError, match="does not exist"):
        reader.read([0])
    with pytest.raises(DataError, match="does not exist"):
        reopen(reader.source)


def test_that_no_file_stays_open(tmp_path):
    path = tmp_path / "a.rtdc"
    write_rtdc(path, noise(9, 4, 4))
    reader = open_source(path)
    reader.read([1])
    reader.positions([1])
    assert path not in [Path(one.path) for one in psutil.Process().open_files()]
    with h5py.File(path, "r+") as file:
        file.attrs["experiment:sample"] = "changed"


@pytest.mark.skipif(not (SHARED / "cat_vs_automobile").is_dir(), reason="needs the example data")
@pytest.mark.parametrize(("role", "n_images"), [("train", 1000), ("validation", 200)])
@pytest.mark.parametrize("name", ["cat", "automobile"])
def test_that_files_of_aideveloper_are_read(role, n_images, name):
    path = SHARED / "cat_vs_automobile" / role / f"{name}.rtdc"
    reader = open_source(path)
    assert reader.source.n_images == n_images
    assert reader.source.shapes == ((32, 32, 3),)
    everything = np.arange(n_images)
    assert (reader.positions(everything) == 16).all()
    with h5py.File(path) as file:
        np.testing.assert_array_equal(reader.read(everything), file["events/image"][:])
    np.testing.assert_array_equal(reader.read([n_images - 1, 3]), reader.read(everything)[::-1][0:1] + reader.read([3]))


def write_events(path, **stacks):
    with h5py.File(path, "w") as file:
        for name, stack in stacks.items():
            file[f"events/{name}"] = stack
    return path


@pytest.mark.parametrize("kind", ["uint16", "float32"])
def test_that_deep_images_keep_their_grey_levels(tmp_path, kind):
    images = (np.arange(60).reshape(3, 4, 5) * 1000).astype(kind)
    reader = open_source(write_events(tmp_path / "a.rtdc", image=images))
    assert reader.source.pixel_types == (kind,)
    np.testing.assert_array_equal(reader.read([2, 0]), images[[2, 0]])


def test_that_all_stacks_of_a_file_are_channels(tmp_path):
    gray, background, mask = noise(6, 4, 5), noise(6, 4, 5) // 2, noise(6, 4, 5) > 99
    others = {"area_um": np.arange(6.0), "image_small": noise(6, 2, 2)}
    path = write_events(tmp_path / "a.rtdc", image=gray, image_bg=background, mask=mask, **others)
    reader = open_source(path)
    assert reader.source.channels == ("image", "image_bg", "mask")
    images = reader.read([4, 1], ("mask", "image_bg"))
    np.testing.assert_array_equal(images[0], np.dstack([mask[4] * np.uint8(255), background[4]]))
    np.testing.assert_array_equal(reopen(reader.source).read([1], ("image",))[0][:, :, 0], gray[1])


def test_that_the_colours_of_rgb_images_are_channels(tmp_path):
    colour, background = noise(3, 4, 5, 3), noise(3, 4, 5)
    reader = open_source(write_events(tmp_path / "a.rtdc", image=colour, image_bg=background))
    assert reader.source.channels == ("red", "green", "blue", "image_bg")
    [image] = reader.read([2], ("blue", "image_bg", "red"))
    np.testing.assert_array_equal(image, np.dstack([colour[2, :, :, 2], background[2], colour[2, :, :, 0]]))


def test_that_a_file_of_imagestream_channels_needs_no_image(tmp_path):
    first, third = noise(3, 4, 5), noise(3, 4, 5) // 3
    reader = open_source(write_events(tmp_path / "a.rtdc", image_ch1=first, image_ch3=third))
    assert reader.source.channels == ("image_ch1", "image_ch3")
    np.testing.assert_array_equal(reader.read([1]), first[[1]])


def test_that_stacks_are_named_in_the_order_in_which_people_count(tmp_path):
    stacks = {f"image_ch{number}": noise(3, 4, 5) // number for number in (10, 2, 1)}
    path = write_events(tmp_path / "a.rtdc", image_bg=noise(3, 4, 5), mask=noise(3, 4, 5), **stacks)
    reader = open_source(path)
    assert reader.source.channels == ("image_ch1", "image_bg", "image_ch2", "image_ch10", "mask")
    np.testing.assert_array_equal(reader.read([2])[0], stacks["image_ch1"][2])


def test_that_one_channel_as_last_axis_is_named_like_others(tmp_path):
    image, other = noise(3, 4, 5, 1), noise(3, 4, 5, 1) // 2
    reader = open_source(write_events(tmp_path / "a.rtdc", image=image, image_other=other))
    assert reader.source.channels == ("image", "image_other")
    np.testing.assert_array_equal(reader.read([1], ("image_other", "image"))[0], np.dstack([other[1], image[1]]))


@pytest.mark.parametrize(("kind", "white"), [("uint8", 255), ("uint16", 65535), ("float32", 1)])
@pytest.mark.parametrize("stored", [bool, np.uint8])
def test_that_a_mask_is_black_and_white(tmp_path, kind, white, stored):
    mask = noise(3, 4, 5) > 99
    path = write_events(tmp_path / "a.rtdc", image=noise(3, 4, 5).astype(kind), mask=mask.astype(stored))
    [image] = open_source(path).read([1], ("mask",))
    assert str(image.dtype) == kind
    np.testing.assert_array_equal(image[:, :, 0], np.where(mask[1], white, 0))


def test_that_stacks_of_fewer_bits_keep_their_levels_and_of_more_are_no_channels(tmp_path):
    gray = noise(3, 4, 5)
    deep = gray.astype(np.uint16) * 16
    path = write_events(tmp_path / "deep.rtdc", image=deep, image_bg=gray)
    [image] = open_source(path).read([2], ("image_bg", "image"))
    np.testing.assert_array_equal(image, np.dstack([gray[2], deep[2]]))
    path = write_events(tmp_path / "gray.rtdc", image=gray, image_deep=deep, phase=gray.astype(np.float32))
    assert open_source(path).source.channels == ("image",)


def test_that_links_to_nowhere_are_passed_over(tmp_path):
    path = write_events(tmp_path / "a.rtdc", image=noise(3, 4, 5))
    with h5py.File(path, "a") as file:
        file["events/image_bg"] = h5py.SoftLink("/nowhere")
        file["events/image_ext"] = h5py.ExternalLink("gone.rtdc", "events/image")
    assert open_source(path).source.channels == ("image",)


def test_that_a_measurement_is_read_while_it_is_written(tmp_path):
    path = tmp_path / "a.rtdc"
    # By another process, as HDF5 knows within one that the file is open.
    script = f"""
import h5py, numpy, sys
with h5py.File({str(path)!r}, "w", libver="latest") as file:
    images = file.create_dataset("events/image", (3, 4, 5), "uint8", maxshape=(None, 4, 5), chunks=(1, 4, 5))
    images[:] = 7
    file.swmr_mode = True
    images.flush()
    print("ready", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout.readline() == "ready\n"
        reader = open_source(path)
        assert reader.source.n_images == 3
        assert (reader.read([2])[0] == 7).all()
        writer.stdin.close()
    assert (reader.read([0])[0] == 7).all()


def test_that_files_of_dclab_are_read(tmp_path):
    from dclab.rtdc_dataset import RTDCWriter

    path = tmp_path / "a.rtdc"
    images, background, mask = noise(30, 8, 20), noise(30, 8, 20) // 2, noise(30, 8, 20) > 99
    with RTDCWriter(path, mode="reset") as writer:
        writer.store_metadata({"experiment": {"sample": "a", "run index": 1}, "imaging": {"pixel size": 0.5}})
        writer.store_feature("image", images)
        writer.store_feature("image_bg", background)
        writer.store_feature("mask", mask)
        writer.store_feature("deform", np.linspace(0, 0.2, 30))
        writer.store_feature("pos_x", np.linspace(1, 9, 30))
        writer.store_feature("pos_y", np.linspace(1, 3, 30))
        writer.store_feature("trace", {"fl1_raw": np.ones((30, 50), np.int16)})
    reader = open_source(path)
    assert reader.source.channels == ("image", "image_bg", "mask")
    np.testing.assert_array_equal(reader.read(range(30)), images)
    expected = np.dstack([background[3], mask[3] * np.uint8(255)])
    np.testing.assert_array_equal(reader.read([3], ("image_bg", "mask"))[0], expected)
    np.testing.assert_allclose(reader.positions([0, 29]), [[2, 2], [18, 6]])


def test_that_a_channel_that_is_not_there_is_named(tmp_path):
    reader = open_source(write_events(tmp_path / "a.rtdc", image=noise(3, 4, 5)))
    with pytest.raises(DataError, match=r"a\.rtdc has no channel 'DAPI': it has image"):
        reader.read([0], ("DAPI",))


def test_that_broken_floating_point_images_are_refused(tmp_path):
    reader = open_source(write_events(tmp_path / "a.rtdc", image=np.full((2, 4, 5), np.nan, np.float32)))
    with pytest.raises(DataError, match="not finite"):
        reader.read([0])

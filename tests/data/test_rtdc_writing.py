"""What is written is read again exactly, and the RT-DC programs' own check finds nothing to complain of."""

from itertools import pairwise

import h5py
import numpy as np
import pytest
from dclab.cli import verify_dataset
from dclab.rtdc_dataset.check import check_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aid_desktop.data.formats import open_source
from aid_desktop.data.pixels import PIXEL_TYPES
from aid_desktop.data.rtdc_writing import RtdcWriter, write_rtdc
from aid_desktop.errors import DataError


def noise(*shape, kind="uint8"):
    return (np.random.default_rng(0).random(shape) * 255).astype(kind)


@st.composite
def stacks(draw):
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 9), st.integers(1, 9)))
    kind = draw(st.sampled_from(PIXEL_TYPES))
    channels = draw(st.sampled_from([(), (3,), (5,)]))
    elements = st.floats(0, 1, width=32) if kind == "float32" else None
    images = draw(arrays(kind, (*shape, *channels), elements=elements))
    positions = draw(arrays(np.float64, (shape[0], 2), elements=st.floats(-50, 5000)))
    return images, positions


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(stacks(), st.lists(st.integers(0, 40), max_size=4))
def test_that_images_and_positions_are_read_back_exactly_however_they_came(tmp_path, stack, cuts):
    images, positions = stack
    path = tmp_path / "a.rtdc"
    with RtdcWriter(path, images.shape[1:], str(images.dtype)) as writer:
        borders = [0, *sorted(min(cut, len(images)) for cut in cuts), len(images)]
        for start, stop in pairwise(borders):
            writer.append(images[start:stop], positions[start:stop])
    assert writer.n_images == len(images)
    reader = open_source(path)
    everything = np.arange(len(images))
    found = np.stack(reader.read(everything))
    assert found.dtype == images.dtype
    np.testing.assert_array_equal(found, images)
    np.testing.assert_array_equal(reader.positions(everything), positions)
    path.unlink()


@pytest.mark.parametrize("kind", PIXEL_TYPES)
@pytest.mark.parametrize("shape", [(300, 20, 70), (1, 5, 4), (30, 6, 7, 3), (3, 4, 5, 6), (2, 800, 900)])
def test_that_dclab_finds_no_violation_and_no_alert(tmp_path, shape, kind):
    path = tmp_path / "cells.rtdc"
    write_rtdc(path, noise(*shape, kind=kind), sample="blood of Zoë")
    violations, alerts, infos = check_dataset(path)
    assert (violations, alerts) == ([], [])
    assert "Compression: All" in infos


def test_that_the_command_of_dclab_ends_with_0(tmp_path, capsys):
    write_rtdc(tmp_path / "a.rtdc", noise(12, 8, 9))
    with pytest.raises(SystemExit) as end:
        verify_dataset(tmp_path / "a.rtdc")
    assert end.value.code == 0
    assert "0 violations and 0 alerts" in capsys.readouterr().out


@pytest.mark.parametrize("n_images", [1, 500])
def test_that_files_have_the_layout_of_rt_dc(tmp_path, n_images):
    path = tmp_path / "cells.rtdc"
    write_rtdc(path, noise(n_images, 20, 700))
    with h5py.File(path) as file:
        images = file["events/image"]
        assert images.chunks == (2**20 // (20 * 700), 20, 700)
        assert images.maxshape == (None, 20, 700)
        assert images.fletcher32
        for name, value in {"CLASS": b"IMAGE", "IMAGE_VERSION": b"1.2", "IMAGE_SUBCLASS": b"IMAGE_GRAYSCALE"}.items():
            assert images.attrs[name] == value
            assert images.attrs.get_id(name).dtype.kind == "S"
        assert (file["events/pos_x"][:] == 350).all()
        assert (file["events/pos_y"][:] == 10).all()
        np.testing.assert_array_equal(file["events/index"], np.arange(1, n_images + 1))
        assert file.attrs["experiment:event count"] == n_images
        assert file.attrs["experiment:sample"] == "cells"
        assert file.attrs["imaging:pixel size"] == 1.0
        assert (file.attrs["imaging:roi size x"], file.attrs["imaging:roi size y"]) == (700, 20)
        assert file.attrs["setup:medium"] == "undefined"
        assert file.attrs["user:format version"] == 1


@pytest.mark.parametrize(
    ("images", "positions", "message"),
    [
        (np.zeros((0, 4, 4), np.uint8), None, "no images"),
        (np.zeros((2, 0, 4), np.uint8), None, "no images"),
        (np.zeros((2, 4, 4), np.float64), None, "float64"),
        (np.zeros((4, 4), np.uint8), None, r"shape \(4,\)"),
        (np.zeros((2, 4, 4), np.uint8), np.zeros((3, 2)), "do not fit"),
    ],
)
def test_that_other_arrays_are_not_written(tmp_path, images, positions, message):
    with pytest.raises(DataError, match=message):
        write_rtdc(tmp_path / "a.rtdc", images, positions)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("images", [noise(2, 5, 4), noise(2, 4, 5, kind="uint16"), noise(2, 4, 5, 3)])
def test_that_images_unlike_the_first_ones_are_refused_and_nothing_is_written(tmp_path, images):
    def write():
        with RtdcWriter(tmp_path / "a.rtdc", (4, 5)) as writer:
            writer.append(noise(3, 4, 5))
            writer.append(images)

    with pytest.raises(DataError, match="do not fit"):
        write()
    assert not list(tmp_path.iterdir())


def test_that_an_error_on_the_way_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.rtdc"
    write_rtdc(path, noise(3, 4, 5))

    def fail():
        with RtdcWriter(path, (9, 9)) as writer:
            writer.append(noise(2, 9, 9))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == [path]
    assert open_source(path).source.shapes == ((4, 5, 1),)


def test_that_a_name_that_is_no_text_is_written_as_one(tmp_path):
    write_rtdc(tmp_path / "a.rtdc", noise(1, 4, 5), sample="cells \udcff")
    with h5py.File(tmp_path / "a.rtdc") as file:
        assert file.attrs["experiment:sample"] == r"cells \udcff"


def test_that_a_file_in_a_missing_folder_is_not_written(tmp_path):
    with pytest.raises(DataError, match=r"a\.rtdc cannot be written: No such file or directory"):
        write_rtdc(tmp_path / "no" / "a.rtdc", noise(2, 4, 4))


@pytest.mark.parametrize("n_bytes", [0, 500, 3000, 100_000, 490_000])
def test_that_a_full_disk_is_told_and_leaves_nothing(tmp_path, n_bytes):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        with pytest.raises(DataError, match="cannot be written"):
            write_rtdc(tmp_path / "a.rtdc", noise(50, 100, 100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())

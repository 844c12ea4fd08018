"""From folders and files to one .rtdc file."""

import numpy as np
import pytest
from dclab.rtdc_dataset.check import check_dataset
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aid_desktop.data import convert
from aid_desktop.data.conversion import ConvertSettings
from aid_desktop.data.convert import convert_sources
from aid_desktop.data.folders import FolderReader
from aid_desktop.data.formats import open_source
from aid_desktop.data.geometry import crop_pad
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.errors import DataError, StoppedError


def noise(*shape, kind=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(kind).max, shape, kind)


@pytest.fixture
def folder(tmp_path, write_image):
    """Return a folder of images of three sizes, 10 × 8, 21 × 13 and 5 × 30 px."""
    for number, shape in enumerate([(8, 10), (13, 21), (8, 10), (30, 5), (8, 10)]):
        write_image(tmp_path / "cells" / f"{number}.png", noise(*shape, seed=number))
    return tmp_path / "cells"


def convert_paths(paths, out, wanted, **options):
    return convert_sources([open_source(path).source for path in paths], out, wanted, **options)


def read_all(path):
    reader = open_source(path)
    everything = np.arange(reader.source.n_images)
    return reader.read(everything), reader.positions(everything)


def test_that_a_folder_of_unequal_images_becomes_one_valid_file(tmp_path, folder):
    out = tmp_path / "new" / "cells.rtdc"
    told = []
    report = convert_paths([folder], out, ConvertSettings(size=(12, 9)), progress=lambda *a: told.append(a))
    assert (report.path, report.n, report.shape, report.problems) == (out, 5, (9, 12, 1), ())
    assert told[-1] == (5, 5)
    images, positions = read_all(out)
    for image, original in zip(images, open_source(folder).read(range(5)), strict=True):
        centre = original.shape[1] / 2, original.shape[0] / 2
        np.testing.assert_array_equal(image, crop_pad(original, centre, 12, 9, "constant"))
    assert (positions == (6, 4.5)).all()
    assert check_dataset(out)[:2] == ([], [])


def test_that_images_are_cut_out_around_their_objects(tmp_path):
    images, positions = noise(30, 20, 40), np.random.default_rng(1).uniform(0, 40, (30, 2))
    write_rtdc(tmp_path / "a.rtdc", images, positions)
    convert_paths([tmp_path / "a.rtdc"], tmp_path / "b.rtdc", ConvertSettings(size=(8, 6), padding="edge"))
    for image, original, position in zip(read_all(tmp_path / "b.rtdc")[0], images, positions, strict=True):
        np.testing.assert_array_equal(image, crop_pad(original, tuple(position), 8, 6, "edge"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=4), st.integers(1, 20))
def test_that_files_of_one_size_are_joined_exactly_whatever_the_blocks(tmp_path, lengths, block):
    parts, paths = [], []
    for number, length in enumerate(lengths):
        paths.append(tmp_path / f"{number}.rtdc")
        parts.append((noise(length, 4, 5, seed=number), np.random.default_rng(number).uniform(0, 5, (length, 2))))
        write_rtdc(paths[-1], *parts[-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(convert, "_BLOCK", block)
        report = convert_paths(paths, tmp_path / "all.rtdc", ConvertSettings(), overwrite=True)
    assert report.n == sum(lengths)
    images, positions = read_all(tmp_path / "all.rtdc")
    np.testing.assert_array_equal(images, np.concatenate([part for part, _ in parts]))
    np.testing.assert_array_equal(positions, np.concatenate([known for _, known in parts]))


def test_that_16_bits_stay_16_bits(tmp_path, write_image):
    for number in range(3):
        write_image(tmp_path / "deep" / f"{number}.png", noise(6, 7, kind=np.uint16, seed=number))
    convert_paths([tmp_path / "deep"], tmp_path / "deep.rtdc", ConvertSettings())
    images, _ = read_all(tmp_path / "deep.rtdc")
    for number, image in enumerate(images):
        np.testing.assert_array_equal(image, noise(6, 7, kind=np.uint16, seed=number))
        assert image.dtype == np.uint16


def test_that_8_and_16_bits_become_16_bits_without_loss(tmp_path, write_image):
    write_image(tmp_path / "a" / "0.png", noise(6, 7))
    write_image(tmp_path / "a" / "1.png", noise(6, 7, kind=np.uint16))
    with pytest.raises(DataError, match="images of 8 bits and 16 bits"):
        convert_paths([tmp_path / "a"], tmp_path / "a.rtdc", ConvertSettings())
    convert_paths([tmp_path / "a"], tmp_path / "a.rtdc", ConvertSettings(pixel_type="uint16"))
    images, _ = read_all(tmp_path / "a.rtdc")
    np.testing.assert_array_equal(images[0], noise(6, 7) * np.uint16(257))
    np.testing.assert_array_equal(images[1], noise(6, 7, kind=np.uint16))
    assert check_dataset(tmp_path / "a.rtdc")[:2] == ([], [])


def test_that_gray_and_rgb_images_become_rgb(tmp_path, write_image):
    write_image(tmp_path / "a" / "0.png", noise(6, 7))
    write_image(tmp_path / "a" / "1.png", noise(6, 7, 3))
    report = convert_paths([tmp_path / "a"], tmp_path / "a.rtdc", ConvertSettings(channels="rgb"))
    assert report.shape == (6, 7, 3)
    images, _ = read_all(tmp_path / "a.rtdc")
    np.testing.assert_array_equal(images[0], np.dstack([noise(6, 7)] * 3))
    np.testing.assert_array_equal(images[1], noise(6, 7, 3))


@pytest.mark.parametrize(("size", "n_bytes"), [((4, 4), 2 * 13 * 21), ((40, 40), 2 * 40 * 40)])
def test_that_large_images_are_converted_a_few_at_a_time(tmp_path, folder, monkeypatch, size, n_bytes):
    monkeypatch.setattr(convert, "_BLOCK_BYTES", n_bytes)
    n_read = []
    read = FolderReader.read
    monkeypatch.setattr(FolderReader, "read", lambda self, i, *a: n_read.append(len(i)) or read(self, i, *a))
    convert_paths([folder], tmp_path / "cells.rtdc", ConvertSettings(size=size))
    assert n_read == [2, 2, 1]


def test_that_unreadable_images_are_listed_and_the_others_written(tmp_path, folder, monkeypatch):
    (folder / "broken.png").write_bytes(b"no picture")
    opened = convert.reopen

    def damage_then_reopen(source):
        reader = opened(source)
        (folder / "3.png").write_bytes(b"damaged since")
        return reader

    monkeypatch.setattr(convert, "reopen", damage_then_reopen)
    report = convert_paths([folder], tmp_path / "cells.rtdc", ConvertSettings(size=(12, 9)))
    assert report.n == 4
    assert [problem.name.rpartition("/")[2] for problem in report.problems] == ["broken.png", "3.png"]
    assert "It could be read when it was added" in report.problems[1].reason
    assert len(read_all(tmp_path / "cells.rtdc")[0]) == 4


def test_that_a_file_is_overwritten_only_when_this_is_wanted(tmp_path, folder):
    out = tmp_path / "cells.rtdc"
    write_rtdc(out, noise(2, 4, 4))
    before = out.read_bytes()
    with pytest.raises(DataError, match=r"cells\.rtdc exists already"):
        convert_paths([folder], out, ConvertSettings(size=(12, 9)))
    assert out.read_bytes() == before
    assert convert_paths([folder], out, ConvertSettings(size=(12, 9)), overwrite=True).n == 5
    assert len(read_all(out)[0]) == 5


def test_that_a_file_is_never_written_over_its_own_images(tmp_path):
    write_rtdc(tmp_path / "a.rtdc", noise(2, 4, 4))
    with pytest.raises(DataError, match="itself one of the files"):
        convert_paths([tmp_path / "a.rtdc"], tmp_path / "a.rtdc", ConvertSettings(size=(2, 2)), overwrite=True)


@pytest.mark.parametrize("n_asked", [1, 4])
def test_that_a_stop_leaves_the_old_file_and_nothing_else(tmp_path, folder, n_asked, monkeypatch):
    monkeypatch.setattr(convert, "_BLOCK", 1)
    out = tmp_path / "cells.rtdc"
    write_rtdc(out, noise(2, 4, 4))
    asked = iter(range(100))
    with pytest.raises(StoppedError):
        convert_paths(
            [folder], out, ConvertSettings(size=(9, 9)), overwrite=True, should_stop=lambda: next(asked) >= n_asked - 1
        )
    assert open_source(out).source.n_images == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells", "cells.rtdc"]


@pytest.mark.parametrize(
    ("name", "wanted", "message"),
    [
        ("cells.h5", ConvertSettings(size=(9, 9)), r"ends with \.rtdc"),
        ("cells.rtdc", ConvertSettings(), "differ in size"),
        ("cells/0.png/cells.rtdc", ConvertSettings(size=(9, 9)), "cannot be written"),
    ],
)
def test_that_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path, folder, name, wanted, message):
    with pytest.raises(DataError, match=message):
        convert_paths([folder], tmp_path / name, wanted)
    assert list(tmp_path.iterdir()) == [folder]

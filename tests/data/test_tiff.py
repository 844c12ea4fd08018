from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aid_desktop.data.decode import count_pages, decode_pages
from aid_desktop.data.formats import open_source
from aid_desktop.data.tiff import needs_tifffile
from aid_desktop.errors import DataError


def levels(*shape, kind="uint16"):
    return np.random.default_rng(0).integers(0, 200 if kind == "uint8" else 4000, shape).astype(kind)


def written(path, array, **options):
    tifffile.imwrite(path, array, **options)
    return path


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "int32", "uint32", "float64", "int16"])
@pytest.mark.parametrize("n_pages", [1, 4])
def test_that_pages_of_any_depth_keep_their_grey_levels(tmp_path, kind, n_pages):
    array = levels(n_pages, 12, 15, kind=kind)
    path = written(tmp_path / "a.tif", array, photometric="minisblack")
    assert count_pages(path) == n_pages
    images = decode_pages(path)
    assert {image.ndim for image in images} == {2}
    np.testing.assert_array_equal(np.stack(images), array)
    np.testing.assert_array_equal(decode_pages(path, pages=[n_pages - 1])[0], array[-1])


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("kind", ["uint8", "uint16"])
@pytest.mark.parametrize("n_channels", [2, 4, 5])
def test_that_any_number_of_channels_is_kept(tmp_path, planar, kind, n_channels):
    array = levels(12, 15, n_channels, kind=kind)
    stored = array if planar == "contig" else np.moveaxis(array, 2, 0)
    path = written(tmp_path / "a.tif", stored, photometric="minisblack", planarconfig=planar)
    [image] = decode_pages(path)
    np.testing.assert_array_equal(image, array)
    reader = open_source(path)
    assert reader.source.channels == tuple(f"channel {number}" for number in range(1, n_channels + 1))
    np.testing.assert_array_equal(reader.read([0], ("channel 2",))[0][:, :, 0], array[:, :, 1])


@settings(max_examples=25, deadline=None)
@given(
    axes=st.lists(st.sampled_from("TZC"), unique=True).map(lambda found: [axis for axis in "TZC" if axis in found]),
    lengths=st.lists(st.integers(2, 3), min_size=3, max_size=3),
    kind=st.sampled_from(["uint8", "uint16", "float32"]),
    program=st.sampled_from(["imagej", "ome"]),
    data=st.data(),
)
def test_that_channels_of_microscope_stacks_become_channels_and_other_axes_images(
    tmp_path_factory, axes, lengths, kind, program, data
):
    shape = (*lengths[: len(axes)], 8, 9)
    array = levels(*shape, kind=kind)
    path = tmp_path_factory.mktemp("stack") / "a.tif"
    tifffile.imwrite(path, array, **{program: True}, photometric="minisblack", metadata={"axes": "".join(axes) + "YX"})
    expected = np.moveaxis(array, axes.index("C"), -1) if "C" in axes else array[..., np.newaxis]
    expected = expected.reshape(-1, 8, 9, expected.shape[-1])
    assert count_pages(path) == len(expected)
    number = data.draw(st.integers(0, len(expected) - 1))
    [image] = decode_pages(path, pages=[number])
    np.testing.assert_array_equal(image.reshape(expected[number].shape), expected[number])


def test_that_a_stack_without_a_page_for_each_image_is_read(tmp_path):
    array = levels(6, 8, 9)
    with tifffile.TiffWriter(tmp_path / "a.tif", imagej=True) as writer:
        # As ImageJ does above 4 GB: one page describes the block of all images.
        writer.write(array, metadata={"axes": "TYX"}, contiguous=True)
    assert count_pages(tmp_path / "a.tif") == 6
    np.testing.assert_array_equal(np.stack(decode_pages(tmp_path / "a.tif")), array)


def test_that_pages_of_different_sizes_are_images_of_their_own(tmp_path):
    first, second = levels(8, 9), levels(5, 4)
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(first)
        writer.write(second)
    images = decode_pages(tmp_path / "a.tif")
    np.testing.assert_array_equal(images[0], first)
    np.testing.assert_array_equal(images[1], second)


@pytest.mark.parametrize("options", [{}, {"metadata": None}])
def test_that_pages_come_in_the_order_of_the_file(tmp_path, options):
    pages = [levels(8, 9), levels(5, 4), levels(8, 9) + 1]
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for page in pages:
            writer.write(page, **options)
    for number in (2, 1, 0):
        np.testing.assert_array_equal(decode_pages(tmp_path / "a.tif", pages=[number])[0], pages[number])


@pytest.mark.parametrize("compression", ["zlib", "lzw", "packbits", "zstd", "lzma"])
@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}, {"rowsperstrip": 3}, {"byteorder": ">"}])
@pytest.mark.parametrize("kind", ["uint16", "float32", "int32"])
def test_that_no_compression_or_layout_changes_a_level(tmp_path, compression, options, kind):
    array = levels(20, 31, kind=kind)
    path = written(tmp_path / "a.tif", array, compression=compression, **options)
    np.testing.assert_array_equal(decode_pages(path)[0], array)


@settings(max_examples=60, deadline=None)
@given(
    part=st.floats(0, 1),
    compression=st.sampled_from([None, "zlib", "lzw", "zstd"]),
    options=st.sampled_from([{}, {"tile": (16, 16)}, {"rowsperstrip": 3}]),
)
@pytest.mark.filterwarnings("ignore")
def test_that_a_deep_file_cut_anywhere_is_read_rightly_or_refused(part, compression, options):
    array, file = levels(20, 31), BytesIO()
    tifffile.imwrite(file, array, compression=compression, **options)
    content = file.getvalue()
    try:
        [image] = decode_pages(Path("cut.tif"), content[: round(part * len(content))])
    except DataError:
        return
    np.testing.assert_array_equal(image, array)


def test_that_negative_levels_stay_negative(tmp_path):
    array = np.array([[-5, 0, 127], [3, -128, 1]], np.int8)
    np.testing.assert_array_equal(decode_pages(written(tmp_path / "a.tif", array))[0], array)


@pytest.mark.parametrize(
    ("array", "options", "message"),
    [
        (levels(8, 9, 4), {"photometric": "separated"}, "colours of the kind SEPARATED: save it as RGB or grey"),
        (np.ones((4, 4), np.complex64), {}, "pixels of the type complex64"),
        (np.full((4, 4), np.nan, np.float32), {}, "not finite"),
    ],
)
def test_that_pixels_without_meaning_are_refused(tmp_path, array, options, message):
    with pytest.raises(DataError, match=message):
        decode_pages(written(tmp_path / "a.tif", array, **options))


def test_that_an_unknown_compression_is_named(tmp_path):
    path = written(tmp_path / "a.tif", levels(8, 9), compression="zlib")
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages.first.tags["Compression"].overwrite(32809)
    with pytest.raises(DataError, match=r"cannot be read \(THUNDERSCAN\): save it without compression"):
        decode_pages(path)


def test_that_deep_pages_after_a_plain_one_are_refused_rather_than_cut(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(levels(8, 9, kind="uint8"), metadata=None)
        writer.write(levels(8, 9, 3), metadata=None, photometric="rgb")
    with pytest.raises(DataError, match="more than 8 bits after one of 8 bits"):
        decode_pages(tmp_path / "a.tif")


def test_that_an_attack_on_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 30)
    with pytest.raises(DataError, match="more than 60 pixels"):
        decode_pages(written(tmp_path / "a.tif", levels(8, 9)))


def test_that_transparency_is_no_channel(tmp_path):
    array = levels(8, 9, 4)
    path = written(tmp_path / "a.tif", array, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(decode_pages(path)[0], array[:, :, :3])


def test_that_white_is_bright_whatever_the_file_calls_it(tmp_path):
    array = levels(8, 9)
    path = written(tmp_path / "a.tif", array, photometric="miniswhite")
    np.testing.assert_array_equal(decode_pages(path)[0], 65535 - array)


def test_that_an_orientation_is_applied(tmp_path):
    array = levels(8, 9)
    path = written(tmp_path / "a.tif", array, extratags=[(274, "H", 1, 6, True)])
    np.testing.assert_array_equal(decode_pages(path)[0], np.rot90(array, -1))


def test_that_plain_pictures_stay_with_pillow():
    for array, options in ((levels(8, 9, kind="uint8"), {}), (levels(8, 9, 3, kind="uint8"), {"photometric": "rgb"})):
        file = BytesIO()
        tifffile.imwrite(file, array, **options)
        file.seek(0)
        assert not needs_tifffile(file)
        assert file.tell() == 0

"""One form for all images: what it is, and why there is none."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aid_desktop.data.conversion import ConvertSettings, count_shapes, plan_conversion
from aid_desktop.data.geometry import crop_pad, resize
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError, SettingsError


def source(*shapes, counts=(), types=("uint8",), n=None):
    n = n or sum(counts) or len(shapes)
    return DataSource(Path("/a"), SourceKind.FOLDER, n, shapes, "", shape_counts=counts, pixel_types=types)


MIXED = source((8, 10, 1), (8, 10, 3), (9, 9, 1), counts=(7, 5, 2))


def test_that_shapes_of_all_sources_are_counted_together():
    other = source((9, 9, 1), n=6)
    assert list(count_shapes([MIXED, other]).items()) == [((9, 9, 1), 8), ((8, 10, 1), 7), ((8, 10, 3), 5)]
    unknown = source((8, 10, 1), (3, 3, 1))
    assert count_shapes([other, unknown]) == {(9, 9, 1): 6, (8, 10, 1): None, (3, 3, 1): None}


def test_that_without_a_size_unequal_sizes_are_named_with_their_numbers():
    with pytest.raises(DataError, match=r"differ in size: 10 × 8 px \(12\), 9 × 9 px \(2\)\. Give one size"):
        plan_conversion([MIXED], ConvertSettings(channels="gray"))
    many = source(*((8, side, 1) for side in range(1, 30)))
    with pytest.raises(DataError, match=r"1 × 8 px, .*8 × 8 px and 21 more"):
        plan_conversion([many], ConvertSettings())
    assert plan_conversion([source((8, 10, 1), (8, 10, 3))], ConvertSettings("rgb")).shape == (8, 10, 3)


def test_that_unequal_channels_are_refused_unless_they_become_gray_or_rgb():
    with pytest.raises(DataError, match=r"number of channels \(1 and 3\): choose gray or rgb"):
        plan_conversion([MIXED], ConvertSettings(size=(6, 4)))
    assert plan_conversion([MIXED], ConvertSettings("gray", (6, 4))).shape == (4, 6, 1)
    assert plan_conversion([MIXED], ConvertSettings("rgb", (6, 4))).image_shape == (4, 6, 3)
    five = source((8, 8, 5))
    with pytest.raises(DataError, match="5 channels, which cannot become gray"):
        plan_conversion([five], ConvertSettings("gray"))
    assert plan_conversion([five], ConvertSettings(size=(6, 4))).shape == (4, 6, 5)


@pytest.mark.parametrize(
    ("types", "wanted", "found"),
    [
        (("uint8",), "keep", "uint8"),
        (("uint16",), "keep", "uint16"),
        (("uint8", "uint16"), "uint16", "uint16"),
        (("uint8",), "uint16", "uint16"),
        (("uint16", "float32", "uint8"), "float32", "float32"),
    ],
)
def test_that_the_depth_is_kept_or_raised(types, wanted, found):
    assert plan_conversion([source((8, 8, 1), types=types)], ConvertSettings(pixel_type=wanted)).pixel_type == found


def test_that_unequal_depths_are_refused_and_none_is_lowered():
    mixed = source((8, 8, 1), types=("uint16", "uint8"))
    with pytest.raises(DataError, match="images of 8 bits and 16 bits: choose the depth 16 bits for all"):
        plan_conversion([mixed], ConvertSettings())
    deep = source((8, 8, 1), types=("float32",))
    with pytest.raises(DataError, match="floating-point: they would lose grey levels in 16 bits"):
        plan_conversion([deep], ConvertSettings(pixel_type="uint16"))
    with pytest.raises(DataError, match="no images to convert"):
        plan_conversion([], ConvertSettings())


@pytest.mark.parametrize(
    "wrong", [{"channels": "blue"}, {"pixel_type": "uint8"}, {"fit": "stretch"}, {"resize": "best"}, {"size": (1, 9)}]
)
def test_that_settings_that_do_not_exist_are_refused(wrong):
    with pytest.raises(SettingsError, match="got"):
        ConvertSettings(**wrong)


@given(arrays(np.uint8, (3, 4)))
def test_that_white_stays_white_and_no_grey_level_is_lost(image):
    raised = plan_conversion([source((3, 4, 1))], ConvertSettings(pixel_type="uint16")).apply(image, (2, 1.5))
    np.testing.assert_array_equal(raised, image * np.uint16(257))
    floats = plan_conversion([source((3, 4, 1))], ConvertSettings(pixel_type="float32")).apply(image, (2, 1.5))
    np.testing.assert_array_equal(floats, (image / 255).astype(np.float32))


positions = st.tuples(st.floats(-20, 40), st.floats(-20, 40))


@given(arrays(np.uint16, (7, 9)), positions, st.sampled_from(["constant", "edge", "wrap"]))
def test_that_crop_and_pad_keep_the_grey_levels_around_the_position(image, position, padding):
    plan = plan_conversion([source((7, 9, 1), types=("uint16",))], ConvertSettings(size=(6, 11), padding=padding))
    np.testing.assert_array_equal(plan.apply(image, position), crop_pad(image, position, 6, 11, padding))
    np.testing.assert_array_equal(plan.positions(np.array([position])), [[3, 5.5]])


@pytest.mark.parametrize("method", ["nearest", "linear", "area", "cubic", "lanczos"])
def test_that_scaling_uses_the_whole_image(rng, method):
    image = rng.integers(0, 256, (20, 30, 3), np.uint8)
    plan = plan_conversion([source((20, 30, 3))], ConvertSettings(size=(12, 9), fit="scale", resize=method))
    np.testing.assert_array_equal(plan.apply(image, (0, 0)), resize(image, (12, 9), method))


def test_that_scaling_can_keep_the_aspect():
    image = np.full((10, 20), 200, np.uint8)
    plan = plan_conversion([source((10, 20, 1))], ConvertSettings(size=(8, 8), fit="scale_keep_aspect"))
    fitted = plan.apply(image, (0, 0))
    assert (fitted[2:6] == 200).all()
    assert not fitted[:2].any()
    assert not fitted[6:].any()


def test_that_without_a_size_positions_stay():
    plan = plan_conversion([source((8, 8, 1))], ConvertSettings())
    known = np.array([[1.5, 700.25]])
    np.testing.assert_array_equal(plan.positions(known), known)

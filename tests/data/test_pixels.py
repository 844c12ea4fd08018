import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aid_desktop.data.pixels import (
    PIXEL_TYPES,
    as_pixels,
    channel_names,
    pick_channels,
    pixel_type_of,
    pixel_type_text,
    to_type,
    white_level_of,
)
from aid_desktop.errors import DataError

WHOLE = ("uint8", "int8", "uint16", "int16", "uint32", "int32")


@given(st.sampled_from(WHOLE).flatmap(lambda kind: arrays(kind, (3, 4))))
def test_that_grey_levels_keep_their_values(array):
    kept = as_pixels(array)
    assert str(kept.dtype) == pixel_type_of(array.dtype) in PIXEL_TYPES
    # float32 holds 24 bits of a whole number.
    np.testing.assert_allclose(kept.astype(np.float64), array.astype(np.float64), rtol=2**-24)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_that_pixel_types_are_not_copied(kind):
    array = np.ones((2, 2), kind)
    assert as_pixels(array) is array


def test_that_one_bit_becomes_black_and_white():
    np.testing.assert_array_equal(as_pixels(np.array([[False, True]])), np.array([[0, 255]], np.uint8))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_that_numbers_that_are_not_finite_are_refused(value):
    with pytest.raises(DataError, match="not finite"):
        as_pixels(np.array([[0.5, value]]))


@pytest.mark.parametrize("array", [np.array([["a"]]), np.array([[1j]])])
def test_that_other_types_are_named(array):
    with pytest.raises(DataError, match=str(array.dtype)):
        as_pixels(array)


def test_that_computed_values_are_rounded_and_saturated():
    values = np.array([-3.0, 0.5, 1.5, 300.0, 70000.0])
    np.testing.assert_array_equal(to_type(values, "uint8"), [0, 0, 2, 255, 255])
    np.testing.assert_array_equal(to_type(values, "uint16"), [0, 0, 2, 300, 65535])
    np.testing.assert_array_equal(to_type(values, "float32"), values.astype(np.float32))


def test_that_channels_have_names_that_people_know():
    assert channel_names(1) == ("gray",)
    assert channel_names(3) == ("red", "green", "blue")
    assert channel_names(4) == ("channel 1", "channel 2", "channel 3", "channel 4")


@given(st.integers(1, 6).flatmap(lambda n: st.permutations(range(n))), st.data())
def test_that_channels_are_picked_by_name_in_the_order_asked_for(order, data):
    n = len(order)
    image = np.random.default_rng(n).integers(0, 256, (4, 5, n), np.uint8)
    wanted = order[: data.draw(st.integers(1, n))]
    names = channel_names(n)
    picked = pick_channels(image, names, [names[place] for place in wanted])
    np.testing.assert_array_equal(picked, image[:, :, wanted])


def test_that_a_grey_image_gives_its_channel():
    image = np.arange(6, dtype=np.uint16).reshape(2, 3)
    np.testing.assert_array_equal(pick_channels(image, ("gray",), ("gray",)), image[:, :, None])


def test_that_a_channel_that_is_not_there_is_named():
    with pytest.raises(DataError, match="no channel 'DAPI': it has red, green, blue"):
        pick_channels(np.zeros((2, 2, 3), np.uint8), channel_names(3), ("DAPI",))


def test_that_depths_are_told_in_words():
    assert [pixel_type_text(kind) for kind in PIXEL_TYPES] == ["8 bits", "16 bits", "floating-point"]
    assert [white_level_of(kind) for kind in PIXEL_TYPES] == [255, 65535, 1]

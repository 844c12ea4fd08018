import itertools
import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aid_desktop.data.geometry import (
    centre_crop,
    crop_pad,
    cut_window,
    enlarged_size,
    fit_image,
    fit_images,
    resize,
    source_indices,
    to_gray,
    to_rgb,
    window_start,
)
from aid_desktop.errors import DataError
from aid_desktop.settings.image import ImageSettings

PADDINGS = ("constant", "edge", "reflect", "symmetric", "wrap")
CV2_BORDERS = {
    "constant": cv2.BORDER_CONSTANT,
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "symmetric": cv2.BORDER_REFLECT,
    "wrap": cv2.BORDER_WRAP,
}

sides = st.integers(1, 12)
images = st.tuples(sides, sides, st.sampled_from([(), (3,)])).flatmap(
    lambda shape: arrays(np.uint8, (shape[0], shape[1], *shape[2]))
)
coordinates = st.floats(-60, 60) | st.integers(-120, 120).map(lambda n: n / 2)


def slow_window(image, left, top, width, height, padding):
    """AIDeveloper's way: pad the whole image by OpenCV as far as needed, then cut."""
    n_rows, n_columns = image.shape[:2]
    before_y, after_y = max(0, -top), max(0, top + height - n_rows)
    before_x, after_x = max(0, -left), max(0, left + width - n_columns)
    padded = cv2.copyMakeBorder(image, before_y, after_y, before_x, after_x, CV2_BORDERS[padding], value=0)
    top, left = top + before_y, left + before_x
    return padded[top : top + height, left : left + width]


@given(st.integers(-1000, 1000), st.integers(1, 100))
def test_that_a_window_starts_at_the_nearest_pixel_and_halves_go_to_even(doubled, side):
    exact = doubled / 2 - side / 2
    start = window_start(doubled / 2, side)
    assert start == np.rint(exact)
    assert abs(start - exact) <= 0.5
    if exact % 1 == 0.5:
        assert start % 2 == 0


@given(images, coordinates, coordinates, sides, sides, st.sampled_from(PADDINGS))
def test_that_every_window_equals_the_one_of_opencv(image, x, y, width, height, padding):
    left, top = window_start(x, width), window_start(y, height)
    cut = crop_pad(image, (x, y), width, height, padding)
    assert cut.shape == (height, width, *image.shape[2:])
    assert cut.dtype == np.uint8
    np.testing.assert_array_equal(cut, slow_window(image, left, top, width, height, padding))


@pytest.mark.parametrize("padding", PADDINGS)
def test_that_padding_on_all_sides_equals_numpys(padding):
    image = np.arange(35, dtype=np.uint8).reshape(5, 7)
    expected = np.pad(image, ((11, 13), (17, 9)), mode=padding)
    np.testing.assert_array_equal(cut_window(image, -17, -11, 7 + 26, 5 + 24, padding), expected)


@given(st.integers(-200, 200), st.integers(1, 30), st.integers(1, 9), st.sampled_from(PADDINGS[1:]))
def test_that_index_maps_stay_inside_and_leave_the_inside_alone(start, length, n, padding):
    indices = source_indices(start, length, n, padding)
    assert len(indices) == length
    assert indices.min() >= 0
    assert indices.max() < n
    places = np.arange(start, start + length)
    inside = (places >= 0) & (places < n)
    np.testing.assert_array_equal(indices[inside], places[inside])


def test_that_an_unknown_padding_is_refused():
    with pytest.raises(ValueError, match="alternate"):
        source_indices(-1, 3, 5, "alternate")


def test_that_a_window_is_a_copy():
    image = np.zeros((4, 4), np.uint8)
    cut_window(image, 0, 0, 4, 4, "constant")[:] = 9
    assert not image.any()


def test_that_gray_is_the_truncated_weighted_sum():
    rgb = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)
    r, g, b = (rgb[..., i].astype(float) for i in range(3))
    np.testing.assert_array_equal(to_gray(rgb), np.floor(0.21 * r + 0.72 * g + 0.07 * b).astype(np.uint8))
    assert to_gray(np.array([[[255, 0, 0]]], np.uint8)) == 53
    assert to_gray(np.full((1, 1, 3), 255, np.uint8)) >= 254


def test_that_gray_becomes_three_equal_channels_and_back():
    gray = np.arange(12, dtype=np.uint8).reshape(3, 4)
    rgb = to_rgb(gray)
    assert rgb.shape == (3, 4, 3)
    assert all((rgb[..., i] == gray).all() for i in range(3))
    assert to_rgb(rgb) is rgb
    assert to_gray(gray) is gray
    np.testing.assert_array_equal(to_gray(gray[..., np.newaxis]), gray)
    np.testing.assert_array_equal(to_rgb(gray[..., np.newaxis]), rgb)


@pytest.mark.parametrize("method", ["nearest", "linear", "area", "cubic", "lanczos"])
def test_that_resizing_gives_the_wanted_size(method):
    image = np.random.default_rng(0).integers(0, 256, (9, 14, 3), np.uint8)
    image.flags.writeable = False
    assert resize(image, (5, 30), method).shape == (30, 5, 3)
    assert resize(image, 2.0, method).shape == (18, 28, 3)
    assert resize(image, 0.01, method).shape == (1, 1, 3)


def test_that_a_zoom_that_would_fill_the_memory_is_refused():
    with pytest.raises(DataError, match="smaller zoom"):
        resize(np.zeros((4000, 4000), np.uint8), 20.0, "linear")


@given(st.integers(2, 300), st.integers(2, 300))
def test_that_the_enlarged_size_covers_the_rotated_image_with_equal_margins(width, height):
    longest = math.sqrt(2) * max(width, height)
    for side, enlarged in zip((width, height), enlarged_size(width, height), strict=True):
        assert enlarged >= longest
        assert enlarged < longest + 2
        assert (enlarged - side) % 2 == 0


@pytest.mark.parametrize("side", [2, 16, 32, 48, 64, 96, 300])
def test_that_the_enlarged_size_of_even_squares_is_the_one_of_aideveloper(side):
    expected = 2 * math.ceil(math.sqrt(2) * side / 2)
    assert enlarged_size(side, side) == (expected, expected)


@given(
    images,
    coordinates,
    coordinates,
    st.builds(
        ImageSettings,
        width=st.integers(2, 14),
        height=st.integers(2, 14),
        channels=st.sampled_from(["gray", "rgb"]),
        padding=st.sampled_from(PADDINGS),
        fit=st.sampled_from(["crop_pad", "scale", "scale_keep_aspect"]),
    ),
    st.sampled_from([1.0, 0.5, 1.7]),
)
def test_that_the_centre_of_the_image_with_margin_is_the_image_without(image, x, y, settings, zoom):
    plain = fit_image(image, (x, y), settings, zoom)
    wide = fit_image(image, (x, y), settings, zoom, margin=True)
    assert plain.shape == settings.input_shape
    full_width, full_height = enlarged_size(settings.width, settings.height)
    assert wide.shape == (full_height, full_width, settings.n_channels)
    np.testing.assert_array_equal(centre_crop(wide[np.newaxis], settings.width, settings.height)[0], plain)


@given(images, coordinates, coordinates)
def test_that_fitting_leaves_the_original_as_it_is(image, x, y):
    before = image.copy()
    fit_image(image, (x, y), ImageSettings(width=5, height=3, channels="rgb"), 1.5)[:] = 0
    np.testing.assert_array_equal(image, before)


def test_that_crop_pad_follows_the_object():
    image = np.zeros((40, 60), np.uint8)
    image[10, 50] = 200
    fitted = fit_image(image, (50, 10), ImageSettings(width=8, height=4))
    assert fitted.shape == (4, 8, 1)
    assert fitted[2, 4, 0] == 200


def test_that_zoom_moves_the_position_with_the_pixels():
    image = np.zeros((40, 60), np.uint8)
    image[20:24, 40:44] = 200
    settings = ImageSettings(width=8, height=8, resize="nearest")
    fitted = fit_image(image, (42, 22), settings, zoom=2.0)
    assert (fitted == 200).all()


def test_that_scale_squeezes_the_whole_image():
    image = np.zeros((10, 20), np.uint8)
    image[:, 10:] = 100
    fitted = fit_image(image, (0, 0), ImageSettings(width=10, height=10, fit="scale", resize="nearest"))
    assert (fitted[:, :5, 0] == 0).all()
    assert (fitted[:, 5:, 0] == 100).all()


def test_that_scale_keep_aspect_pads_the_shorter_side():
    image = np.full((10, 20), 100, np.uint8)
    fitted = fit_image(image, (0, 0), ImageSettings(width=10, height=10, fit="scale_keep_aspect"))[..., 0]
    np.testing.assert_array_equal(fitted.any(axis=1), [*[False] * 2, *[True] * 5, *[False] * 3])
    assert fitted[2:7].min() == 100


@pytest.mark.parametrize(("shape", "size"), list(itertools.product([(1, 100), (100, 1)], [(10, 10), (3, 50)])))
def test_that_scale_keep_aspect_works_for_extreme_shapes(shape, size):
    settings = ImageSettings(width=size[0], height=size[1], fit="scale_keep_aspect")
    assert fit_image(np.full(shape, 7, np.uint8), (0, 0), settings).max() == 7


deep_images = st.tuples(sides, sides, st.integers(1, 6), st.sampled_from(["uint8", "uint16", "float32"])).map(
    lambda drawn: (np.random.default_rng(drawn[0] * 13 + drawn[1]).random(drawn[:3]) * 250).astype(drawn[3])
)


@given(deep_images, coordinates, coordinates, sides, sides, st.sampled_from(PADDINGS), st.booleans())
def test_that_any_depth_and_channels_are_cut_alike(image, x, y, width, height, padding, margin):
    names = tuple(f"channel {number}" for number in range(image.shape[2]))
    settings = ImageSettings(width=max(2, width), height=max(2, height), channels=names, padding=padding)
    fitted = fit_image(image, (x, y), settings, margin=margin)
    assert fitted.dtype == image.dtype
    assert fitted.shape[2] == len(names)
    for place in range(len(names)):
        alone = fit_image(image[:, :, place], (x, y), replace(settings, channels="gray"), margin=margin)
        np.testing.assert_array_equal(fitted[:, :, place], alone[:, :, 0])


@given(deep_images, st.sampled_from(["nearest", "linear", "area", "cubic", "lanczos"]), st.floats(0.3, 4))
def test_that_each_channel_is_resized_on_its_own_and_keeps_its_depth(image, method, factor):
    resized = resize(image, factor, method)
    assert resized.dtype == image.dtype
    for place in range(image.shape[2]):
        alone = resize(np.ascontiguousarray(image[:, :, place]), factor, method)
        np.testing.assert_allclose(resized[:, :, place].astype(float), alone.astype(float), atol=1)


def test_that_16_bits_keep_their_levels_when_colour_is_reduced():
    image = np.full((2, 2, 3), 40_000, np.uint16)
    np.testing.assert_allclose(to_gray(image), 40_000, atol=1)


@pytest.mark.parametrize("convert", [to_gray, to_rgb])
def test_that_other_channels_are_neither_gray_nor_rgb(convert):
    with pytest.raises(DataError, match="5 channels"):
        convert(np.zeros((4, 4, 5), np.uint8))


def test_that_an_image_must_have_the_channels_of_the_settings():
    with pytest.raises(DataError, match="2 channels, expected DAPI"):
        fit_image(np.zeros((4, 4, 2), np.uint8), (2, 2), ImageSettings(channels=("DAPI",)))


@given(
    st.tuples(sides, sides).flatmap(lambda shape: arrays(np.uint8, (4, *shape))),
    arrays(np.float64, (4, 2), elements=coordinates),
    sides,
    sides,
    st.sampled_from(PADDINGS),
    st.booleans(),
)
def test_that_images_of_one_size_are_cut_like_each_of_them(stack, positions, width, height, padding, margin):
    settings = ImageSettings(width=width + 1, height=height + 1, padding=padding)
    fitted = fit_images(list(stack), positions, settings, margin=margin)
    plain = centre_crop(fitted, settings.width, settings.height)
    for image, position, found in zip(stack, positions.tolist(), plain, strict=True):
        expected = crop_pad(image, tuple(position), settings.width, settings.height, padding)
        np.testing.assert_array_equal(found[:, :, 0], expected)


@pytest.mark.parametrize("channels", ["gray", "rgb"])
def test_that_positions_beyond_all_measure_give_the_padding(channels):
    images, settings = [np.full((4, 4), 9, np.uint8)] * 2, ImageSettings(width=2, height=2, channels=channels)
    fitted = fit_images(images, np.array([[1e300, 2.0], [-1e300, 2.0]]), settings)
    assert not fitted.any()
    edge = replace(settings, padding="edge")
    assert (fit_images(images, np.array([[1e300, 2.0], [2.0, -1e300]]), edge) == 9).all()

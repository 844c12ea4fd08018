import numpy as np
import pytest

from aid_desktop.data.display import display_range, to_display


def test_that_images_of_8_bits_are_shown_as_they_are():
    image = np.array([[3, 7], [9, 200]], np.uint8)
    assert display_range([image]) == (0, 255)
    np.testing.assert_array_equal(to_display(image, (0, 10)), image)


def test_that_12_bits_in_16_are_neither_black_nor_wrapped():
    image = np.linspace(200, 4095, 10_000).reshape(100, 100).astype(np.uint16)
    levels = display_range([image])
    shown = to_display(image, levels)
    assert 200 <= levels[0] < 210
    assert 4085 < levels[1] <= 4095
    assert shown.min() == 0
    assert shown.max() == 255
    assert (np.diff(shown.reshape(-1).astype(int)) >= 0).all()


def test_that_images_side_by_side_share_one_range():
    dark, bright = np.full((8, 8), 100, np.uint16), np.full((8, 8), 40_000, np.uint16)
    levels = display_range([dark, bright])
    assert to_display(dark, levels).max() == 0
    assert to_display(bright, levels).min() == 255


def test_that_a_flat_image_has_a_range():
    image = np.full((4, 4), 0.25, np.float32)
    levels = display_range([image])
    assert levels[1] > levels[0]
    assert (to_display(image, levels) == 0).all()


@pytest.mark.parametrize(("n_channels", "shape"), [(1, (6, 5)), (2, (6, 5, 3)), (3, (6, 5, 3)), (5, (6, 5, 3))])
def test_that_any_number_of_channels_can_be_shown(n_channels, shape):
    image = np.random.default_rng(0).integers(0, 4096, (6, 5, n_channels)).astype(np.uint16)
    assert to_display(image, display_range([image])).shape == shape


def test_that_two_channels_are_red_and_green():
    image = np.dstack([np.full((2, 2), 255, np.uint8), np.full((2, 2), 9, np.uint8)])
    np.testing.assert_array_equal(to_display(image, (0, 255))[0, 0], [255, 9, 0])

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aid_desktop.data.normalize import SMALLEST_STD, Normalization, fit_normalization
from aid_desktop.errors import DataError
from aid_desktop.settings.image import NORMALIZATIONS

batches = arrays(np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.sampled_from([1, 3])))


@given(batches, st.sampled_from(NORMALIZATIONS))
def test_that_the_input_of_the_network_is_float32_of_the_same_shape(images, method):
    before = images.copy()
    values = fit_normalization(method, [images]).apply(images)
    assert (values.dtype, values.shape) == (np.float32, images.shape)
    assert np.isfinite(values).all()
    np.testing.assert_array_equal(images, before)


@given(batches)
def test_that_grey_levels_are_kept_or_divided(images):
    np.testing.assert_array_equal(Normalization("none").apply(images), images)
    np.testing.assert_allclose(Normalization("divide_by_255").apply(images), images / 255, rtol=1e-6)


@given(batches)
def test_that_each_image_is_standardized_over_pixels_and_channels(images):
    values = Normalization("standardize_each_image").apply(images)
    for image, value in zip(images.astype(float), values, strict=True):
        expected = (image - image.mean()) / max(image.std(), SMALLEST_STD)
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)


@given(st.lists(batches, min_size=1, max_size=4))
def test_that_mean_and_std_are_those_of_all_pixels_together(sources):
    fitted = fit_normalization("standardize_training_set", iter(sources))
    pixels = np.concatenate([images.reshape(-1) for images in sources]).astype(np.float64)
    assert fitted.mean == pytest.approx(pixels.mean())
    assert fitted.std == pytest.approx(pixels.std() or SMALLEST_STD)
    values = fitted.apply(sources[0])
    np.testing.assert_allclose(values, (sources[0] - fitted.mean) / fitted.std, rtol=1e-4, atol=1e-3)


def test_that_differences_between_sources_count():
    dark, bright = np.zeros((1, 2, 2, 1), np.uint8), np.full((1, 2, 2, 1), 200, np.uint8)
    fitted = fit_normalization("standardize_training_set", [dark, bright])
    assert (fitted.mean, fitted.std) == (100, 100)


def test_that_no_training_images_are_refused():
    with pytest.raises(DataError, match="there are none"):
        fit_normalization("standardize_training_set", [])


def test_that_images_are_not_looked_at_without_need():
    def fail():
        raise AssertionError
        yield

    assert fit_normalization("divide_by_255", fail()) == Normalization("divide_by_255")


@given(st.sampled_from(NORMALIZATIONS), st.floats(0, 255), st.floats(0.001, 255))
def test_that_a_normalization_survives_json(method, mean, std):
    normalization = Normalization(method, mean, std)
    assert Normalization.from_json(json.loads(json.dumps(normalization.to_json()))) == normalization


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"method": "none"},
        {"method": "new", "mean": 0, "std": 1},
        {"method": "none", "mean": "x", "std": 1},
    ],
)
def test_that_a_damaged_document_is_refused(document):
    with pytest.raises(DataError, match="normalization"):
        Normalization.from_json(document)


@pytest.mark.parametrize(("mean", "std"), [(0, 0), (0, -1), (float("nan"), 1), (0, float("inf"))])
def test_that_impossible_numbers_are_refused(mean, std):
    with pytest.raises(DataError, match="standard deviation"):
        Normalization("none", mean, std)


def test_that_the_white_level_becomes_one():
    images = np.array([[0, 1024, 4095]], np.uint16)
    fitted = fit_normalization("divide_by_255", [images], 4095)
    np.testing.assert_allclose(fitted.apply(images), images / 4095, rtol=1e-6)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_that_statistics_are_those_of_all_grey_levels_at_any_depth(kind):
    rng = np.random.default_rng(1)
    sources = [(rng.random((n, 5, 4, 2)) * 200 + 20).astype(kind) for n in (3, 11)]
    fitted = fit_normalization("standardize_training_set", sources)
    levels = np.concatenate([source.reshape(-1) for source in sources]).astype(np.float64)
    assert fitted.mean == pytest.approx(levels.mean(), rel=1e-9)
    assert fitted.std == pytest.approx(levels.std(), rel=1e-9)


def test_that_the_statistics_of_bright_16_bit_images_do_not_overflow():
    images = np.full((4, 100, 100, 1), 65535, np.uint16)
    fitted = fit_normalization("standardize_training_set", [images])
    assert fitted.mean == 65535
    assert fitted.std == SMALLEST_STD


def test_that_a_card_of_version_0_1_means_8_bits():
    assert Normalization.from_json({"method": "divide_by_255", "mean": 0, "std": 1}).white == 255


@pytest.mark.parametrize("white", [0.0, -1.0, np.nan, np.inf])
def test_that_a_white_level_that_cannot_be_is_refused(white):
    with pytest.raises(DataError, match="white level"):
        Normalization("divide_by_255", white=white)

"""The features that a network takes besides the image."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.formats import open_source
from aid_desktop.data.scalar_features import NO_FEATURES, FeatureScaling, fit_scaling, read_features
from aid_desktop.errors import DataError

N = 6


def write(path: Path, **events: object) -> Path:
    with h5py.File(path, "w") as file:
        file["events/image"] = np.zeros((N, 4, 5), np.uint8)
        for name, values in events.items():
            file[f"events/{name}"] = values
    return path


FINITE = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(FINITE, FINITE), min_size=1, max_size=20))
def test_that_scaled_training_features_have_mean_0_and_deviation_1(rows: list[tuple[float, float]]) -> None:
    values = np.array(rows)
    scaling = fit_scaling(("a", "b"), [values[:1], values[1:]])
    np.testing.assert_allclose(scaling.mean, values.mean(axis=0), rtol=1e-12, atol=1e-9)
    scaled = scaling.apply(values)
    assert scaled.dtype == np.float32
    for column, original in zip(scaled.T, values.T, strict=True):
        if np.ptp(original) > 1e-3:
            assert abs(column.mean()) < 1e-3
            assert abs(column.std() - 1) < 1e-3
    assert FeatureScaling.from_json(scaling.to_json(), ("a", "b")) == scaling


def test_that_a_feature_that_is_always_the_same_is_not_magnified() -> None:
    scaling = fit_scaling(("a",), [np.full((7, 1), 0.1)])
    assert scaling.std == (1.0,)
    np.testing.assert_allclose(scaling.apply(np.array([[0.1], [2.1]])), [[0], [2]], atol=1e-7)


def test_that_no_names_mean_no_features(tmp_path: Path) -> None:
    assert fit_scaling((), []) == NO_FEATURES
    assert not NO_FEATURES
    assert read_features(open_source(write(tmp_path / "a.rtdc")), (), np.arange(3)).shape == (3, 0)


def test_that_features_come_in_the_order_asked_for(tmp_path: Path) -> None:
    reader = open_source(write(tmp_path / "a.rtdc", deform=np.arange(N) / 10, area_um=np.arange(N) * 10))
    assert reader.source.features == ("area_um", "deform")
    found = read_features(reader, ("deform", "area_um"), np.array([4, 1]))
    np.testing.assert_allclose(found, [[0.4, 40], [0.1, 10]])


def test_that_a_feature_that_is_no_number_is_refused_with_file_feature_and_how_many(tmp_path: Path) -> None:
    values = np.array([0, 1, np.nan, 3, np.inf, 5])
    reader = open_source(write(tmp_path / "a.rtdc", deform=values))
    with pytest.raises(DataError, match=r"a\.rtdc: the feature 'deform' is no finite .* 2 of 5 images, .* number 4"):
        read_features(reader, ("deform",), np.array([5, 4, 2, 1, 0]))
    np.testing.assert_array_equal(read_features(reader, ("deform",), np.array([5, 3]))[:, 0], [5, 3])


def test_that_images_without_features_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((N, 4, 5), np.uint8))
    reader = open_source(tmp_path / "a.npy")
    assert reader.source.features == ()
    with pytest.raises(DataError, match=r"a\.npy has no feature 'deform': it has images alone, features come with"):
        read_features(reader, ("deform",), np.arange(2))


@pytest.mark.parametrize("document", [{}, {"a": {"mean": 1.0}}, {"a": {"mean": None, "std": 1}}, {"a": 1}])
def test_that_a_damaged_card_is_told(document: dict[str, object]) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        FeatureScaling.from_json(document, ("a",))
    for std in (0.0, float("nan")):
        with pytest.raises(DataError, match=r"feature a has mean 0\.0 and standard deviation"):
            FeatureScaling(("a",), (0.0,), (std,))
    with pytest.raises(DataError, match="one mean and one standard deviation each"):
        FeatureScaling(("a", "b"), (0.0,), (1.0,))

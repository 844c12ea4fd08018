"""How densely events lie around each, and histograms along the axes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from aid_desktop.data.density import (
    KDE_EVENTS,
    DensityMethod,
    density,
    histogram,
    histogram_density,
    kde_density,
    number_of_bins,
    sample_of,
)

PLACES = arrays.arrays(np.float64, st.integers(0, 40), elements=st.floats(-1e6, 1e6))


@pytest.fixture
def cloud() -> np.ndarray:
    return np.random.default_rng(3).normal(0, 1, (2, 20_000)) * np.array([[2.0], [0.5]])


def normal(x, y):
    return np.exp(-((x / 2) ** 2 + (y / 0.5) ** 2) / 2) / (2 * np.pi)


@pytest.mark.parametrize(("method", "error"), [(DensityMethod.HISTOGRAM, 0.1), (DensityMethod.KDE, 0.12)])
def test_that_the_density_of_a_normal_distribution_is_found(cloud, method, error) -> None:
    x, y = cloud
    found = density(method, x, y, x[:3000], y[:3000])
    truth = normal(x[:3000], y[:3000])
    assert np.abs(found - truth).mean() / truth.mean() < error
    assert np.corrcoef(found, truth)[0, 1] > 0.98


def test_that_the_kde_is_that_of_scipy() -> None:
    from scipy.stats import gaussian_kde

    x, y = np.random.default_rng(4).normal(0, 1, (2, 300))
    np.testing.assert_allclose(kde_density(x, y, x, y), gaussian_kde(np.vstack([x, y]))(np.vstack([x, y])), rtol=1e-12)


def test_that_many_points_are_interpolated_close_to_the_exact_kde(cloud) -> None:
    x, y = cloud[:, :4000]
    quick, exact = (
        kde_density(x, y, x, y),
        np.concatenate([kde_density(x, y, *cloud[:, i : i + 2000]) for i in (0, 2000)]),
    )
    assert np.abs(quick - exact).max() < 0.02 * exact.max()


def test_that_more_events_than_the_limit_are_sampled_and_the_answer_stays_the_same(cloud) -> None:
    x, y = cloud
    assert len(x) > KDE_EVENTS
    at = np.zeros(1), np.zeros(1)
    first = kde_density(x, y, *at)
    np.testing.assert_array_equal(first, kde_density(x, y, *at))
    assert first[0] == pytest.approx(normal(0, 0), rel=0.15)


@given(PLACES, PLACES, st.sampled_from(DensityMethod))
def test_that_any_events_have_a_density(x, y, method) -> None:
    n = min(len(x), len(y))
    x, y = x[:n], y[:n]
    found = density(method, x, y, x, y)
    assert found.shape == (n,)
    assert np.isfinite(found).all()
    assert (found >= 0).all()


def test_that_events_on_a_line_have_a_histogram_instead_of_a_kde() -> None:
    x = np.linspace(0, 1, 50)
    np.testing.assert_array_equal(density(DensityMethod.KDE, x, 2 * x, x, 2 * x), histogram_density(x, 2 * x, x, 2 * x))
    constant = np.ones(50)
    assert np.isfinite(density(DensityMethod.KDE, x, constant, x, constant)).all()


@given(PLACES)
def test_that_a_histogram_counts_every_event_once(places) -> None:
    found = histogram(places)
    assert found.counts.sum() == len(places)
    assert len(found.edges) == len(found.counts) + 1
    assert (np.diff(found.edges) > 0).all()


def test_that_the_number_of_bins_is_that_of_doane() -> None:
    rng = np.random.default_rng(8)
    for values in (rng.normal(0, 1, 500), rng.exponential(1, 3000)):
        assert number_of_bins(values) == len(np.histogram_bin_edges(values, bins="doane")) - 1
    assert number_of_bins(np.array([1.0, 2.0])) == 5
    assert number_of_bins(np.ones(100)) == 5


def test_that_a_sample_is_drawn_from_usable_events_and_stays_the_same() -> None:
    usable = np.arange(1000) % 3 != 0
    found = sample_of(usable, 100)
    assert len(found) == 100
    assert usable[found].all()
    assert (np.diff(found) > 0).all()
    np.testing.assert_array_equal(found, sample_of(usable, 100))
    np.testing.assert_array_equal(sample_of(usable, 1000), np.flatnonzero(usable))


@pytest.mark.parametrize("size", [1e-100, 1e-12, 1.0, 1e12])
def test_that_bins_do_not_depend_on_the_unit(size) -> None:
    places = np.random.default_rng(0).normal(5, 1, 500)
    found = histogram(places * size)
    np.testing.assert_array_equal(found.counts, histogram(places).counts)
    np.testing.assert_allclose(found.edges / size, histogram(places).edges)


@pytest.mark.parametrize("value", [0.0, 5e-324, 1e-12, -3.0, 1e100])
def test_that_a_single_value_lies_in_a_bin(value) -> None:
    found = histogram(np.full(7, value))
    assert found.counts.sum() == 7
    assert found.edges[0] <= value <= found.edges[-1]
    assert found.edges[0] < found.edges[-1]

"""Maps of embeddings: reproducible, in bounds, and UMAP only where there is one."""

import multiprocessing
import sys
import warnings
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.errors import DataError, StoppedError
from aid_desktop.evaluation import projection
from aid_desktop.evaluation.projection import (
    Method,
    available_methods,
    principal_components,
    project,
    stratified_sample,
)


@pytest.fixture
def clusters() -> tuple[np.ndarray, np.ndarray]:
    """Return an embedding of three groups far from each other, and the group of each image."""
    random = np.random.default_rng(3)
    labels = np.repeat([0, 1, 2], 30)
    centres = 20 * random.standard_normal((3, 12))
    return (centres[labels] + random.standard_normal((90, 12))).astype(np.float32), labels


@pytest.fixture
def fake_umap(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Install a package `umap` that notes how it is called and returns two columns."""
    asked: dict[str, Any] = {}

    def make(**options: Any) -> SimpleNamespace:
        asked.update(options)
        return SimpleNamespace(fit_transform=lambda values: 2 * values[:, :2])

    module = ModuleType("umap")
    module.UMAP = make  # type: ignore[attr-defined]
    module.__spec__ = SimpleNamespace(name="umap")  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "umap", module)
    return asked


def purity(places: np.ndarray, labels: np.ndarray) -> float:
    """Return for how many images the nearest other one is of the same group."""
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((labels[distances.argmin(axis=1)] == labels).mean())


@pytest.mark.parametrize("method", [Method.PCA, Method.TSNE])
def test_that_maps_keep_groups_together_and_are_the_same_each_time(
    clusters: tuple[np.ndarray, np.ndarray], method: Method
) -> None:
    embedding, labels = clusters
    places = project(embedding, method)
    assert (places.shape, places.dtype) == ((90, 2), np.float64)
    assert purity(places, labels) == 1
    assert np.array_equal(places, project(embedding, method))


def test_that_pca_is_that_of_the_singular_values(clusters: tuple[np.ndarray, np.ndarray]) -> None:
    embedding = clusters[0].astype(np.float64)
    centred = embedding - embedding.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    components = principal_components(clusters[0], 5)
    assert np.allclose(np.abs(components), np.abs(left * values)[:, :5], atol=1e-4)


def test_that_umap_is_offered_only_where_it_is_installed(
    clusters: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projection.importlib.util, "find_spec", lambda name: None)
    assert available_methods() == (Method.PCA, Method.TSNE)
    with pytest.raises(DataError, match=r"umap-learn: install it, or choose PCA"):
        project(clusters[0], Method.UMAP)


def test_that_umap_is_called_with_a_seed(clusters: tuple[np.ndarray, np.ndarray], fake_umap: dict[str, Any]) -> None:
    assert available_methods() == tuple(Method)
    places = project(clusters[0], Method.UMAP, seed=5)
    assert np.allclose(places, 2 * principal_components(clusters[0], 12, 5)[:, :2])
    assert fake_umap == {"n_components": 2, "n_neighbors": 15, "n_jobs": 1, "random_state": 5}


@pytest.mark.slow
def test_that_the_real_umap_keeps_groups_together_and_can_be_stopped(clusters: tuple[np.ndarray, np.ndarray]) -> None:
    pytest.importorskip("umap")
    embedding, labels = clusters
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        places = project(embedding, Method.UMAP)
    assert (places.shape, places.dtype) == ((90, 2), np.float64)
    assert purity(places, labels) == 1
    assert np.array_equal(places, project(embedding, Method.UMAP))
    for n in (4, 5, 8):
        assert np.isfinite(project(embedding[:n], Method.UMAP)).all()
    assert np.array_equal(project(np.ones((20, 4), np.float32), Method.UMAP), np.zeros((20, 2)))
    answers = iter([False, False])
    with pytest.raises(StoppedError):
        project(np.tile(embedding, (10, 1)), Method.UMAP, should_stop=lambda: next(answers, True))


def test_that_a_stop_ends_a_long_map_at_once() -> None:
    values = np.random.default_rng(0).standard_normal((1200, 60)).astype(np.float32)
    with pytest.raises(StoppedError):
        project(values, Method.TSNE, should_stop=lambda: bool(multiprocessing.active_children()))
    assert multiprocessing.active_children() == []


def test_that_a_long_map_is_the_same_as_without_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).standard_normal((150, 60)).astype(np.float32)
    monkeypatch.setattr(projection, "_WORTH_A_PROCESS", 100)
    assert np.array_equal(project(values, Method.TSNE, should_stop=lambda: False), project(values, Method.TSNE))


@pytest.mark.parametrize("method", [Method.PCA, Method.TSNE])
@pytest.mark.parametrize(("n", "d"), [(0, 5), (1, 5), (2, 5), (3, 1), (5, 1), (8, 3)])
def test_that_small_embeddings_have_a_place_for_each_image(method: Method, n: int, d: int) -> None:
    values = np.random.default_rng(0).standard_normal((n, d)).astype(np.float32)
    places = project(values, method)
    assert places.shape == (n, 2)
    assert np.isfinite(places).all()


@pytest.mark.parametrize("method", [Method.PCA, Method.TSNE])
def test_that_equal_images_lie_at_one_place(method: Method) -> None:
    assert np.array_equal(project(np.ones((20, 4), np.float32), method), np.zeros((20, 2)))


def test_that_broken_values_and_a_stop_are_told(clusters: tuple[np.ndarray, np.ndarray]) -> None:
    broken = clusters[0].copy()
    broken[3, 4] = np.nan
    with pytest.raises(DataError, match="weights are broken"):
        project(broken, Method.PCA)
    with pytest.raises(StoppedError):
        project(clusters[0], Method.TSNE, should_stop=lambda: True)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=120), st.integers(5, 60), st.integers(0, 3))
def test_that_a_sample_keeps_the_shares_of_the_classes(labels: list[int], limit: int, seed: int) -> None:
    numbers = np.array(labels, np.intp)
    chosen = stratified_sample(numbers, limit, seed)
    assert len(chosen) == min(limit, len(labels))
    assert (np.diff(chosen) > 0).all()
    assert set(numbers[chosen].tolist()) == set(labels)
    assert np.array_equal(chosen, stratified_sample(numbers, limit, seed))
    share = min(1, limit / len(labels))
    for label in set(labels):
        expected = share * labels.count(label)
        # Each class has one at least, which the others make up for.
        assert abs(np.count_nonzero(numbers[chosen] == label) - expected) <= 5

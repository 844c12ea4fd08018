import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aid_desktop.augment.mixing import mix
from aid_desktop.settings.augmentation import AugmentationSettings

N_CLASSES = 5
LEVELS = np.arange(N_CLASSES, dtype=np.uint8) * 50


def batch(n: int, height: int = 9, width: int = 7, channels: int = 1) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return images whose grey level is 50 times their class, and one-hot labels."""
    classes = np.arange(n) % N_CLASSES
    images = np.broadcast_to(LEVELS[classes][:, None, None, None], (n, height, width, channels)).copy()
    return images, np.eye(N_CLASSES, dtype=np.float32)[classes]


def test_that_off_means_the_very_same_arrays(rng: np.random.Generator) -> None:
    images, labels = batch(4)
    mixed, weights = mix(images, labels, AugmentationSettings(), rng)
    assert mixed is images
    assert weights is labels


@given(
    n=st.integers(1, 12),
    shape=st.sampled_from([(9, 7, 1), (6, 8, 3), (2, 2, 1)]),
    mixup=st.sampled_from([0, 0.001, 0.4, 2]),
    cutmix=st.sampled_from([0, 0.001, 1, 2]),
    seed=st.integers(0, 99),
)
def test_that_labels_sum_to_one_and_inputs_stay_as_they_are(
    n: int, shape: tuple[int, int, int], mixup: float, cutmix: float, seed: int
) -> None:
    images, labels = batch(n, *shape)
    before = images.copy(), labels.copy()
    settings = AugmentationSettings(mixup=mixup, cutmix=cutmix)
    mixed, weights = mix(images, labels, settings, np.random.default_rng(seed))
    assert (mixed.shape, mixed.dtype) == (images.shape, np.uint8)
    assert (weights.shape, weights.dtype) == (labels.shape, np.float32)
    assert np.allclose(weights.sum(axis=1), 1, atol=1e-6)
    assert weights.min() >= 0
    assert np.array_equal(images, before[0])
    assert np.array_equal(labels, before[1])
    again = mix(images, labels, settings, np.random.default_rng(seed))
    assert np.array_equal(mixed, again[0])
    assert np.array_equal(weights, again[1])


@pytest.mark.parametrize("channels", [1, 3])
def test_that_the_area_of_a_pasted_rectangle_is_its_share_of_the_label(rng: np.random.Generator, channels: int) -> None:
    images, labels = batch(60, channels=channels)
    mixed, weights = mix(images, labels, AugmentationSettings(cutmix=1), rng)
    areas = np.stack([(mixed[..., 0] == level).mean(axis=(1, 2)) for level in LEVELS], axis=1)
    assert np.allclose(areas, weights, atol=1e-6)
    assert np.count_nonzero((weights > 0.05) & (weights < 0.95)) > 20
    own = weights[np.arange(60), np.arange(60) % N_CLASSES]
    assert own.mean() > 1 / N_CLASSES


def test_that_a_pasted_part_is_a_rectangle_at_its_own_place(rng: np.random.Generator) -> None:
    rows, columns = np.mgrid[:9, :7]
    pattern = (rows * 7 + columns).astype(np.uint8)
    images = np.stack([pattern, pattern + 100])[..., None]
    labels = np.eye(2, dtype=np.float32)
    for _ in range(20):
        mixed, _ = mix(images, labels, AugmentationSettings(cutmix=1), rng)
        assert np.array_equal(mixed[0, :, :, 0] % 100, pattern)
        pasted = mixed[0, :, :, 0] >= 100
        assert pasted.sum() == pasted.any(axis=0).sum() * pasted.any(axis=1).sum()


def test_that_a_blended_grey_level_tells_the_same_shares_as_the_label(rng: np.random.Generator) -> None:
    images, labels = batch(60)
    mixed, weights = mix(images, labels, AugmentationSettings(mixup=0.5), rng)
    assert (mixed == mixed[:, :1, :1]).all()
    assert np.allclose(mixed[:, 0, 0, 0], weights @ LEVELS, atol=0.51)


def test_that_with_both_on_each_image_takes_one_of_them(rng: np.random.Generator) -> None:
    images, labels = batch(200)
    mixed, weights = mix(images, labels, AugmentationSettings(mixup=2, cutmix=2), rng)
    changed = (weights > 0.05).sum(axis=1) == 2
    pasted = np.array([len(np.unique(image)) == 2 for image in mixed])
    assert 0.3 < pasted[changed].mean() < 0.7

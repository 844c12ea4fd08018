import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from aid_desktop.data import fingerprint as module
from aid_desktop.data.fingerprint import correlations, fingerprint, perceptual_hashes, small_gray
from aid_desktop.data.formats import open_source
from aid_desktop.data.near_duplicates import MAX_DISTANCE, NEARLY_EQUAL, distances, near_candidates
from aid_desktop.errors import StoppedError


def pictures(n, seed=0):
    """Return smooth random pictures, as photographs are."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (n, 6, 6)).astype(np.uint8)
    return np.stack([cv2.resize(image, (32, 32), interpolation=cv2.INTER_CUBIC) for image in coarse])


def are_found(images, others):
    """Return which pairs a check would find."""
    small = [np.stack([small_gray(image) for image in side]) for side in (images, others)]
    one, other = map(perceptual_hashes, small)
    bits = np.array([distances(one[place], other[place : place + 1])[0] for place in range(len(one))])
    return (bits <= MAX_DISTANCE) & (correlations(*small) >= NEARLY_EQUAL)


CHANGES = {
    "brighter": lambda image: cv2.add(image, np.full_like(image, 5)),
    "darker": lambda image: cv2.subtract(image, np.full_like(image, 5)),
    "JPEG": lambda image: cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1], -1),
    "larger": lambda image: cv2.resize(image, (64, 64), interpolation=cv2.INTER_LINEAR),
    "16 bits": lambda image: image.astype(np.uint16) * 257,
    "colour": lambda image: np.dstack([image] * 3),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_that_changed_copies_are_found(change):
    images = pictures(100)
    assert are_found(images, [CHANGES[change](image) for image in images]).mean() >= 0.9


def test_that_different_pictures_are_not_near():
    small = [np.stack([small_gray(image) for image in pictures(300, seed)]) for seed in (1, 2)]
    assert list(near_candidates(*map(perceptual_hashes, small))) == []


def test_that_different_digits_are_not_taken_for_copies():
    digits = np.rint(load_digits().images * (255 / 16)).astype(np.uint8)
    small = np.stack([small_gray(image) for image in digits])
    pairs = list(near_candidates(perceptual_hashes(small[:900]), perceptual_hashes(small[900:])))
    first, second = np.concatenate(pairs).T
    alike = correlations(small[:900][first], small[900:][second]) >= NEARLY_EQUAL
    assert alike.sum() == 0


@given(st.integers(-20, 20), st.integers(0, 30))
def test_that_brightness_changes_no_hash(offset, seed):
    image = pictures(1, seed)[0].astype(np.float32)
    one, other = perceptual_hashes(np.stack([image, image + offset]))
    assert distances(one, np.array([other]))[0] <= 1


def test_that_marks_and_statistics_are_those_of_each_image(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MAX_BLOCK", 2)
    images = pictures(5)
    images[3] = images[1]
    images[4] = 255
    np.save(tmp_path / "a.npy", images)
    told = []
    marks = fingerprint(open_source(tmp_path / "a.npy"), lambda done, total: told.append((done, total)))
    assert told == [(2, 5), (4, 5), (5, 5)]
    assert marks.exact[3] == marks.exact[1]
    assert len(set(marks.exact.tolist())) == 4
    np.testing.assert_allclose(marks.mean, images.mean(axis=(1, 2)))
    np.testing.assert_allclose(marks.std, images.std(axis=(1, 2)), atol=1e-9)
    assert marks.saturated.tolist()[-1] == 1


def test_that_shape_and_depth_belong_to_the_exact_mark(tmp_path):
    arrays = [np.zeros((1, 4, 6), np.uint8), np.zeros((1, 6, 4), np.uint8), np.zeros((1, 4, 3), np.uint16)]
    marks = set()
    for number, array in enumerate(arrays):
        np.save(tmp_path / f"{number}.npy", array)
        marks.add(int(fingerprint(open_source(tmp_path / f"{number}.npy")).exact[0]))
    assert len(marks) == 3


def test_that_comparing_can_be_stopped(tmp_path):
    np.save(tmp_path / "a.npy", pictures(3))
    with pytest.raises(StoppedError):
        fingerprint(open_source(tmp_path / "a.npy"), should_stop=lambda: True)

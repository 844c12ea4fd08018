"""Probabilities of images by classifiers that have not learnt from them."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from aid_desktop.errors import DataError, StoppedError
from aid_desktop.evaluation.cross_validation import joined_groups, out_of_sample


def test_that_digits_are_classified_well_and_the_same_each_time() -> None:
    digits, labels = load_digits(return_X_y=True)
    told: list[tuple[int, int]] = []
    embedding, labels = digits[:600].astype(np.float32), labels[:600]
    probabilities, judged = out_of_sample(embedding, labels, 10, progress=lambda *step: told.append(step))
    assert (probabilities.shape, probabilities.dtype) == ((600, 10), np.float32)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.93
    assert judged.all()
    assert told == [(number, 5) for number in range(6)]
    assert np.array_equal(probabilities, out_of_sample(embedding, labels, 10)[0])


def test_that_no_classifier_judges_what_it_or_its_group_has_learnt() -> None:
    """Labels are drawn at random: only a classifier that has seen an image, or its twin, knows its label."""
    random = np.random.default_rng(0)
    values = np.repeat(random.standard_normal((120, 40)), 2, axis=0).astype(np.float32)
    labels = np.repeat(random.integers(0, 2, 120), 2)
    twins = np.repeat(np.arange(120), 2)

    def accuracy(groups: np.ndarray | None) -> float:
        return float((out_of_sample(values, labels, 2, groups)[0].argmax(axis=1) == labels).mean())

    assert accuracy(None) > 0.6
    assert accuracy(twins) < 0.55


def test_that_classes_not_learnt_from_get_no_probability() -> None:
    values = np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32)
    labels = np.array([0] * 20 + [2] * 19 + [3])
    probabilities, judged = out_of_sample(values, labels, 5)
    assert not probabilities[:, [1, 4]].any()
    assert probabilities[39, 3] == 0
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    # Nobody else knows the class of the last one, so nobody can doubt it.
    assert np.flatnonzero(~judged).tolist() == [39]
    in_groups, judged = out_of_sample(values, np.arange(40) % 2, 2, np.repeat([0, 1, 2, 3], 10))
    assert judged.all()
    assert np.isfinite(in_groups).all()


def test_that_equal_images_are_no_obstacle() -> None:
    labels = np.repeat([0, 1], 15)
    probabilities, _ = out_of_sample(np.ones((30, 4), np.float32), labels, 2)
    assert np.allclose(probabilities, 0.5, atol=0.05)


def test_that_groupings_are_joined() -> None:
    joined = joined_groups(np.array([0, 0, 1, 2, 3]), np.array([7, 8, 8, 9, 5]))
    assert joined[0] == joined[1] == joined[2]
    assert len(np.unique(joined)) == 3


def test_that_what_cannot_be_compared_is_refused() -> None:
    values = np.zeros((6, 2), np.float32)
    with pytest.raises(DataError, match="two classes at least"):
        out_of_sample(values, np.zeros(6, np.intp), 2)
    with pytest.raises(DataError, match="one group"):
        out_of_sample(values, np.arange(6) % 2, 2, np.zeros(6, np.intp))
    with pytest.raises(DataError, match="none can be judged"):
        out_of_sample(values, np.arange(6) % 2, 2, np.arange(6) % 2)
    with pytest.raises(StoppedError):
        out_of_sample(values, np.arange(6) % 2, 2, should_stop=lambda: True)

"""Predictions: what is accepted, the threshold rule, choosing some of them."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.selection import select_images
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError
from aid_desktop.evaluation.predictions import Predictions, Threshold

SOURCE = DataSource(Path("/data/cat"), SourceKind.FOLDER, 9, ((4, 4, 1),), "digest")


def make(probabilities: object, labels: object = None, names: tuple[str, ...] = ()) -> Predictions:
    values = np.array(probabilities, np.float32)
    n = len(values)
    names = names or tuple("abcdefgh"[: values.shape[1]])
    labels = None if labels is None else np.array(labels, np.intp)
    return Predictions(names, (SOURCE,), (1.0,), np.zeros(n, np.intp), np.arange(n), values, labels)


@st.composite
def rows_of_probabilities(draw: Callable[..., object]) -> np.ndarray:
    n_classes = draw(st.integers(1, 4))
    row = st.lists(st.floats(0, 1, width=32), min_size=n_classes, max_size=n_classes)
    return np.array(draw(st.lists(row, max_size=8)), np.float32).reshape(-1, n_classes)


def slow_rule(row: np.ndarray, threshold: Threshold | None) -> int:
    values = [float(value) for value in row]
    if threshold is not None:
        limit = float(np.float32(threshold.probability))
        values[threshold.class_index] = 1.0 if values[threshold.class_index] > limit else 0.0
    best = 0
    for position, value in enumerate(values):
        if value > values[best]:
            best = position
    return best


def test_that_without_threshold_the_highest_probability_wins() -> None:
    predictions = make([[0.2, 0.7, 0.1], [0.5, 0.2, 0.3]])
    assert predictions.predicted().tolist() == [1, 0]
    assert predictions.predicted().dtype == np.intp


def test_that_a_low_threshold_takes_images_from_the_most_probable_class() -> None:
    predictions = make([[0.6, 0.4], [0.9, 0.1], [0.3, 0.7]])
    assert predictions.predicted(Threshold(1, 0.3)).tolist() == [1, 0, 1]


def test_that_a_high_threshold_gives_images_to_the_next_class() -> None:
    predictions = make([[0.8, 0.15, 0.05], [0.95, 0.01, 0.04]])
    assert predictions.predicted(Threshold(0, 0.9)).tolist() == [1, 0]


def test_that_a_probability_equal_to_the_threshold_is_not_enough() -> None:
    assert make([[0.5, 0.5]]).predicted(Threshold(0, 0.5)).tolist() == [1]


@given(rows_of_probabilities(), st.floats(0, 1), st.integers(0, 3), st.booleans())
def test_that_predicted_agrees_with_a_slow_loop(values: np.ndarray, probability: float, column: int, use: bool) -> None:
    threshold = Threshold(column % values.shape[1], probability) if use else None
    expected = [slow_rule(row, threshold) for row in values]
    assert make(values).predicted(threshold).tolist() == expected


def test_that_probability_of_gives_one_value_per_image() -> None:
    predictions = make([[0.2, 0.8], [0.6, 0.4]])
    np.testing.assert_allclose(predictions.probability_of(np.array([0, 1])), [0.2, 0.4])


def test_that_arrays_are_read_only_copies() -> None:
    values = np.array([[0.2, 0.8]], np.float32)
    predictions = make(values, [1])
    values[0, 0] = 0.9
    assert predictions.probabilities[0, 0] == np.float32(0.2)
    for array in (predictions.probabilities, predictions.source, predictions.index, predictions.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(FrozenInstanceError):
        predictions.labels = None


def test_that_counts_are_told() -> None:
    predictions = make([[0.2, 0.8]] * 3)
    assert (predictions.n, predictions.n_classes, predictions.labelled) == (3, 2, False)
    assert make([[0.2, 0.8]], [1]).labelled


@pytest.mark.parametrize("which", [np.array([False, True, True]), np.array([1, 2])])
def test_that_select_keeps_labels_and_index(which: np.ndarray) -> None:
    chosen = make([[0.2, 0.8], [0.6, 0.4], [1, 0]], [0, 1, 0]).select(which)
    assert chosen.index.tolist() == [1, 2]
    assert chosen.labels is not None
    assert chosen.labels.tolist() == [1, 0]


def test_that_nothing_can_be_selected() -> None:
    chosen = make([[0.2, 0.8]]).select(np.array([], np.intp))
    assert chosen.n == 0
    assert chosen.predicted(Threshold(1, 0.5)).shape == (0,)


def test_that_rounding_just_outside_of_0_to_1_is_repaired() -> None:
    np.testing.assert_array_equal(make([[1.0004, -0.0004]]).probabilities, [[1, 0]])


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([[0.1, 1.4]], "softmax"),
        ([[-3.0, 0.4]], "from -3 to 0.4"),
        ([[np.nan, 0.4], [0.5, 0.5]], "1 of 2 images"),
        ([[np.inf, 0.4]], "not numbers"),
    ],
)
def test_that_values_that_are_no_probabilities_are_refused(values: object, text: str) -> None:
    with pytest.raises(DataError, match=text):
        make(values)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"class_names": ("a", "b", "c")}, r"\(1, 2\) for 3 classes"),
        ({"class_names": ("a", "a")}, "different names"),
        ({"class_names": ()}, "different names"),
        ({"probabilities": np.zeros(2, np.float32)}, "shape"),
        ({"zooms": ()}, "0 zoom factors for 1 sources"),
        ({"source": np.array([1])}, "source numbers from 1 to 1; expected 0 to 0"),
        ({"index": np.array([-1])}, "expected 0 or more"),
        ({"index": np.array([0, 1])}, "for 1 images"),
        ({"index": np.array([0.5])}, "whole numbers"),
        ({"labels": np.array([2])}, "expected 0 to 1"),
    ],
)
def test_that_parts_that_do_not_fit_together_are_refused(changes: dict[str, object], text: str) -> None:
    with pytest.raises(DataError, match=text):
        replace(make([[0.2, 0.8]]), **changes)


@pytest.mark.parametrize(("index", "probability"), [(-1, 0.5), (0, -0.1), (0, 1.1), (0, float("nan"))])
def test_that_an_impossible_threshold_is_refused(index: int, probability: float) -> None:
    with pytest.raises(DataError, match="threshold"):
        Threshold(index, probability)


def test_that_a_threshold_for_an_unknown_class_is_refused() -> None:
    with pytest.raises(DataError, match="classes 0 to 1"):
        make([[0.2, 0.8]]).predicted(Threshold(2, 0.5))


def test_that_images_of_a_part_have_their_numbers_in_the_whole_file():
    whole = DataSource(Path("/data/a.rtdc"), SourceKind.RTDC, 10, ((8, 8, 1),), "digest")
    part = select_images(whole, [3, 5, 8])
    made = Predictions(
        ("a",), (part, whole), (1.0, 1.0), np.array([0, 1, 0]), np.array([2, 2, 0]), np.ones((3, 1), np.float32)
    )
    assert made.file_numbers().tolist() == [8, 2, 3]

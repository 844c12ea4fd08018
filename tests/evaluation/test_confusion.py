"""The confusion matrix: counts, shares, and the images of each cell."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.predictions import Predictions, Threshold

SOURCE = DataSource(Path("/data/cat"), SourceKind.FOLDER, 9, ((4, 4, 1),), "digest")
NAMES = ("cat", "dog", "owl", "fox")
PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=40)


def matrix_of(pairs: list[tuple[int, int]]) -> ConfusionMatrix:
    array = np.array(pairs, np.intp).reshape(-1, 2)
    return ConfusionMatrix(NAMES, array[:, 0], array[:, 1])


def predictions_of(probabilities: list[list[float]], labels: list[int] | None) -> Predictions:
    n = len(probabilities)
    values = np.array(probabilities, np.float32)
    known = None if labels is None else np.array(labels, np.intp)
    return Predictions(NAMES[:2], (SOURCE,), (1.0,), np.zeros(n, np.intp), np.arange(n), values, known)


def test_that_counts_rows_and_columns_are_as_computed_by_hand() -> None:
    matrix = ConfusionMatrix(NAMES[:2], np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0]))
    assert matrix.counts.dtype == np.int64
    assert matrix.counts.tolist() == [[2, 1], [1, 1]]
    np.testing.assert_allclose(matrix.by_row(), [[2 / 3, 1 / 3], [0.5, 0.5]])
    np.testing.assert_allclose(matrix.by_column(), [[2 / 3, 0.5], [1 / 3, 0.5]])
    assert matrix.accuracy == pytest.approx(0.6)
    assert matrix.indices(0, 1).tolist() == [2]
    assert matrix.indices(0).tolist() == [0, 1, 2]
    assert matrix.indices(predicted=0).tolist() == [0, 1, 4]
    assert matrix.indices().tolist() == [0, 1, 2, 3, 4]


def test_that_the_threshold_decides_and_is_kept() -> None:
    predictions = predictions_of([[0.6, 0.4], [0.9, 0.1]], [1, 0])
    assert ConfusionMatrix.from_predictions(predictions).counts.tolist() == [[1, 0], [1, 0]]
    matrix = ConfusionMatrix.from_predictions(predictions, Threshold(1, 0.3))
    assert matrix.counts.tolist() == [[1, 0], [0, 1]]
    assert matrix.threshold == Threshold(1, 0.3)


def test_that_rows_and_columns_without_images_are_nan() -> None:
    matrix = matrix_of([(0, 1)])
    assert np.isnan(matrix.by_row()[1]).all()
    assert np.isnan(matrix.by_column()[:, 0]).all()
    assert matrix.by_row()[0].tolist() == [0, 1, 0, 0]


def test_that_no_images_give_an_empty_matrix() -> None:
    matrix = matrix_of([])
    assert matrix.counts.sum() == 0
    assert np.isnan(matrix.accuracy)
    assert matrix.indices(1, 1).size == 0


@given(PAIRS)
def test_that_the_matrix_sums_to_n_and_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    matrix = matrix_of(pairs)
    assert matrix.counts.sum() == matrix.n == len(pairs)
    if pairs:
        expected = confusion_matrix(*np.transpose(pairs), labels=range(4))
        np.testing.assert_array_equal(matrix.counts, expected)


@given(PAIRS)
def test_that_the_cells_part_the_images_among_them(pairs: list[tuple[int, int]]) -> None:
    matrix = matrix_of(pairs)
    cells = [matrix.indices(row, column) for row in range(4) for column in range(4)]
    assert sorted(np.concatenate(cells).tolist()) == list(range(len(pairs)))
    assert [len(cell) for cell in cells] == matrix.counts.reshape(-1).tolist()
    for number in range(4):
        row = np.sort(np.concatenate([matrix.indices(number, other) for other in range(4)]))
        column = np.sort(np.concatenate([matrix.indices(other, number) for other in range(4)]))
        np.testing.assert_array_equal(matrix.indices(actual=number), row)
        np.testing.assert_array_equal(matrix.indices(predicted=number), column)


@given(PAIRS)
def test_that_shares_sum_to_one_where_there_are_images(pairs: list[tuple[int, int]]) -> None:
    matrix = matrix_of(pairs)
    rows, columns = matrix.by_row().sum(axis=1), matrix.by_column().sum(axis=0)
    for sums, axis in ((rows, 1), (columns, 0)):
        used = matrix.counts.sum(axis=axis) > 0
        np.testing.assert_allclose(sums[used], 1)
        assert np.isnan(sums[~used]).all()


def test_that_arrays_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        matrix_of([(0, 1)]).counts[0, 0] = 3


def test_that_unlabelled_predictions_are_refused() -> None:
    with pytest.raises(DataError, match="not known"):
        ConfusionMatrix.from_predictions(predictions_of([[0.6, 0.4]], None))


@pytest.mark.parametrize("cell", [(4, None), (None, -1)])
def test_that_an_unknown_class_is_refused(cell: tuple[int | None, int | None]) -> None:
    with pytest.raises(DataError, match="expected 0 to 3"):
        matrix_of([(0, 1)]).indices(*cell)


def test_that_classes_out_of_range_or_of_unequal_number_are_refused() -> None:
    with pytest.raises(DataError, match="predicted classes from 4 to 4"):
        matrix_of([(0, 4)])
    with pytest.raises(DataError, match="shape"):
        ConfusionMatrix(NAMES, np.array([0, 1]), np.array([0]))

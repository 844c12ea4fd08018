from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.errors import DataError
from aid_desktop.evaluation.labelled import find_labels, labelled_images, read_labels

NAMES = ("cat", "dog", "bird")


def write(folder: Path, labels: str, images: str = "M_Valid_Data.rtdc", texts: str = "M_Valid_Labels.txt") -> Path:
    path = folder / images
    write_rtdc(path, np.zeros((4, 6, 6), np.uint8))
    (folder / texts).write_text(labels, "ascii")
    return path


@pytest.mark.parametrize(
    ("images", "texts"),
    [
        ("M_Valid_Data.rtdc", "M_Valid_Labels.txt"),
        ("validation.rtdc", "validation_labels.txt"),
        ("x_Data.rtdc", "x_Data_labels.txt"),
    ],
)
def test_that_the_labels_beside_the_images_make_rows_of_one_class(tmp_path: Path, images: str, texts: str) -> None:
    path = write(tmp_path, "2\n0\n2\n0\n", images, texts)
    assert find_labels(path) == tmp_path / texts
    found = labelled_images(path, NAMES, zoom=1.5)
    assert [(row.class_name, row.zoom, row.source.path) for row in found.rows] == [
        ("cat", 1.5, path), ("bird", 1.5, path),
    ]  # fmt: skip
    assert [which.tolist() for which in found.indices if which is not None] == [[1, 3], [0, 2]]


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ("0\n1\n", "M_Valid_Labels.txt has 2 labels, M_Valid_Data.rtdc has 4 images"),
        ("0\n1\n3\n0\n", "has the label 3, expected 0 to 2 for the classes cat, dog, bird"),
        ("0\n-1\n0\n0\n", "has the label -1"),
        ("0\ncat\n0\n0\n", "expected one whole number per line"),
        ("0\n1.5\n0\n0\n", "expected one whole number per line"),
        ("9" * 40, "expected one whole number per line"),
    ],
)
def test_that_labels_that_do_not_fit_are_refused(tmp_path: Path, labels: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        labelled_images(write(tmp_path, labels), NAMES)


def test_that_missing_labels_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, "0")
    (tmp_path / "M_Valid_Labels.txt").unlink()
    with pytest.raises(DataError, match=r"no labels beside it: expected M_Valid_Labels\.txt"):
        labelled_images(path, NAMES)
    with pytest.raises(DataError, match="cannot be read as labels"):
        read_labels(tmp_path / "M_Valid_Labels.txt")

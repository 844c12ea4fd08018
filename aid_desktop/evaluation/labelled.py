"""Images of several classes in one file, with their labels in a text file: one whole number per line, from 0.

AIDeveloper writes them as `<name>_Valid_Data.rtdc` and `<name>_Valid_Labels.txt`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassRow, Role
from aid_desktop.data.formats import open_source
from aid_desktop.errors import DataError
from aid_desktop.evaluation.roles import RoleImages


def find_labels(path: Path) -> Path:
    """Return the labels of a file of images: `x_Labels.txt` for `x_Data.rtdc`, else `x_labels.txt` for `x.rtdc`.

    Raises DataError if there are none.
    """
    names = label_names(path)
    found = next((labels for name in names if (labels := path.with_name(name)).is_file()), None)
    if found is None:
        raise DataError(f"{path.name} has no labels beside it: expected {names[0]} with one whole number per line")
    return found


def has_labels(path: Path) -> bool:
    """Return whether a file of images has labels beside it; neither is opened."""
    return path.is_file() and any(path.with_name(name).is_file() for name in label_names(path))


def label_names(path: Path) -> list[str]:
    """Return what a file's labels may be called; the first name that is there counts."""
    names = [f"{path.stem}_labels.txt", f"{path.stem}_Labels.txt"]
    return [f"{path.stem.removesuffix('_Data')}_Labels.txt", *names] if path.stem.endswith("_Data") else names


def read_labels(path: Path) -> NDArray[np.intp]:
    """Return the labels (N,). Raises DataError."""
    try:
        words = path.read_text("ascii").split()
        return np.array([int(word) for word in words], np.intp)
    except (OSError, ValueError, OverflowError) as error:
        raise DataError(f"{path} cannot be read as labels ({error}): expected one whole number per line") from error


def labelled_images(path: Path, class_names: Sequence[str], zoom: float = 1.0) -> RoleImages:
    """Return the images of a file by class; label n means the n-th of `class_names`, counted from 0.

    Raises DataError if there are no labels, or another number than images, or a label without a class.
    """
    source = open_source(path).source
    labels_path = find_labels(path)
    labels = read_labels(labels_path)
    if len(labels) != source.n_images:
        raise DataError(
            f"{labels_path.name} has {len(labels)} labels, {path.name} has {source.n_images} images: one label for "
            "each image is needed"
        )
    wrong = sorted(set(labels[(labels < 0) | (labels >= len(class_names))].tolist()))
    if wrong:
        raise DataError(
            f"{labels_path.name} has the label {wrong[0]}, expected 0 to {len(class_names) - 1} for the classes "
            f"{', '.join(class_names)}: choose the model that these labels are for"
        )
    found = [index for index in range(len(class_names)) if (labels == index).any()]
    return RoleImages(
        tuple(ClassRow(source, index, class_names[index], Role.TEST, zoom=zoom) for index in found),
        tuple(np.flatnonzero(labels == index) for index in found),
    )

"""Write the built-in sample data: scikit-learn's handwritten digits as folders of PNG files."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import Role
from aid_desktop.errors import DataError

SIDE = 16
"""Width and height of the images in pixels."""

_ROLES = (Role.TRAINING, Role.TRAINING, Role.TRAINING, Role.VALIDATION, Role.TEST)
"""Role of each fifth of a class: 60 %, 20 %, 20 %."""

ROLE_FOLDERS = {Role.TRAINING: "train", Role.VALIDATION: "validation", Role.TEST: "test"}
"""Where the images of a role lie in the folder of a sample."""


def write_digits_sample(folder: Path) -> Path:
    """Write `folder`/train, validation and test with the classes 0 to 9, and return `folder`.

    1797 grey images of 16 × 16 pixels, the same each time. A folder that has them already is left alone:
    it gets its name only when all is written. Raises DataError if another folder has the name, or if it
    cannot be written.
    """
    if (folder / "test" / "9").is_dir():
        return folder
    with new_sample_folder(folder) as written:
        _write_images(written)
    return folder


@contextmanager
def new_sample_folder(folder: Path) -> Iterator[Path]:
    """Yield the path of a folder to be made beside `folder`; it gets that name when the block ends without error.

    Raises DataError if another folder has the name, or if something cannot be written.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise DataError(f"{folder} exists and is not the sample: choose the name of a new folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
            written = Path(temporary) / folder.name
            yield written
            if folder.is_dir():
                folder.rmdir()
            written.rename(folder)
    except OSError as error:
        raise DataError(f"The sample cannot be written to {folder}: {error.strerror or error}.") from error


def _write_images(folder: Path) -> None:
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    images: NDArray[np.uint8] = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    images = images.repeat(SIDE // 8, axis=1).repeat(SIDE // 8, axis=2)
    n_written = dict.fromkeys(range(10), 0)
    for i, (image, digit) in enumerate(zip(images, digits.target.tolist(), strict=True)):
        role = _ROLES[n_written[digit] % len(_ROLES)]
        n_written[digit] += 1
        path = folder / ROLE_FOLDERS[role] / str(digit) / f"digit_{i:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)

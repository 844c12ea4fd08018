"""Images written for the tests of readers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Write = Callable[..., Path]


@pytest.fixture
def write_image() -> Write:
    """Return a function that writes an image file, noise of 8 × 10 pixels unless pixels are given."""

    def write(path: Path, pixels: NDArray[np.uint8] | None = None, **options: object) -> Path:
        if pixels is None:
            seed = sum(path.as_posix().encode())
            pixels = np.random.default_rng(seed).integers(0, 256, (8, 10), np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, **options)
        return path

    return write

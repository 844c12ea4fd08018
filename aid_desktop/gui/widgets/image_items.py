"""What a grid of images shows: the roles of its model, and images that need not be in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import Qt

Image = NDArray[np.uint8]

IMAGE_ROLE = Qt.ItemDataRole.UserRole + 3
"""The pixels, uint8 (H, W), (H, W, 1) or (H, W, 3), not enlarged; None until they were read."""

CORRECT_ROLE = Qt.ItemDataRole.UserRole
"""Whether the prediction is correct: True, False, or None where that is not known."""

ORIGIN_ROLE = Qt.ItemDataRole.UserRole + 1
"""Where the image comes from, as text; "" until it was read."""

FAILURE_ROLE = Qt.ItemDataRole.UserRole + 2
"""Why the image cannot be shown, as text; "" if nothing failed."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadImage:
    """An original image, uint8 (H, W), (H, W, 1) or (H, W, 3), and where it comes from."""

    image: Image
    origin: str = ""


class ImageItems(Protocol):
    """A sequence of images that need not be in memory."""

    @property
    def is_ready(self) -> bool:
        """Whether `read` is quick enough to be called in the main thread."""

    def __len__(self) -> int:
        """Return the number of images."""

    def caption(self, row: int) -> str:
        """Return the line below an image."""

    def is_correct(self, row: int) -> bool | None:
        """Return whether the prediction is correct; None if there is none."""

    def read(self, rows: Sequence[int]) -> list[ReadImage]:
        """Return the originals of some images; called in another thread. Raises AidError."""

"""Outlines of the object in an image, from its mask."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def outlines(mask: NDArray[Any]) -> tuple[NDArray[np.float64], ...]:
    """Return the outer outline of each object in a mask (H, W), 0 outside, each (K, 2) of columns and rows.

    They run through the outermost pixels of the object; the middle of the first pixel is 0.5, 0.5. The largest object
    comes first; without any there is none.
    """
    levels = np.ascontiguousarray(np.asarray(mask) != 0, np.uint8)
    found, _ = cv2.findContours(levels, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest_first = sorted(found, key=lambda points: -cv2.contourArea(points))
    return tuple(points.reshape(-1, 2).astype(np.float64) + 0.5 for points in largest_first)

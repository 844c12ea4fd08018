"""Outlines of masks."""

import numpy as np

from aid_desktop.data.contours import outlines
from aid_desktop.data.formats import open_source


def test_that_an_outline_goes_around_the_largest_object_first() -> None:
    mask = np.zeros((12, 20), np.uint8)
    mask[2:4, 2:4] = 255
    mask[5:10, 6:16] = 1
    large, small = outlines(mask)
    assert (large.min(axis=0).tolist(), large.max(axis=0).tolist()) == ([6.5, 5.5], [15.5, 9.5])
    assert (small.min(axis=0).tolist(), small.max(axis=0).tolist()) == ([2.5, 2.5], [3.5, 3.5])
    assert outlines(np.zeros((4, 4), bool)) == ()


def test_that_the_outline_of_a_measured_cell_lies_in_its_mask(measured_cells) -> None:
    reader = open_source(measured_cells)
    mask = reader.read([45], ("mask",))[0][:, :, 0]
    (outline,) = outlines(mask)
    columns, rows = (outline - 0.5).astype(int).T
    assert (mask[rows, columns] == 255).all()
    assert np.ptp(columns) + 1 == np.ptp(np.flatnonzero(mask.any(axis=0))) + 1

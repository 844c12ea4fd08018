"""Colours that people with another colour vision can tell apart too."""

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from aid_desktop.evaluation.class_colors import OKABE_ITO, class_hex

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009,
# for a severity of 1, on linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
# sRGB to XYZ under D65, IEC 61966-2-1.
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.95047, 1.0, 1.08883])

FIRST = 15.0
"""Least difference (CIE 1976) of the first seven classes; 2.3 is just noticeable."""
NEXT = 6.0
"""The same of the first ten: more classes than that cannot be told by colour alone."""


def lab(color: str, vision: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return CIE Lab of a colour as somebody sees it."""
    values = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    t = TO_XYZ @ (vision @ linear).clip(0, 1) / WHITE
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def least_difference(colors: list[str], vision: NDArray[np.float64]) -> float:
    seen = [lab(color, vision) for color in colors]
    return min(math.dist(one, other) for one, other in itertools.combinations(seen, 2))


def test_that_the_measure_knows_black_white_and_what_protanopia_confuses() -> None:
    assert least_difference(["#000000", "#ffffff"], VISIONS["normal"]) == pytest.approx(100, abs=0.1)
    red, olive = "#a00000", "#3d3d00"
    assert least_difference([red, olive], VISIONS["normal"]) > 40
    assert least_difference([red, olive], VISIONS["protanopia"]) < 15


@pytest.mark.parametrize("vision", VISIONS)
def test_that_classes_differ_for_every_vision(vision: str) -> None:
    assert least_difference(list(OKABE_ITO), VISIONS[vision]) > FIRST
    assert least_difference([class_hex(index) for index in range(10)], VISIONS[vision]) > NEXT

"""One seed, and a Generator of its own for everything random in a run."""

from enum import IntEnum

import numpy as np


class Stage(IntEnum):
    """What randomness is for; the numbers are part of a run's repeatability and never change."""

    DRAW = 0
    AFFINE = 1
    PHOTOMETRIC = 2
    MIX = 3
    SPLIT = 4
    DROPOUT = 5
    ORDER = 6


def generator(seed: int, stage: Stage, epoch: int, block: int = 0) -> np.random.Generator:
    """Return the Generator of a stage in a block of an epoch: a resumed run draws the same images."""
    return np.random.default_rng([seed, stage, epoch, block])

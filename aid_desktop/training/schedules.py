"""How the learning rate changes by itself: pure functions of the settings and the place in the run."""

import numpy as np
from numpy.typing import NDArray

from aid_desktop.settings.hyperparameters import HyperParameters

_LONGEST_RISE = 0.45
"""A cycle's rise takes at most this part of a run, so that its fall and a short end fit in."""
_LAST_PART = 0.01
"""Where one_cycle ends, as a part of the lowest rate of the cycle."""

Rates = NDArray[np.float64]


def learning_rates(hyperparameters: HyperParameters, epoch: int, n_steps: int, plateaus: int = 0) -> Rates:
    """Return the learning rate of each step of an epoch, float64 (n_steps,).

    Settings that change in the middle of a run count as if they had been there from the beginning. `plateaus` says how
    often the validation loss has stopped falling so far, for reduce_on_plateau.
    """
    high = hyperparameters.learning_rate
    low = high * hyperparameters.schedule_low
    times = epoch + np.arange(n_steps) / n_steps
    match hyperparameters.schedule:
        case "exponential":
            falls = times / hyperparameters.schedule_epochs
            return np.maximum(low, high * hyperparameters.schedule_factor**falls)
        case "cyclic":
            return low + (high - low) * _cycles(hyperparameters, times)
        case "one_cycle":
            return _one_cycle(hyperparameters, times, low, high)
        case "cosine":
            return _cosine(hyperparameters, times, low, high)
        case "reduce_on_plateau":
            return np.full(n_steps, max(low, high * hyperparameters.schedule_factor**plateaus))
        case _:
            return np.full(n_steps, high)


def _cycles(hyperparameters: HyperParameters, times: Rates) -> Rates:
    """Return heights from 0 to 1 after Smith, WACV 2017 (arXiv:1506.01186); it calls the rise `step size`."""
    places = times / (2 * hyperparameters.schedule_epochs)
    cycles = np.floor(places)
    heights = 1 - np.abs(2 * (places - cycles) - 1)
    shrink = {"triangular": 1.0, "triangular2": 0.5, "exp_range": hyperparameters.schedule_factor}
    return np.asarray(heights * shrink[hyperparameters.schedule_shape] ** cycles)


def _one_cycle(hyperparameters: HyperParameters, times: Rates, low: float, high: float) -> Rates:
    """Rise, fall, and a last part far below, all straight: Smith and Topin 2019 (arXiv:1708.07120)."""
    rise = _rise(hyperparameters)
    points = (0, rise, 2 * rise, hyperparameters.epochs)
    return np.interp(times, points, (low, high, low, low * _LAST_PART))


def _cosine(hyperparameters: HyperParameters, times: Rates, low: float, high: float) -> Rates:
    """Rise straight, then fall along half a cosine: Loshchilov and Hutter, ICLR 2017 (arXiv:1608.03983)."""
    rise = _rise(hyperparameters)
    share = np.clip((times - rise) / (hyperparameters.epochs - rise), 0, 1)
    fall = low + (high - low) * (1 + np.cos(np.pi * share)) / 2
    return np.where(times < rise, low + (high - low) * times / rise, fall)


def _rise(hyperparameters: HyperParameters) -> float:
    return min(hyperparameters.schedule_epochs, _LONGEST_RISE * hyperparameters.epochs)

"""Temperature scaling: the probabilities of a network made more or less certain, by one number in its card."""

import math

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ModelError

# The smallest normal float32 stands in for a probability of 0, whose logarithm is no number.
_SMALLEST = np.finfo(np.float32).tiny


def calibrated(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return p**(1/T), each row (of N, C) made to sum to 1: what softmax(logits / T) would give.

    Above 1 the temperature makes the network less certain, below 1 more; at 1 the same array comes back. The most
    probable class stays the same. Source: Guo et al., ICML 2017.
    """
    if temperature == 1.0 or not probabilities.size:
        return probabilities
    logarithms = log_probabilities(probabilities) / temperature
    logarithms -= logarithms.max(axis=1, keepdims=True)
    powers = np.exp(logarithms)
    shares: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def log_probabilities(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return ln p, float64 of the same shape; finite for a p of 0 too."""
    logarithms: NDArray[np.float64] = np.log(np.maximum(probabilities, _SMALLEST).astype(np.float64))
    return logarithms


def check_temperature(temperature: float) -> float:
    """Return a temperature that can be used. Raises ModelError for one that is no finite number above 0."""
    if not (math.isfinite(temperature) and temperature > 0):
        raise ModelError(f"the temperature is {temperature}; expected a number above 0, 1 for none")
    return float(temperature)

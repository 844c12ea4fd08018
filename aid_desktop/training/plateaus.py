"""How often a curve has stopped rising: the same for a run that goes on and for one that is resumed."""

from collections.abc import Iterable


def count_plateaus(values: Iterable[float], patience: int) -> int:
    """Return how often `patience` epochs in a row brought no value above the best one so far; 0 for a patience of 0.

    After each time the counting of epochs begins anew. NaN is never above.
    """
    if not patience:
        return 0
    best, waited, found = float("-inf"), 0, 0
    for value in values:
        if value > best:
            best, waited = value, 0
            continue
        waited += 1
        if waited == patience:
            found, waited = found + 1, 0
    return found

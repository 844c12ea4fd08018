"""How often a curve has stopped rising: the same for a run that goes on and for one that is resumed."""

import math
from collections.abc import Iterable


class PlateauCounter:
    """Counts how often `patience` epochs in a row brought no value above the best one so far.

    After each time the counting of epochs begins anew. NaN is never above. Values that were counted once are not
    looked at again while the patience stays the same: a run may have very many epochs.
    """

    def __init__(self, values: Iterable[float] = ()) -> None:
        self._values = list(values)
        self._patience = self._n_seen = self._waited = self._found = 0
        self._best = -math.inf

    def add(self, value: float) -> None:
        """Take the value of the next epoch."""
        self._values.append(value)

    def count(self, patience: int) -> int:
        """Return the number of plateaus so far; 0 for a patience of 0."""
        if patience != self._patience:
            self._begin(patience)
        if not patience:
            return 0
        for place in range(self._n_seen, len(self._values)):
            if self._values[place] > self._best:
                self._best, self._waited = self._values[place], 0
                continue
            self._waited += 1
            if self._waited == patience:
                self._found, self._waited = self._found + 1, 0
        self._n_seen = len(self._values)
        return self._found

    def _begin(self, patience: int) -> None:
        self._patience = patience
        self._best = -math.inf
        self._n_seen = self._waited = self._found = 0

"""Is this epoch the best one so far, and which saved models stay?"""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from aid_desktop.runs.records import EpochRecord
from aid_desktop.settings.saving import IMPROVEMENTS

_LOSS = "val_loss"


class BestSoFar:
    """The records that a further epoch must break: of each validation metric the best value, the lowest of the loss."""

    def __init__(self, records: Iterable[EpochRecord] = ()) -> None:
        self._best: dict[str, float] = {}
        self._epoch_of_lowest_loss = -1
        for record in records:
            self.improves(dict(record.metrics), record.epoch)

    def improves(
        self, metrics: Mapping[str, float], epoch: int, chosen: Sequence[str] = tuple(IMPROVEMENTS[:2])
    ) -> bool:
        """Take note of an epoch; return whether it breaks the record of a `chosen` metric. NaN breaks none."""
        broken = {name for name in IMPROVEMENTS if name in metrics and self._is_better(name, metrics[name])}
        for name in broken:
            self._best[name] = rank(name, metrics[name])
        if _LOSS in broken:
            self._epoch_of_lowest_loss = epoch
        return not broken.isdisjoint(chosen)

    def epochs_without_improvement(self, epoch: int) -> int:
        """Return how many epochs ago the validation loss was lowest."""
        return epoch - self._epoch_of_lowest_loss

    def _is_better(self, name: str, value: float) -> bool:
        return rank(name, value) > self._best.get(name, -math.inf)


def rank(name: str, value: float) -> float:
    """Return a metric so that higher is better, minus infinity for NaN."""
    # Metrics are float32, and a history read from its file has only their digits.
    value = float(np.float32(value))
    if math.isnan(value):
        return -math.inf
    return -value if name == _LOSS else value


def superfluous(saved: Sequence[EpochRecord], keep_best: int, metrics: Sequence[str]) -> list[EpochRecord]:
    """Return those of the epochs with a saved model that are neither the newest nor among the best by these metrics.

    `keep_best` 0 keeps all. Of equal ones the earlier is better.
    """
    if not keep_best:
        return []

    def ranks(record: EpochRecord) -> tuple[float, ...]:
        known = dict(record.metrics)
        return tuple(rank(name, known.get(name, math.nan)) for name in metrics or IMPROVEMENTS[:2])

    by_rank = sorted(saved[:-1], key=ranks, reverse=True)
    stay = {record.epoch for record in sorted(saved, key=ranks, reverse=True)[:keep_best]}
    return [record for record in by_rank if record.epoch not in stay]

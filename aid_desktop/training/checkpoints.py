"""Is this epoch the best one so far?"""

import math
from collections.abc import Iterable

import numpy as np

from aid_desktop.runs.records import EpochRecord


class BestSoFar:
    """The records that a further epoch must break: highest validation accuracy, lowest validation loss."""

    def __init__(self, records: Iterable[EpochRecord] = ()) -> None:
        self._accuracy = -math.inf
        self._loss = math.inf
        self._epoch_of_lowest_loss = -1
        for record in records:
            self.improves(dict(record.metrics), record.epoch)

    def improves(self, metrics: dict[str, float], epoch: int) -> bool:
        """Take note of an epoch; return whether it breaks either record. NaN breaks none."""
        # Metrics are float32, and a history read from its file has only their digits.
        accuracy, loss = float(np.float32(metrics["val_accuracy"])), float(np.float32(metrics["val_loss"]))
        better_accuracy = accuracy > self._accuracy
        better_loss = loss < self._loss
        if better_accuracy:
            self._accuracy = accuracy
        if better_loss:
            self._loss = loss
            self._epoch_of_lowest_loss = epoch
        return better_accuracy or better_loss

    def epochs_without_improvement(self, epoch: int) -> int:
        """Return how many epochs ago the validation loss was lowest."""
        return epoch - self._epoch_of_lowest_loss

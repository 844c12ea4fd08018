"""Records and rows that the tests of a run's files share."""

from collections.abc import Callable

import pytest

from aid_desktop.runs.records import EpochRecord

MakeRecord = Callable[..., EpochRecord]


@pytest.fixture
def make_record() -> MakeRecord:
    """Return a function that makes the record of an epoch with validation metrics."""

    def make(epoch: int = 0, accuracy: float = 0.5, loss: float = 0.7, model: str | None = None) -> EpochRecord:
        metrics = (("loss", 0.6), ("accuracy", 0.55), ("val_loss", loss), ("val_accuracy", accuracy))
        return EpochRecord(epoch, 0, 0.001, metrics, 1.5, model)

    return make

"""Learning-rate range test: one batch after another while the rate grows, on a network of its own."""

import itertools
import math
from collections.abc import Callable, Generator
from contextlib import closing

import numpy as np

from aid_desktop.models.devices import device_scope
from aid_desktop.training import start
from aid_desktop.training.blocks import Block, EpochBlocks
from aid_desktop.training.range_test import RangeTest
from aid_desktop.training.run import TrainingRun
from aid_desktop.training.state import RunState

LOWEST, HIGHEST, N_STEPS = 1e-7, 1.0, 120
# A loss so many times the lowest one has diverged, as in fastai's finder.
_DIVERGED = 4.0


def find_learning_rate(
    run: TrainingRun, say: Callable[[str], None], tell: Callable[[int, int], None], n_steps: int = N_STEPS
) -> RangeTest | None:
    """Train with rates that grow from 1e-7 to 1 by the same factor from batch to batch, until the loss diverges.

    Args:
        run: what would be trained; not one to resume. Nothing is written to its folder, and no other network changes.
        say: is told what is being prepared.
        tell: is told how many of how many batches are done.
        n_steps: number of batches.

    Returns None when the run's control was told to stop. Raises AidError in plain words.
    """
    with device_scope(run.config.device):
        state = start.prepare(run, say)
        return None if state is None else _measure(run, state, tell, n_steps)


def _measure(run: TrainingRun, state: RunState, tell: Callable[[int, int], None], n_steps: int) -> RangeTest | None:
    rates = np.geomspace(LOWEST, HIGHEST, n_steps)
    losses: list[float] = []
    test = RangeTest(rates[:0], np.array(losses))
    with closing(_batches(run, state)) as batches:
        for rate, batch in zip(rates, batches, strict=False):
            if run.control.stop_requested:
                return None
            rate_now = np.array([rate], np.float32)
            state.fitter.fit_block(batch, len(batch.images), lambda _: True, metrics_from_zero=True, rates=rate_now)
            loss = state.fitter.metrics()["loss"]
            if not math.isfinite(loss):
                break
            losses.append(loss)
            test = RangeTest(rates[: len(losses)], np.array(losses))
            tell(len(losses), n_steps)
            if test.smoothed[-1] > _DIVERGED * test.smoothed.min():
                break
    return test


def _batches(run: TrainingRun, state: RunState) -> Generator[Block]:
    """Yield the batches of one epoch after another, as training would see them."""
    batch_size = state.settings.hyperparameters.batch_size
    for epoch in itertools.count():
        for block in EpochBlocks(state.data, run.config.image, state.settings, run.config.seed, epoch):
            for first in range(0, len(block.images), batch_size):
                yield block.part(slice(first, first + batch_size))

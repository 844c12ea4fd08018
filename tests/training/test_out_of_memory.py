"""A device with room for small batches only."""

from collections.abc import Callable
from typing import Any

import pytest

from aid_desktop.runs.history import read_history
from aid_desktop.runs.settings_log import read_revisions
from aid_desktop.training.events import RunFailed, RunFinished, SettingsApplied, TrainingEvent
from aid_desktop.training.fit import BlockFitter
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

pytestmark = [pytest.mark.keras, pytest.mark.usefixtures("eager")]

MakeRun = Callable[..., TrainingRun]


@pytest.fixture
def room_for(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that gives the device room for batches of so many images."""
    import tensorflow as tf

    def limit(most: int) -> None:
        def loop(fitter: BlockFitter, do_step: Any, first: Any, last: Any, batch_size: Any) -> None:
            if int(batch_size) > most:
                raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
            plain(fitter, do_step, first, last, batch_size)

        plain = BlockFitter._loop
        monkeypatch.setattr(BlockFitter, "_loop", loop)

    return limit


def watch(run: TrainingRun) -> list[TrainingEvent]:
    events: list[TrainingEvent] = []
    train(run, events.append)
    return events


def test_that_batches_are_halved_until_they_fit_and_the_run_says_so(
    make_run: MakeRun, room_for: Callable[[int], None]
) -> None:
    plain = make_run("plain", epochs=2, batch_size=16)
    watch(plain)
    run = make_run(epochs=2, batch_size=64)
    room_for(20)
    events = watch(run)
    assert isinstance(events[-1], RunFinished)
    applied = [event for event in events if isinstance(event, SettingsApplied)]
    assert [event.settings.hyperparameters.batch_size for event in applied] == [32, 16]
    assert applied[0].reason == (
        "The device has too little memory for batches of 64. Epoch 0 begins again with batches of 32."
    )
    revisions = read_revisions(run.folder.settings_jsonl)
    assert [item.settings.hyperparameters.batch_size for item in revisions] == [64, 32, 16]
    # The epoch that broke off has left nothing behind.
    ours, theirs = (read_history(each.folder.history_csv) for each in (run, plain))
    assert ours.column("loss").tolist() == pytest.approx(theirs.column("loss").tolist(), rel=1e-6)
    assert [record.revision for record in ours.records] == [2, 2]


def test_that_a_run_fails_in_plain_words_when_not_even_one_image_fits(
    make_run: MakeRun, room_for: Callable[[int], None]
) -> None:
    run = make_run(epochs=2, batch_size=4)
    room_for(0)
    event = watch(run)[-1]
    assert isinstance(event, RunFailed)
    assert event.message == "The device has too little memory for batches of 1"
    assert event.details == ""

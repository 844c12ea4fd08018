"""Files of the user that go away or change while a run trains on them."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.runs.config import DataRow
from aid_desktop.runs.history import read_history
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.training.events import EpochFinished, RunFailed, RunFinished, TrainingEvent
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

pytestmark = [pytest.mark.keras, pytest.mark.usefixtures("eager")]

MakeRun = Callable[..., TrainingRun]


def overwrite(path: Path) -> None:
    write_rtdc(path, np.full((20, 12, 12), 3, np.uint8))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


@pytest.mark.parametrize(
    ("harm", "message"), [(Path.unlink, "does not exist"), (overwrite, "changed"), (cut, "is cut off")]
)
def test_that_a_run_goes_on_with_the_images_that_it_began_with(
    make_run: MakeRun, rows: tuple[DataRow, ...], tmp_path: Path, harm: Callable[[Path], None], message: str
) -> None:
    (tmp_path / "own").mkdir()
    own = tuple(
        dataclasses.replace(row, path=Path(shutil.copy(row.path, tmp_path / "own" / row.path.name))) for row in rows
    )

    def make(name: str) -> TrainingRun:
        run = make_run(name, epochs=3)
        return dataclasses.replace(run, config=dataclasses.replace(run.config, data=own))

    def harm_all(event: TrainingEvent) -> None:
        if isinstance(event, EpochFinished) and event.record.epoch == 0:
            for row in own:
                harm(row.path)
        events.append(event)

    events: list[TrainingEvent] = []
    whole, run = make("whole"), make("run")
    train(whole, events.append)
    assert isinstance(events[-1], RunFinished)
    train(run, harm_all)
    assert isinstance(events[-1], RunFinished)
    ours, theirs = (read_history(one.folder.history_csv).records for one in (run, whole))
    assert [record.metrics for record in ours] == [record.metrics for record in theirs]

    # What is resumed must be what began.
    config = read_run_toml(run.folder.run_toml).with_changes(epochs=5)
    train(TrainingRun(config, run.folder, run.folder.model_zoo, resume=True), events.append)
    failed = events[-1]
    assert isinstance(failed, RunFailed)
    assert failed.details == ""
    assert str(own[0].path) in failed.message
    assert len(read_history(run.folder.history_csv)) == 3
    assert message in failed.message

import dataclasses
import errno
import json
import logging
import os
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.models.devices import n_usable_gpus
from aid_desktop.models.metadata import read_card
from aid_desktop.runs import history as history_module
from aid_desktop.runs.config import DataRow, ModelChoice, open_table
from aid_desktop.runs.folder import read_state
from aid_desktop.runs.history import read_history
from aid_desktop.runs.lock import locked
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.runs.settings_log import read_revisions
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training import loop, speeds, storage
from aid_desktop.training import split as split_module
from aid_desktop.training.checkpoints import BestSoFar
from aid_desktop.training.events import (
    BatchProgress,
    EpochFinished,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    SettingsApplied,
    SettingsRefused,
    StageChanged,
    TrainingEvent,
)
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun
from aid_desktop.training.speeds import SpeedBook

pytestmark = pytest.mark.keras

MakeRun = Callable[..., TrainingRun]
Events = list[TrainingEvent]
GEOMETRY: dict[str, Any] = {"rotation": 20, "horizontal_flip": True, "brightness_add": (-5, 5)}


@pytest.fixture(autouse=True)
def _all_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_PROGRESS_INTERVAL", 0.0)


def kinds(events: Events) -> list[type]:
    """Return the kinds of event, a repeated one once."""
    result: list[type] = []
    for event in events:
        if not result or type(event) is not result[-1]:
            result.append(type(event))
    return result


def watch(run: TrainingRun, act: Callable[[TrainingEvent], None] | None = None) -> Events:
    """Train; return all events; `act` is called with each."""
    events: Events = []

    def publish(event: TrainingEvent) -> None:
        events.append(event)
        if act is not None:
            act(event)

    train(run, publish)
    return events


def at(kind: type, epoch: int, action: Callable[[], object]) -> Callable[[TrainingEvent], None]:
    """Return what does `action` once, at the first event of this kind in this epoch."""
    left = [action]

    def act(event: TrainingEvent) -> None:
        number = event.record.epoch if isinstance(event, EpochFinished) else getattr(event, "epoch", None)
        if isinstance(event, kind) and number == epoch and left:
            left.pop()()

    return act


def changed(run: TrainingRun, **hyperparameters: Any) -> TrainingSettings:
    settings = run.config.training
    return dataclasses.replace(
        settings, hyperparameters=dataclasses.replace(settings.hyperparameters, **hyperparameters)
    )


def plain_history(run: TrainingRun) -> list[str]:
    """Return the rows of history.csv without the seconds."""
    rows = [line.split(",") for line in run.folder.history_csv.read_text(encoding="utf-8").splitlines()]
    place = rows[0].index("seconds")
    return [",".join(row[:place] + row[place + 1 :]) for row in rows]


def variables(path: Path) -> list[np.ndarray]:
    """Return weights and optimizer state of a model file."""
    import keras

    model = keras.models.load_model(path)
    return [variable.numpy() for variable in (*model.weights, *model.optimizer.variables)]


def equal_variables(one: Path, other: Path) -> bool:
    pairs = zip(variables(one), variables(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


# --- a run from beginning to end ----------------------------------------------------------------------------


@pytest.fixture
def whole(make_run: MakeRun, caplog: pytest.LogCaptureFixture) -> tuple[TrainingRun, Events]:
    caplog.set_level("INFO", "aid_desktop")
    run = make_run("whole", augmentation=GEOMETRY, optimizer="adam")
    return run, watch(run)


def test_that_a_run_tells_what_happens_in_order_and_leaves_all_its_files(
    whole: tuple[TrainingRun, Events], rows: tuple[DataRow, ...], make_run: MakeRun
) -> None:
    run, events = whole
    epoch = [BatchProgress, EpochFinished]
    assert kinds(events) == [StageChanged, RunStarted, *epoch * 4, StageChanged, RunFinished]
    started = next(event for event in events if isinstance(event, RunStarted))
    assert (started.class_names, started.n_training, started.n_validation) == (("a", "b", "c"), 60, 21)
    assert (started.first_epoch, started.parameters) == (0, (144 + 1) * 3)
    progress = [event for event in events if isinstance(event, BatchProgress) and event.epoch == 2]
    assert [event.step for event in progress] == sorted({event.step for event in progress})
    assert all(event.n_steps == 4 for event in progress)

    # Files: each is complete and says the same as the events.
    records = tuple(event.record for event in events if isinstance(event, EpochFinished))
    history = read_history(run.folder.history_csv)
    assert [record.epoch for record in records] == [0, 1, 2, 3]
    assert [dataclasses.replace(r, metrics=(), seconds=0) for r in history.records] == [
        dataclasses.replace(r, metrics=(), seconds=0) for r in records
    ]
    assert history.columns[2:6] == ("loss", "accuracy", "val_loss", "val_accuracy")
    for read, told in zip(history.records, records, strict=True):
        assert dict(read.metrics) == pytest.approx(dict(told.metrics), rel=1e-8)
    best = BestSoFar()
    for record in records:
        assert (record.model is not None) == best.improves(dict(record.metrics), record.epoch)
    saved = {record.model for record in records if record.model}
    assert {path.name for path in run.folder.models.iterdir()} == saved
    assert json.loads(run.folder.last_state.read_text(encoding="utf-8")) == {
        "version": 1, "epoch": 3, "revision": 0, "finished": True, "built_dropout": [0.25],
    }  # fmt: skip
    for path in (run.folder.last_model, *run.folder.models.iterdir(), run.folder.meta_xlsx):
        assert zipfile.ZipFile(path).testzip() is None
    assert run.folder.model_zoo.read_bytes() == run.model_zoo.read_bytes()
    assert "All 4 epochs are done." in run.folder.log.read_text(encoding="utf-8")
    assert list(run.folder.path.rglob(".*")) == [run.folder.lock]

    finished = events[-1]
    assert isinstance(finished, RunFinished)
    expected = history.best_saved()
    assert expected is not None
    assert expected.model is not None
    assert (finished.n_epochs, finished.best_epoch) == (4, expected.epoch)
    assert finished.best_model == run.folder.model(expected.model)

    card = read_card(run.folder.last_model)
    assert (card.class_names, card.epoch, card.revision, card.architecture) == (("a", "b", "c"), 3, 0, "Tiny")
    assert card.image == run.config.image
    assert card.normalization.method == "divide_by_255"
    assert dict(card.metrics) == pytest.approx(dict(records[-1].metrics))
    table = open_table(rows[:3])
    assert card.data == tuple((row.source.path.as_posix(), row.source.digest) for row in table.rows)

    # The settings in the folder are those of the run, with what pins the data down.
    (revision,) = read_revisions(run.folder.settings_jsonl)
    assert (revision.revision, revision.epoch, revision.settings) == (0, 0, run.config.training)
    config = read_run_toml(run.folder.run_toml)
    assert [row.digest for row in config.data][:3] == [digest for _, digest in card.data]
    assert [row.index for row in config.data] == [0, 1, 2, 0, 1, 2]
    stripped = tuple(dataclasses.replace(row, digest=None, index=None) for row in config.data)
    assert dataclasses.replace(config, data=stripped) == run.config

    # A second run into the same folder is refused and changes nothing.
    before = {path: path.read_bytes() for path in run.folder.path.rglob("*.*") if path.is_file()}
    again = watch(run)
    assert kinds(again) == [RunFailed]
    assert "holds a run already" in str(again[0])
    assert before == {path: path.read_bytes() for path in before}

    # Two epochs and the other two after a resume are the same four epochs.
    half = make_run("half", augmentation=GEOMETRY, optimizer="adam", epochs=2)
    assert isinstance(watch(half)[-1], RunFinished)
    prolonged = read_run_toml(half.folder.run_toml).with_changes(epochs=4)
    rest = TrainingRun(prolonged, half.folder, half.folder.model_zoo, resume=True)
    resumed = watch(rest)
    assert isinstance(resumed[-1], RunFinished)
    (restarted,) = [event for event in resumed if isinstance(event, RunStarted)]
    assert restarted.first_epoch == 2
    assert plain_history(rest) == plain_history(run)
    assert equal_variables(rest.folder.last_model, run.folder.last_model)


# --- settings posted while it runs --------------------------------------------------------------------------


def test_that_a_run_leaves_its_speed_for_the_estimates_of_later_ones(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "speeds.json"
    monkeypatch.setattr(loop, "speeds_file", lambda: path)
    monkeypatch.setattr(speeds, "_TELLING_S", 0.0)
    run, drawn = make_run(epochs=2), (3, 4, 5)
    fewer = dataclasses.replace(run.config.training, images_per_epoch=drawn)

    def act(event: TrainingEvent) -> None:
        if isinstance(event, RunStarted):
            run.mailbox.post(fewer)

    started = next(event for event in watch(run, act) if isinstance(event, RunStarted))
    config = run.config
    speed = SpeedBook(path).find(config.model.architecture or "", config.image, config.device, n_usable_gpus())
    second = read_history(run.folder.history_csv).records[1].seconds
    assert speed == pytest.approx(second / (sum(drawn) + started.n_validation), rel=0.01)
    assert SpeedBook(path).pace(config.device, n_usable_gpus()) != 1


def test_that_settings_posted_in_an_epoch_act_from_the_next_one_on(make_run: MakeRun) -> None:
    run = make_run()
    new = changed(run, learning_rate=1e-9, batch_size=30, dropout=(0.0,))
    newest = changed(run, learning_rate=0.02, loss="mean_squared_error", optimizer="adam", epochs=5)

    def act(event: TrainingEvent) -> None:
        if isinstance(event, EpochFinished) and event.record.epoch == 0:
            run.mailbox.post(changed(run, learning_rate=9.0))
            run.mailbox.post(new)
        if isinstance(event, EpochFinished) and event.record.epoch == 2:
            run.mailbox.post(newest)
        if isinstance(event, EpochFinished) and event.record.epoch == 3:
            run.mailbox.post(newest)

    events = watch(run, act)
    applied = [event for event in events if isinstance(event, SettingsApplied)]
    assert [(event.epoch, event.revision, event.settings) for event in applied] == [(1, 2, new), (3, 3, newest)]
    assert applied[0].diff.touches("training.batch_size")
    order = [type(event) for event in events if isinstance(event, SettingsApplied | EpochFinished)]
    assert order == [
        EpochFinished,
        SettingsApplied,
        EpochFinished,
        EpochFinished,
        SettingsApplied,
        EpochFinished,
        EpochFinished,
    ]

    history = read_history(run.folder.history_csv)
    assert history.column("revision").tolist() == [0, 2, 2, 3, 3]
    assert history.column("learning_rate").tolist() == [0.01, 1e-9, 1e-9, 0.02, 0.02]
    revisions = read_revisions(run.folder.settings_jsonl)
    assert [(item.revision, item.epoch) for item in revisions] == [(0, 0), (2, 1), (3, 3)]
    assert [item.settings for item in revisions] == [run.config.training, new, newest]
    # The new settings have acted: hardly any learning, other steps, another loss.
    losses = history.column("val_loss")
    assert abs(losses[1] - losses[0]) < 1e-3
    assert abs(losses[2] - losses[1]) < 1e-3
    assert losses[3] < 0.5 * losses[2]
    steps = {event.epoch: event.n_steps for event in events if isinstance(event, BatchProgress)}
    assert steps == {0: 4, 1: 2, 2: 2, 3: 4, 4: 4}
    assert events[-1] == dataclasses.replace(events[-1], reason="All 5 epochs are done.", n_epochs=5)


# --- held-out images ----------------------------------------------------------------------------------------


def plain_split(run: TrainingRun, rows: tuple[DataRow, ...]) -> TrainingRun:
    """Hold images out of the training rows, which are balanced: one class repeats images, another leaves some out."""
    numbers = (30, 10, 10)
    balanced = tuple(dataclasses.replace(row, images_per_epoch=n) for row, n in zip(rows[:3], numbers, strict=True))
    return with_rows(run, balanced, split=SplitSettings(0.25))


@pytest.mark.usefixtures("eager")
def test_that_a_run_holds_the_same_images_out_when_it_is_resumed_or_repeated(
    make_run: MakeRun, rows: tuple[DataRow, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, half = (plain_split(make_run(name, epochs=2), rows) for name in ("whole", "half"))
    watch(whole)
    watch(half, at(EpochFinished, 0, half.control.stop))
    stored = half.folder.held_out.read_bytes()
    assert len(stored.splitlines()) == 1 + 3 * 5
    config = read_run_toml(half.folder.run_toml)
    assert config.split == SplitSettings(0.25, held_out=half.folder.held_out)
    assert 'held_out = "held_out.csv"' in half.folder.run_toml.read_text(encoding="utf-8")

    def fail(*_: object) -> None:
        raise AssertionError("the images are known and not to be drawn again")

    monkeypatch.setattr(split_module, "hold_out", fail)
    rest = TrainingRun(config, half.folder, half.folder.model_zoo, resume=True)
    assert isinstance(watch(rest)[-1], RunFinished)
    assert plain_history(rest) == plain_history(whole)
    assert equal_variables(rest.folder.last_model, whole.folder.last_model)
    again = make_run("again", config=config)
    assert isinstance(watch(again)[-1], RunFinished)
    assert plain_history(again) == plain_history(whole)
    assert again.folder.held_out.read_bytes() == stored == half.folder.held_out.read_bytes()
    assert read_run_toml(again.folder.run_toml).split == SplitSettings(0.25, held_out=again.folder.held_out)


def test_that_a_list_of_images_that_does_not_fit_is_told(
    make_run: MakeRun, rows: tuple[DataRow, ...], tmp_path: Path
) -> None:
    listed = tmp_path / "held_out.csv"
    run = make_run()
    wanted = with_rows(run, rows[:3], split=SplitSettings(held_out=listed))
    assert "there is no file" in fails(wanted)
    listed.write_text("digest,part,image\nblake2b:1,,3\n", encoding="utf-8")
    assert "does not fit the data" in fails(wanted)
    assert not run.folder.run_toml.exists()


# --- stop, pause, keep --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("eager")
def test_that_a_stop_inside_an_epoch_takes_it_back_and_resuming_goes_on_with_the_settings_in_force(
    make_run: MakeRun,
) -> None:
    run = make_run()
    new = changed(run, optimizer="adam", learning_rate=0.03)

    def act(event: TrainingEvent) -> None:
        at(EpochFinished, 0, lambda: run.mailbox.post(new))(event)
        at(BatchProgress, 1, run.control.stop)(event)

    events = watch(run, act)
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert finished.reason == "Stopped in epoch 1; its part is taken back."
    assert not read_state(run.folder).finished
    assert len(read_history(run.folder.history_csv)) == 1
    # The weights of the last finished epoch, and an optimizer that has not stepped yet.
    last, first = variables(run.folder.last_model), variables(run.folder.models / "epoch_00000.keras")
    assert np.array_equal(last[0], first[0])
    assert np.array_equal(last[1], first[1])
    assert read_card(run.folder.last_model).epoch == 0

    config = read_run_toml(run.folder.run_toml)
    rest = TrainingRun(config, run.folder, run.folder.model_zoo, resume=True)
    resumed = watch(rest, at(EpochFinished, 1, lambda: rest.mailbox.post(changed(rest, epochs=3))))
    (started,) = [event for event in resumed if isinstance(event, RunStarted)]
    assert (started.first_epoch, started.settings) == (1, new)
    history = read_history(run.folder.history_csv)
    assert history.column("revision").tolist() == [0, 1, 2]
    assert history.column("learning_rate").tolist() == [0.01, 0.03, 0.01]
    assert [item.revision for item in read_revisions(run.folder.settings_jsonl)] == [0, 1, 2]


@pytest.mark.usefixtures("eager")
def test_that_a_stop_without_other_settings_restores_the_optimizer_too(make_run: MakeRun) -> None:
    run = make_run()
    watch(run, at(BatchProgress, 1, run.control.stop))
    assert equal_variables(run.folder.last_model, run.folder.models / "epoch_00000.keras")


@pytest.mark.usefixtures("eager")
def test_that_a_run_killed_after_settings_were_applied_resumes_with_them(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    new = changed(run, optimizer="adagrad", learning_rate=0.03)

    class Killed(BaseException):
        """Stands in for the end of the process."""

    def kill() -> None:
        raise Killed

    def act(event: TrainingEvent) -> None:
        at(EpochFinished, 0, lambda: run.mailbox.post(new))(event)
        at(EpochFinished, 1, lambda: run.mailbox.post(changed(run, learning_rate=7.0)))(event)
        at(BatchProgress, 2, kill)(event)

    with pytest.raises(Killed):
        watch(run, act)
    # last.keras was saved after the first epoch; the others are not older than ten seconds.
    assert json.loads(run.folder.last_state.read_text(encoding="utf-8"))["epoch"] == 0
    config = read_run_toml(run.folder.run_toml)
    rest = TrainingRun(config, run.folder, run.folder.model_zoo, resume=True)
    assert isinstance(
        watch(rest, at(EpochFinished, 1, lambda: rest.mailbox.post(changed(rest, epochs=3))))[-1], RunFinished
    )
    history = read_history(run.folder.history_csv)
    assert history.epochs().tolist() == [0, 1, 2]
    assert history.column("learning_rate").tolist() == [0.01, 0.03, 0.01]
    numbers = [item.revision for item in read_revisions(run.folder.settings_jsonl)]
    assert numbers == [0, 1, 2]
    assert history.column("revision").tolist() == numbers


@pytest.mark.usefixtures("eager")
def test_that_pause_holds_the_run_keep_saves_the_epoch_and_patience_ends_it(make_run: MakeRun) -> None:
    # With such a rate no epoch is better than the first one.
    run = make_run(learning_rate=1e-9, dropout=(0.0,), early_stopping=3, epochs=50)

    def act(event: TrainingEvent) -> None:
        at(EpochFinished, 0, run.control.pause)(event)
        at(EpochFinished, 0, run.control.keep_model)(event)
        if isinstance(event, RunPaused):
            threading.Timer(0.1, run.control.resume).start()

    events = watch(run, act)
    marks = [type(e) for e in events if isinstance(e, EpochFinished | RunPaused | RunResumed)]
    assert marks == [EpochFinished, RunPaused, RunResumed, EpochFinished, EpochFinished, EpochFinished]
    models = [event.record.model for event in events if isinstance(event, EpochFinished)]
    assert models == ["epoch_00000.keras", "epoch_00001.keras", None, None]
    assert isinstance(events[-1], RunFinished)
    assert events[-1].reason == "Stopped early: no lower validation loss for 3 epochs."


@pytest.mark.usefixtures("eager")
def test_that_a_stop_ends_a_paused_run(make_run: MakeRun) -> None:
    run = make_run()

    def act(event: TrainingEvent) -> None:
        at(EpochFinished, 0, run.control.pause)(event)
        if isinstance(event, RunPaused):
            threading.Timer(0.05, run.control.stop).start()

    events = watch(run, act)
    assert RunResumed not in kinds(events)
    assert isinstance(events[-1], RunFinished)
    assert events[-1].reason == "Stopped."
    assert run.folder.last_model.exists()


@pytest.mark.parametrize("normalization", ["divide_by_255", "standardize_training_set"])
def test_that_a_stop_before_the_first_epoch_is_a_quiet_end(make_run: MakeRun, normalization: str) -> None:
    run = make_run(image={"normalization": normalization})
    run.control.stop()
    events = watch(run)
    assert events[-1] == RunFinished(run.folder.path, "Stopped before the first epoch.", 0, None, None)
    assert not run.folder.run_toml.exists()


# --- failures: each a plain sentence, none an exception -----------------------------------------------------


def fails(run: TrainingRun) -> str:
    """Train; return the message of the failure, which is plain and the last event."""
    event = watch(run)[-1]
    assert isinstance(event, RunFailed)
    assert event.details == ""
    assert "Error" not in event.message
    assert "\n" not in event.message
    return event.message


def with_rows(run: TrainingRun, rows: tuple[DataRow, ...], **changes: Any) -> TrainingRun:
    return dataclasses.replace(run, config=dataclasses.replace(run.config, data=rows, **changes))


def test_that_data_that_cannot_be_trained_on_are_told(
    make_run: MakeRun, rows: tuple[DataRow, ...], tmp_path: Path
) -> None:
    run = make_run()
    assert "no row is for validation" in fails(with_rows(run, rows[:3]))
    assert "two different classes are needed" in fails(with_rows(run, (rows[0], rows[3])))
    gap = tuple(dataclasses.replace(row, index=(0, 1, 3)[place % 3]) for place, row in enumerate(rows))
    assert "class 2 is missing" in fails(with_rows(run, gap))
    gone = dataclasses.replace(rows[0], path=tmp_path / "gone.rtdc")
    assert "gone.rtdc" in fails(with_rows(run, (gone, *rows[1:])))
    stale = dataclasses.replace(rows[0], digest="0123")
    assert "has changed since the run was set up" in fails(with_rows(run, (stale, *rows[1:])))
    assert "no images for validation" in fails(with_rows(run, rows[:3], split=SplitSettings(0.2, "file")))
    assert not run.folder.run_toml.exists()


def test_that_a_network_that_cannot_be_built_is_told(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    zoo = Path(__file__).parents[2] / "model_zoo.py"
    config = dataclasses.replace(run.config, model=ModelChoice("LeNet5_do"))
    message = fails(dataclasses.replace(run, model_zoo=zoo, config=config))
    assert "LeNet5_do needs images of at least 16 × 16 px, got 12 × 12" in message
    unknown = dataclasses.replace(run.config, model=ModelChoice("Tinny"))
    assert "mean Tiny?" in fails(dataclasses.replace(run, config=unknown))
    for text, expected in (("def x(:\n", "line 1"), ("import keras\n", "no architecture Tiny")):
        (tmp_path / "broken.py").write_text(text, encoding="utf-8")
        assert expected in fails(dataclasses.replace(run, model_zoo=tmp_path / "broken.py"))
    (tmp_path / "broken.py").write_text(
        run.model_zoo.read_text(encoding="utf-8").replace("0.25", "25"), encoding="utf-8"
    )
    assert (
        "broken.py, line 10" in (event := watch(dataclasses.replace(run, model_zoo=tmp_path / "broken.py"))[-1]).message
    )
    assert isinstance(event, RunFailed)
    absent = dataclasses.replace(run.config, model=ModelChoice(start_from=tmp_path / "none.keras"))
    assert "there is no model at" in fails(dataclasses.replace(run, config=absent))


def test_that_a_place_that_cannot_be_written_and_a_wrong_device_are_told(make_run: MakeRun, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in fails(make_run("file/run"))
    run = make_run()
    assert "this machine has" in fails(dataclasses.replace(run, config=run.config.with_changes(device="gpu:9")))
    nothing = make_run("none")
    nothing.folder.create()
    assert "no finished epoch to resume from" in fails(dataclasses.replace(nothing, resume=True))


def test_that_class_weights_for_other_classes_are_told(make_run: MakeRun) -> None:
    assert "training.class_weights" in fails(make_run(class_weights={"x": 1.0}))


@pytest.mark.usefixtures("eager")
def test_that_a_full_disk_ends_the_run_with_all_epochs_before_it_valid(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    calls: list[int] = []

    def fsync(number: int) -> None:
        calls.append(number)
        if len(calls) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Os:
        """The module os, with a disk that is full at the third row."""

        def __getattr__(self, name: str) -> Any:
            return fsync if name == "fsync" else getattr(os, name)

    monkeypatch.setattr(history_module, "os", Os())
    events = watch(run)
    assert isinstance(events[-1], RunFailed)
    assert events[-1].message.startswith(f"The disk of {run.folder.path} is full.")
    assert events[-1].details == ""
    assert [record.epoch for record in read_history(run.folder.history_csv).records][:2] == [0, 1]
    assert len([event for event in events if isinstance(event, EpochFinished)]) == 2
    assert read_card(run.folder.last_model).epoch == 0


def test_that_what_nobody_thought_of_is_told_with_its_traceback(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, expected_warnings: list[Any]
) -> None:
    def fail(*arguments: object) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(storage, "write_run_toml", fail)
    event = watch(make_run())[-1]
    assert isinstance(event, RunFailed)
    assert event.message == "Training ended by an unexpected error: odd"
    assert "ZeroDivisionError" in event.details
    assert expected_warnings[0].exc_info


# --- starting from a saved model ----------------------------------------------------------------------------


@pytest.mark.usefixtures("eager")
def test_that_a_kill_between_the_two_files_of_the_last_epoch_changes_no_number(make_run: MakeRun) -> None:
    whole, torn = make_run("whole", epochs=3), make_run("torn", epochs=2)
    watch(whole)
    earlier: list[bytes] = []
    watch(torn, at(EpochFinished, 0, lambda: earlier.append(torn.folder.last_state.read_bytes())))
    assert read_state(torn.folder).epoch == 1
    torn.folder.last_state.write_bytes(earlier[0])
    assert read_state(torn.folder).epoch == 0
    config = read_run_toml(torn.folder.run_toml).with_changes(epochs=3)
    assert kinds(watch(TrainingRun(config, torn.folder, torn.folder.model_zoo, resume=True)))[-1] is RunFinished
    assert plain_history(torn) == plain_history(whole)


def test_that_two_programs_cannot_train_in_one_folder(make_run: MakeRun) -> None:
    run = make_run()
    run.folder.path.mkdir()
    run.folder.log.write_text("of the other one", encoding="utf-8")
    with locked(run.folder):
        assert "another window or program writes the run" in fails(run)
    assert run.folder.log.read_text(encoding="utf-8") == "of the other one"
    assert isinstance(watch(run)[-1], RunFinished)


@pytest.mark.usefixtures("eager")
def test_that_a_run_is_no_failure_because_its_table_is_open_elsewhere(
    make_run: MakeRun, expected_warnings: list[logging.LogRecord]
) -> None:
    run = make_run(epochs=1)
    run.folder.meta_xlsx.mkdir(parents=True)
    events = watch(run)
    assert kinds(events)[-1] is RunFinished
    assert any("meta.xlsx cannot be written" in record.getMessage() for record in expected_warnings)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "wrong", [{"dropout": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)}, {"class_weights": {"nobody": 2.0}}]
)
def test_that_settings_that_do_not_fit_are_refused_and_the_run_goes_on(make_run: MakeRun, wrong: Any) -> None:
    run = make_run(epochs=3)
    events = watch(run, at(EpochFinished, 0, lambda: run.mailbox.post(changed(run, **wrong))))
    assert kinds(events)[-1] is RunFinished
    (refused,) = [event for event in events if isinstance(event, SettingsRefused)]
    assert refused.revision == 1
    assert [item.revision for item in read_revisions(run.folder.settings_jsonl)] == [0]
    assert len(read_history(run.folder.history_csv)) == 3


def test_that_a_folder_whose_run_never_finished_an_epoch_can_be_used_again(make_run: MakeRun) -> None:
    run = make_run(epochs=1)
    run.folder.create()
    run.folder.run_toml.write_text("version = 1\n")
    assert kinds(watch(run))[-1] is RunFinished
    assert len(read_history(run.folder.history_csv)) == 1


@pytest.mark.usefixtures("eager")
def test_that_the_table_is_written_on_demand(make_run: MakeRun) -> None:
    run = make_run(epochs=3)
    there: list[bool] = []

    def act(event: TrainingEvent) -> None:
        if isinstance(event, EpochFinished):
            there.append(run.folder.meta_xlsx.exists())
            if event.record.epoch == 0:
                run.control.write_meta()

    watch(run, act)
    assert there == [False, True, True]

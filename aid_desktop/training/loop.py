"""The epoch loop."""

import errno
import logging
import math
import time
import traceback
from collections.abc import Callable
from functools import partial

import numpy as np

from aid_desktop.errors import AidError, OutOfMemoryError
from aid_desktop.models.devices import device_scope
from aid_desktop.paths import speeds_file
from aid_desktop.runs.best import saved_history
from aid_desktop.runs.lock import locked
from aid_desktop.runs.records import EpochRecord
from aid_desktop.settings.snapshot import SettingsDiff
from aid_desktop.training import start
from aid_desktop.training.auto_precision import settle_precision
from aid_desktop.training.awake import kept_awake
from aid_desktop.training.blocks import EpochBlocks, block_length, check_settings
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
from aid_desktop.training.mailbox import Stamped
from aid_desktop.training.plateaus import PlateauCounter
from aid_desktop.training.run import TrainingRun
from aid_desktop.training.schedules import Rates, learning_rates
from aid_desktop.training.speeds import SpeedBook, note_speed
from aid_desktop.training.state import RunState
from aid_desktop.training.storage import RunStorage

logger = logging.getLogger(__name__)

Publish = Callable[[TrainingEvent], None]

_PROGRESS_INTERVAL = 0.1
_LAST_MODEL_INTERVAL = 10.0


def train(run: TrainingRun, publish: Publish) -> None:
    """Run all epochs, telling `publish` what happens. No exception leaves this function.

    The last event is RunFinished or RunFailed. Files stay valid up to the last finished epoch either way.
    """
    try:
        with locked(run.folder):
            if not run.resume:
                run.folder.create()
            with (
                RunStorage(run.folder, run.model_zoo, publish) as storage,
                device_scope(run.config.device),
                kept_awake(),
            ):
                _train(run, storage, publish)
    except AidError as error:
        logger.info("the run ended: %s", error)
        publish(RunFailed(str(error)))
    except OSError as error:
        # The console shows errors only, and there the message below is enough.
        logger.info("the run ended by a failure of the file system", exc_info=True)
        publish(RunFailed(_disk_message(error, run)))
    except Exception as error:
        logger.exception("the run ended by an unexpected error")
        publish(RunFailed(f"Training ended by an unexpected error: {error}", traceback.format_exc()))


def _train(run: TrainingRun, storage: RunStorage, publish: Publish) -> None:
    state = start.prepare(run, lambda text: publish(StageChanged(text)))
    if state is None:
        publish(RunFinished(run.folder.path, "Stopped before the first epoch.", 0, None, None))
        return
    if run.resume:
        storage.go_on(run.config, state.data)
    else:
        storage.begin(run.config, state.data)
    settle_precision(state, storage, lambda text: publish(StageChanged(text)))
    publish(
        RunStarted(
            folder=storage.folder.path,
            class_names=state.data.class_names,
            n_training=state.data.images_per_epoch,
            n_validation=len(state.data.validation_labels),
            first_epoch=state.first_epoch,
            parameters=state.model.count_params(),
            settings=state.settings,
            revision=state.revision,
            notes=state.origin.notes,
            warnings=state.origin.warnings,
        )
    )
    loop = _EpochLoop(run, state, storage, publish)
    loop.run()
    # For the estimates of later runs.
    note_speed(SpeedBook(speeds_file()), state, loop.seconds_per_image)


def _disk_message(error: OSError, run: TrainingRun) -> str:
    saved = "The history has every finished epoch; resuming goes on from the model that was saved last."
    if error.errno == errno.ENOSPC:
        return f"The disk of {run.folder.path} is full. {saved} Free some space and resume the run."
    return f"A file of the run cannot be read or written ({error}). {saved}"


class _EpochLoop:
    """One run from loading to the last epoch, in the thread that calls it."""

    def __init__(self, run: TrainingRun, state: RunState, storage: RunStorage, publish: Publish) -> None:
        self._run = run
        self._state = state
        self._storage = storage
        self._publish = publish
        self._control = run.control
        self._best = BestSoFar(storage.records)
        self._losses, self._accuracies = PlateauCounter(), PlateauCounter()
        for record in storage.records:
            self._count(record)
        if storage.records:
            state.metrics = dict(storage.records[-1].metrics)
        self._epoch = state.first_epoch
        self._last_progress = 0.0
        self._last_rate = 0.0
        self._paused_seconds = 0.0
        self._has_diverged = False
        self._is_asked_for = False
        self._n_drawn = 0
        self.seconds_per_image: list[float] = []
        # The first epoch is saved at once: a run that is killed early can be resumed.
        self._last_saved = -math.inf
        image = run.config.image
        self._validation_length = block_length(1, image.width * image.height * image.n_channels)

    def run(self) -> None:
        """Run epochs until something ends the run, and finish its files."""
        self._state.remember()
        reason = self._run_epochs()
        self._finish(reason)

    def _run_epochs(self) -> str:
        """Run epochs; return what ended them."""
        while True:
            if not self._wait():
                return "Stopped."
            self._take_settings()
            hyperparameters = self._state.settings.hyperparameters
            if self._epoch >= hyperparameters.epochs:
                return _all_done(self._epoch, hyperparameters.epochs)
            try:
                record = self._one_epoch()
            except OutOfMemoryError as error:
                self._halve_batches(error)
                continue
            if record is None:
                self._state.take_back()
                if self._has_diverged:
                    return _diverged(self._epoch, self._last_rate)
                return f"Stopped in epoch {self._epoch}; its part is taken back."
            removed = self._finish_epoch(record)
            sizes = self._storage.model_sizes
            self._publish(EpochFinished(record, hyperparameters.epochs, removed, len(sizes), sum(sizes)))
            patience = hyperparameters.early_stopping
            if patience and self._best.epochs_without_improvement(record.epoch) >= patience:
                return f"Stopped early: no lower validation loss for {patience} epochs."

    def _finish_epoch(self, record: EpochRecord) -> tuple[int, ...]:
        """Put a finished epoch on disk; return the epochs whose models were removed for it."""
        storage, saving = self._storage, self._state.settings.saving
        storage.append_record(record)
        storage.write_events(saving)
        self._count(record)
        removed = storage.keep_best(record, self._is_asked_for, saving)
        values = ", ".join(f"{name} {value:.4f}" for name, value in record.metrics)
        logger.info("epoch %d, revision %d: %s, model: %s", record.epoch, record.revision, values, record.model)
        self._state.remember()
        n_images = self._n_drawn + len(self._state.data.validation_labels)
        self.seconds_per_image.append(record.seconds / max(n_images, 1))
        self._epoch += 1
        self._save_last_now_and_then()
        storage.go_home()
        if self._control.take_write_meta():
            storage.write_meta()
        return removed

    def _take_settings(self) -> None:
        stamped = self._run.mailbox.take()
        if stamped is None:
            return
        diff = SettingsDiff.between(self._state.settings, stamped.settings)
        if not diff:
            return
        try:
            check_settings(stamped.settings, self._state.data)
            # Before they act: the user may want to go back to the network as it is now.
            if self._epoch:
                self._storage.save_point(self._state, self._epoch - 1, stamped.settings.saving.undo_points)
            self._apply(diff, stamped)
        except AidError as error:
            logger.info("revision %d is refused: %s", stamped.revision, error)
            self._publish(SettingsRefused(self._epoch, stamped.revision, str(error)))

    def _apply(self, diff: SettingsDiff, stamped: Stamped, reason: str = "") -> None:
        self._state.apply(diff, stamped.settings, stamped.revision)
        settle_precision(self._state, self._storage, lambda text: self._publish(StageChanged(text)))
        # Another kind of optimizer has other variables to go back to.
        self._state.remember()
        self._storage.append_revision(stamped.revision, self._epoch, stamped.settings)
        logger.info("epoch %d uses revision %d: %s", self._epoch, stamped.revision, diff)
        self._publish(SettingsApplied(self._epoch, stamped.revision, stamped.settings, diff, reason))

    def _halve_batches(self, error: OutOfMemoryError) -> None:
        """Take the epoch back and begin it again with half the batch size. Raises `error` where none is smaller."""
        self._state.take_back()
        settings = self._state.settings
        batch_size = settings.hyperparameters.batch_size // 2
        if not batch_size:
            raise error
        smaller = settings.with_hyperparameters(batch_size=batch_size)
        reason = f"{error}. Epoch {self._epoch} begins again with batches of {batch_size}."
        stamped = Stamped(self._run.mailbox.next_revision(), smaller)
        self._apply(SettingsDiff.between(settings, smaller), stamped, reason)

    def _one_epoch(self) -> EpochRecord | None:
        """Train and validate once; None when a stop came before the end."""
        started = time.perf_counter()
        self._paused_seconds = 0.0
        metrics = self._fit()
        if metrics is None or self._diverges(metrics):
            return None
        with self._state.averaged():
            validation = self._validate()
            if validation is None or self._diverges(validation):
                return None
            metrics |= {f"val_{name}": value for name, value in validation.items()}
            self._state.metrics = metrics
            self._state.trained_revision = self._state.revision
            name = self._save_if_wanted(metrics)
        return EpochRecord(
            epoch=self._epoch,
            revision=self._state.revision,
            learning_rate=self._last_rate,
            metrics=tuple(metrics.items()),
            seconds=time.perf_counter() - started - self._paused_seconds,
            model=name,
        )

    def _save_if_wanted(self, metrics: dict[str, float]) -> str | None:
        """Save the network when it is better, due or asked for; return the file's name."""
        saving = self._state.settings.saving
        self._is_asked_for = self._control.take_keep_model()
        is_due = saving.every and (self._epoch + 1) % saving.every == 0
        if self._best.improves(metrics, self._epoch, saving.improvement) or is_due or self._is_asked_for:
            return self._storage.save_epoch(self._state, self._epoch, self._is_asked_for)
        return None

    def _learning_rates(self, n_steps: int) -> Rates:
        """Return the learning rate of each step of this epoch."""
        hyperparameters = self._state.settings.hyperparameters
        patience = hyperparameters.schedule_epochs if hyperparameters.schedule == "reduce_on_plateau" else 0
        return learning_rates(hyperparameters, self._epoch, n_steps, self._losses.count(patience))

    def _count(self, record: EpochRecord) -> None:
        """Take note of an epoch for schedules that follow a curve."""
        # With the digits of a history that is read from its file.
        self._losses.add(-float(np.float32(record.metric("val_loss"))))
        self._accuracies.add(float(np.float32(record.metric("val_accuracy"))))

    def _unfreeze(self) -> None:
        """Let one more layer learn for each time that the validation accuracy has not improved for a while."""
        n_more = self._accuracies.count(self._state.settings.hyperparameters.unfreeze_after)
        if self._state.unfreeze(n_more):
            self._state.remember()
            logger.info("from epoch %d on %d more layers learn than set", self._epoch, n_more)

    def _validate(self) -> dict[str, float] | None:
        """Return the metrics over the validation images; None when a stop came before the end."""
        data = self._state.data
        features = data.scaling.apply(data.validation_features) if data.scaling else None
        measured = self._state.fitter.evaluate(
            data.validation_images, data.validation_labels, self._validation_length, lambda _: self._wait(), features
        )
        return None if measured is None else self._wanted(measured)

    def _wanted(self, measured: dict[str, float]) -> dict[str, float]:
        return {name: measured[name] for name in ("loss", *self._state.settings.hyperparameters.metrics)}

    def _fit(self) -> dict[str, float] | None:
        """Train on all blocks of the epoch; None when a stop came before the end."""
        state, config = self._state, self._run.config
        batch_size = state.settings.hyperparameters.batch_size
        blocks = EpochBlocks(state.data, config.image, state.settings, config.seed, self._epoch)
        self._n_drawn = blocks.n_images
        n_steps = -(-blocks.n_images // batch_size)
        rates = self._learning_rates(n_steps)
        done = 0
        self._last_rate = float(rates[-1])
        self._unfreeze()
        state.begin_epoch(self._epoch)
        for block in blocks:
            tell = partial(self._between, done, n_steps)
            n_batches = -(-len(block.images) // batch_size)
            some = rates[done : done + n_batches].astype(np.float32)
            if not state.fitter.fit_block(block, batch_size, tell, metrics_from_zero=done == 0, rates=some):
                return None
            done += n_batches
        return self._wanted(state.fitter.metrics())

    def _between(self, done_before: int, n_steps: int, step: int) -> bool:
        """Tell the progress now and then; return whether to go on."""
        now = time.monotonic()
        if now - self._last_progress >= _PROGRESS_INTERVAL:
            self._last_progress = now
            metrics = self._state.fitter.progress()
            progress = BatchProgress(self._epoch, done_before + step, n_steps, metrics["loss"], metrics["accuracy"])
            self._publish(progress)
            if self._diverges(metrics):
                return False
        return self._wait()

    def _diverges(self, metrics: dict[str, float]) -> bool:
        """Return whether the loss is no number any more: no weight can be saved after that."""
        self._has_diverged = self._has_diverged or not math.isfinite(metrics["loss"])
        return self._has_diverged

    def _wait(self) -> bool:
        """Wait while paused; return whether to go on."""
        if self._control.paused:
            logger.info("paused in epoch %d", self._epoch)
            self._publish(RunPaused(self._epoch))
            paused = time.perf_counter()
            self._control.wait_if_paused()
            self._paused_seconds += time.perf_counter() - paused
            if not self._control.stop_requested:
                self._publish(RunResumed(self._epoch))
        return not self._control.stop_requested

    def _save_last_now_and_then(self) -> None:
        if time.monotonic() - self._last_saved >= _LAST_MODEL_INTERVAL:
            self._save_last(finished=False)

    def _save_last(self, finished: bool) -> None:
        self._storage.save_last(self._state, self._epoch - 1, finished)
        self._last_saved = time.monotonic()

    def _finish(self, reason: str) -> None:
        storage = self._storage
        if storage.records:
            self._publish(StageChanged("Saving the run"))
            self._save_last(finished=not (self._has_diverged or self._control.stop_requested))
            storage.write_meta()
        storage.go_home(at_once=True)
        folder = storage.folder
        best = saved_history(folder).best_saved()
        logger.info("%s", reason)
        self._publish(
            RunFinished(
                folder=folder.path,
                reason=reason,
                n_epochs=len(storage.records),
                best_epoch=best.epoch if best else None,
                best_model=folder.model(best.model) if best and best.model else None,
                has_diverged=self._has_diverged,
            )
        )


def _all_done(n_done: int, n_wanted: int) -> str:
    if n_done > n_wanted:
        return f"Nothing to do: {n_wanted} epochs are asked for, the run has {n_done} already."
    return f"All {n_wanted} epochs are done."


def _diverged(epoch: int, rate: float) -> str:
    kept = f"the weights of epoch {epoch - 1} are kept" if epoch else "no epoch was finished"
    return (
        f"Stopped in epoch {epoch}: the loss is no number any more, {kept}. Lower the learning rate (it was {rate:g}), "
        "or clip the gradients."
    )

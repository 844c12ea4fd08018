"""The epoch loop."""

import dataclasses
import errno
import logging
import math
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from aid_desktop.errors import AidError
from aid_desktop.log import add_run_log, remove_run_log
from aid_desktop.models.devices import device_scope, make_repeatable
from aid_desktop.runs.config import data_rows, write_run_toml
from aid_desktop.runs.held_out import write_held_out
from aid_desktop.runs.history import append_record, read_history
from aid_desktop.runs.meta_xlsx import write_meta_xlsx
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import append_revision
from aid_desktop.settings.snapshot import SettingsDiff
from aid_desktop.training import start
from aid_desktop.training.auto_precision import settle_precision
from aid_desktop.training.blocks import EpochBlocks, block_length, check_class_weights
from aid_desktop.training.checkpoints import BestSoFar
from aid_desktop.training.datasets import TrainingData
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
from aid_desktop.training.plateaus import count_plateaus
from aid_desktop.training.run import TrainingRun
from aid_desktop.training.schedules import Rates, learning_rates
from aid_desktop.training.state import RunState

logger = logging.getLogger(__name__)

Publish = Callable[[TrainingEvent], None]

_PROGRESS_INTERVAL = 0.1
_LAST_MODEL_INTERVAL = 10.0


def train(run: TrainingRun, publish: Publish) -> None:
    """Run all epochs, telling `publish` what happens. No exception leaves this function.

    The last event is RunFinished or RunFailed. Files stay valid up to the last finished epoch either way.
    """
    try:
        if not run.resume:
            run.folder.create()
        handler = add_run_log(run.folder.log)
        try:
            with device_scope(run.config.device):
                _train(run, publish)
        finally:
            remove_run_log(handler)
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


def _train(run: TrainingRun, publish: Publish) -> None:
    make_repeatable(run.config.seed)
    state = start.prepare(run, lambda text: publish(StageChanged(text)))
    if state is None:
        publish(RunFinished(run.folder.path, "Stopped before the first epoch.", 0, None, None))
        return
    if not run.resume:
        _write_first_files(run, state.data)
    settle_precision(state, run.folder, lambda text: publish(StageChanged(text)))
    publish(
        RunStarted(
            folder=run.folder.path,
            class_names=state.data.class_names,
            n_training=state.data.images_per_epoch,
            n_validation=len(state.data.validation_labels),
            first_epoch=state.first_epoch,
            parameters=state.model.count_params(),
            settings=state.settings,
        )
    )
    _EpochLoop(run, state, publish).run()


def _write_first_files(run: TrainingRun, data: TrainingData) -> None:
    folder, config = run.folder, run.config
    if run.model_zoo.resolve() != folder.model_zoo.resolve():
        shutil.copyfile(run.model_zoo, folder.model_zoo)
    # What an attempt left that ended before it became a run.
    for leftover in (folder.settings_jsonl, folder.history_csv, folder.held_out):
        leftover.unlink(missing_ok=True)
    append_revision(folder.settings_jsonl, 0, 0, config.training)
    split = config.split
    if split is not None and data.held_out is not None:
        write_held_out(data.held_out, folder.held_out)
        split = dataclasses.replace(split, held_out=folder.held_out.absolute())
    # run.toml comes last: it is what makes a folder a run. Its rows carry the digests of what is trained on.
    write_run_toml(dataclasses.replace(config, data=data_rows(data.table), split=split), folder.run_toml)


def _disk_message(error: OSError, run: TrainingRun) -> str:
    saved = "The history has every finished epoch; resuming goes on from the model that was saved last."
    if error.errno == errno.ENOSPC:
        return f"The disk of {run.folder.path} is full. {saved} Free some space and resume the run."
    return f"A file of the run cannot be read or written ({error}). {saved}"


class _EpochLoop:
    """One run from loading to the last epoch, in the thread that calls it."""

    def __init__(self, run: TrainingRun, state: RunState, publish: Publish) -> None:
        self._run = run
        self._state = state
        self._publish = publish
        self._control = run.control
        self._records = list(read_history(run.folder.history_csv).records)
        self._best = BestSoFar(self._records)
        if self._records:
            state.metrics = dict(self._records[-1].metrics)
        self._epoch = state.first_epoch
        self._last_progress = 0.0
        self._last_rate = 0.0
        self._paused_seconds = 0.0
        self._has_diverged = False
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
            record = self._one_epoch()
            if record is None:
                self._state.take_back()
                if self._has_diverged:
                    return _diverged(self._epoch, self._last_rate)
                return f"Stopped in epoch {self._epoch}; its part is taken back."
            append_record(self._run.folder.history_csv, record)
            self._records.append(record)
            values = ", ".join(f"{name} {value:.4f}" for name, value in record.metrics)
            logger.info("epoch %d, revision %d: %s, model: %s", record.epoch, record.revision, values, record.model)
            self._state.remember()
            self._epoch += 1
            self._save_last_now_and_then()
            if self._control.take_write_meta():
                self._write_meta()
            self._publish(EpochFinished(record, hyperparameters.epochs))
            patience = hyperparameters.early_stopping
            if patience and self._best.epochs_without_improvement(record.epoch) >= patience:
                return f"Stopped early: no lower validation loss for {patience} epochs."

    def _take_settings(self) -> None:
        stamped = self._run.mailbox.take()
        if stamped is None:
            return
        diff = SettingsDiff.between(self._state.settings, stamped.settings)
        if not diff:
            return
        try:
            check_class_weights(stamped.settings, self._state.data.class_names)
            self._state.apply(diff, stamped.settings, stamped.revision)
            settle_precision(self._state, self._run.folder, lambda text: self._publish(StageChanged(text)))
        except AidError as error:
            logger.info("revision %d is refused: %s", stamped.revision, error)
            self._publish(SettingsRefused(self._epoch, stamped.revision, str(error)))
            return
        # Another kind of optimizer has other variables to go back to.
        self._state.remember()
        append_revision(self._run.folder.settings_jsonl, stamped.revision, self._epoch, stamped.settings)
        logger.info("epoch %d uses revision %d: %s", self._epoch, stamped.revision, diff)
        self._publish(SettingsApplied(self._epoch, stamped.revision, stamped.settings, diff))

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
            wanted = self._control.take_keep_model()
            name = None
            if self._best.improves(metrics, self._epoch) or wanted:
                name = self._state.save_epoch(self._run.folder, self._epoch)
        return EpochRecord(
            epoch=self._epoch,
            revision=self._state.revision,
            learning_rate=self._last_rate,
            metrics=tuple(metrics.items()),
            seconds=time.perf_counter() - started - self._paused_seconds,
            model=name,
        )

    def _learning_rates(self, n_steps: int) -> Rates:
        """Return the learning rate of each step of this epoch."""
        hyperparameters = self._state.settings.hyperparameters
        # Only this schedule needs the whole history: a long run would pay for it in every epoch.
        patience = hyperparameters.schedule_epochs if hyperparameters.schedule == "reduce_on_plateau" else 0
        plateaus = count_plateaus((-loss for loss in self._curve("val_loss")), patience)
        return learning_rates(hyperparameters, self._epoch, n_steps, plateaus)

    def _curve(self, name: str) -> Iterator[float]:
        """Yield a metric of the epochs so far, with the digits of a history that is read from its file."""
        return (float(np.float32(record.metric(name))) for record in self._records)

    def _unfreeze(self) -> None:
        """Let one more layer learn for each time that the validation accuracy has not improved for a while."""
        patience = self._state.settings.hyperparameters.unfreeze_after
        n_more = count_plateaus(self._curve("val_accuracy"), patience)
        if self._state.unfreeze(n_more):
            self._state.remember()
            logger.info("from epoch %d on %d more layers learn than set", self._epoch, n_more)

    def _validate(self) -> dict[str, float] | None:
        """Return the metrics over the validation images; None when a stop came before the end."""
        data = self._state.data
        measured = self._state.fitter.evaluate(
            data.validation_images, data.validation_labels, self._validation_length, lambda _: self._wait()
        )
        return None if measured is None else self._wanted(measured)

    def _wanted(self, measured: dict[str, float]) -> dict[str, float]:
        return {name: measured[name] for name in ("loss", *self._state.settings.hyperparameters.metrics)}

    def _fit(self) -> dict[str, float] | None:
        """Train on all blocks of the epoch; None when a stop came before the end."""
        state, config = self._state, self._run.config
        batch_size = state.settings.hyperparameters.batch_size
        blocks = EpochBlocks(state.data, config.image, state.settings, config.seed, self._epoch)
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
        self._state.save_last(self._run.folder, self._epoch - 1, finished)
        self._last_saved = time.monotonic()

    def _write_meta(self) -> None:
        try:
            write_meta_xlsx(self._run.config, self._state.data.table, self._run.folder)
        except OSError as error:
            # Open in Excel, say: the run itself is complete without it.
            logger.warning("meta.xlsx cannot be written: %s", error)

    def _finish(self, reason: str) -> None:
        folder = self._run.folder
        history = read_history(folder.history_csv)
        if history.records:
            self._publish(StageChanged("Saving the run"))
            self._save_last(finished=not self._has_diverged)
            self._write_meta()
        best = history.best_saved()
        logger.info("%s", reason)
        self._publish(
            RunFinished(
                folder=folder.path,
                reason=reason,
                n_epochs=len(history),
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

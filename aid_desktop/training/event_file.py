"""The curves of a run as an event file, which TensorBoard shows beside those of other programs."""

import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aid_desktop.runs.records import EpochRecord

logger = logging.getLogger(__name__)

_PREFIX = "events.out.tfevents."
_NAME = f"{_PREFIX}{{}}.aid-desktop"
_FORMAT = "brain.Event:2"
_VALIDATION = "val_"


class EventFile:
    """Follows a run's finished epochs; only `folder`, which is made when it is needed, is ever written to.

    The file is made anew from all epochs when a run begins, is resumed, goes on in another folder, or turns this on:
    so it has what history.csv has, also after a run was taken back. Records of TensorFlow's `tensorflow.Event`
    protocol buffer, which need no package of TensorBoard.
    """

    def __init__(self) -> None:
        self._writer: Any = None
        self._folder: Path | None = None
        self._n_written = 0

    def follow(self, folder: Path, records: Sequence[EpochRecord]) -> None:
        """Add the epochs that are new. A failure is told in the log alone: the run is complete without the file."""
        import tensorflow as tf

        try:
            if folder != self._folder or len(records) < self._n_written:
                self.close()
                self._open(folder)
            for record in records[self._n_written :]:
                self._write(step=record.epoch, summary=_summary(record))
                self._n_written += 1
            self._writer.flush()
        except (OSError, tf.errors.OpError) as error:
            self.close()
            logger.warning("the events for TensorBoard cannot be written: %s", error)

    def close(self) -> None:
        """Close the file; the next epoch begins a new one."""
        writer, self._writer, self._folder, self._n_written = self._writer, None, None, 0
        if writer is None:
            return
        import tensorflow as tf

        try:
            writer.close()
        except tf.errors.OpError as error:
            logger.info("the events for TensorBoard are incomplete: %s", error)

    def _open(self, folder: Path) -> None:
        import tensorflow as tf

        folder.mkdir(exist_ok=True)
        for old in folder.glob(_NAME.format("*")):
            old.unlink()
        self._writer = tf.io.TFRecordWriter(os.fspath(folder / _NAME.format(time.time_ns())))
        self._folder = folder
        self._write(file_version=_FORMAT)

    def _write(self, **fields: Any) -> None:
        import tensorflow as tf

        self._writer.write(tf.compat.v1.Event(wall_time=time.time(), **fields).SerializeToString())


def _summary(record: EpochRecord) -> Any:
    """Return the metrics of an epoch by name, those of validation below the same name, and rate and seconds."""
    import tensorflow as tf

    values = [(_tag(name), value) for name, value in record.metrics]
    values += [("learning_rate", record.learning_rate), ("seconds", record.seconds)]
    summary = tf.compat.v1.Summary
    return summary(value=[summary.Value(tag=tag, simple_value=value) for tag, value in values])


def _tag(name: str) -> str:
    """Return `loss/training` or `loss/validation`: TensorBoard puts what begins alike side by side."""
    return f"{name.removeprefix(_VALIDATION)}/{'validation' if name.startswith(_VALIDATION) else 'training'}"

"""The program's log file, its console output, and the trace that a hard crash leaves behind."""

import faulthandler
import logging
import logging.handlers
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

LOGGER_NAME = "aid_desktop"
_LOG, _TRACE = "aid-desktop-", "crash-trace-"
_KEPT_LOGS = 20
_FORMAT = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"


def set_up_logging(folder: Path, console_level: int | None = logging.WARNING) -> Path | None:
    """Log to a new file of this process in `folder`, and to stderr from `console_level` on where there is a console.

    Returns the log file, or None when the folder cannot be written: the program runs all the same. Files of earlier
    processes leave when there are too many.
    """
    logger = logging.getLogger(LOGGER_NAME)
    logger.setLevel(logging.INFO)
    # TensorFlow's absl gives the root logger a handler that would write all of it to stderr.
    logger.propagate = False
    # A window build on Windows has no stderr at all.
    if sys.stderr is not None and console_level is not None:
        console = logging.StreamHandler()
        console.setLevel(console_level)
        console.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        logger.addHandler(console)
    started = time.strftime("%Y%m%d-%H%M%S")
    path = folder / f"{_LOG}{started}-{os.getpid()}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_old_logs(folder)
        # Not one file for all: two processes that rotate it lose lines, and on Windows cannot.
        file = logging.handlers.RotatingFileHandler(path, maxBytes=2_000_000, backupCount=1, encoding="utf-8")
    except OSError as error:
        logger.warning("no log file can be written to %s: %s", folder, error)
        return None
    file.setFormatter(logging.Formatter(_FORMAT))
    logger.addHandler(file)
    return path


def log_file() -> Path | None:
    """Return the log file of this process; None if it has none."""
    handlers = logging.getLogger(LOGGER_NAME).handlers
    names = (one.baseFilename for one in handlers if isinstance(one, logging.handlers.RotatingFileHandler))
    return next(map(Path, names), None)


def _remove_old_logs(folder: Path) -> None:
    """Remove all but the newest files of processes that have gone, each with what was rotated out of it."""
    old = [path for path in sorted(folder.glob(f"{_LOG}*.log")) if not _is_of_running(path)]
    for path in old[: -_KEPT_LOGS + 1]:
        for part in (path, path.with_name(f"{path.name}.1")):
            with suppress(OSError):
                part.unlink()


def _is_of_running(path: Path) -> bool:
    """Return whether another process, whose number the file name ends with, still runs."""
    # Not at the start of the program, which is to be quick, where there is no such file.
    import psutil

    pid = _pid_of(path)
    return pid.isdecimal() and int(pid) != os.getpid() and psutil.pid_exists(int(pid))


def _pid_of(path: Path) -> str:
    return path.stem.rpartition("-")[2]


class CrashTrace:
    """A file into which `faulthandler` writes when the process dies; read again at the next start.

    Each process has its own, `crash-trace-<pid>.txt`: with two windows open, one must not take the other's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"{_TRACE}{os.getpid()}.txt"
        self._file: TextIO | None = None

    def take_previous(self) -> str:
        """Return what programs that have gone left, and forget it; empty after an ordinary end."""
        texts = []
        for path in sorted(self._folder.glob(f"{_TRACE}*.txt")):
            if _is_of_running(path):
                continue
            try:
                text = path.read_text(encoding="utf-8", errors="replace").strip()
                path.unlink()
            except OSError:
                # Another window that has just started has taken it.
                continue
            if text:
                logs = self._folder.glob(f"{_LOG}*-{_pid_of(path)}.log")
                texts.append("\n".join([text, *(f"Log: {log}" for log in sorted(logs)[-1:])]))
        return "\n\n".join(texts)

    def start(self) -> None:
        """Let faulthandler write into the file from now on."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8")
        except OSError as error:
            logging.getLogger(LOGGER_NAME).warning("crash traces cannot be kept: %s", error)
            return
        faulthandler.enable(self._file)

    def stop(self) -> None:
        """Stop tracing and close the file."""
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            self._file = None
            # Empty, or else the process would not have come here.
            with suppress(OSError):
                self._path.unlink()


class _RunLog(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: where a log cannot be written the run cannot be either, and tells so itself."""


def add_run_log(path: Path) -> logging.Handler:
    """Send the program's log to a run's own file as well; pass the handler to `remove_run_log`."""
    handler = _RunLog(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter(_FORMAT))
    logger = logging.getLogger(LOGGER_NAME)
    # Also where nobody has set up logging.
    if not logger.isEnabledFor(logging.INFO):
        logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    return handler


def remove_run_log(handler: logging.Handler) -> None:
    """Stop sending the log to a run's file and close it."""
    logging.getLogger(LOGGER_NAME).removeHandler(handler)
    # What a full disk has not taken is tried once more here.
    with suppress(OSError):
        handler.close()

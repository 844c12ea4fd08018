"""The program's log file, its console output, and the trace that a hard crash leaves behind."""

import faulthandler
import logging
import logging.handlers
import sys
from pathlib import Path
from typing import TextIO

LOGGER_NAME = "aid_desktop"
_FORMAT = "%(asctime)s %(levelname)-7s %(threadName)s %(name)s: %(message)s"


def set_up_logging(folder: Path, console_level: int | None = logging.WARNING) -> Path | None:
    """Log to `folder`/aid-desktop.log, and to stderr from `console_level` on where there is a console.

    Returns the log file, or None when the folder cannot be written: the program runs all the same.
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
    path = folder / "aid-desktop.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(path, maxBytes=2_000_000, backupCount=3, encoding="utf-8")
    except OSError as error:
        logger.warning("no log file can be written to %s: %s", folder, error)
        return None
    file.setFormatter(logging.Formatter(_FORMAT))
    logger.addHandler(file)
    return path


class CrashTrace:
    """A file into which `faulthandler` writes when the process dies; read again at the next start."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "crash-trace.txt"
        self._file: TextIO | None = None

    def take_previous(self) -> str:
        """Return what the last run left, and forget it; empty after an ordinary end."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
            self._path.unlink()
        except OSError:
            return ""
        return text.strip()

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


def add_run_log(path: Path) -> logging.Handler:
    """Send the program's log to a run's own file as well; pass the handler to `remove_run_log`."""
    handler = logging.FileHandler(path, encoding="utf-8")
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
    handler.close()

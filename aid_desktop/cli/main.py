"""Arguments, sub-commands and exit codes."""

import argparse
import io
import logging
import sys
from collections.abc import Sequence
from importlib import import_module

from aid_desktop import __version__
from aid_desktop.cli.interrupt import INTERRUPTED
from aid_desktop.cli.output import write_error
from aid_desktop.errors import AidError
from aid_desktop.log import set_up_logging
from aid_desktop.paths import log_dir

logger = logging.getLogger(__name__)

EXIT_ERROR = 1
_COMMANDS = (
    "gui",
    "demo",
    "recommend",
    "train",
    "find-lr",
    "assess",
    "find-label-errors",
    "classify",
    "inference-time",
    "export",
    "convert",
    "tile",
    "info",
    "zoo",
    "devices",
    "doctor",
    "self-test",
)
"""Each is a module of this package, which is only loaded if it is wanted."""


def make_parser(command: str = "") -> argparse.ArgumentParser:
    """Return the parser of one sub-command, or of all if there is none of that name."""
    parser = argparse.ArgumentParser(
        prog="aid-desktop",
        description="Train, watch, assess and apply image classifiers.",
        epilog="Without a command the window opens.",
    )
    parser.add_argument("--version", action="version", version=f"aid-desktop {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name in (command,) if command in _COMMANDS else _COMMANDS:
        import_module(f"aid_desktop.cli.{name.replace('-', '_')}").add_parser(commands)
    return parser


def _write_utf_8() -> None:
    """Let files and other programs get UTF-8: Windows would write its code page there, which lacks most letters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return 0, 1 for a known error, 130 when interrupted. argparse exits with 2."""
    arguments = arguments or ["gui"]
    _write_utf_8()
    options = make_parser(arguments[0]).parse_args(arguments)
    set_up_logging(log_dir(), None if getattr(options, "json", False) else logging.ERROR)
    try:
        code: int = options.handler(options)
    except AidError as error:
        write_error(str(error))
        return EXIT_ERROR
    except OSError as error:
        logger.info("a command ended by a failure of the file system", exc_info=True)
        write_error(str(error))
        return EXIT_ERROR
    except KeyboardInterrupt:
        write_error("interrupted")
        return INTERRUPTED
    return code

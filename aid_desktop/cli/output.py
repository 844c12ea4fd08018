"""What goes to stdout and stderr, and what is read from arguments."""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aid_desktop.errors import DataError
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.long_work import Progress

_BAR_WIDTH = 24


def write_line(text: str = "") -> None:
    """Write a line to stdout."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def write_json(document: Any) -> None:
    """Write one JSON document to stdout; NaN and infinity become null."""
    write_line(json.dumps(_without_nan(document), indent=1, ensure_ascii=False))


def write_error(text: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(" ".join(text.split()) + "\n")


def bar_text(done: int, total: int) -> str:
    """Return a bar of _BAR_WIDTH signs that is filled as far as the work has come."""
    filled = round(_BAR_WIDTH * done / total) if total else 0
    return "█" * filled + "░" * (_BAR_WIDTH - filled)


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Callable[[str], Progress | None]]:
    """Yield a function that makes the progress of some work, which it names, a bar on stderr; the bar goes in the end.

    Without a terminal there, or if it is to be quiet, that function returns None.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    shown = ""

    def show(text: str) -> None:
        nonlocal shown
        if text != shown:
            sys.stderr.write(f"\r{text:<{len(shown)}}\r")
            sys.stderr.flush()
            shown = text

    def progress_of(what: str) -> Progress:
        # Nobody knows the total yet while a network is converted.
        return lambda done, total: show(f"{what} {bar_text(done, total)} {done}/{total}" if total else f"{what}…")

    try:
        yield progress_of
    finally:
        show("")


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")


def add_threshold_option(parser: argparse.ArgumentParser) -> None:
    """Add `--threshold CLASS=P`."""
    parser.add_argument("--threshold", metavar="CLASS=P", help="give the class only to images of a probability above P")


def parse_threshold(text: str | None, class_names: tuple[str, ...]) -> Threshold | None:
    """Return the threshold that `CLASS=P` means. Raises DataError."""
    if text is None:
        return None
    name, _, number = text.rpartition("=")
    try:
        probability = float(number)
    except ValueError:
        probability = -1.0
    if name not in class_names or not 0 <= probability <= 1:
        raise DataError(
            f"--threshold: got {text!r}, expected CLASS=P with one of {', '.join(class_names)} and P from 0 to 1"
        )
    return Threshold(class_names.index(name), probability)


def parse_size(text: str) -> tuple[int, int]:
    """Return width and height of WIDTHxHEIGHT; for argparse."""
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"got {text!r}, expected WIDTHxHEIGHT, for example 64x48")
    return int(width), int(height)


def parse_count(text: str) -> int:
    """Return a whole number from 1; for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a whole number from 1")
    return int(text)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""The option `--part`, and opening what a command was given."""

import argparse
from pathlib import Path

from aid_desktop.data.formats import open_source
from aid_desktop.data.source import ImageReader


def add_part_option(parser: argparse.ArgumentParser) -> None:
    """Add `--part NAME`."""
    parser.add_argument(
        "--part", metavar="NAME", default="", help="which array is meant in files of several (.npz, HDF5)"
    )


def open_paths(paths: list[Path], part: str) -> list[ImageReader]:
    """Open sources; `part` is meant in all of them that have parts, see formats.open_source. Raises DataError."""
    return [open_source(path, part=part) for path in paths]

"""What a target format consists of: how it is written, and which runtimes compute what was written."""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.export.network import ExportNetwork
from aid_desktop.libraries import version_of
from aid_desktop.paths import is_frozen

Run = Callable[[Path, Sequence[NDArray[Any]]], NDArray[np.float32]]
"""Computes the output (N, C) of a file for inputs (N, ...): those of ExportNetwork."""


def how_to_install(*distributions: str) -> str:
    """Return what to do for packages that are not there; the standalone program takes no further ones."""
    command = f"pip install {' '.join(distributions)}"
    return (
        f"{command}, beside an AID Desktop installed with pip (not the standalone program)" if is_frozen() else command
    )


@dataclass(frozen=True, slots=True)
class Package:
    """A Python package that must be installed: its name to import, and to install."""

    module: str
    distribution: str

    @property
    def is_installed(self) -> bool:
        """Whether it can be imported, as far as can be told without doing so."""
        return importlib.util.find_spec(self.module) is not None

    @property
    def version(self) -> str:
        """Its version, "" if that is unknown."""
        return version_of(self.distribution)


class Limit(StrEnum):
    """What makes an exported network another one than Keras': see verify.py for the amounts."""

    DIFFERENCE = "difference"
    """A probability that differs too much."""
    ANSWERS = "answers"
    """Too many images of which another class is the most probable: for numbers of 8 bits."""


@dataclass(frozen=True, slots=True)
class Check:
    """A runtime, and how it computes an exported file.

    Attributes:
        runtime: its name for people.
        package: what must be installed.
        run: see Run. Raises any error of the runtime.
        is_own: the runtime that the format is made for. Others are tried too, and what they cannot compute is told;
            the export holds without them.
        find: where the runtime is no package of this Python: its version, "" where it is not there.
        lacking: what to say then.
    """

    runtime: str
    package: Package
    run: Run
    is_own: bool = True
    find: Callable[[], str] | None = None
    lacking: str = ""

    @property
    def version(self) -> str:
        """The runtime's version; "" if it is not there."""
        if self.find is not None:
            return self.find()
        return (self.package.version or "?") if self.package.is_installed else ""

    @property
    def problem(self) -> str:
        """Why the runtime is not there, and what to do."""
        return self.lacking or f"not installed: {how_to_install(self.package.distribution)}"


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One target.

    Attributes:
        name: in the command line and in reports.
        title: for people.
        suffix: of the file; "" for a folder.
        description: one sentence: who reads it, and what it cannot hold.
        write: writes the network to a path that is not there. Raises ExportError for what it cannot write, OSError.
        needs: packages without which it cannot be written.
        checks: runtimes, the format's own one first.
        limit: what the result must keep.
        not_verified: what nobody has run with this format, in one sentence; "" where all was.
        companions: further files that are written beside the file: their suffixes in place of its own.
        layout: the axes of images, in their order.
        takes: the number format of images, where the file cannot take that of the card; "" if it can.
        is_folder: what is written is a folder.
        n_images: how many images it takes at once; None: any number.
    """

    name: str
    title: str
    suffix: str
    description: str
    write: Callable[[ExportNetwork, Path], None]
    checks: tuple[Check, ...]
    needs: tuple[Package, ...] = ()
    limit: Limit = Limit.DIFFERENCE
    not_verified: str = ""
    companions: tuple[str, ...] = ()
    layout: str = "images × height × width × channels"
    takes: str = ""
    is_folder: bool = False
    n_images: int | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Distributions without which it cannot be written here."""
        return tuple(package.distribution for package in self.needs if not package.is_installed)

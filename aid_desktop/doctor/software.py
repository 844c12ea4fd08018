"""Versions of the program, Python and its libraries, and which optional packages are lacking."""

import platform
from dataclasses import dataclass

from aid_desktop import __version__
from aid_desktop.export.exporter import Package
from aid_desktop.export.formats import FORMATS
from aid_desktop.libraries import version_of

_LIBRARIES = (
    ("TensorFlow", "tensorflow"),
    ("Keras", "keras"),
    ("ONNX Runtime", "onnxruntime"),
    ("PyQt5", "PyQt5"),
    ("Qt", "PyQt5-Qt5"),
    ("NumPy", "numpy"),
    ("OpenCV", "opencv-python-headless"),
    ("h5py", "h5py"),
    ("scikit-learn", "scikit-learn"),
)
"""Title and distribution."""


@dataclass(frozen=True, slots=True)
class OptionalPackage:
    """A package that only some exports, or one map, need: its version, "" if it is not installed."""

    name: str
    version: str
    needed_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Software:
    """Pairs of title and version, and the optional packages."""

    versions: tuple[tuple[str, str], ...]
    optional: tuple[OptionalPackage, ...]


def read_software() -> Software:
    """Return the versions of what is installed, without importing it."""
    found = [("AID Desktop", __version__), ("Python", platform.python_version())]
    found += [(title, version_of(name) or "not installed") for title, name in _LIBRARIES]
    return Software(tuple(found), _optional())


def _optional() -> tuple[OptionalPackage, ...]:
    needed: dict[Package, list[str]] = {}
    for target in FORMATS:
        # A runtime that is no package of this Python is looked for when it is needed.
        runtimes = [check.package for check in target.checks if check.find is None]
        for package in dict.fromkeys((*target.needs, *runtimes)):
            needed.setdefault(package, []).append(target.title)
    needed[Package("umap", "umap-learn")] = ["the map UMAP"]
    always = {name for _, name in _LIBRARIES}
    return tuple(
        OptionalPackage(package.distribution, (package.version or "?") if package.is_installed else "", tuple(titles))
        for package, titles in needed.items()
        if package.distribution not in always
    )

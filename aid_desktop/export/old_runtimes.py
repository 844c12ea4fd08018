"""Runtimes that do not run beside today's packages: in another Python, which an environment variable names."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ExportError

PYTHON_VARIABLE = "AID_DESKTOP_OLD_PYTHON"
"""The path of that Python's program."""
_LIMIT_S = 300


def version_elsewhere(package: str) -> str:
    """Return the version of a package there; "" if there is no such Python, or it has no such package."""
    python = os.environ.get(PYTHON_VARIABLE, "")
    return _version(python, package) if python else ""


@cache
def _version(python: str, package: str) -> str:
    code = f"import importlib.metadata; print(importlib.metadata.version({package!r}))"
    try:
        done = subprocess.run(
            [python, "-c", code], capture_output=True, text=True, check=False, timeout=_LIMIT_S, env=_environment()
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def run_elsewhere(code: str, arguments: Sequence[str], images: NDArray[Any]) -> NDArray[np.float32]:
    """Run a program there with these arguments and two paths, of an .npy file of images and of one for its result.

    Return the result. Raises ExportError with the last line that the program has said, or that it came to no end.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder) / "images.npy", Path(folder) / "result.npy"
        np.save(given, images)
        command = [os.environ[PYTHON_VARIABLE], "-c", code, *arguments, str(given), str(result)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_LIMIT_S, env=_environment()
            )
        except subprocess.TimeoutExpired as error:
            raise ExportError(f"no result within {_LIMIT_S} s, so it was ended") from error
        if done.returncode or not result.is_file():
            lines = done.stderr.strip().splitlines()
            raise ExportError(lines[-1] if lines else f"it ended with the exit code {done.returncode}")
        found: NDArray[np.float32] = np.load(result, allow_pickle=False)
        return found


def _environment() -> dict[str, str]:
    """Return the environment without what would lead the other Python to the modules of this one."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

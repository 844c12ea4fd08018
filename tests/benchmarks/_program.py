"""The program as its users start it: a command in a process of its own, timed, with the memory that it took."""

import json
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "docs" / "recipes"
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command printed with --json, its seconds, its largest resident memory in MB, and the CPU time it took.

    `of_all_cores` is that in seconds if all cores worked for it alone: what it would take at best without other work.
    """

    document: Any
    seconds: float
    peak_mb: float
    of_all_cores: float


def program(*arguments: object) -> Outcome:
    """Run a command with --json. Raises SystemExit with what it says if it fails."""
    command = [sys.executable, "-m", "aid_desktop", *map(str, arguments), "--json"]
    start, computed, peak = time.perf_counter(), cpu_seconds(), 0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        with psutil.Popen(
            command, cwd=ROOT, stdout=out, stderr=err, env=os.environ | {"PYTHONPATH": str(ROOT)}
        ) as done:
            while done.poll() is None:
                peak = max(peak, memory_of(done))
                time.sleep(_LOOK_S)
        seconds = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{err.read()}")
        return Outcome(json.load(out), seconds, peak / 1e6, (cpu_seconds() - computed) / (os.cpu_count() or 1))


def cpu_seconds() -> float:
    """Return what all processes that were started and have ended have computed; 0 where the system does not tell."""
    times = psutil.Process().cpu_times()
    return float(getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0))


def memory_of(process: psutil.Process) -> int:
    """Return the resident bytes of a process and those that it started; 0 once it has ended."""
    total = 0
    try:
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.NoSuchProcess:
        return total
    return total


def recipe(name: str, folder: Path) -> Path:
    """Copy a recipe of the manual to where its data are; return its path there."""
    return Path(shutil.copy(RECIPES / f"{name}.toml", folder / f"{name}.toml"))


def best_accuracy(document: Any) -> float:
    """Return the validation accuracy of the model that counts as the best one of a run, from what `train` prints."""
    (row,) = [row for row in document["history"] if row["epoch"] == document["best_epoch"]]
    return float(row["val_accuracy"])

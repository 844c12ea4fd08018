"""Room on the disk of a folder, and how quickly it can be written to."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from aid_desktop.long_work import ShouldStop

_PIECE = 8 * 2**20
_MOST_BYTES = 128 * 2**20
_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder for runs.

    `free` in bytes; `speed` in bytes per second, each piece forced to the disk as models are; 0 if `problem` says why
    neither is known.
    """

    folder: Path
    free: int
    speed: float
    problem: str = ""


def read_disk(folder: Path, should_stop: ShouldStop = lambda: False) -> Disk:
    """Measure the disk for about a second with a file that is gone afterwards.

    A folder that does not exist yet is made by the first run: until then the one that it will lie in counts.
    """
    place = next((each for each in (folder, *folder.parents) if each.is_dir()), folder)
    try:
        return Disk(folder, shutil.disk_usage(place).free, _write_speed(place, should_stop))
    except OSError as error:
        return Disk(folder, 0, 0.0, f"cannot be written to: {error.strerror or error}")


def _write_speed(folder: Path, should_stop: ShouldStop) -> float:
    # Some disks compress what they get; models are no more compressible than noise.
    piece = os.urandom(_PIECE)
    written = 0
    with TemporaryFile(dir=folder, prefix=".aid-desktop-", buffering=0) as file:
        start = now = time.perf_counter()
        while written < _MOST_BYTES and now - start < _SECONDS and not should_stop():
            written += file.write(piece)
            os.fsync(file.fileno())
            now = time.perf_counter()
    return written / max(now - start, 1e-9)

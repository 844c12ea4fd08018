"""Prepared images on disk: made once in one pass through a source, then read in any order without its decoding.

One uncompressed .npy file holds all images of a source for one form of image. It is named by what it was made from, so
that a changed file or setting never meets an old one. What is read from it are clean pages of the file, which the
system takes back when memory is short; a removed file stays readable where it is still open (Windows refuses to remove
it instead, and it is left for the next time).
"""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from aid_desktop.data.digest import WHOLE_LIMIT
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.prepare import prepare_blocks, prepared_shape, single_pixel_type
from aid_desktop.data.source import DataSource, ImageReader, SourceKind
from aid_desktop.errors import DataError
from aid_desktop.long_work import ShouldStop
from aid_desktop.numbers import GB
from aid_desktop.paths import write_atomically
from aid_desktop.settings.image import ImageSettings

DEFAULT_LIMIT_GB = 20.0
FORMAT_VERSION = 1

_SETTINGS = "cache.json"
_KEPT_FREE = GB // 4
"""So much of the disk is left to others."""
_ABANDONED_S = 3600
"""A file that has a temporary name and was not written to for so long is what a crash has left."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How full the cache is: number of files and their bytes."""

    n_files: int
    n_bytes: int


class CropCache:
    """Files of prepared images in one folder, up to a limit of bytes that is stored there too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._in_use: set[Path] = set()
        self._lock = threading.Lock()

    @property
    def limit_gb(self) -> float:
        """Largest size of all files together in GB (10**9 bytes)."""
        try:
            limit = float(json.loads((self.folder / _SETTINGS).read_text(encoding="utf-8"))["limit_gb"])
        except (OSError, ValueError, KeyError, TypeError):
            # None was ever set, or somebody has spoilt the file: it holds nothing else.
            return DEFAULT_LIMIT_GB
        return limit if limit > 0 else DEFAULT_LIMIT_GB

    def set_limit_gb(self, limit: float) -> None:
        """Store another limit, for the window and the command line, and keep it. Raises DataError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with write_atomically(self.folder / _SETTINGS) as temporary:
                temporary.write_text(json.dumps({"version": FORMAT_VERSION, "limit_gb": limit}), encoding="utf-8")
        except OSError as error:
            raise DataError(f"The limit cannot be stored in {self.folder}: {error.strerror or error}.") from error
        self._make_room(0)

    def usage(self) -> Usage:
        """Return how full the cache is."""
        sizes = [size for _, size, _ in self._files()]
        return Usage(len(sizes), sum(sizes))

    def empty(self) -> Usage:
        """Remove all files that nobody here uses; return what was removed."""
        removed = [size for path, size, _ in self._files() if path not in self._in_use and _remove(path)]
        return Usage(len(removed), sum(removed))

    def images(
        self,
        reader: ImageReader,
        settings: ImageSettings,
        zoom: float,
        margin: bool,
        progress: Callable[[int, int], None],
        should_stop: ShouldStop,
    ) -> Pixels:
        """Return all images of a source as `prepare_row` gives them, read-only and mapped from a file.

        The file is made first where there is none; `progress(done, total)` then counts images. Raises
        StoppedError as soon as `should_stop` says yes, DataError if the source cannot be read, or there is not
        enough room.
        """
        path = self.folder / f"{key_of(reader.source, settings, zoom, margin)}.npy"
        with self._lock:
            self._in_use.add(path)
        stored = _opened(path)
        if stored is None:
            shape = (reader.source.n_images, *prepared_shape(settings, margin))
            blocks = prepare_blocks(reader, settings, zoom, margin, np.arange(shape[0]), should_stop)
            self._write(path, shape, single_pixel_type(reader.source), blocks, progress)
            stored = _opened(path)
        if stored is None:
            raise DataError(f"{path} was removed as soon as it was written: is the folder cleaned by another program?")
        with suppress(OSError):
            path.touch()
        return stored

    def _write(
        self,
        path: Path,
        shape: tuple[int, ...],
        pixel_type: str,
        blocks: Iterable[Pixels],
        progress: Callable[[int, int], None],
    ) -> None:
        kind = np.dtype(pixel_type)
        self._make_room(int(np.prod(shape, dtype=np.int64)) * kind.itemsize)
        header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
        try:
            # Written like any file rather than through a map, which ends the program when the disk is full.
            with write_atomically(path) as temporary, temporary.open("wb") as file:
                np.lib.format.write_array_header_2_0(file, header)
                done = 0
                with _Writer(file) as writer:
                    for block in blocks:
                        writer.write(block)
                        done += len(block)
                        progress(done, shape[0])
        except OSError as error:
            raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error

    def _make_room(self, n_bytes: int) -> None:
        """Remove the files used longest ago until `n_bytes` more fit. Raises DataError if they cannot."""
        limit = int(self.limit_gb * GB)
        if n_bytes > limit:
            raise DataError(
                f"The prepared images need {n_bytes / GB:.1f} GB on disk, the limit is {limit / GB:.1f} GB: raise it "
                "under View, Storage, choose a smaller image, or give the run more memory (device.data_memory)."
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            oldest_first = sorted(self._files(), key=lambda file: file[2])
            total = sum(size for _, size, _ in oldest_first)
            for path, size, _ in oldest_first:
                if total + n_bytes <= limit and self._free() >= n_bytes + _KEPT_FREE:
                    break
                if path not in self._in_use and _remove(path):
                    total -= size
            free = self._free()
        except OSError as error:
            raise DataError(f"{self.folder} cannot be used: {error.strerror or error}.") from error
        if n_bytes and total + n_bytes > limit:
            raise DataError(
                f"The prepared images need {n_bytes / GB:.1f} GB on disk beside {total / GB:.1f} GB that are in use, "
                f"the limit is {limit / GB:.1f} GB: raise it under View, Storage."
            )
        if n_bytes and free < n_bytes + _KEPT_FREE:
            raise DataError(
                f"The prepared images need {n_bytes / GB:.1f} GB in {self.folder}, where {free / GB:.1f} GB are free: "
                "make room there, or give the run more memory (device.data_memory)."
            )

    def _free(self) -> int:
        return shutil.disk_usage(self.folder).free

    def _files(self) -> list[tuple[Path, int, float]]:
        """Return path, bytes and time of last use of every file, but for those that somebody is writing."""
        found = []
        for path in self.folder.glob("*.npy") if self.folder.is_dir() else ():
            with suppress(OSError):
                state = path.stat()
                if not path.name.startswith(".") or state.st_mtime < time.time() - _ABANDONED_S:
                    found.append((path, state.st_size, state.st_mtime))
        return found


class _Writer:
    """Writes blocks to a file in a thread of its own, and to the disk at once.

    Left to the end, the system would write gigabytes in one go, during which nothing could be told or stopped.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="cache")
        self._last: Future[None] | None = None

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown()
        self._wait()

    def write(self, block: Pixels) -> None:
        """Begin to write a block when the one before is on the disk. Raises OSError of the one before."""
        self._wait()
        self._last = self._executor.submit(self._write, block)

    def _write(self, block: Pixels) -> None:
        self._file.write(block.data)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _wait(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            last.result()


def key_of(source: DataSource, settings: ImageSettings, zoom: float, margin: bool) -> str:
    """Return the name of what the prepared images depend on: content, channels, geometry; nothing else."""
    parts: dict[str, Any] = {
        "version": FORMAT_VERSION,
        "digest": source.digest,
        "modified": _modified(source),
        "part": source.part,
        "selection": source.selection and source.selection.ranges,
        "zoom": zoom,
        "margin": margin,
        "width": settings.width,
        "height": settings.height,
        "channels": settings.channels,
        "fit": settings.fit,
        "padding": settings.padding,
        "resize": settings.resize,
    }
    return blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


def _modified(source: DataSource) -> int:
    """Return when a file was changed of which the digest does not tell all, else 0.

    It counts not every byte of a large file, and not the order of a table's rows.
    """
    with suppress(OSError):
        state = source.path.stat()
        if source.kind is SourceKind.TABLE or (source.path.is_file() and state.st_size > WHOLE_LIMIT):
            return state.st_mtime_ns
    return 0


def _opened(path: Path) -> Pixels | None:
    """Return a read-only map, or None if there is no such file."""
    try:
        stored: Pixels = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}): empty the cache under View, Storage.") from error
    return stored


def _remove(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # On Windows another program may still have it open.
        return False
    return True

"""Find known sources again after they were moved: by name and content, never by their order in a list."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Event
from typing import Protocol, TypeVar

from aid_desktop.data.digest import combined_digest, digest_of
from aid_desktop.data.folders import Files
from aid_desktop.data.listing import is_folder, is_ignored, list_files, natural_key, portable_name, relative_name
from aid_desktop.data.source import SourceKind
from aid_desktop.data.tables import table_files
from aid_desktop.errors import DataError
from aid_desktop.long_work import Progress

T = TypeVar("T")
R = TypeVar("R")

MAX_WORKERS = 8


class State(StrEnum):
    """What became of a source."""

    FOUND = "found"
    CHANGED = "changed"
    MISSING = "missing"


class Digests:
    """Digests of files, each taken once. Raises DataError once `stopped` is set."""

    def __init__(self) -> None:
        self.stopped = Event()
        self._known: dict[Path, str] = {}

    def of(self, path: Path) -> str:
        """Return digest.digest_of a file. Raises DataError if it cannot be read."""
        if self.stopped.is_set():
            raise DataError(f"{path} was not read: stopped.")
        if path not in self._known:
            self._known[path] = digest_of(path)
        return self._known[path]


class Method(Protocol):
    """A way to tell what lies at a path. Compares equal to, and hashes like, the same way of other sources."""

    def identify(self, path: Path, digests: Digests) -> str:
        """Return a text that is the same for the same content. Raises DataError."""


@dataclass(frozen=True, slots=True)
class ContentMethod:
    """The digest that a DataSource of this kind and part has, without decoding an image."""

    kind: SourceKind
    part: str = ""

    def identify(self, path: Path, digests: Digests) -> str:
        """Return what `DataSource.digest` would be. Raises DataError."""
        if path.is_dir() != (self.kind is SourceKind.FOLDER):
            raise DataError(f"{path} is not {'a folder' if self.kind is SourceKind.FOLDER else 'a file'}.")
        if self.kind is SourceKind.FOLDER:
            return _digest_of_files(Files(path, list_files(path).images), digests)
        if self.kind is SourceKind.TABLE:
            return _digest_of_files(table_files(path, self.part), digests)
        digest = digests.of(path)
        return combined_digest([(self.part, digest)]) if self.part and self.kind is SourceKind.ARRAY else digest


@dataclass(frozen=True, slots=True)
class Sought:
    """A source to be found again.

    `where` tells the user where it was, `places` are tried in their order. It is the right one if `method` gives
    `identity`. `size` in bytes, if known, spares reading other files of the same name.
    """

    name: str
    where: str
    places: tuple[Path, ...]
    method: Method
    identity: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Where a source is now; None if it is missing. `others` have the same name and content."""

    state: State
    path: Path | None = None
    others: tuple[Path, ...] = ()


def find_sources(sought: Iterable[Sought], progress: Progress | None = None) -> dict[Sought, Found]:
    """Look for each source where it was. Large files are sampled, see digest.py; no image is decoded."""
    wanted = tuple(dict.fromkeys(sought))
    digests = Digests()
    found = _in_parallel(lambda one: _found_at(one, one.places, digests), wanted, digests, progress)
    return dict(zip(wanted, found, strict=True))


def found_at(sought: Sought, path: Path) -> Found:
    """Say whether what lies at `path`, under whatever name, is the source or another one."""
    return _found_at(sought, (path,), Digests())


def search_folder(sought: Iterable[Sought], folder: Path, progress: Progress | None = None) -> dict[Sought, Found]:
    """Return those that lie in or below `folder` with their name and content.

    Of several that fit, the first in natural order is taken and the others are named in `Found.others`.
    """
    by_name: dict[str, list[Sought]] = {}
    for one in dict.fromkeys(sought):
        by_name.setdefault(_name_key(one.name), []).append(one)
    leave = (lambda: progress(0, 0)) if progress else (lambda: None)
    candidates = [path for path in _walk(folder, leave) if _name_key(path.name) in by_name]
    candidates.sort(key=lambda path: natural_key(relative_name(path, folder)))
    tasks = [
        (path, method)
        for path in candidates
        for method in dict.fromkeys(one.method for one in _of_size(by_name[_name_key(path.name)], path))
    ]
    digests = Digests()
    identities = _in_parallel(lambda task: _identity(*task, digests), tasks, digests, progress)
    hits: dict[tuple[str, Method, str | None], list[Path]] = {}
    for (path, method), identity in zip(tasks, identities, strict=True):
        hits.setdefault((_name_key(path.name), method, identity), []).append(path)
    found = {
        one: hits.get((name, one.method, one.identity), []) for name, members in by_name.items() for one in members
    }
    return {one: Found(State.FOUND, paths[0], tuple(paths[1:])) for one, paths in found.items() if paths}


def _found_at(sought: Sought, places: Sequence[Path], digests: Digests) -> Found:
    there = [place for place in places if os.path.exists(place)]  # noqa: PTH110  False for names that cannot be
    for place in there:
        if _of_size([sought], place) and _identity(place, sought.method, digests) == sought.identity:
            return Found(State.FOUND, place)
    return Found(State.CHANGED, there[0]) if there else Found(State.MISSING)


def _identity(path: Path, method: Method, digests: Digests) -> str | None:
    try:
        return method.identify(path, digests)
    except DataError:
        # It cannot be read as what is sought, so it is something else.
        return None


def _of_size(sought: Iterable[Sought], path: Path) -> list[Sought]:
    try:
        size = path.stat().st_size
    except OSError:
        return []
    return [one for one in sought if one.size is None or one.size == size]


def _digest_of_files(files: Files, digests: Digests) -> str:
    return combined_digest((name, _digest_or_nothing(files.base / name, digests)) for name in files.names)


def _digest_or_nothing(path: Path, digests: Digests) -> str:
    # As FolderReader counts files that cannot be opened.
    try:
        return digests.of(path)
    except DataError:
        return ""


def _in_parallel(work: Callable[[T], R], items: Sequence[T], digests: Digests, progress: Progress | None) -> list[R]:
    results = []
    step = max(1, len(items) // 200)
    executor = ThreadPoolExecutor(min(MAX_WORKERS, os.cpu_count() or 1))
    try:
        for done, result in enumerate(executor.map(work, items), start=1):
            results.append(result)
            if progress is not None and (done % step == 0 or done == len(items)):
                progress(done, len(items))
    finally:
        digests.stopped.set()
        executor.shutdown(cancel_futures=True)
    return results


def _walk(folder: Path, leave: Callable[[], None]) -> Iterator[Path]:
    """Yield the folder, and all folders and files below it that can be seen; each real folder once."""
    yield folder
    seen = {os.path.realpath(folder)}
    waiting = [folder]
    while waiting:
        leave()
        try:
            with os.scandir(waiting.pop()) as entries:
                found = [entry for entry in entries if not is_ignored(entry.name)]
        except OSError:
            # What cannot be looked into is not found; the dialog goes on saying that it is missing.
            continue
        for entry in found:
            path = Path(entry.path)
            yield path
            if is_folder(entry) and (real := os.path.realpath(path)) not in seen:
                seen.add(real)
                waiting.append(path)


def _name_key(name: str) -> str:
    return portable_name(name).casefold()

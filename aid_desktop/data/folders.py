"""Read folders of image files, lists of them, and single image files with one or more pages."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.decode import count_pages, decode_pages, has_pages, iterate_pages
from aid_desktop.data.digest import WHOLE_LIMIT, combined_digest, digest_of, digest_of_bytes
from aid_desktop.data.listing import FILES_AT_ONCE, Listing, list_files
from aid_desktop.data.pixels import Pixels, channel_names, pick_channels
from aid_desktop.data.source import (
    DataSource,
    Indices,
    Problem,
    Shape,
    SourceKind,
    checked_indices,
    distinct_shapes,
    shape_of,
)
from aid_desktop.errors import DataError

CACHE_BYTES = 256 * 2**20
"""Decoded images of one reader are kept up to this size, so that small folders are decoded only once."""

MAX_WORKERS = 8


class Place(NamedTuple):
    """Where an image lies; `name` is relative to the reader's base, "" for that itself; pages count from 0."""

    name: str
    page: int
    n_pages: int


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """What decoding a file has told: shape and pixel type of each page and the digest, or the problem."""

    name: str
    shapes: tuple[Shape, ...] = ()
    pixel_types: tuple[str, ...] = ()
    digest: str = ""
    problem: Problem | None = None


class ImageCache:
    """Decoded images by file and page, up to a number of bytes; what comes later is not kept."""

    def __init__(self, n_bytes: int) -> None:
        self._free = n_bytes
        self._images: dict[tuple[str, int], Pixels] = {}
        self._lock = Lock()

    def get(self, page: tuple[str, int]) -> Pixels | None:
        """Return the image, or None if it is not kept."""
        return self._images.get(page)

    def put(self, page: tuple[str, int], image: Pixels) -> None:
        """Keep the image if there is room."""
        with self._lock:
            if page not in self._images and image.nbytes <= self._free:
                self._free -= image.nbytes
                self._images[page] = image


@dataclass(frozen=True, slots=True)
class Files:
    """The image files of a source: names relative to `base` (or absolute), and what else was found there."""

    base: Path
    names: tuple[str, ...]
    others: tuple[Problem, ...] = ()


class FolderReader:
    """Reader of all image files below a folder in natural order, of listed files, or of the pages of one file."""

    def __init__(
        self, source: DataSource, base: Path, places: Sequence[Place], shapes: dict[int, Shape], cache: ImageCache
    ) -> None:
        self._source = source
        self._base = base
        self._places = tuple(places)
        self._shapes = shapes
        self._cache = cache

    @classmethod
    def open(cls, path: Path, progress: Callable[[int, int], None] | None = None) -> "FolderReader":
        """Decode every image once. Raises DataError if none can be read; see formats.open_source."""
        if path.is_dir():
            listing = list_files(path)
            if not listing.images:
                raise DataError(_no_images_message(path, listing))
            return cls.open_files(path, SourceKind.FOLDER, Files(path, listing.images, listing.others), progress)
        return cls.open_files(path, SourceKind.IMAGE, Files(path, ("",)), progress)

    @classmethod
    def open_files(
        cls,
        path: Path,
        kind: SourceKind,
        files: Files,
        progress: Callable[[int, int], None] | None = None,
        part: str = "",
    ) -> "FolderReader":
        """Decode every file once, as the source `path`. Raises DataError if none can be read."""
        cache = ImageCache(CACHE_BYTES)
        scanned = list(_scan_all(files.base, files.names, cache, progress))
        problems = [file.problem for file in scanned if file.problem]
        readable = [file for file in scanned if not file.problem]
        if not readable:
            raise DataError(_all_unreadable_message(path, kind, problems))
        digests = ((file.name, file.digest) for file in scanned)
        shapes = [shape for file in readable for shape in file.shapes]
        pixel_types = Counter(kind for file in readable for kind in file.pixel_types)
        distinct = distinct_shapes(shapes)
        counts = Counter(shapes)
        n_channels = {shape[2] for shape in distinct}
        source = DataSource(
            path=path,
            kind=kind,
            n_images=len(shapes),
            shapes=distinct,
            digest=readable[0].digest if kind is SourceKind.IMAGE else combined_digest(digests),
            problems=(*problems, *files.others),
            shape_counts=tuple(counts[shape] for shape in distinct),
            pixel_types=tuple(name for name, _ in pixel_types.most_common()),
            channels=channel_names(n_channels.pop()) if len(n_channels) == 1 else (),
            part=part,
        )
        places = _places((file.name, len(file.shapes)) for file in readable)
        return cls(source, files.base, places, dict(enumerate(shapes)), cache)

    @classmethod
    def reopen(
        cls,
        source: DataSource,
        files: Files | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> "FolderReader":
        """List the files again without decoding them. Raises DataError if their number has changed.

        `files` are those of a table; a folder is listed, a single file is itself. `progress` counts files;
        its total is 0 while they are found.
        """
        if files is None:
            names = list_files(source.path, progress).images if source.kind is SourceKind.FOLDER else ("",)
            files = Files(source.path, names)
        unreadable = {problem.name for problem in source.problems}
        names = tuple(name for name in files.names if name not in unreadable)
        try:
            places = _places((name, _n_pages(files.base / name)) for name in _counted(names, progress))
            if len(places) != source.n_images:
                # A file of several pages may have the suffix of another kind: ask the content of each.
                places = _places((name, count_pages(files.base / name)) for name in _counted(names, progress))
        except DataError as error:
            raise DataError(f"{source.path} has changed since it was added ({error}): add it again.") from error
        if len(places) != source.n_images:
            raise DataError(
                f"{source.path} has changed since it was added: it had {source.n_images} readable images, "
                f"now it has {len(places)}. Add it again."
            )
        shapes = dict.fromkeys(range(source.n_images), source.shapes[0]) if len(source.shapes) == 1 else {}
        return cls(source, files.base, places, shapes, ImageCache(CACHE_BYTES))

    @property
    def source(self) -> DataSource:
        """The folder or file that is read."""
        return self._source

    def read(self, indices: Indices, channels: tuple[str, ...] | None = None) -> list[Pixels]:
        """Return the original images; see source.ImageReader."""
        chosen = checked_indices(indices, self._source.n_images)
        images = self._images(chosen)
        if channels is None:
            return images
        try:
            return [pick_channels(image, channel_names(shape_of(image)[2]), channels) for image in images]
        except DataError as error:
            raise DataError(f"{self._source.path} {error}.") from error

    def positions(self, indices: Indices) -> NDArray[np.float64]:
        """Return the centre (W / 2, H / 2) of each image; see source.ImageReader."""
        chosen = checked_indices(indices, self._source.n_images)
        unknown = [i for i in chosen if int(i) not in self._shapes]
        if unknown:
            self.read(unknown)
        shapes = [self._shapes[int(i)] for i in chosen]
        return np.array([(width / 2, height / 2) for height, width, _ in shapes], np.float64).reshape(-1, 2)

    def origin(self, index: int) -> str:
        """Return the path of the image's file, with `#page` (from 0) if the file has several pages."""
        place = self._places[index]
        path = self._base / place.name
        return f"{path}#{place.page}" if place.n_pages > 1 else str(path)

    def _images(self, chosen: NDArray[np.intp]) -> list[Pixels]:
        found: dict[int, Pixels] = {}
        # Every file is opened once, however many of its pages are wanted.
        by_file: dict[str, list[int]] = {}
        for index in np.unique(chosen).tolist():
            image = self._cache.get(self._places[index][:2])
            if image is None:
                by_file.setdefault(self._places[index].name, []).append(index)
            else:
                found[index] = image
        if by_file:
            with ThreadPoolExecutor(_n_workers()) as executor:
                for decoded in executor.map(self._decode, by_file.values()):
                    found.update(decoded)
        return [found[index] for index in chosen.tolist()]

    def _decode(self, indices: list[int]) -> dict[int, Pixels]:
        """Return pages of one file by index."""
        path = self._base / self._places[indices[0]].name
        try:
            images = decode_pages(path, pages=[self._places[index].page for index in indices])
        except DataError as error:
            raise DataError(f"{path} {error}. It could be read when it was added.") from error
        for index, image in zip(indices, images, strict=True):
            self._cache.put(self._places[index][:2], image)
            self._shapes.setdefault(index, shape_of(image))
        return dict(zip(indices, images, strict=True))


def _places(files: Iterable[tuple[str, int]]) -> list[Place]:
    return [Place(name, page, n_pages) for name, n_pages in files for page in range(n_pages)]


def _counted(names: Sequence[str], progress: Callable[[int, int], None] | None) -> Iterator[str]:
    for number, name in enumerate(names):
        if progress is not None and not number % FILES_AT_ONCE:
            progress(number, len(names))
        yield name


def _n_pages(path: Path) -> int:
    return count_pages(path) if has_pages(path) else 1


def _n_workers() -> int:
    return min(MAX_WORKERS, os.cpu_count() or 1)


def _scan_all(
    folder: Path, names: Sequence[str], cache: ImageCache, progress: Callable[[int, int], None] | None
) -> Iterator[ScannedFile]:
    step = max(1, len(names) // 200)
    executor = ThreadPoolExecutor(_n_workers())
    try:
        scans = executor.map(lambda name: _scan_file(folder, name, cache), names)
        for done, scan in enumerate(scans, start=1):
            yield scan
            if progress is not None and (done % step == 0 or done == len(names)):
                progress(done, len(names))
    finally:
        executor.shutdown(cancel_futures=True)


def _scan_file(folder: Path, name: str, cache: ImageCache) -> ScannedFile:
    path = folder / name
    shown = name or path.name
    try:
        # One reading serves for the digest and for decoding.
        content = path.read_bytes() if path.stat().st_size <= WHOLE_LIMIT else None
        digest = digest_of(path) if content is None else digest_of_bytes(content)
    except FileNotFoundError:
        return ScannedFile(name, problem=Problem(shown, "does not exist any more, or is a broken link"))
    except OSError as error:
        return ScannedFile(name, problem=Problem(shown, f"cannot be opened ({error.strerror or error})"))
    images = []
    try:
        # One page at a time: a stack may be larger than the memory.
        for page, image in enumerate(iterate_pages(path, content)):
            images.append((shape_of(image), str(image.dtype)))
            cache.put((name, page), image)
    except DataError as error:
        return ScannedFile(name, digest=digest, problem=Problem(shown, str(error)))
    shapes, pixel_types = zip(*images, strict=True) if images else ((), ())
    return ScannedFile(name, shapes, pixel_types, digest)


def _no_images_message(path: Path, listing: Listing) -> str:
    if not listing.others:
        return f"{path} is empty: expected a folder with image files in it."
    first = listing.others[0]
    if len(listing.others) == 1:
        return f"{path} has no image files: {first}."
    return f"{path} has no image files, but {len(listing.others)} others. The first one: {first}."


def _all_unreadable_message(path: Path, kind: SourceKind, problems: Sequence[Problem]) -> str:
    if kind is SourceKind.IMAGE:
        return f"{path} {problems[0].reason}."
    return f"None of the {len(problems)} images in {path} can be read. The first one: {problems[0]}."

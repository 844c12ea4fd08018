"""Read folders of image files, and single image files with one or more pages."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.decode import count_pages, decode_pages, has_pages
from aid_desktop.data.digest import WHOLE_LIMIT, combined_digest, digest_of, digest_of_bytes
from aid_desktop.data.listing import Listing, list_files
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
    """Where an image lies; `name` is relative to the folder, "" for a single file, and pages count from 0."""

    name: str
    page: int
    n_pages: int


@dataclass(frozen=True, slots=True)
class ScannedFile:
    """What decoding a file has told: the shape of each page and the digest, or the problem."""

    name: str
    shapes: tuple[Shape, ...] = ()
    digest: str = ""
    problem: Problem | None = None


class ImageCache:
    """Decoded images by place, up to a number of bytes; what comes later is not kept."""

    def __init__(self, n_bytes: int) -> None:
        self._free = n_bytes
        self._images: dict[Place, NDArray[np.uint8]] = {}
        self._lock = Lock()

    def get(self, place: Place) -> NDArray[np.uint8] | None:
        """Return the image, or None if it is not kept."""
        return self._images.get(place)

    def put(self, place: Place, image: NDArray[np.uint8]) -> None:
        """Keep the image if there is room."""
        with self._lock:
            if place not in self._images and image.nbytes <= self._free:
                self._free -= image.nbytes
                self._images[place] = image


class FolderReader:
    """Reader of all image files below a folder in natural order, or of the pages of one image file."""

    def __init__(
        self, source: DataSource, places: Sequence[Place], shapes: dict[int, Shape], cache: ImageCache
    ) -> None:
        self._source = source
        self._places = tuple(places)
        self._shapes = shapes
        self._cache = cache

    @classmethod
    def open(cls, path: Path, progress: Callable[[int, int], None] | None = None) -> "FolderReader":
        """Decode every image once. Raises DataError if none can be read; see formats.open_source."""
        kind = SourceKind.FOLDER if path.is_dir() else SourceKind.IMAGE
        listing = list_files(path) if kind is SourceKind.FOLDER else Listing(("",), ())
        if not listing.images:
            raise DataError(_no_images_message(path, listing))
        cache = ImageCache(CACHE_BYTES)
        scanned = list(_scan_all(path, listing.images, cache, progress))
        problems = [file.problem for file in scanned if file.problem]
        files = [file for file in scanned if not file.problem]
        if not files:
            raise DataError(_all_unreadable_message(path, kind, problems))
        digests = ((file.name, file.digest) for file in scanned)
        shapes = [shape for file in files for shape in file.shapes]
        source = DataSource(
            path=path,
            kind=kind,
            n_images=len(shapes),
            shapes=distinct_shapes(shapes),
            digest=combined_digest(digests) if kind is SourceKind.FOLDER else files[0].digest,
            problems=(*problems, *listing.others),
        )
        places = _places((file.name, len(file.shapes)) for file in files)
        return cls(source, places, dict(enumerate(shapes)), cache)

    @classmethod
    def reopen(cls, source: DataSource) -> "FolderReader":
        """List the files again without decoding them. Raises DataError if their number has changed."""
        names: Sequence[str] = ("",)
        if source.kind is SourceKind.FOLDER:
            unreadable = {problem.name for problem in source.problems}
            names = [name for name in list_files(source.path).images if name not in unreadable]
        try:
            places = _places((name, _n_pages(source.path / name)) for name in names)
            if len(places) != source.n_images:
                # A file of several pages may have the suffix of another kind: ask the content of each.
                places = _places((name, count_pages(source.path / name)) for name in names)
        except DataError as error:
            raise DataError(f"{source.path} has changed since it was added ({error}): add it again.") from error
        if len(places) != source.n_images:
            raise DataError(
                f"{source.path} has changed since it was added: it had {source.n_images} readable images, "
                f"now it has {len(places)}. Add it again."
            )
        shapes = dict.fromkeys(range(source.n_images), source.shapes[0]) if len(source.shapes) == 1 else {}
        return cls(source, places, shapes, ImageCache(CACHE_BYTES))

    @property
    def source(self) -> DataSource:
        """The folder or file that is read."""
        return self._source

    def read(self, indices: Indices, channels: tuple[str, ...] | None = None) -> list[NDArray[np.uint8]]:
        """Return the original images; see source.ImageReader."""
        chosen = checked_indices(indices, self._source.n_images)
        if all(self._cache.get(self._places[i]) is not None for i in chosen):
            return [self._image(i) for i in chosen]
        with ThreadPoolExecutor(_n_workers()) as executor:
            return list(executor.map(self._image, chosen))

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
        path = self._source.path / place.name
        return f"{path}#{place.page}" if place.n_pages > 1 else str(path)

    def _image(self, index: int) -> NDArray[np.uint8]:
        place = self._places[index]
        image = self._cache.get(place)
        if image is None:
            path = self._source.path / place.name
            try:
                [image] = decode_pages(path, pages=[place.page])
            except DataError as error:
                raise DataError(f"{path} {error}. It could be read when it was added.") from error
            self._cache.put(place, image)
        self._shapes.setdefault(int(index), shape_of(image))
        return image


def _places(files: Iterable[tuple[str, int]]) -> list[Place]:
    return [Place(name, page, n_pages) for name, n_pages in files for page in range(n_pages)]


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
    try:
        images = decode_pages(path, content)
    except DataError as error:
        return ScannedFile(name, digest=digest, problem=Problem(shown, str(error)))
    for page, image in enumerate(images):
        cache.put(Place(name, page, len(images)), image)
    return ScannedFile(name, tuple(map(shape_of, images)), digest)


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

"""Open anything that holds images, by content and suffix."""

from collections.abc import Callable
from pathlib import Path

from aid_desktop.data.folders import FolderReader
from aid_desktop.data.listing import IMAGE_SUFFIXES, is_image_file
from aid_desktop.data.rtdc import RTDC_SUFFIXES, RtdcReader, is_hdf5
from aid_desktop.data.source import DataSource, ImageReader, SourceKind
from aid_desktop.errors import DataError

__all__ = ["IMAGE_SUFFIXES", "RTDC_SUFFIXES", "file_dialog_filter", "open_source", "reopen"]

Progress = Callable[[int, int], None]
"""Called with (done, total) while a source is read."""


def open_source(path: Path, progress: Progress | None = None, part: str = "") -> ImageReader:
    """Read a folder of images, an image file (all its pages) or an .rtdc file for the first time.

    Images of folders are decoded once, so that every damaged one is found. `progress` is called in the
    calling thread; an error raised by it ends the reading. Raises DataError with the reason if no image
    can be read.
    """
    path = Path(path).absolute()
    if path.is_dir() or is_image_file(path):
        _check_exists(path)
        return FolderReader.open(path, progress)
    _check_exists(path)
    if path.suffix.lower() in RTDC_SUFFIXES or is_hdf5(path):
        return RtdcReader.open(path, progress)
    known = " ".join((*RTDC_SUFFIXES, *IMAGE_SUFFIXES))
    raise DataError(f"{path} is not an image file. Use a folder of images or a file of one of these kinds: {known}.")


def reopen(source: DataSource) -> ImageReader:
    """Return a reader of a known source without decoding all images again.

    Raises DataError if the files have gone or no longer fit to what is known of the source.
    """
    _check_exists(source.path)
    if source.kind is SourceKind.RTDC:
        return RtdcReader.reopen(source)
    return FolderReader.reopen(source)


def file_dialog_filter() -> str:
    """Return the filter of a file dialog, in the notation that Qt takes."""
    images = " ".join(f"*{suffix}" for suffix in IMAGE_SUFFIXES)
    stacks = " ".join(f"*{suffix}" for suffix in RTDC_SUFFIXES)
    kinds = (f"Images and RT-DC files ({stacks} {images})", f"RT-DC files ({stacks})", f"Images ({images})")
    return ";;".join((*kinds, "All files (*)"))


def _check_exists(path: Path) -> None:
    try:
        path.stat()
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist. It may have been moved or renamed: add it again.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be opened: {error.strerror or error}.") from error

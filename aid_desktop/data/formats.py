"""Open anything that holds images, by content and suffix.

The readers and their libraries are loaded when the first file is opened: the window is painted before.
"""

from pathlib import Path

from aid_desktop.data.listing import ARRAY_SUFFIXES, IMAGE_SUFFIXES, RTDC_SUFFIXES, TABLE_SUFFIXES, is_image_file
from aid_desktop.data.selection import SelectedReader, whole_source
from aid_desktop.data.source import DataSource, ImageReader, SourceKind
from aid_desktop.errors import DataError
from aid_desktop.long_work import Progress


def open_source(path: Path, progress: Progress | None = None, part: str = "") -> ImageReader:
    """Read a source for the first time.

    That is a folder of images, an image file (all its pages), an .rtdc file, an array (.npy, .npz, HDF5), or a class
    in a table of image files. `part` says which array or class is meant, see DataSource. Images of folders and tables
    are decoded once, so that every damaged one is found. `progress` is called in the calling thread; an error
    raised by it ends the reading. Raises source.PartNeededError if a file has several arrays and no part is given,
    and DataError with the reason if no image can be read.
    """
    from aid_desktop.data.arrays import ArrayReader
    from aid_desktop.data.folders import FolderReader
    from aid_desktop.data.hdf5 import is_hdf5
    from aid_desktop.data.rtdc import RtdcReader, has_rtdc_layout
    from aid_desktop.data.tables import table_files

    path = Path(path).absolute()
    _check_exists(path)
    suffix = path.suffix.lower()
    if path.is_dir() or is_image_file(path):
        return FolderReader.open(path, progress)
    if suffix in TABLE_SUFFIXES:
        return FolderReader.open_files(path, SourceKind.TABLE, table_files(path, part), progress, part)
    if suffix in ARRAY_SUFFIXES:
        return ArrayReader.open(path, part, progress)
    if suffix in RTDC_SUFFIXES or is_hdf5(path):
        # A part names a dataset of an HDF5 file, and .rtdc files have their layout instead.
        is_rtdc = suffix == ".rtdc" or (not part and has_rtdc_layout(path))
        return RtdcReader.open(path, progress) if is_rtdc else ArrayReader.open(path, part, progress)
    known = " ".join((*RTDC_SUFFIXES, *ARRAY_SUFFIXES, *TABLE_SUFFIXES, *IMAGE_SUFFIXES))
    raise DataError(f"{path} is not an image file. Use a folder of images or a file of one of these kinds: {known}.")


def reopen(source: DataSource, progress: Progress | None = None) -> ImageReader:
    """Return a reader of a known source without decoding all images again.

    `progress` counts the files of a folder or table while they are listed, with a total of 0 while they are found; an
    error raised by it ends that. Raises DataError if the files have gone or no longer fit to what is known of the
    source.
    """
    from aid_desktop.data.arrays import ArrayReader
    from aid_desktop.data.folders import FolderReader
    from aid_desktop.data.rtdc import RtdcReader
    from aid_desktop.data.tables import table_files

    _check_exists(source.path)
    if source.selection is not None:
        return SelectedReader(source, reopen(whole_source(source), progress))
    if source.kind is SourceKind.RTDC:
        return RtdcReader.reopen(source)
    if source.kind is SourceKind.ARRAY:
        return ArrayReader.reopen(source)
    if source.kind is SourceKind.TABLE:
        return FolderReader.reopen(source, table_files(source.path, source.part), progress)
    return FolderReader.reopen(source, progress=progress)


def file_dialog_filter() -> str:
    """Return the filter of a file dialog, in the notation that Qt takes."""
    images, stacks, arrays, tables = (
        " ".join(f"*{suffix}" for suffix in suffixes)
        for suffixes in (IMAGE_SUFFIXES, RTDC_SUFFIXES, ARRAY_SUFFIXES, TABLE_SUFFIXES)
    )
    kinds = (
        f"All that holds images ({stacks} {arrays} {tables} {images})",
        f"RT-DC and HDF5 files ({stacks})",
        f"Images ({images})",
        f"NumPy arrays ({arrays})",
        f"Tables of images ({tables})",
    )
    return ";;".join((*kinds, "All files (*)"))


def _check_exists(path: Path) -> None:
    try:
        path.stat()
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist. It may have been moved or renamed: add it again.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be opened: {error.strerror or error}.") from error

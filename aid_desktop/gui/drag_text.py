"""What is told about files and folders while the mouse still holds them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from aid_desktop.data.drops import resolve_drop
from aid_desktop.data.listing import ARRAY_SUFFIXES, IMAGE_SUFFIXES, RTDC_SUFFIXES, TABLE_SUFFIXES
from aid_desktop.gui.background import JobContext
from aid_desktop.numbers import grouped
from aid_desktop.runs.folder import is_run_folder

_KINDS = (
    (RTDC_SUFFIXES[:1], ".rtdc file", ".rtdc files"),
    (RTDC_SUFFIXES[1:], "HDF5 file", "HDF5 files"),
    (ARRAY_SUFFIXES, "stack of images", "stacks of images"),
    (IMAGE_SUFFIXES, "image", "images"),
    (TABLE_SUFFIXES, "table", "tables"),
)
_FILE_SUFFIXES = frozenset(suffix for suffixes, _, _ in _KINDS for suffix in suffixes)
_FOLDERS = ("folder", "folders")
_OTHERS = ("other file", "other files")


def sorted_paths(paths: Sequence[Path]) -> tuple[list[Path], list[Path], list[Path]]:
    """Return sessions, runs (or series of them) and everything else."""
    # Not before the window is painted.
    from aid_desktop.gui.session_opening import is_session_file
    from aid_desktop.runs.series import is_series_folder

    sessions = [path for path in paths if is_session_file(path)]
    # Thousands of files, perhaps on a server: only what is no file by its name is looked at.
    folders = (path for path in paths if path.suffix.lower() not in _FILE_SUFFIXES)
    runs = [path for path in folders if is_run_folder(path) or is_series_folder(path)]
    known = {*sessions, *runs}
    return sessions, runs, [path for path in paths if path not in known]


def drag_text(paths: Sequence[Path]) -> str:
    """Return for example "2 folders, 1 .rtdc file". Reads no folder: the main thread may ask."""
    sessions, runs, data = sorted_paths(paths)
    if sessions:
        return f"open session {sessions[0].name}"
    counts = Counter(map(_kind, data))
    order = (_FOLDERS, *((one, many) for _, one, many in _KINDS), _OTHERS)
    parts = [f"{grouped(counts[kind])} {kind[counts[kind] > 1]}" for kind in order if counts[kind]]
    opened = [f"open {'1 run' if len(runs) == 1 else f'{len(runs)} runs'}"] if runs else []
    return "; ".join([*opened, *([", ".join(parts)] if parts else [])])


def plan_text(paths: Sequence[Path], context: JobContext) -> str:
    """Return what images will be added, for example "2 folders → 2 classes"; "" for none. Reads folders."""
    sessions, _, data = sorted_paths(paths)
    return resolve_drop(data, look_inside=False).describe() if data and not sessions else ""


def _kind(path: Path) -> tuple[str, str]:
    for suffixes, one, many in _KINDS:
        if path.suffix.lower() in suffixes:
            return one, many
    return _FOLDERS if path.is_dir() else _OTHERS

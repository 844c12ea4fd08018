"""Where an exported file goes: nothing of others is replaced, and all its parts come together or not at all."""

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aid_desktop.errors import ExportError
from aid_desktop.export.exporter import ExportFormat, how_to_install
from aid_desktop.export.labels import LABELS_NAME, labels_text
from aid_desktop.export.report import REPORT_NAME, exported_files, is_report
from aid_desktop.runs.best import run_of

_MADE_BY_PYTHON = "__pycache__"


def check_place(target: ExportFormat, path: Path, model: Path) -> None:
    """Raise ExportError if a package is missing, or the export would replace a model, or what is of another kind."""
    if target.missing:
        names = " ".join(target.missing)
        raise ExportError(
            f"{target.title} cannot be written without {names}: install it with {how_to_install(*target.missing)}. "
            "Everything for export: pip install aid-desktop[export]"
        )
    if target.suffix and path.suffix.lower() != target.suffix:
        raise ExportError(f"{target.title}: got {path.name}, expected a name that ends with {target.suffix}")
    if path.name in (LABELS_NAME, REPORT_NAME):
        raise ExportError(f"{path.name} is written beside the exported file: choose another name")
    if not path.parent.is_dir():
        raise ExportError(f"there is no folder {path.parent}: make it first, or choose another one")
    if path.exists() and model.exists() and path.samefile(model):
        raise ExportError(f"{path} is the model itself: choose another name")
    if path.exists() and run_of(path) is not None:
        raise ExportError(f"{path} is a model of a run, which needs it: choose another folder")
    if path.is_dir() and not target.is_folder:
        raise ExportError(f"{path} is a folder, and {target.title} is a file: choose another name")
    if path.is_file() and target.is_folder:
        raise ExportError(f"{path} is a file, and {target.title} is a folder: choose another name")
    for one in (path.with_suffix(suffix) for suffix in target.companions):
        if one.exists() and not path.exists():
            raise ExportError(f"{one} is there already, and is written with {path.name}: choose another name")


def check_beside(path: Path, class_names: Sequence[str]) -> None:
    """Raise ExportError if the files beside an export would replace others: labels of other classes, no report."""
    report, labels = path.parent / REPORT_NAME, path.parent / LABELS_NAME
    if report.exists() and not is_report(report):
        raise ExportError(f"{report} is there already, and is no report of an export: choose another folder")
    if labels.is_dir():
        raise ExportError(f"{labels} is a folder, and the class names are written there: choose another folder")
    exported = exported_files(path.parent)
    if not labels.is_file() or labels.read_text(encoding="utf-8", errors="replace") == labels_text(class_names):
        return
    if any(one != path for one in exported):
        other = next(one for one in exported if one != path)
        raise ExportError(f"{labels} names the classes of {other.name}, which are other ones: choose another folder")
    if not exported:
        raise ExportError(f"{labels} is there already, with other names: choose another folder")


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Yield a new folder beside a path, which goes away in the end."""
    folder = path.parent / f".export-{uuid.uuid4().hex[:12]}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put(names: Sequence[str], folder: Path, place: Path) -> None:
    """Move files and folders of these names from one folder to another, all of them or none.

    Should the program be killed meanwhile, each file in place is the old one or the new one, and what was in a folder
    there lies in `folder`. Raises OSError, and ExportError if a folder holds what is not in the one that replaces it.
    """
    for name in names:
        _refuse_to_lose(place / name, folder / name)
    put_there: list[tuple[Path, Path | None]] = []
    try:
        for number, name in enumerate(names):
            new, old = place / name, None
            if new.exists():
                # It waits aside until all new ones are there.
                old = folder / f"old-{number}"
                _set_aside(new, old)
            put_there.append((new, old))
            (folder / name).replace(new)
    except OSError:
        for number, (new, old) in enumerate(put_there):
            if new.exists():
                new.rename(folder / f"undone-{number}")
            if old is not None:
                old.rename(new)
        raise


def _set_aside(path: Path, aside_path: Path) -> None:
    """Make a file known under another name too, so that it is never missing; a folder gets that name instead."""
    if path.is_dir():
        path.rename(aside_path)
        return
    try:
        aside_path.hardlink_to(path)
    except OSError:
        # Not every file system has such names.
        shutil.copyfile(path, aside_path)


def _refuse_to_lose(old: Path, new: Path) -> None:
    if not old.is_dir():
        return
    inside = (one for one in old.rglob("*") if _MADE_BY_PYTHON not in one.parts)
    lost = sorted(one for one in inside if not (new / one.relative_to(old)).exists())
    if lost:
        raise ExportError(f"{lost[0]} would be lost, it is no part of the export: choose another name")

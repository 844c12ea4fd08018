"""Session: everything on the tabs Data and Training; its file form is `.aidsession`, JSON in UTF-8."""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from aid_desktop import __version__
from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.relink import ContentMethod, Sought
from aid_desktop.data.selection import range_ends, select_ranges, whole_source
from aid_desktop.data.source import DataSource, Problem, Selection, SourceKind
from aid_desktop.errors import AidError, RunError, SettingsError
from aid_desktop.paths import write_atomically
from aid_desktop.runs.config import ModelChoice, RunSettings, refuse_type
from aid_desktop.runs.run_toml import refuse_unknown, settings_from_tables, settings_tables
from aid_desktop.settings.image import ImageSettings

SESSION_SUFFIX = ".aidsession"
BACKUP_SUFFIX = ".bak"
SESSION_FORMAT = "aid-desktop-session"
SESSION_VERSION = 1


@dataclass(frozen=True, slots=True)
class Session:
    """What the tabs Data and Training hold; with an architecture of no name where no network is chosen yet."""

    table: ClassTable = field(default_factory=ClassTable)
    settings: RunSettings = field(default_factory=lambda: RunSettings(ImageSettings(), ModelChoice(architecture="")))


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as a file has it: its source has to be found first.

    `source` is what was known of it, with its former path; None where the file does not tell. `part` is that of
    DataSource, `images` the ranges of its selection, the other values are those of ClassRow.
    """

    sought: Sought
    class_index: int
    class_name: str
    role: Role
    images_per_epoch: int | None = None
    shuffle: bool = True
    zoom: float = 1.0
    part: str = ""
    images: str = ""
    source: DataSource | None = None

    def with_source(self, source: DataSource) -> ClassRow:
        """Return the row with the source that was found, of all images. Raises DataError if it lacks those chosen."""
        source = select_ranges(whole_source(source), self.images) if self.images else source
        return ClassRow(
            source, self.class_index, self.class_name, self.role, self.images_per_epoch, self.shuffle, self.zoom
        )


@dataclass(frozen=True, slots=True)
class StoredSession:
    """What a file of a session says. `settings` is None, and `left_out` has sentences, where it says less."""

    rows: tuple[StoredRow, ...]
    settings: RunSettings | None
    left_out: tuple[str, ...] = ()


def write_session(session: Session, path: Path, keep_backup: bool = True) -> None:
    """Write a session; the file that was there before is kept beside it as `.bak`. Raises RunError."""
    rows = [_row_to_json(row, path.parent.absolute()) for row in session.table.rows]
    values = {
        "format": SESSION_FORMAT,
        "version": SESSION_VERSION,
        "program": __version__,
        **settings_tables(session.settings),
    }
    # A line for each row: quick for many of them, and changes can be seen by comparing lines.
    lines = [f"{json.dumps(key)}: {_dumps(value)}" for key, value in values.items()]
    lines.append('"data": [' + ",".join(f"\n{_dumps(row)}" for row in rows) + "\n]")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    try:
        with write_atomically(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
            if keep_backup and path.exists():
                with write_atomically(path.with_name(path.name + BACKUP_SUFFIX)) as backup:
                    shutil.copyfile(path, backup)
    except OSError as error:
        raise RunError(f"The session could not be saved as {path}: {error.strerror or error}.") from error


def read_session(path: Path) -> StoredSession:
    """Read a session. Its sources are not looked for: see `StoredRow.sought` and data/relink.py.

    Raises RunError if the file cannot be read, is damaged, or was written by a newer program.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise RunError(f"There is no session at {path}.") from None
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is not a session, or is damaged: {error}.") from error
    if not isinstance(values, dict) or values.get("format") != SESSION_FORMAT:
        raise RunError(f"{path} is not a session of AID Desktop.")
    version = values.get("version")
    if version != SESSION_VERSION:
        raise RunError(
            f"{path} has the version {version!r}, this program reads version {SESSION_VERSION}: update AID Desktop."
        )
    try:
        return _session_from_json(values, path.parent.absolute())
    except AidError as error:
        raise RunError(f"{path} cannot be used: {error}") from error


_TABLES = ("format", "version", "program", "seed", "image", "model", "training", "augmentation", "saving", "split",
           "device", "data")  # fmt: skip
_ROW_TYPES: Mapping[str, tuple[type, ...]] = {
    "class": (str,), "index": (int,), "role": (str,), "images_per_epoch": (int,), "shuffle": (bool,),
    "zoom": (float, int), "source": (dict,),
}  # fmt: skip
_SOURCE_TYPES: Mapping[str, tuple[type, ...]] = {
    "path": (str,), "relative": (str,), "size": (int,), "kind": (str,), "n_images": (int,), "shapes": (list,),
    "shape_counts": (list,), "pixel_types": (list,), "channels": (list,), "part": (str,), "digest": (str,),
    "problems": (list,), "features": (list,), "selection": (dict,),
}  # fmt: skip
_MAY_BE_MISSING = ("images_per_epoch", "relative", "size", "features", "selection")


def _dumps(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # Names of files that are no Unicode, which Linux allows, are only safe in ASCII.
    return text if _is_unicode(text) else json.dumps(value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _row_to_json(row: ClassRow, folder: Path) -> dict[str, Any]:
    values = {
        "class": row.class_name,
        "index": row.class_index,
        "role": str(row.role),
        "images_per_epoch": row.images_per_epoch,
        "shuffle": row.shuffle,
        "zoom": row.zoom,
        "source": _source_to_json(row.source, folder),
    }
    return {key: value for key, value in values.items() if value is not None}


def _source_to_json(source: DataSource, folder: Path) -> dict[str, Any]:
    values = {item.name: getattr(source, item.name) for item in fields(source)}
    values["path"] = source.path.as_posix()
    values["problems"] = [[problem.name, problem.reason] for problem in source.problems]
    values["selection"] = asdict(source.selection) if source.selection is not None else None
    known = {key: value for key, value in values.items() if value is not None}
    return {**known, **_place(source, folder)}


def _place(source: DataSource, folder: Path) -> dict[str, Any]:
    """Return the path relative to the session, and the size: bytes of a file, images of a folder."""
    place: dict[str, Any] = {}
    # On another drive of Windows there is no such path.
    with suppress(ValueError):
        place["relative"] = Path(os.path.relpath(source.path, folder)).as_posix()
    # It may have gone since it was added; the digest will do.
    with suppress(OSError):
        place["size"] = source.n_images if source.kind is SourceKind.FOLDER else source.path.stat().st_size
    return place


def _session_from_json(values: dict[str, Any], folder: Path) -> StoredSession:
    refuse_unknown(values, _TABLES, "")
    rows = values.get("data")
    refuse_type("data", rows, list)
    assert isinstance(rows, list)
    stored = []
    for number, row in enumerate(rows, start=1):
        try:
            stored.append(_row_from_json(row, folder))
        except (AidError, ValueError, TypeError, OverflowError) as error:
            raise RunError(f"row {number}: {error}") from error
    return StoredSession(tuple(stored), RunSettings(**settings_from_tables(values, folder)))


def _row_from_json(values: Any, folder: Path) -> StoredRow:
    _check(values, _ROW_TYPES, "data")
    source, sought = _source_from_json(values["source"], folder)
    row = ClassRow(
        source=source,
        class_index=values["index"],
        class_name=values["class"],
        role=Role(values["role"]),
        images_per_epoch=values.get("images_per_epoch"),
        shuffle=values["shuffle"],
        zoom=float(values["zoom"]),
    )
    known = {item.name: getattr(row, item.name) for item in fields(row)}
    if source.kind is SourceKind.RTDC and "features" not in values["source"]:
        # A session of an earlier version does not say which features the file has: it is opened again.
        known["source"] = None
    images = source.selection.ranges if source.selection is not None else ""
    return StoredRow(sought=sought, part=source.part, images=images, **known)


def _source_from_json(values: dict[str, Any], folder: Path) -> tuple[DataSource, Sought]:
    _check(values, _SOURCE_TYPES, "data.source")
    kind, text = SourceKind(values["kind"]), values["path"]
    source = DataSource(
        path=Path(text),
        kind=kind,
        n_images=values["n_images"],
        shapes=tuple((int(height), int(width), int(channels)) for height, width, channels in values["shapes"]),
        digest=values["digest"],
        problems=tuple(Problem(str(name), str(reason)) for name, reason in values["problems"]),
        shape_counts=tuple(map(int, values["shape_counts"])),
        pixel_types=tuple(map(str, values["pixel_types"])),
        channels=tuple(map(str, values["channels"])),
        part=values["part"],
        features=tuple(map(str, values.get("features", ()))),
        selection=_selection_from_json(values),
    )
    places = [folder / values["relative"]] if "relative" in values else []
    # A path of Windows is not absolute elsewhere.
    places += [source.path] if source.path.is_absolute() else []
    sought = Sought(
        name=text.rstrip("/").rpartition("/")[2],
        where=text,
        places=tuple(dict.fromkeys(Path(os.path.normpath(place)) for place in places)),
        method=ContentMethod(kind, source.part),
        identity=source.digest,
        # A table may be written anew and still list the same images.
        size=None if kind in (SourceKind.FOLDER, SourceKind.TABLE) else values.get("size"),
    )
    return source, sought


def _selection_from_json(values: dict[str, Any]) -> Selection | None:
    if "selection" not in values:
        return None
    chosen = values["selection"]
    _check(chosen, {"ranges": (str,), "n_whole": (int,)}, "data.source.selection")
    firsts, lasts = range_ends(chosen["ranges"])
    if int((lasts - firsts + 1).sum()) != values["n_images"] or lasts[-1] >= chosen["n_whole"]:
        raise SettingsError("data.source.selection", "chooses other images than the source has")
    return Selection(chosen["ranges"], chosen["n_whole"])


def _check(values: Any, types: Mapping[str, tuple[type, ...]], name: str) -> None:
    refuse_type(name, values, dict)
    refuse_unknown(values, types, f"{name}.")
    for key, kinds in types.items():
        if key in values:
            refuse_type(f"{name}.{key}", values[key], *kinds)
        elif key not in _MAY_BE_MISSING:
            raise SettingsError(f"{name}.{key}", "is missing")

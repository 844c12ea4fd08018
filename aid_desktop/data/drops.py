"""Decide what dropped files and folders become: rows of the class table, or a reason why not.

Only names are looked at, and only so many, so that it can be told while the mouse still holds them; what looks into
files, that is counting the pages of loose TIFF files and reading tables, can be left out.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from aid_desktop.data.class_table import Role
from aid_desktop.data.listing import (
    ARRAY_SUFFIXES,
    RTDC_SUFFIXES,
    TABLE_SUFFIXES,
    is_folder,
    is_ignored,
    is_image_file,
    natural_key,
    walk_files,
)
from aid_desktop.data.roles import SPLIT_NAMES
from aid_desktop.data.source import Problem
from aid_desktop.errors import DataError

MAX_ENTRIES = 10_000
"""So many files of one folder are looked at when images are searched in it."""


@dataclass(frozen=True, slots=True)
class DropItem:
    """One future row of the class table; `part` as in source.DataSource."""

    path: Path
    class_name: str
    role: Role
    part: str = ""


@dataclass(frozen=True, slots=True)
class DropPlan:
    """What dropped paths become, and which of them cannot be used and why."""

    items: tuple[DropItem, ...]
    rejected: tuple[Problem, ...]

    def describe(self) -> str:
        """Return one line, for example "3 folders → 3 classes"."""
        parts = []
        if self.items:
            paths = {item.path for item in self.items}
            folders = sum(path.is_dir() for path in paths)
            sources = [_count(folders, "folder"), _count(len(paths) - folders, "file")]
            text = ", ".join(filter(None, sources)) + " → "
            text += _count(len({item.class_name for item in self.items}), "class", "classes")
            roles = Counter(item.role for item in self.items)
            if set(roles) != {Role.TRAINING}:
                text += " (" + ", ".join(f"{roles[role]} {role}" for role in Role if roles[role]) + ")"
            parts.append(text)
        if len(self.rejected) == 1:
            parts.append(str(self.rejected[0]))
        elif self.rejected:
            parts.append(f"{len(self.rejected)} cannot be used")
        return "; ".join(parts) or "nothing to add"


def resolve_drop(paths: Sequence[Path], look_inside: bool = True) -> DropPlan:
    """Turn dropped paths into future rows.

    A folder with images directly in it is one row, its class is its name, unless several folders in it have images,
    too: then these are classes, and the images beside them are rejected. Any other folder holds classes:
    each sub-folder is one, and so is each .rtdc file or array by its stem. Folders named as in SPLIT_NAMES,
    dropped themselves or above or below the classes, give the role; other rows are for training. A table of images
    gives a row for each class and role in it. Rows come by role.
    """
    resolver = _Resolver()
    loose: dict[Path, list[Path]] = {}
    for path in dict.fromkeys(Path(path).absolute() for path in paths):
        if path.is_dir():
            resolver.add_folder(path, _role_of(path) or _role_of(path.parent))
        elif not path.exists():
            resolver.reject(path, "does not exist")
        elif _is_stack_file(path):
            resolver.add(path, path.stem, _role_of(path.parent))
        elif path.suffix.lower() in TABLE_SUFFIXES:
            resolver.add_table(path, look_inside)
        elif is_image_file(path):
            loose.setdefault(path.parent, []).append(path)
        else:
            resolver.reject(path, "is not an image file, a stack or table of images, or a folder")
    for folder, images in loose.items():
        resolver.add_images(folder, images, look_inside)
    order = list(Role)
    items = sorted(dict.fromkeys(resolver.items), key=lambda item: order.index(item.role))
    return DropPlan(tuple(items), tuple(resolver.rejected))


@dataclass(slots=True)
class _Content:
    """What lies directly in a folder, in natural order, without hidden files."""

    has_images: bool = False
    stacks: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)


class _Resolver:
    """Collects items and rejections."""

    def __init__(self) -> None:
        self.items: list[DropItem] = []
        self.rejected: list[Problem] = []

    def add(self, path: Path, class_name: str, role: Role | None, part: str = "") -> None:
        self.items.append(DropItem(path, class_name.strip() or "images", role or Role.TRAINING, part))

    def reject(self, path: Path, reason: str) -> None:
        self.rejected.append(Problem(path.name or str(path), reason))

    def add_table(self, path: Path, look_inside: bool) -> None:
        """Add what a table lists; without a look inside it counts as one class."""
        if not look_inside:
            self.add(path, path.stem, None)
            return
        from aid_desktop.data.tables import read_table

        try:
            for listed in read_table(path):
                self.add(path, listed.class_name, listed.role, listed.part)
        except DataError as error:
            self.reject(path, str(error))

    def add_folder(self, folder: Path, role: Role | None) -> None:
        """Add a folder that was dropped, that stands for a role, or that has such folders in it."""
        try:
            content = _content_of(folder)
        except OSError as error:
            self.reject(folder, f"cannot be opened ({error.strerror or error})")
            return
        n_before = len(self.items) + len(self.rejected)
        holds_classes = content.has_images and sum(map(_may_have_images, content.folders)) > 1
        if holds_classes:
            self.reject(
                folder, "has images beside folders of images, which are its classes: put them into one of these"
            )
        elif content.has_images:
            # The images of cat/train have the class cat: "train" is not the name of a class.
            self.add(folder, (folder.parent if _role_of(folder) else folder).name, role)
        for path in content.stacks:
            self.add(path, path.stem, role)
        for sub in content.folders if holds_classes or not content.has_images else ():
            self._add_sub_folder(sub, _role_of(sub) or role)
        if len(self.items) + len(self.rejected) == n_before:
            self.reject(folder, "has no images in it")

    def _add_sub_folder(self, folder: Path, role: Role | None) -> None:
        try:
            content = _content_of(folder)
        except OSError as error:
            self.reject(folder, f"cannot be opened ({error.strerror or error})")
            return
        if _role_of(folder) or (not content.has_images and any(map(_role_of, content.folders))):
            self.add_folder(folder, role)
            return
        has_images = content.has_images or _may_have_images(folder)
        if has_images:
            self.add(folder, folder.name, role)
        for path in content.stacks:
            self.add(path, folder.name, role)
        if not has_images and not content.stacks:
            self.reject(folder, "has no images in it")

    def add_images(self, folder: Path, images: list[Path], look_inside: bool) -> None:
        """Add image files that were dropped without their folder."""
        stacks = [path for path in images if look_inside and _has_many_pages(path)]
        single = [path for path in images if path not in set(stacks)]
        for path in stacks:
            self.add(path, path.stem, _role_of(folder))
        if not single:
            return
        owner = folder.parent if _role_of(folder) else folder
        if len(images) == 1:
            self.add(single[0], owner.name, _role_of(folder) or _role_of(owner.parent))
        elif not stacks and _are_all_images(folder, single):
            self.add(folder, owner.name, _role_of(folder) or _role_of(owner.parent))
        else:
            for path in single:
                self.reject(path, "drop the folder of the images instead of single images")


def _role_of(folder: Path) -> Role | None:
    return SPLIT_NAMES.get(folder.name.lower())


def _is_stack_file(path: Path) -> bool:
    return path.suffix.lower() in (*RTDC_SUFFIXES, *ARRAY_SUFFIXES)


def _content_of(folder: Path) -> _Content:
    content = _Content()
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            if is_ignored(entry.name):
                continue
            if is_folder(entry):
                content.folders.append(path)
            elif _is_stack_file(path):
                content.stacks.append(path)
            elif is_image_file(path):
                content.has_images = True
    for paths in (content.stacks, content.folders):
        paths.sort(key=lambda path: natural_key(path.name))
    return content


def _files(folder: Path) -> Iterator[Path]:
    return (found for found in walk_files(folder) if isinstance(found, Path))


def _may_have_images(folder: Path) -> bool:
    """Return whether an image is among the first files, or there are too many files to tell."""
    n_files = 0
    for path in islice(_files(folder), MAX_ENTRIES):
        if is_image_file(path):
            return True
        n_files += 1
    return n_files == MAX_ENTRIES


def _are_all_images(folder: Path, images: Sequence[Path]) -> bool:
    dropped = set(images)
    files = list(islice(_files(folder), len(images) + MAX_ENTRIES))
    return len(files) < len(images) + MAX_ENTRIES and all(path in dropped for path in files if is_image_file(path))


def _has_many_pages(path: Path) -> bool:
    """Return whether a TIFF file has several pages; False if it cannot be read: opening will tell why."""
    if path.suffix.lower() not in (".tif", ".tiff"):
        return False
    from aid_desktop.data.decode import count_pages

    try:
        return count_pages(path) > 1
    except DataError:
        return False


def _count(number: int, one: str, many: str = "") -> str:
    if not number:
        return ""
    return f"{number} {one if number == 1 else many or one + 's'}"

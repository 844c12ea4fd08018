"""Where things are: package, assets, user folders; and how a file is replaced safely."""

import os
import sys
import sysconfig
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import chain, count
from pathlib import Path

import platformdirs

APP_NAME = "AID Desktop"
_PORTABLE_MARK, _PORTABLE_FOLDER = "portable.txt", "portable"
_PORTABLE_TEXT = (
    "As long as this file lies beside the program, AID Desktop keeps its settings, logs, caches and runs in the folder "
    "portable, not in those of the user.\n"
)


def is_frozen() -> bool:
    """Return whether this is the standalone program made by PyInstaller."""
    return bool(getattr(sys, "frozen", False))


def package_dir() -> Path:
    """Return the folder of the package `aid_desktop`."""
    return Path(__file__).resolve().parent


def executable_dir() -> Path:
    """Return the folder of the running executable."""
    return Path(sys.executable).resolve().parent


def program_dir() -> Path:
    """Return the folder in which a user sees the program: on macOS the one of the .app."""
    folder = executable_dir()
    in_app = folder.name == "MacOS" and folder.parent.name == "Contents"
    return folder.parents[2] if in_app else folder


def shared_dir() -> Path:
    """Return the folder of what is delivered besides the package: assets, manual, model_zoo.py.

    It is the one of the package in a source checkout and in the standalone program, else where pip has put these files.
    """
    beside = package_dir().parent
    # The common case first: this is asked for each icon.
    if (beside / "assets").is_dir():
        return beside
    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))
    installed = (Path(sysconfig.get_path("data", scheme)) / "share" / "aid-desktop" for scheme in schemes)
    return next((place for place in installed if (place / "assets").is_dir()), beside)


def assets_dir() -> Path:
    """Return the folder of icons, style sheet and help texts."""
    return shared_dir() / "assets"


def docs_dir() -> Path:
    """Return the folder of the manual."""
    return shared_dir() / "docs"


def portable_mark() -> Path | None:
    """Return the file beside the standalone program whose presence makes it portable; None for other programs."""
    return program_dir() / _PORTABLE_MARK if is_frozen() else None


@cache
def portable_dir() -> Path | None:
    """Return the folder that stands for all folders of the user, None unless the program is portable.

    It stays the same until the program ends: nothing may move while files in it are open.
    """
    mark = portable_mark()
    return mark.parent / _PORTABLE_FOLDER if mark is not None and mark.is_file() else None


def set_portable(is_portable: bool) -> Path:
    """Make the program portable, or no longer so, from its next start on; return the folder that will be used then.

    Raises OSError if the program's folder cannot be written to, or the program is none that stands alone.
    """
    mark = portable_mark()
    if mark is None:
        raise OSError("only the standalone program can keep its settings beside itself")
    folder = mark.parent / _PORTABLE_FOLDER
    if is_portable:
        folder.mkdir(exist_ok=True)
        mark.write_text(_PORTABLE_TEXT, encoding="utf-8")
    else:
        mark.unlink(missing_ok=True)
    return folder


def _user_dir(name: str, of_system: Callable[..., str]) -> Path:
    folder = portable_dir()
    return Path(of_system(APP_NAME, appauthor=False)) if folder is None else folder / name


def user_config_dir() -> Path:
    """Return the folder of the user's own configuration; it need not exist."""
    return _user_dir("config", platformdirs.user_config_dir)


def user_data_dir() -> Path:
    """Return the folder for samples and runs without a place of their own; it need not exist."""
    return _user_dir("data", platformdirs.user_data_dir)


def runs_dir() -> Path:
    """Return the folder in which runs are made unless another one is chosen; it need not exist."""
    return user_data_dir() / "runs"


def samples_dir() -> Path:
    """Return the folder of the example data sets; it need not exist."""
    return user_data_dir() / "samples"


def user_cache_dir() -> Path:
    """Return the folder for what can be made again at any time; it need not exist."""
    return _user_dir("cache", platformdirs.user_cache_dir)


def crop_cache_dir() -> Path:
    """Return the folder of prepared images; it need not exist."""
    return user_cache_dir() / "images"


def speeds_file() -> Path:
    """Return the file of how long images took in earlier runs; it need not exist."""
    return user_cache_dir() / "speeds.json"


def onnx_cache_dir() -> Path:
    """Return the folder of networks converted for ONNX Runtime; it need not exist."""
    return user_cache_dir() / "networks"


def log_dir() -> Path:
    """Return the folder of the program's log; it need not exist."""
    return _user_dir("log", platformdirs.user_log_dir)


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it replaces `path` when the block ends without error.

    A reader, or a crash at any moment, therefore sees the old file or the new one, never a part. The
    temporary path keeps the suffix, which some writers insist on. Raises OSError as the writer does.
    """
    # Not tempfile.mkstemp, which makes files that only their owner can read: colleagues share drives.
    temporary = path.with_name(f".{path.stem[:40]}-{uuid.uuid4().hex[:12]}{path.suffix}")
    temporary.open("xb").close()
    try:
        yield temporary
        _flush_to_disk(temporary)
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def free_path(wanted: Path, suffix: str = "", first: int = 2) -> Path:
    """Return the wanted path if there is nothing, else the first free one of those with a number before the suffix."""
    stem = wanted.name.removesuffix(suffix)
    numbered = (wanted.with_name(f"{stem}_{number}{suffix}") for number in count(first))
    return next(path for path in chain([wanted], numbered) if not path.exists())

"""Which libraries are installed."""

from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version


def version_of(library: str) -> str:
    """Return the version of an installed library, also of its build without GPUs; "" if it is missing."""
    for name in (library, f"{library}-cpu"):
        with suppress(PackageNotFoundError):
            return version(name)
    return ""

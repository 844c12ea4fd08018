"""Write files of results so that a failure leaves no half file and gives a plain message."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aid_desktop.errors import ExportError
from aid_desktop.long_work import Progress
from aid_desktop.paths import write_atomically

_BLOCK = 16 * 2**20


@contextmanager
def exported(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block ends without error.

    Makes the folder if needed. Raises ExportError where the system refuses: read-only folder, full disk.
    """
    with plain_failures(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as temporary:
            yield temporary


@contextmanager
def plain_failures(path: Path) -> Iterator[None]:
    """Raise ExportError in place of an OSError, with the path that was asked for: the failure may name another one."""
    try:
        yield
    except OSError as error:
        raise ExportError(
            f"{path} cannot be written: {error.strerror or error}. Choose another folder, or make room and close "
            "programs that have it open."
        ) from error


def encodable(text: str) -> str:
    r"""Return `text` in a form that UTF-8 can hold: bytes of odd file names become `\udc..`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def copy_file(source: Path, target: Path, progress: Progress | None = None) -> None:
    """Copy the content of a file, block by block; `progress` counts bytes. Raises OSError."""
    n_bytes, n_done = source.stat().st_size, 0
    with source.open("rb") as reading, target.open("wb") as writing:
        while block := reading.read(_BLOCK):
            writing.write(block)
            n_done += len(block)
            if progress is not None:
                progress(n_done, max(n_bytes, n_done))

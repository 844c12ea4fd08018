"""Write files of results so that a failure leaves no half file and gives a plain message."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aid_desktop.errors import ExportError
from aid_desktop.paths import write_atomically


@contextmanager
def exported(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block ends without error.

    Makes the folder if needed. Raises ExportError where the system refuses: read-only folder, full disk.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path) as temporary:
            yield temporary
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError(
            f"{path} cannot be written: {reason}. Choose another folder, or make room and close programs "
            "that have this file open."
        ) from error


def encodable(text: str) -> str:
    r"""Return `text` in a form that UTF-8 can hold: bytes of odd file names become `\udc..`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")

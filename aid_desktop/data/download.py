"""Fetch a file over the network; called only after the user was asked."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_CHUNK = 2**18
_TIMEOUT_S = 30
_SHA256_LENGTH = 64


def fetch(url: str, path: Path, progress: Callable[[int, int], None]) -> None:
    """Write what `url` answers to `path`, which is not replaced atomically: give a temporary one.

    `progress(done, total)` is told of bytes; what it raises ends the download. Raises OSError or
    http.client.HTTPException when the answer does not come or ends too early.
    """
    # Not when the window starts.
    import urllib.request

    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, path.open("wb") as file:
        length = answer.headers.get("Content-Length")
        total = int(length) if length else 0
        done = _copy(answer, file, lambda n: progress(n, max(n, total)))
    if total and done != total:
        raise OSError(f"the connection ended after {done} of {total} bytes")


def has_digest(path: Path, digest: str) -> bool:
    """Return whether a file has this MD5 or SHA-256, told apart by their length in hexadecimal digits."""
    method = "sha256" if len(digest) == _SHA256_LENGTH else "md5"
    with path.open("rb") as file:
        return hashlib.file_digest(file, method).hexdigest() == digest


def reason_of(error: Exception) -> str:
    """Return in words why a download failed."""
    return str(getattr(error, "reason", None) or error)


def _copy(source: BinaryIO, target: BinaryIO, tell: Callable[[int], None]) -> int:
    done = 0
    while part := source.read(_CHUNK):
        target.write(part)
        done += len(part)
        tell(done)
    return done

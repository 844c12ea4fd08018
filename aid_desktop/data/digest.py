"""Recognise data by content, wherever the file or folder lies and whatever its own name is."""

from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path

from aid_desktop.data.listing import list_files, portable_name
from aid_desktop.errors import DataError

WHOLE_LIMIT = 64 * 2**20
"""Files up to this many bytes are read whole."""

BLOCK = 2**20
N_BLOCKS = 64


def digest_of(path: Path) -> str:
    """Return "blake2b:" and 32 hexadecimal digits for a file's content, or for the image files of a folder.

    Files above WHOLE_LIMIT count by their size and 64 evenly spaced blocks of 1 MiB, first and last
    included. For a folder the sorted relative names and each file's digest count. Raises DataError if a
    file cannot be read.
    """
    path = Path(path)
    if path.is_dir():
        names = list_files(path).images
        return combined_digest((name, digest_of(path / name)) for name in names)
    try:
        size = path.stat().st_size
        return digest_of_bytes(path.read_bytes()) if size <= WHOLE_LIMIT else _sampled_digest(path, size)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def digest_of_bytes(content: bytes) -> str:
    """Return the digest of a file of this content, of at most WHOLE_LIMIT bytes."""
    return _text(blake2b(content, digest_size=16))


def combined_digest(files: Iterable[tuple[str, str]]) -> str:
    """Return the digest of a folder from the relative name and the digest of each of its image files."""
    total = blake2b(digest_size=16)
    for name, digest in sorted((portable_name(name), digest) for name, digest in files):
        total.update(f"{name}\0{digest}\n".encode("utf-8", "surrogateescape"))
    return _text(total)


def _sampled_digest(path: Path, size: int) -> str:
    total = blake2b(str(size).encode(), digest_size=16)
    with path.open("rb") as file:
        for block in range(N_BLOCKS):
            file.seek(block * (size - BLOCK) // (N_BLOCKS - 1))
            total.update(file.read(BLOCK))
    return _text(total)


def _text(digest: blake2b) -> str:
    return f"blake2b:{digest.hexdigest()}"

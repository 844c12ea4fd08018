"""Code inside of models of others: it is only run where the user has said that the file can be trusted.

A Lambda layer holds a function as bytes, a TorchModuleWrapper a pickle; both can do anything as soon as they are
loaded, see keras.saving, `safe_mode`. What was trusted is remembered by the digest of the network's description, so
that a copy is trusted too and a changed file is not.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aid_desktop.data.hdf5 import attributes_of, open_file
from aid_desktop.errors import ModelError
from aid_desktop.paths import user_config_dir, write_atomically

CODE_CLASSES = ("Lambda", "__lambda__", "TorchModuleWrapper")
"""What Keras 3 writes for code in the description of a network."""

_CONFIG = "config.json"
_H5_CONFIG = "model_config"


class UntrustedCodeError(ModelError):
    """A model holds code, and nobody has said that it can be trusted; `path` is its file."""

    def __init__(self, path: Path, layers: tuple[str, ...]) -> None:
        super().__init__(
            f"{path.name} holds code of the program that made it ({', '.join(layers)}), which could do anything on "
            "this computer, so it is not run. If you know who made the file and trust them, say so where the window "
            "asks, or enter: aid-desktop info --trust FILE"
        )
        self.path = path
        self.layers = layers


def code_layers(path: Path) -> tuple[str, ...]:
    """Return the layers and functions with code in a .keras file or an HDF5 file of Keras 3, for example `Lambda`."""
    description = _description(path)
    if not any(name.encode() in description for name in CODE_CLASSES):
        return ()
    try:
        return tuple(dict.fromkeys(_code_in(json.loads(description))))
    except (ValueError, RecursionError):
        # What cannot be read is not loaded either.
        return ()


def may_run_code(path: Path) -> bool:
    """Return whether a model holds code that the user trusts; False if it holds none. Raises UntrustedCodeError."""
    layers = code_layers(path)
    if layers and _digest(path) not in _trusted():
        raise UntrustedCodeError(path, layers)
    return bool(layers)


def trust_code(path: Path) -> None:
    """Remember that the code in a model may be run; nothing happens if there is none. Raises OSError."""
    digests = _trusted()
    if code_layers(path) and _digest(path) not in digests:
        file = _trusted_file()
        file.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(file) as temporary:
            temporary.write_text("".join(f"{digest}\n" for digest in (*digests, _digest(path))), encoding="ascii")


def _trusted_file() -> Path:
    return user_config_dir() / "trusted_models.txt"


def _trusted() -> tuple[str, ...]:
    try:
        return tuple(_trusted_file().read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return ()


def _digest(path: Path) -> str:
    return hashlib.sha256(_description(path)).hexdigest()


def _description(path: Path) -> bytes:
    """Return the description of the network in a file; nothing if it cannot be read."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return archive.read(_CONFIG)
        with open_file(path) as file:
            # Older files are rebuilt layer by layer, and never with code.
            about = attributes_of(file)
            is_of_keras_3 = str(about.get("keras_version", "")).startswith("3")
            stored = about.get(_H5_CONFIG, b"") if is_of_keras_3 else b""
    except (OSError, EOFError, LookupError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error):
        return b""
    # What is no UTF-8 in a damaged file is so in the text as well.
    return stored if isinstance(stored, bytes) else str(stored).encode(errors="surrogateescape")


def _code_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("class_name") in CODE_CLASSES:
            config = value.get("config")
            name = config.get("name") if isinstance(config, dict) else None
            yield f"{value['class_name']} {name}" if name else "a function"
        # A layer is named, not the function in it as well.
        if value.get("class_name") not in CODE_CLASSES:
            yield from (found for each in value.values() for found in _code_in(each))
    elif isinstance(value, list):
        yield from (found for each in value for found in _code_in(each))

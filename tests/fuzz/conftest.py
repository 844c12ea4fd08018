"""Damaged files: every reader says in plain words what is wrong with them, and raises nothing else.

The same files are made in every run. With `AID_FUZZ_ROUNDS=50` there are fifty times as many, and other ones.
"""

import contextlib
import copy
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from aid_desktop.errors import AidError

ROUNDS = int(os.environ.get("AID_FUZZ_ROUNDS", "1"))
MOST_BYTES = 600 * 2**20
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 2**31, 2**63, 10**30, -(10**30), 0.0, 0.5, -1e308, 1e308, float("nan"),
    float("inf"), "", " ", "x", "0", "nan", "../..", "\0", "ü" * 300, "\ud800", [], [[]], [None], [1, 2, 3], ["x", "x"],
    {}, {"x": 1}, {"": None}, {"class_name": "Lambda"},
)  # fmt: skip
ODD_CELLS = (b"", b"0", b"-1", b"1e999", b"nan", b"99999999999999999999", b"\xff\xfe", b"\0", b"\r", b"\n", b'"', b",",
             b";", b"'", b"[" * 2000, b"{" * 200, b"<", b"=", b"#", b"\xe2\x80\xa8")  # fmt: skip

Read = Callable[[Path], object]
Fuzz = Callable[[Read, Path, Iterator[bytes]], int]


class Damage:
    """Makes damaged copies of a content, each with one to three faults."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def of_bytes(self, content: bytes, n: int, in_place: bool = False) -> Iterator[bytes]:
        """Yield `n` copies with bytes flipped, cleared or left off at the end; also moved, unless `in_place`."""
        faults = [self._flip, self._set, self._clear, self._truncate]
        faults += [] if in_place else [self._cut, self._double, self._insert]
        for _ in range(n * ROUNDS):
            damaged = content
            for _ in range(self._number(1, 4)):
                damaged = faults[self._number(0, len(faults))](damaged)
            yield damaged

    def of_hdf5(self, content: bytes, n: int) -> Iterator[bytes]:
        """Yield `n` copies of an HDF5 file damaged anywhere, and `n` for each of two places of four kinds.

        There are the indexes of chunks and groups, the members of groups, and the heaps of names and texts.
        """
        yield from self.of_bytes(content, n, in_place=True)
        for signature in (b"TREE", b"SNOD", b"HEAP", b"GCOL"):
            for first in (content.find(signature), content.rfind(signature)):
                part = content[first : first + 600]
                for damaged in self.of_bytes(part, n, in_place=True):
                    yield content[:first] + damaged.ljust(len(part), b"\0") + content[first + len(part) :]

    def of_values(self, document: Any, n: int) -> Iterator[Any]:
        """Yield `n` copies of nested dicts and lists with values replaced, moved, doubled or left out."""
        for _ in range(n * ROUNDS):
            damaged = copy.deepcopy(document)
            for _ in range(self._number(1, 3)):
                self._change(damaged)
            yield damaged

    def of_json(self, document: Any, n: int) -> Iterator[bytes]:
        """Yield `n` damaged copies of a document as JSON in UTF-8; a tenth of them is no JSON any more."""
        for value in self.of_values(document, n):
            text = json.dumps(value).encode()
            yield text if self._number(0, 10) else next(self.of_bytes(text, 1))

    def choose(self, items: Any) -> Any:
        """Return one of the items."""
        return items[self._number(0, len(items))]

    def _number(self, low: int, high: int) -> int:
        return int(self._rng.integers(low, high))

    def _place(self, content: bytes) -> int:
        # What matters most of a file is at its beginning and its end.
        where, last = self._number(0, 3), len(content)
        low, high = ((0, last), (0, min(last, 300)), (max(0, last - 300), last))[where]
        return self._number(low, max(low + 1, high))

    def _flip(self, content: bytes) -> bytes:
        place = self._place(content)
        changed = bytes(each ^ (1 << self._number(0, 8)) for each in content[place : place + 1])
        return content[:place] + changed + content[place + 1 :]

    def _set(self, content: bytes) -> bytes:
        place, n = self._place(content), self.choose((1, 2, 4, 8))
        new = self.choose((b"\0", b"\xff", b"\x7f", b"\x80", b"\x01")) * n
        return content[:place] + new + content[place + n :]

    def _cut(self, content: bytes) -> bytes:
        place = self._place(content)
        return content[:place] + content[place + self._number(1, 60) :]

    def _double(self, content: bytes) -> bytes:
        place = self._place(content)
        return content[:place] + content[place : place + self._number(1, 60)] + content[place:]

    def _insert(self, content: bytes) -> bytes:
        place = self._place(content)
        return content[:place] + self.choose(ODD_CELLS) + content[place:]

    def _clear(self, content: bytes) -> bytes:
        place, n = self._place(content), self._number(1, 200)
        return content[:place] + bytes(len(content[place : place + n])) + content[place + n :]

    def _truncate(self, content: bytes) -> bytes:
        return content[: self._place(content)]

    def _change(self, document: Any) -> None:
        holders = [each for each in _nodes(document) if isinstance(each, dict | list) and each]
        if not holders:
            return
        holder = self.choose(holders)
        key = self.choose(list(holder)) if isinstance(holder, dict) else self._number(0, len(holder))
        match self._number(0, 6):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[self.choose(("x", "", f"{key} "))] = holder[key]
            case 1:
                holder.append(holder[key])
            case 2:
                holder[key] = copy.deepcopy(self.choose(list(_nodes(document))))
            case _:
                holder[key] = copy.deepcopy(self.choose(ODD_VALUES))


def _nodes(document: Any) -> Iterator[Any]:
    yield document
    for each in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from _nodes(each)


def _peak_bytes() -> int:
    """Return how much memory the process has had at most."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@pytest.fixture
def damage(request: pytest.FixtureRequest) -> Damage:
    """Return what makes damaged copies: the same for the same test."""
    return Damage(sum(request.node.name.encode()) + ROUNDS - 1)


@pytest.fixture
def fuzz(tmp_path: Path) -> Fuzz:
    """Return a function that reads a file with each of the contents, and returns how many were refused.

    It fails with the first lines of all that was raised besides AidError, and where memory grew out of proportion.
    `AID_FUZZ_KEEP` names a folder for the files that made a reader fail.
    """

    def do(read: Read, path: Path, contents: Iterator[bytes]) -> int:
        wrong: dict[str, str] = {}
        n_refused, before = 0, _peak_bytes()
        for number, content in enumerate(contents):
            path.write_bytes(content)
            _keep(path, content)
            try:
                read(path)
            except AidError as error:
                n_refused += 1
                if not str(error).strip() or "Traceback" in str(error):
                    wrong.setdefault(f"no plain message: {str(error)!r}", f"file {number}")
            # All but AidError is what is looked for.
            except Exception as error:  # noqa: BLE001
                wrong.setdefault(_where(error), f"file {number}: {type(error).__name__}: {error}"[:300])
            if _peak_bytes() - before > MOST_BYTES:
                wrong.setdefault("memory", f"file {number}: {(_peak_bytes() - before) / 2**20:.0f} MiB for a few KiB")
                break
        assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())
        return n_refused

    return do


def _keep(path: Path, content: bytes) -> None:
    """Keep the last content where a reader that ends the process does not take it along."""
    folder = os.environ.get("AID_FUZZ_KEEP")
    if folder:
        with contextlib.suppress(OSError):
            (Path(folder) / path.name).write_bytes(content)


def _where(error: BaseException) -> str:
    """Return the last lines of the program that the error came through: one fault is told once."""
    trace, lines = error.__traceback__, []
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if f"{os.sep}aid_desktop{os.sep}" in name:
            lines.append(f"{Path(name).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " < ".join(reversed(lines[-3:])) + f" {type(error).__name__}"

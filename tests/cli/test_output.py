"""The bar of a command's progress."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aid_desktop.cli import assess, classify
from aid_desktop.cli.output import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_that_a_terminal_gets_a_bar_which_goes_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_bar(quiet=False) as progress_of:
        progress = progress_of("classifying")
        assert progress is not None
        progress(0, 0)
        assert terminal.getvalue().split("\r")[-2] == "classifying…"
        progress(500, 2000)
        text = "classifying ██████░░░░░░░░░░░░░░░░░░ 500/2000"
        assert terminal.getvalue().split("\r")[-2] == text
        progress(500, 2000)
        assert terminal.getvalue().count(text) == 1
    assert terminal.getvalue().split("\r")[-2] == " " * len(text)


def test_that_the_bar_goes_before_an_error_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    def work() -> None:
        with progress_bar(quiet=False) as progress_of:
            (progress_of("writing") or print)(1, 2)
            raise KeyError("full")

    with pytest.raises(KeyError):
        work()
    assert terminal.getvalue().split("\r")[-2].strip() == ""


@pytest.mark.parametrize(("quiet", "kind"), [(True, Terminal), (False, io.StringIO)])
def test_that_no_bar_is_shown_to_a_script(monkeypatch: pytest.MonkeyPatch, quiet: bool, kind: type) -> None:
    stream = kind()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar(quiet) as progress_of:
        assert progress_of("classifying") is None
    assert stream.getvalue() == ""


def test_that_classify_and_assess_tell_their_progress(
    call: Any, run_folder: Path, run_toml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: dict[str, tuple[int, int]] = {}

    @contextmanager
    def recording(quiet: bool) -> Iterator[Callable[[str], Callable[[int, int], None]]]:
        assert not quiet
        yield lambda what: lambda done, total: told.update({what: (done, total)})

    for command in (classify, assess):
        monkeypatch.setattr(command, "progress_bar", recording)
    images = run_toml.parent / "test_dark.rtdc"
    assert call("classify", run_folder, images, "--out", tmp_path / "out.csv").code == 0
    assert told == {"classifying": (6, 6), "writing": (6, 6)}
    assert call("assess", run_folder, "--data", f"dark={images}").code == 0
    assert told["assessing"] == (6, 6)

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aid_desktop import __version__
from aid_desktop.cli import main as main_module
from aid_desktop.cli import output
from aid_desktop.cli.demo import needs_offscreen
from aid_desktop.errors import AidError, DataError

COMMANDS = ("gui", "demo", "recommend", "train", "assess", "find-label-errors", "classify", "inference-time", "info",
            "zoo", "devices")  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_that_every_command_has_help(call: Any, command: str) -> None:
    result = call(command, "--help")
    assert result.code == 0
    assert result.out.startswith(f"usage: aid-desktop {command}")
    assert result.err == ""


def test_that_help_names_all_commands_and_version_is_told(call: Any) -> None:
    result = call("--help")
    assert result.code == 0
    assert all(command in result.out for command in COMMANDS)
    assert call("--version").out == f"aid-desktop {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",), ("train",), ("assess",), ("classify", "x"),
        ("zoo", "--colour"), ("train", __file__, "--epochs", "many"), ("assess", __file__, "--role", "exam"),
    ],
)  # fmt: skip
def test_that_wrong_usage_ends_with_2_and_a_hint(call: Any, arguments: tuple[str, ...]) -> None:
    result = call(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert "usage: aid-desktop" in result.err
    assert "Traceback" not in result.err
    assert "<Role." not in result.err


class Command:
    """A command that ends as the test wants it."""

    def __init__(self, end: BaseException | int) -> None:
        self._end = end

    def add_parser(self, commands: Any) -> None:
        commands.add_parser("gui").set_defaults(handler=self._run)

    def _run(self, options: object) -> int:
        if isinstance(self._end, BaseException):
            raise self._end
        return self._end


@pytest.mark.parametrize(
    "arguments", [("train", "none.toml"), ("assess", "none.keras"), ("classify", "none.keras", "x"), ("info", "none")]
)
def test_that_a_file_that_is_not_there_is_told_in_one_line(call: Any, arguments: tuple[str, ...]) -> None:
    result = call(*arguments)
    assert (result.code, result.out) == (1, "")
    assert len(result.err.splitlines()) == 1
    assert arguments[1] in result.err


@pytest.mark.parametrize(
    ("end", "code", "err"),
    [
        (0, 0, ""),
        (130, 130, ""),
        (AidError("two\nlines,  spaced"), 1, "two lines, spaced\n"),
        (PermissionError(13, "Permission denied", "a.csv"), 1, "[Errno 13] Permission denied: 'a.csv'\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_that_known_ends_have_their_code_and_one_line(
    call: Any, monkeypatch: pytest.MonkeyPatch, end: BaseException | int, code: int, err: str
) -> None:
    monkeypatch.setattr(main_module, "import_module", lambda name: Command(end))
    result = call()
    assert (result.code, result.out, result.err) == (code, "", err)


def test_that_an_unknown_error_keeps_its_traceback(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main_module, "import_module", lambda name: Command(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        call()


def test_that_only_the_module_of_the_command_is_loaded() -> None:
    code = (
        "import sys\nfrom aid_desktop.cli.main import make_parser\nmake_parser('info')\n"
        "print([name for name in ('aid_desktop.cli.train', 'aid_desktop.cli.info') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['aid_desktop.cli.info']\n"


def test_that_the_module_runs_and_its_commands_never_import_qt(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom aid_desktop.cli.main import run\n"
        "import aid_desktop.cli.monitor, aid_desktop.training.loop, aid_desktop.evaluation.report\n"
        f"codes = [run(['info', {str(tmp_path)!r}, '--json']), run(['train', {str(Path(__file__))!r}])]\n"
        "print(codes, [name for name in ('PyQt5', 'pyqtgraph', 'tensorflow', 'keras') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[1, 1] []\n"
    assert len(done.stderr.splitlines()) == 2
    version = subprocess.run(
        [sys.executable, "-m", "aid_desktop", "--version"], capture_output=True, text=True, check=True
    )
    assert version.stdout == f"aid-desktop {__version__}\n"


def test_that_json_has_null_for_what_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    output.write_json({"a": [float("nan"), float("inf"), -float("inf"), 1.5, "ü"], "b": (1, True)})
    assert capsys.readouterr().out.split() == (
        ["{", '"a":', "[", "null,", "null,", "null,", "1.5,", '"ü"', "],", '"b":', "[", "1,", "true", "]", "}"]
    )


@pytest.mark.parametrize(
    ("text", "expected"), [("cat=0.5", (0, 0.5)), ("a=b=1", (1, 1.0)), ("cat=0", (0, 0.0)), (None, None)]
)
def test_that_a_threshold_is_a_class_and_a_probability(text: str | None, expected: tuple[int, float] | None) -> None:
    threshold = output.parse_threshold(text, ("cat", "a=b"))
    assert (threshold and (threshold.class_index, threshold.probability)) == expected


@pytest.mark.parametrize("text", ["cat", "dog=0.5", "cat=1.5", "cat=-0.1", "cat=nan", "=0.5", "cat=", "cat=x"])
def test_that_a_wrong_threshold_is_refused_with_the_classes(text: str) -> None:
    with pytest.raises(DataError, match="expected CLASS=P with one of cat, a=b and P from 0 to 1"):
        output.parse_threshold(text, ("cat", "a=b"))


def test_that_a_demo_needs_no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert needs_offscreen(False)
    monkeypatch.setenv("DISPLAY", ":0")
    assert not needs_offscreen(False)
    assert needs_offscreen(True)
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setattr(sys, "platform", "win32")
    assert not needs_offscreen(False)

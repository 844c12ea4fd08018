from pathlib import Path
from typing import Any

import pytest

from aid_desktop.cli import self_test
from aid_desktop.cli.self_test import CHECKS, Check, Place, check_manual, check_zoo, run_checks
from aid_desktop.errors import AidError, ModelZooError
from aid_desktop.paths import program_dir


@pytest.mark.keras
@pytest.mark.slow
def test_that_all_checks_without_a_window_pass_from_source(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The command sets it for its own process.
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    others = {name: check for name, check in CHECKS.items() if name != "window"}
    monkeypatch.setattr(self_test, "CHECKS", others)
    result = call("self-test")
    assert result.code == 0, result.out
    assert [line.partition(": ok (")[0] for line in result.out.splitlines()] == list(others)


def test_that_the_window_is_checked_first() -> None:
    # The set-up reads off its line how long the program takes to start.
    assert next(iter(CHECKS)) == "window"


def test_that_a_manual_without_pages_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "index.md").write_text("# Manual", encoding="utf-8")
    monkeypatch.setattr(self_test, "docs_dir", lambda: tmp_path)
    with pytest.raises(AidError, match="found 0 pages"):
        check_manual(Place(tmp_path))


def ends_with(error: Exception) -> Check:
    def check(place: Place) -> str:
        raise error

    return check


def test_that_a_failure_is_told_in_one_line_and_the_other_checks_go_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, expected_warnings: Any
) -> None:
    checks: dict[str, Check] = {
        "known": ends_with(AidError("two\nlines")),
        "unknown": ends_with(ModuleNotFoundError("No module named 'tf2onnx.convert'")),
        "last": lambda place: "fine",
    }
    assert run_checks(checks, Place(tmp_path)) == 2
    assert capsys.readouterr().out.splitlines() == [
        "known: FAILED (two lines)",
        "unknown: FAILED (ModuleNotFoundError: No module named 'tf2onnx.convert')",
        "last: ok (fine)",
    ]


def test_that_a_standalone_program_has_its_zoo_where_it_can_be_edited(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "model_zoo.py"
    path.write_text("", encoding="utf-8")
    monkeypatch.setattr(self_test, "find_zoo", lambda: path)
    assert check_zoo(Place(tmp_path)) == f"0 architectures in {path}"
    monkeypatch.setattr(self_test, "is_frozen", lambda: True)
    with pytest.raises(ModelZooError) as raised:
        check_zoo(Place(tmp_path))
    assert str(program_dir()) in str(raised.value)
    monkeypatch.setattr(self_test, "program_dir", lambda: tmp_path)
    assert check_zoo(Place(tmp_path)).startswith("0 architectures")

import os
import platform

import pytest

from aid_desktop.environment import ONEDNN, has_onednn_switched_off, set_defaults


@pytest.fixture(autouse=True)
def _without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"TF_CPP_MIN_LOG_LEVEL": "0"})
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


@pytest.mark.parametrize(("machine", "expected"), [("x86_64", "1"), ("AMD64", "1"), ("arm64", None), ("aarch64", None)])
def test_onednn_is_on_where_tensorflow_has_it(
    machine: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)

    set_defaults()

    assert os.environ.get(ONEDNN) == expected


def test_what_the_user_has_set_stays() -> None:
    os.environ[ONEDNN] = "0"

    set_defaults()

    assert os.environ[ONEDNN] == "0"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"


@pytest.mark.parametrize(
    ("machine", "value", "expected"),
    [("x86_64", "0", True), ("x86_64", "1", False), ("x86_64", None, False), ("arm64", "0", False)],
)
def test_onednn_counts_as_switched_off_where_it_would_help(
    machine: str, value: str | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    if value is not None:
        os.environ[ONEDNN] = value

    assert has_onednn_switched_off() is expected

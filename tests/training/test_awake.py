import sys

import pytest

from aid_desktop.training.awake import kept_awake


def test_that_the_system_does_not_sleep_where_it_can_be_asked(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "aid_desktop")
    monkeypatch.setenv("WAKEPY_FAKE_SUCCESS", "yes")
    with kept_awake():
        assert "the system does not go to sleep while the run goes on (WakepyFakeSuccess)" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="only there nobody may listen")
def test_that_a_run_goes_on_where_nobody_can_be_asked(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "aid_desktop")
    monkeypatch.delenv("WAKEPY_FAKE_SUCCESS", raising=False)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    with kept_awake():
        assert "the system may go to sleep" in caplog.text

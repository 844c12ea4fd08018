import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aid_desktop.log import LOGGER_NAME, CrashTrace, add_run_log, log_file, remove_run_log, set_up_logging


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """Return the program's logger; handlers that a test adds are closed afterwards."""
    logger = logging.getLogger(LOGGER_NAME)
    before, level, propagate = list(logger.handlers), logger.level, logger.propagate
    yield logger
    logger.propagate = propagate
    for handler in [handler for handler in logger.handlers if handler not in before]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(level)


def test_that_the_log_goes_to_its_file_with_time_and_thread(tmp_path: Path, logger: logging.Logger) -> None:
    path = set_up_logging(tmp_path / "new" / "logs", console_level=None)
    assert path is not None
    assert path.parent == tmp_path / "new" / "logs"
    assert log_file() == path
    logging.getLogger("aid_desktop.some.module").info("straße %d", 7)
    logging.getLogger("another.program").warning("not ours")
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert line.endswith("MainThread aid_desktop.some.module: straße 7")


def test_that_only_the_newest_logs_of_processes_that_have_gone_stay(tmp_path: Path, logger: logging.Logger) -> None:
    gone = 2**31 - 1
    names = [f"aid-desktop-20200101-0000{number:02d}-{gone}.log" for number in range(30)]
    for name in (
        *names,
        f"{names[0]}.1",
        f"{names[-1]}.1",
        f"aid-desktop-20190101-000000-{os.getppid()}.log",
        "notes.log",
    ):
        (tmp_path / name).touch()
    path = set_up_logging(tmp_path, console_level=None)
    assert path is not None
    left = {one.name for one in tmp_path.iterdir()}
    assert left == {
        *names[11:],
        f"{names[-1]}.1",
        f"aid-desktop-20190101-000000-{os.getppid()}.log",
        "notes.log",
        path.name,
    }


def test_that_two_processes_write_files_of_their_own(tmp_path: Path, logger: logging.Logger) -> None:
    code = (
        "import logging, sys, pathlib; from aid_desktop.log import set_up_logging\n"
        "print(set_up_logging(pathlib.Path(sys.argv[1]))); logging.getLogger('aid_desktop').info('other')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    other, path = Path(done.stdout.strip()), set_up_logging(tmp_path, console_level=None)
    assert path is not None
    logger.info("own")
    assert (other.read_text("utf-8")[-6:], path.read_text("utf-8")[-4:]) == ("other\n", "own\n")


def test_that_only_what_matters_goes_to_the_console(
    tmp_path: Path, logger: logging.Logger, capsys: pytest.CaptureFixture[str], expected_warnings: object
) -> None:
    set_up_logging(tmp_path)
    logger.info("small")
    logger.warning("large")
    captured = capsys.readouterr()
    assert captured.err == "WARNING: large\n"
    assert captured.out == ""


def test_that_handlers_of_other_libraries_get_nothing(
    tmp_path: Path, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handler = logging.StreamHandler()
    root.addHandler(handler)
    try:
        set_up_logging(tmp_path, console_level=logging.ERROR)
        logger.info("for the file alone")
    finally:
        root.removeHandler(handler)
    assert capsys.readouterr().err == ""


def test_that_a_window_without_console_can_log(
    tmp_path: Path, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch, expected_warnings: object
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    path = set_up_logging(tmp_path)
    logger.warning("large")
    assert path is not None
    assert "large" in path.read_text(encoding="utf-8")


def test_that_a_folder_that_cannot_be_written_is_told_and_survived(
    tmp_path: Path, logger: logging.Logger, expected_warnings: list[logging.LogRecord]
) -> None:
    (tmp_path / "file").touch()
    assert set_up_logging(tmp_path / "file" / "logs", console_level=None) is None
    (record,) = expected_warnings
    assert record.getMessage().startswith("no log file can be written to")


def test_that_a_run_has_its_own_log_while_it_lasts(tmp_path: Path, logger: logging.Logger) -> None:
    logger.setLevel(logging.INFO)
    handler = add_run_log(tmp_path / "run.log")
    logging.getLogger("aid_desktop.training.loop").info("epoch 1")
    remove_run_log(handler)
    logging.getLogger("aid_desktop.training.loop").info("epoch 2")
    text = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert "epoch 1" in text
    assert "epoch 2" not in text


def test_that_a_crash_of_the_process_leaves_a_trace_that_is_taken_once(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from aid_desktop.log import CrashTrace, set_up_logging\n"
        "folder = pathlib.Path(sys.argv[1]); set_up_logging(folder); CrashTrace(folder).start()\nos.abort()"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "new")], capture_output=True, check=False)
    assert done.returncode != 0
    trace = CrashTrace(tmp_path / "new")
    previous = trace.take_previous()
    assert "Fatal Python error: Aborted" in previous
    (log,) = (tmp_path / "new").iterdir()
    assert previous.endswith(f"Log: {log}")
    assert trace.take_previous() == ""


def test_that_a_window_leaves_the_trace_of_another_one_that_runs_alone(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from aid_desktop.log import CrashTrace\n"
        "CrashTrace(pathlib.Path(sys.argv[1])).start(); print('ready', flush=True); sys.stdin.read(); os.abort()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"ready"
        assert CrashTrace(tmp_path).take_previous() == ""
    assert "Fatal Python error: Aborted" in CrashTrace(tmp_path).take_previous()
    assert list(tmp_path.iterdir()) == []


def test_that_an_ordinary_end_leaves_no_trace(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from aid_desktop.log import CrashTrace\n"
        "trace = CrashTrace(pathlib.Path(sys.argv[1])); trace.stop(); trace.start(); trace.stop(); trace.stop()"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert CrashTrace(tmp_path).take_previous() == ""


def test_that_a_trace_that_cannot_be_kept_is_told(tmp_path: Path, expected_warnings: list[logging.LogRecord]) -> None:
    (tmp_path / "file").touch()
    trace = CrashTrace(tmp_path / "file" / "logs")
    trace.start()
    trace.stop()
    assert [record.getMessage().split(":")[0] for record in expected_warnings] == ["crash traces cannot be kept"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_that_a_log_on_a_full_disk_ends_nothing_and_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    handler = add_run_log(Path("/dev/full"))
    logging.getLogger("aid_desktop").info("something")
    remove_run_log(handler)
    assert "Logging error" not in capfd.readouterr().err

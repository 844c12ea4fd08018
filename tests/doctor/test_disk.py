"""The disk of a folder is measured and left as it was."""

from pathlib import Path

import pytest

from aid_desktop.doctor import disk as disk_module
from aid_desktop.doctor.disk import read_disk


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_module, "_PIECE", 2**16)
    monkeypatch.setattr(disk_module, "_MOST_BYTES", 2**18)


def test_that_room_and_speed_are_measured_and_nothing_is_left(tmp_path: Path) -> None:
    disk = read_disk(tmp_path)
    assert disk.problem == ""
    assert disk.free > 0
    assert disk.speed > 0
    assert list(tmp_path.iterdir()) == []


def test_that_a_folder_that_is_not_there_yet_is_measured_where_it_will_lie(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "runs"
    disk = read_disk(folder)
    assert (disk.folder, disk.problem) == (folder, "")
    assert not folder.exists()


def test_that_a_folder_that_takes_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(disk_module, "TemporaryFile", refuse)
    assert read_disk(tmp_path).problem == "cannot be written to: Permission denied"


def test_that_a_stop_ends_it(tmp_path: Path) -> None:
    assert read_disk(tmp_path, lambda: True).speed == 0

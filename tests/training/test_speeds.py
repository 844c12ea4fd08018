"""What is remembered of how long runs took."""

from pathlib import Path

import pytest

from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training import speeds as speeds_module
from aid_desktop.training.speeds import SpeedBook

IMAGE, CPU = ImageSettings(width=32, height=32), DeviceSettings(strategy="cpu")


@pytest.fixture
def book(tmp_path: Path) -> SpeedBook:
    return SpeedBook(tmp_path / "later" / "speeds.json")


def test_that_the_first_epoch_does_not_count(book: SpeedBook) -> None:
    book.note("LeNet5", IMAGE, CPU, 0, [0.09])
    assert book.find("LeNet5", IMAGE, CPU, 0) is None
    book.note("LeNet5", IMAGE, CPU, 0, [0.09, 0.02, 0.5, 0.03])
    assert book.find("LeNet5", IMAGE, CPU, 0) == pytest.approx(0.03)


def test_that_another_network_size_or_device_is_another_speed(book: SpeedBook) -> None:
    book.note("LeNet5", IMAGE, CPU, 1, [0.9, 0.01])
    assert book.find("VGG", IMAGE, CPU, 1) is None
    assert book.find("LeNet5", ImageSettings(width=64, height=32), CPU, 1) is None
    assert book.find("LeNet5", IMAGE, DeviceSettings(), 1) is None
    assert book.find("LeNet5", IMAGE, DeviceSettings(), 0) == 0.01  # auto is the CPU there


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"version": 99, "seconds": {}}',
        '{"version": 1, "seconds": 3}',
        '{"version": 1, "seconds": {"a": "b"}}',
        '{"version": 1, "seconds": {"LeNet5 32x32x1 cpu 0": 1e999}}',
    ],
)
def test_that_a_damaged_file_is_as_none_and_is_replaced(text: str, tmp_path: Path) -> None:
    path = tmp_path / "speeds.json"
    path.write_text(text, encoding="utf-8")
    book = SpeedBook(path)
    assert book.find("LeNet5", IMAGE, CPU, 0) is None
    book.note("LeNet5", IMAGE, CPU, 0, [0.9, 0.1])
    assert book.find("LeNet5", IMAGE, CPU, 0) == 0.1


def test_that_the_oldest_speeds_leave(book: SpeedBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speeds_module, "_MOST_ENTRIES", 2)
    for name in ("a", "b", "a", "c"):
        book.note(name, IMAGE, CPU, 0, [0.9, 0.1])
    assert [book.find(name, IMAGE, CPU, 0) for name in "abc"] == [0.1, None, 0.1]


def test_that_a_folder_that_cannot_be_written_and_a_run_without_epochs_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    SpeedBook(tmp_path / "file" / "speeds.json").note("a", IMAGE, CPU, 0, [0.9, 0.1])
    SpeedBook(tmp_path / "speeds.json").note("a", IMAGE, CPU, 0, [])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_that_the_pace_is_the_median_of_the_networks_on_the_device(book: SpeedBook) -> None:
    assert book.pace(CPU, 0) == 1
    for name, seconds, guess in (("a", 2.0, 1.0), ("b", 3.0, 1.0), ("c", 80.0, 1.0), ("d", 9.0, None)):
        book.note(name, IMAGE, CPU, 0, [60.0, seconds], guess)
    assert book.pace(CPU, 0) == pytest.approx(3)
    assert book.pace(DeviceSettings(strategy="cpu", threads=1), 0) == 1
    assert book.pace(DeviceSettings(), 1) == 1
    # The graph was made in the first epoch.
    book.note("a", IMAGE, CPU, 0, [80.0], 1.0)
    assert book.pace(CPU, 0) == pytest.approx(3)

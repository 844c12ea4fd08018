"""What the status bar tells of the computer and of the work under way."""

import threading
from collections.abc import Iterator

import pytest
from PyQt5.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from aid_desktop.gui.background import Background
from aid_desktop.gui.status_bar import StatusBar
from aid_desktop.models.nvml import GpuUsage

GB = 2**30


class Watched:
    """Stands in for Nvml."""

    def __init__(self, *usage: GpuUsage) -> None:
        self._usage = usage

    def usage(self) -> tuple[GpuUsage, ...]:
        return self._usage


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    jobs = Background()
    yield jobs
    jobs.shut_down()


@pytest.fixture
def bar(qtbot: QtBot, background: Background) -> StatusBar:
    made = StatusBar(background)
    qtbot.addWidget(made)
    return made


def usage_of(bar: StatusBar) -> QLabel:
    label = bar.findChild(QLabel, "usage")
    assert label is not None
    return label


def test_that_processor_and_memory_are_told_and_no_gpu_where_there_is_none(bar: StatusBar, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: usage_of(bar).text() != "")
    cpu, memory = usage_of(bar).text().split("  ·  ")
    assert cpu.startswith("CPU ")
    assert cpu.endswith(" %")
    assert memory.startswith("memory ")
    assert memory.endswith(" GB")


def test_that_gpus_are_told_and_numbered_if_there_are_several(bar: StatusBar) -> None:
    one, other = GpuUsage(45, 3 * GB, 80 * GB), GpuUsage(0, 0, 16 * GB)
    bar.watch_gpus(Watched(one))  # type: ignore[arg-type]
    assert usage_of(bar).text().endswith("GPU 45 %, 3.0 of 80 GB")
    bar.watch_gpus(Watched(one, other))  # type: ignore[arg-type]
    assert usage_of(bar).text().endswith("GPU 0 45 %, 3.0 of 80 GB  ·  GPU 1 0 %, 0.0 of 16 GB")


def test_that_the_device_in_use_and_the_jobs_under_way_are_told(bar: StatusBar, background: Background) -> None:
    go_on = threading.Event()
    background.start("Counting", lambda context: go_on.wait(30), lambda result: None)
    bar.set_training("gpu:0")
    assert usage_of(bar).text().endswith("training on gpu:0  ·  1 running")
    assert usage_of(bar).toolTip().splitlines()[1:] == ["Counting"]
    bar.set_training("")
    assert "training" not in usage_of(bar).text()
    go_on.set()

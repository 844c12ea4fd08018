"""Which devices can be chosen, and why others cannot."""

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QListWidget, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.training.device_selector import DeviceSelector


def choices(n_gpus: int) -> list[dict[str, str]]:
    reasons = {"auto": "", "cpu": "", **{f"gpu:{n}": "" for n in range(n_gpus)}}
    reasons |= {"mirrored": "" if n_gpus > 1 else "Needs two GPUs.", "multi_worker": "Only with aid-desktop train."}
    return [{"name": name, "description": f"about {name}", "reason": why} for name, why in reasons.items()]


@pytest.fixture
def selector(qtbot: QtBot) -> DeviceSelector:
    made = DeviceSelector()
    qtbot.addWidget(made)
    return made


def test_that_what_is_lacking_is_shown_disabled_with_the_reason(selector: DeviceSelector) -> None:
    assert [selector.itemText(n) for n in range(selector.count())] == ["auto", "cpu"]
    selector.choose("cpu")
    selector.set_choices(choices(1))
    enabled = [selector.itemText(n) for n in range(selector.count()) if selector._items.item(n).isEnabled()]
    assert enabled == ["auto", "cpu", "gpu:0"]
    place = selector.findText("mirrored")
    assert selector.itemData(place, Qt.ToolTipRole) == "Needs two GPUs."
    assert selector.currentText() == "cpu"
    assert selector.toolTip() == "about cpu"
    assert not selector.means_gpu
    selector.choose("auto")
    assert selector.means_gpu
    selector.choose("cpu")
    selector.choose("mirrored")
    assert selector.currentText() == "cpu"


def test_that_some_gpus_can_be_named(selector: DeviceSelector) -> None:
    selector.set_choices(choices(3))
    selector.choose("mirrored:gpu:0,gpu:7")
    assert selector.currentText() == "auto"
    selector.choose("mirrored:gpu:0,gpu:2")
    assert selector.currentText() == "mirrored:gpu:0,gpu:2"
    assert selector.toolTip() == "Every batch is shared out among gpu:0, gpu:2"


def test_that_some_gpus_can_be_ticked(selector: DeviceSelector, qtbot: QtBot) -> None:
    selector.set_choices(choices(2))
    assert selector.choose_gpus.isHidden()
    selector.set_choices(choices(3))
    assert not selector.choose_gpus.isHidden()
    for ticks, expected in [((1, 0, 1), "mirrored:gpu:0,gpu:2"), ((1, 1, 1), "mirrored"), ((0, 1, 0), "gpu:1")]:
        selector.choose_gpus.click()
        dialog = selector._dialog._dialog
        assert dialog is not None
        names = dialog.findChild(QListWidget, "gpuList")
        for row, ticked in enumerate(ticks):
            names.item(row).setCheckState(Qt.Checked if ticked else Qt.Unchecked)
        dialog.findChild(QPushButton, "gpusOkButton").click()
        assert selector.currentText() == expected

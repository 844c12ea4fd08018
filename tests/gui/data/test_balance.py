"""Balancing the classes by the tool of the Data tab."""

import pytest
from PyQt5.QtWidgets import QAction, QToolButton
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import ClassTable
from aid_desktop.gui.data.balance import Balance, balanced
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.settings.split import SplitSettings


@pytest.fixture
def filled(window: MainWindow, donors: ClassTable) -> MainWindow:
    window.notifier.set_table(donors)
    return window


def choose(window: MainWindow, name: str) -> None:
    action = window.findChild(QAction, name)
    assert isinstance(action, QAction)
    action.trigger()


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("balanceLargestAction", {0: 80, 1: 80}),
        ("balanceSmallestAction", {0: 40, 1: 40}),
        ("balanceOffAction", {0: 80, 1: 40}),
    ],
)
def test_that_each_way_sets_the_images_per_epoch_in_one_step(
    filled: MainWindow, donors: ClassTable, name: str, drawn: dict[int, int], qtbot: QtBot
) -> None:
    filled.notifier.set_table(donors.set_images_per_epoch(range(8), 3))
    with qtbot.waitSignal(filled.notifier.table_changed):
        choose(filled, name)
    assert filled.notifier.table.drawn_by_class() == drawn
    filled.data.sources.actions_for_menu()[3].trigger()
    assert filled.notifier.table == donors.set_images_per_epoch(range(8), 3)


def test_that_the_button_opens_the_menu_and_needs_two_classes(filled: MainWindow, donors: ClassTable) -> None:
    button = filled.findChild(QToolButton, "balanceButton")
    assert button.popupMode() == QToolButton.ToolButtonPopupMode.InstantPopup
    assert len(button.defaultAction().menu().actions()) == 3
    assert button.isEnabled()
    filled.notifier.set_table(donors.removed([1, 3, 5, 7, 9]))
    assert not button.isEnabled()


def test_that_rows_that_a_split_holds_out_are_not_counted(filled: MainWindow, qtbot: QtBot) -> None:
    filled.notifier.set_split(SplitSettings(0.25, r"/(donor_\d)/"))
    with qtbot.waitSignal(filled.notifier.table_changed):
        choose(filled, "balanceLargestAction")
    numbers = [row.images_per_epoch for row in filled.notifier.table.rows[:8]]
    assert sorted(number for number in numbers[::2] if number) == [20, 20, 20]
    assert sorted(number for number in numbers[1::2] if number) == [20, 20, 20]


def test_that_balancing_is_not_applied_to_other_rows(filled: MainWindow, donors: ClassTable, qtbot: QtBot) -> None:
    filled.notifier.set_split(SplitSettings(0.25))
    choose(filled, "balanceLargestAction")
    changed = donors.removed([0])
    filled.notifier.set_table(changed)
    qtbot.waitUntil(lambda: any("meanwhile" in note.text for note in filled.data.sources.messages.notes))
    assert filled.notifier.table == changed


def test_that_a_table_without_training_images_stays_as_it_is() -> None:
    assert balanced(ClassTable(), Balance.LARGEST, []) == ClassTable()

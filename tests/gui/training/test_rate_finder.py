"""The learning-rate finder in the real window."""

import numpy as np
import pytest
from PyQt5.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.training.rate_finder import RateFinderDialog
from aid_desktop.training.range_test import RangeTest

pytestmark = pytest.mark.keras

WAIT_MS = 60_000
RATES = np.geomspace(1e-6, 1e-1, 51)
FALLING = RangeTest(RATES, np.interp(np.log10(RATES), [-6, -4, -2, -1], [2, 2, 1, 3]))


def opened(window: MainWindow) -> RateFinderDialog:
    window.training.hyperparameters.find_rate.click()
    dialog = window.findChild(RateFinderDialog)
    assert dialog is not None
    return dialog


def measured(window: MainWindow, qtbot: QtBot) -> RateFinderDialog:
    dialog = opened(window)
    qtbot.waitUntil(lambda: dialog.work.job is None, timeout=WAIT_MS)
    return dialog


def test_that_the_losses_are_measured_and_shown(ready: MainWindow, qtbot: QtBot) -> None:
    dialog = measured(ready, qtbot)
    rates, losses = dialog.losses.getOriginalDataset()
    assert len(rates) == len(losses) > 10
    assert len(dialog.slopes.getOriginalDataset()[0]) == len(rates)
    assert dialog.messages.notes == ()
    dialog.close()


def test_that_the_rate_at_the_line_is_taken_over(ready: MainWindow, qtbot: QtBot) -> None:
    dialog = measured(ready, qtbot)
    dialog.set_test(FALLING)
    assert dialog.rate == pytest.approx(FALLING.steepest, rel=0.01)
    dialog.line.setValue(-2.5)
    dialog.use_rate.click()
    assert ready.training.settings.values().hyperparameters.learning_rate == pytest.approx(0.00316)
    assert not dialog.isVisible()


def test_that_the_range_becomes_a_cyclic_schedule(ready: MainWindow, qtbot: QtBot) -> None:
    dialog = measured(ready, qtbot)
    dialog.set_test(FALLING)
    dialog.region.setRegion((-4, -2))
    dialog.use_span.click()
    hyperparameters = ready.training.settings.values().hyperparameters
    assert hyperparameters.schedule == "cyclic"
    assert hyperparameters.learning_rate == pytest.approx(0.01)
    assert hyperparameters.schedule_low == pytest.approx(0.01)


def test_that_a_loss_that_never_falls_offers_nothing(ready: MainWindow, qtbot: QtBot) -> None:
    dialog = measured(ready, qtbot)
    dialog.set_test(RangeTest(RATES, np.linspace(1, 2, len(RATES))))
    assert not dialog.use_rate.isEnabled()
    assert not dialog.use_span.isEnabled()
    assert not dialog.line.isVisible()
    dialog.close()


def test_that_it_can_be_cancelled(ready: MainWindow, qtbot: QtBot) -> None:
    dialog = opened(ready)
    button = dialog.findChild(QPushButton, "rateFinderCancel")
    assert button is not None
    button.click()
    qtbot.waitUntil(lambda: dialog.work.job is None, timeout=WAIT_MS)
    assert "Stopped" in dialog.messages.notes[0].text
    assert not dialog.use_rate.isEnabled()
    dialog.close()


def test_that_no_run_begins_while_a_rate_is_being_sought(ready: MainWindow, qtbot: QtBot) -> None:
    dialog = opened(ready)
    ready.training.start()
    assert "wait for it, or close that dialog" in ready.training.messages.notes[0].text
    assert not ready.session.is_running
    dialog.close()
    qtbot.waitUntil(lambda: ready.training.rate_finder.dialog is None, timeout=WAIT_MS)


def test_that_it_says_what_is_missing(window: MainWindow) -> None:
    window.training.hyperparameters.find_rate.click()
    assert window.findChild(RateFinderDialog) is None
    assert len(window.training.messages.notes) == 1

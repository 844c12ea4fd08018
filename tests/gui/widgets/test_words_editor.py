import pytest
from PyQt5.QtWidgets import QAction
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.field_editor import make_editor
from aid_desktop.settings.hyperparameters import HyperParameters


def test_that_words_are_ticked_in_the_menu_and_the_first_one_stays(qtbot: QtBot) -> None:
    field = make_editor(HyperParameters, "metrics")
    qtbot.addWidget(field)
    assert field.value() == ("accuracy",)
    with qtbot.waitSignal(field.value_changed):
        field.editor.findChild(QAction, "training.metrics.f1").trigger()
    assert field.value() == ("accuracy", "f1")
    assert field.editor.text() == "accuracy, f1"
    assert not field.editor.findChild(QAction, "training.metrics.accuracy").isEnabled()
    field.reset()
    assert field.value() == ("accuracy",)


def test_that_values_are_shown_without_a_signal(qtbot: QtBot) -> None:
    field = make_editor(HyperParameters, "metrics")
    qtbot.addWidget(field)
    field.value_changed.connect(lambda: pytest.fail("nobody edited it"))
    field.set_value(("accuracy", "auc", "recall"))
    assert field.editor.text() == "accuracy, auc, recall"

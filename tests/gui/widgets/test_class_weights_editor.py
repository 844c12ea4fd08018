import pytest
from PyQt5.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.class_weights_editor import ClassWeightsEditor, balanced_weights
from aid_desktop.gui.widgets.field_editor import FieldEditor, make_editor
from aid_desktop.settings.hyperparameters import HyperParameters

COUNTS = {"cat": 300, "dog": 100}


@pytest.fixture
def field(qtbot: QtBot) -> FieldEditor:
    field = make_editor(HyperParameters, "class_weights")
    qtbot.addWidget(field)
    return field


def editor_of(field: FieldEditor) -> ClassWeightsEditor:
    assert isinstance(field.editor, ClassWeightsEditor)
    return field.editor


def test_that_balanced_weights_let_all_classes_count_the_same() -> None:
    weights = balanced_weights(COUNTS)
    assert weights == {"cat": pytest.approx(2 / 3), "dog": 2}
    assert sum(COUNTS[name] * weight for name, weight in weights.items()) == pytest.approx(sum(COUNTS.values()))


def test_that_words_are_chosen_and_weights_are_asked_for(field: FieldEditor, qtbot: QtBot) -> None:
    editor = editor_of(field)
    assert [editor.itemText(row) for row in range(editor.count())] == ["none", "balanced", "choose…"]
    editor.setCurrentIndex(1)
    assert field.value() == "balanced"
    with qtbot.waitSignal(editor.counts_wanted):
        editor.activated[int].emit(2)
    assert field.value() == "balanced"


def test_that_weights_are_found_with_the_dialog(field: FieldEditor, qtbot: QtBot) -> None:
    editor = editor_of(field)
    dialog = editor.ask(COUNTS)
    assert dialog.weights() == (("cat", 1.0), ("dog", 1.0))
    dialog.balanced_button.click()
    assert dict(dialog.weights()) == {"cat": pytest.approx(0.667), "dog": 2}
    dialog.equal_button.click()
    dialog._boxes["dog"].setValue(2.5)
    ok = dialog.findChild(QDialogButtonBox)
    assert ok is not None
    with qtbot.waitSignal(field.value_changed):
        ok.accepted.emit()
    assert field.value() == (("cat", 1.0), ("dog", 2.5))
    assert editor.currentText() == "custom"
    assert editor.toolTip() == "cat: 1, dog: 2.5"


def test_that_the_dialog_begins_with_the_weights_in_force(field: FieldEditor) -> None:
    field.set_value("balanced")
    dialog = editor_of(field).ask(COUNTS)
    assert dict(dialog.weights())["dog"] == 2
    dialog.reject()
    assert field.value() == "balanced"
    field.set_value({"cat": 3.0, "bird": 1.0})
    dialog = editor_of(field).ask(COUNTS)
    assert dialog.weights() == (("cat", 3.0), ("dog", 1.0))
    dialog.reject()

"""The row of one setting."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from PyQt5.QtCore import QPoint, QPointF, Qt
from PyQt5.QtGui import QWheelEvent
from PyQt5.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSlider,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aid_desktop.errors import SettingsError
from aid_desktop.gui.widgets.amount_editor import AmountEditor, NumberBox, number_text
from aid_desktop.gui.widgets.field_editor import FieldEditor, editable_fields, make_editor, value_text
from aid_desktop.gui.widgets.range_slider import RangeSlider
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.field import Cost, Kind, choice, field_infos
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings

SECTIONS = (ImageSettings, AugmentationSettings, HyperParameters)
FIELDS = [(section, name) for section in SECTIONS for name in editable_fields(section)]
IDS = [f"{section.SECTION}.{name}" for section, name in FIELDS]
ACTIVE = (QSpinBox, QDoubleSpinBox, QSlider, RangeSlider, QComboBox, QCheckBox, QLineEdit, QAbstractButton)


def _examples(section: type[Any], name: str) -> list[Any]:
    info = field_infos(section)[name]
    low, high = info.low or 0, info.high or 0
    default = getattr(section(), name)
    return {
        Kind.INTEGER: [low, high, int(low) + 3],
        Kind.NUMBER: [low, high, low + (high - low) * 0.123456789012345, max(low, 0.001)],
        Kind.SWITCH: [True, False],
        Kind.CHOICE: list(info.choices),
        Kind.INTEGER_RANGE: [(low, high), (low, low), (high, high), (1, 7)],
        Kind.NUMBER_RANGE: [(low, high), (low, low), (0.123456789012345, 1.0)],
        Kind.NUMBERS: [(), (0.5,), (0.2, 0.123456789012345)],
        Kind.CHANNELS: ["rgb", ("image_ch1", "image_ch3"), "gray"],
        Kind.FEATURES: [("deform", "area_um"), ("deform",), ()],
        Kind.LAYERS: ["dense", "last:4", (("conv", True), ("out", False)), "all"],
        Kind.WORDS: [("accuracy", "f1"), info.choices],
        Kind.CLASS_WEIGHTS: ["balanced", "none", (("cat", 1.0), ("dog", 2.5))],
    }[info.kind] + [default]


def _editor(qtbot: QtBot, section: type[Any], name: str) -> FieldEditor:
    editor = make_editor(section, name)
    qtbot.addWidget(editor)
    return editor


def _active_parts(widget: QWidget) -> list[QWidget]:
    return [
        part
        for part in widget.findChildren(QWidget)
        if isinstance(part, ACTIVE) and part.objectName() != "qt_spinbox_lineedit"
    ]


def _turn_wheel(widget: QWidget) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle, QPointF(widget.mapToGlobal(widget.rect().center())), QPoint(), QPoint(0, 120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


@pytest.mark.parametrize(("section", "name"), FIELDS, ids=IDS)
def test_that_values_come_back_exactly_as_they_went_in(qtbot: QtBot, section: type[Any], name: str) -> None:
    editor = _editor(qtbot, section, name)
    assert editor.value() == getattr(section(), name)
    for value in _examples(section, name):
        with qtbot.assertNotEmitted(editor.value_changed):
            editor.set_value(value)
        assert editor.value() == value
        assert not editor.error
    with pytest.raises(SettingsError, match=f"{section.SECTION}.{name}"):
        editor.set_value(object())


@pytest.mark.parametrize(("section", "name"), FIELDS, ids=IDS)
def test_that_names_are_those_of_run_toml_and_all_parts_have_one(qtbot: QtBot, section: type[Any], name: str) -> None:
    editor = _editor(qtbot, section, name)
    path = f"{section.SECTION}.{name}"
    named = editor.findChild(QWidget, path)
    assert named is not None
    assert named.accessibleName() == editor.info.label
    parts = _active_parts(editor)
    for part in parts:
        assert part.objectName().startswith(path)
        assert part.accessibleName()
    for key in (QWidget.objectName, QWidget.accessibleName):
        assert max(Counter(map(key, parts)).values()) == 1
    assert editor.info.help.split("&")[0][:20] in named.toolTip()
    assert "training" in named.toolTip() or "new run" in named.toolTip()
    assert "Default: " in named.toolTip()
    assert editor.info.label in named.whatsThis()


def test_that_only_what_can_be_chosen_is_editable() -> None:
    @dataclass(frozen=True)
    class Choices:
        SECTION = "x"
        one: str = choice("a", ("a",), label="One", help="One.", cost=Cost.FREE)
        two: str = choice("a", ("a", "b"), label="Two", help="Two.", cost=Cost.FREE)

    assert editable_fields(Choices) == ["two"]


def test_that_the_dot_shows_a_difference_and_resets_it(qtbot: QtBot) -> None:
    editor = _editor(qtbot, AugmentationSettings, "rotation")
    assert editor.dot.isHidden()
    editor.set_value(12.5)
    assert not editor.dot.isHidden()
    assert editor.dot.toolTip() == "Reset to 0 °"
    assert editor.dot.accessibleName() == "Rotation: reset to 0 °"
    with qtbot.waitSignal(editor.value_changed):
        editor.dot.click()
    assert editor.value() == 0
    assert editor.dot.isHidden()


def test_that_acting_on_the_parts_tells_so_and_keeps_them_together(qtbot: QtBot) -> None:
    editor = _editor(qtbot, AugmentationSettings, "noise_std")
    box = editor.findChild(QDoubleSpinBox, "augmentation.noise_std")
    slider = editor.findChild(QSlider, "augmentation.noise_std.slider")
    with qtbot.waitSignal(editor.value_changed):
        box.setValue(10)
    assert slider.value() == 20
    with qtbot.waitSignal(editor.value_changed):
        slider.setValue(7)
    assert editor.value() == box.value() == 3.5
    box.setValue(0.3)
    assert editor.value() == 0.3
    assert slider.value() == 1


def test_that_a_number_of_a_range_takes_the_other_one_along(qtbot: QtBot) -> None:
    editor = _editor(qtbot, AugmentationSettings, "brightness_add")
    low = editor.findChild(QSpinBox, "augmentation.brightness_add.low")
    high = editor.findChild(QSpinBox, "augmentation.brightness_add.high")
    with qtbot.waitSignal(editor.value_changed):
        low.setValue(20)
    assert editor.value() == (20, 20)
    high.setValue(-5)
    assert editor.value() == (-5, -5)
    slider = editor.findChild(RangeSlider, "augmentation.brightness_add.slider")
    qtbot.keyClick(slider, Qt.Key.Key_Left)
    assert editor.value() == (-6, -5)
    assert low.value() == -6


def test_that_huge_ranges_have_no_slider(qtbot: QtBot) -> None:
    for section, name in (
        (HyperParameters, "epochs"),
        (HyperParameters, "learning_rate"),
        (ImageSettings, "width"),
    ):
        editor = _editor(qtbot, section, name)
        assert isinstance(editor.editor, AmountEditor)
        assert editor.editor.slider is None


def test_that_the_learning_rate_is_short_and_steps_through_1_2_5(qtbot: QtBot) -> None:
    editor = _editor(qtbot, HyperParameters, "learning_rate")
    box = editor.findChild(QDoubleSpinBox, "training.learning_rate")
    assert box.text() == "0.001"
    seen = []
    for _ in range(3):
        box.stepUp()
        seen.append(box.text())
    assert seen == ["0.002", "0.005", "0.01"]
    box.setValue(0.0003)
    box.stepDown()
    assert box.value() == 0.0002
    box.setValue(1e-9)
    box.stepDown()
    assert box.value() == 1e-9


def test_that_typed_numbers_may_have_comma_or_exponent(qtbot: QtBot) -> None:
    box = NumberBox(1e-9, 10, 0.0001)
    qtbot.addWidget(box)
    for text, value in (("0,5", 0.5), ("2e-4", 0.0002), (".25", 0.25)):
        box.selectAll()
        qtbot.keyClicks(box, text)
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert box.value() == value
    box.selectAll()
    qtbot.keyClicks(box, "99")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.value() <= 10
    box.selectAll()
    qtbot.keyClicks(box, "x")
    assert "x" not in box.text()


def test_that_typing_counts_after_a_pause_or_when_asked(qtbot: QtBot) -> None:
    editor = _editor(qtbot, HyperParameters, "epochs")
    box = editor.findChild(QSpinBox, "training.epochs")
    box.selectAll()
    with qtbot.assertNotEmitted(editor.value_changed):
        qtbot.keyClicks(box, "12")
    assert editor.value() == 12
    box.selectAll()
    with qtbot.waitSignal(editor.value_changed, timeout=3000):
        qtbot.keyClicks(box, "130")
    assert box.value() == 130


def test_that_choices_are_shown_as_words_and_given_as_in_run_toml(qtbot: QtBot) -> None:
    editor = _editor(qtbot, ImageSettings, "normalization")
    combo = editor.findChild(QComboBox, "image.normalization")
    assert combo.currentText() == "divide by 255"
    with qtbot.waitSignal(editor.value_changed):
        combo.setCurrentIndex(combo.findText("standardize each image"))
    assert editor.value() == "standardize_each_image"


def test_that_weights_of_single_classes_are_kept(qtbot: QtBot) -> None:
    editor = _editor(qtbot, HyperParameters, "class_weights")
    combo = editor.findChild(QComboBox, "training.class_weights")
    assert combo.count() == 3
    editor.set_value({"cat": 2, "ant": 1})
    assert combo.currentText() == "custom"
    assert editor.value() == (("ant", 1.0), ("cat", 2.0))
    combo.setCurrentIndex(0)
    assert editor.value() == "none"


def test_that_a_wrong_list_is_told_below_the_field(qtbot: QtBot) -> None:
    editor = _editor(qtbot, HyperParameters, "dropout")
    line = editor.findChild(QLineEdit, "training.dropout")
    line.setText("0.2; 0.5")
    assert editor.value() == (0.2, 0.5)
    for text, message in (("0.2, x", "'x'"), ("2", "0.95")):
        line.setText(text)
        assert message in editor.error
        assert not editor.message.isHidden()
        with pytest.raises(SettingsError, match=r"training\.dropout"):
            editor.value()
    assert not editor.dot.isHidden()
    line.setText("0.3,")
    assert editor.value() == (0.3,)
    assert editor.message.isHidden()


def test_that_errors_hide_what_is_pending_until_they_are_gone(qtbot: QtBot) -> None:
    editor = _editor(qtbot, AugmentationSettings, "rotation")
    editor.set_pending("from epoch 13")
    assert editor.message.text() == "from epoch 13"
    editor.set_error("too much")
    assert editor.message.text() == "too much"
    assert editor.message.property("role") == "error"
    editor.set_error(None)
    assert editor.message.text() == "from epoch 13"
    assert editor.message.property("role") == "muted"
    editor.set_pending(None)
    assert editor.message.isHidden()


def test_that_a_locked_field_tells_why(qtbot: QtBot) -> None:
    editor = _editor(qtbot, ImageSettings, "width")
    box = editor.findChild(QSpinBox, "image.width")
    editor.set_locked("Stop the run <first>.")
    assert not box.isEnabled()
    assert "Stop the run &lt;first&gt;." in box.toolTip()
    assert box.toolTip() == editor.toolTip()
    editor.set_locked(None)
    assert box.isEnabled()
    assert "Stop" not in box.toolTip()
    assert "Allowed: 2 to 4096 px. Default: 32 px." in box.toolTip()


@pytest.mark.parametrize(("section", "name"), FIELDS, ids=IDS)
def test_that_the_wheel_changes_nothing_without_focus(qtbot: QtBot, section: type[Any], name: str) -> None:
    editor = _editor(qtbot, section, name)
    for value in _examples(section, name):
        editor.set_value(value)
        for part in _active_parts(editor):
            _turn_wheel(part)
            assert part.focusPolicy() != Qt.FocusPolicy.WheelFocus
        assert editor.value() == value


def test_that_a_narrow_row_puts_the_editor_below_its_label(qtbot: QtBot) -> None:
    editor = _editor(qtbot, AugmentationSettings, "brightness_add")
    editor.set_stacked(True)
    editor.resize(editor.minimumSizeHint())
    editor.show()
    assert editor.editor.geometry().top() >= editor.label.geometry().bottom()
    editor.set_stacked(False)
    editor.resize(editor.one_row_width, editor.sizeHint().height())
    editor.grab()
    assert editor.editor.geometry().left() > editor.label.geometry().right()
    assert editor.dot.geometry().right() <= editor.width()


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.001, "0.001"), (1e-5, "0.00001"), (1e-9, "1e-09"), (10.0, "10"), (33.30, "33.3"), (-0.5, "-0.5")],
)
def test_that_numbers_are_written_without_idle_digits(value: float, text: str) -> None:
    assert number_text(value) == text


def test_that_values_are_told_in_words() -> None:
    augmentation, training = field_infos(AugmentationSettings), field_infos(HyperParameters)
    assert value_text(augmentation["brightness_add"], (-5, 10)) == "-5 to 10 grey levels"
    assert value_text(augmentation["vertical_flip"], False) == "off"
    assert value_text(training["dropout"], ()) == "as the architecture has it"
    assert value_text(training["class_weights"], (("cat", 1.0),)) == "weights of single classes"

"""A form for a section of settings."""

from typing import Any

import pytest
from PyQt5.QtWidgets import QApplication, QLabel, QLineEdit, QScrollArea, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.errors import SettingsError
from aid_desktop.gui.theme import LIGHT, apply_theme
from aid_desktop.gui.widgets.field_editor import editable_fields
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings


@pytest.mark.parametrize(
    "settings",
    [
        ImageSettings(width=48, channels="rgb"),
        AugmentationSettings(rotation=7.25, contrast=(0.7, 1.3), horizontal_flip=True),
        HyperParameters(learning_rate=3e-5, dropout=(0.1, 0.2), class_weights=(("cat", 2.0),)),
    ],
    ids=lambda settings: settings.SECTION,
)
def test_that_settings_come_back_equal(qtbot: QtBot, settings: Any) -> None:
    form: SectionForm[Any] = SectionForm(type(settings))
    qtbot.addWidget(form)
    with qtbot.assertNotEmitted(form.changed):
        form.set_values(settings)
    assert form.values() == settings
    assert [editor.name for editor in form.editors] == editable_fields(type(settings))


def test_that_settings_that_are_not_shown_are_kept(qtbot: QtBot) -> None:
    form = SectionForm(HyperParameters, ["epochs", "batch_size"])
    qtbot.addWidget(form)
    form.set_values(HyperParameters(epochs=3, learning_rate=0.5))
    form.findChild(QSpinBox, "training.batch_size").setValue(16)
    assert form.values() == HyperParameters(epochs=3, batch_size=16, learning_rate=0.5)
    with pytest.raises(KeyError):
        form.editor("learning_rate")


def test_that_the_user_s_changes_are_told(qtbot: QtBot) -> None:
    form = SectionForm(HyperParameters)
    qtbot.addWidget(form)
    with qtbot.waitSignal(form.changed):
        form.editor("epochs").findChild(QSpinBox, "training.epochs").setValue(7)
    assert form.values().epochs == 7


def test_that_an_error_is_raised_and_stands_beside_its_field(qtbot: QtBot) -> None:
    form = SectionForm(HyperParameters)
    qtbot.addWidget(form)
    line = form.findChild(QLineEdit, "training.dropout")
    line.setText("0.2, much")
    with pytest.raises(SettingsError) as caught:
        form.values()
    assert caught.value.field == "training.dropout"
    assert "'much'" in form.editor("dropout").error
    line.setText("0.2")
    assert form.values().dropout == (0.2,)
    assert form.editor("dropout").error == ""
    assert form.show_error(SettingsError("training.epochs", "too many"))
    assert form.editor("epochs").error == "too many"
    assert not form.show_error(SettingsError("image.width", "too wide"))


def test_that_groups_have_headings(qtbot: QtBot) -> None:
    form = SectionForm(AugmentationSettings, {"": ["zoom"], "Colour": ["hue", "saturation"]})
    qtbot.addWidget(form)
    headings = [label.text() for label in form.findChildren(QLabel) if label.property("role") == "heading"]
    assert headings == ["Colour"]
    assert [editor.name for editor in form.editors] == ["zoom", "hue", "saturation"]


@pytest.mark.parametrize("width", [320, 480, 700])
@pytest.mark.parametrize("section", [ImageSettings, AugmentationSettings, HyperParameters])
def test_that_nothing_is_clipped(qtbot: QtBot, qapp: QApplication, section: type[Any], width: int) -> None:
    apply_theme(qapp, LIGHT)
    area = QScrollArea()
    qtbot.addWidget(area)
    form: SectionForm[Any] = SectionForm(section)
    area.setWidget(form)
    area.setWidgetResizable(True)
    area.resize(width, 700)
    area.show()
    # A layout that becomes stacked asks for more height, which takes another turn.
    for _ in range(3):
        qapp.processEvents()
    assert form.width() <= width
    for editor in form.editors:
        parts = [part for part in editor.findChildren(QWidget) if part.isVisible() and part.objectName()]
        for part in parts:
            right = part.mapTo(form, part.rect().topRight()).x()
            assert right < form.width(), part.objectName()
        assert editor.editor.width() >= editor.editor.minimumSizeHint().width(), editor.path
        assert editor.label.height() >= editor.label.heightForWidth(editor.label.width()), editor.path


@pytest.mark.parametrize("section", [AugmentationSettings, HyperParameters])
def test_that_columns_are_aligned_where_there_is_room(qtbot: QtBot, section: type[Any]) -> None:
    form: SectionForm[Any] = SectionForm(section)
    qtbot.addWidget(form)
    form.resize(800, form.sizeHint().height())
    form.grab()
    assert len({editor.editor.geometry().left() for editor in form.editors}) == 1

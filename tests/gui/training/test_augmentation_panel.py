import dataclasses

import pytest
from pytestqt.qtbot import QtBot

from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.training.augmentation_panel import GROUPS, AugmentationPanel
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.image import ImageSettings


@pytest.fixture
def notifier() -> Notifier:
    return Notifier()


@pytest.fixture
def panel(notifier: Notifier, qtbot: QtBot) -> AugmentationPanel:
    shown = AugmentationPanel(notifier)
    qtbot.addWidget(shown)
    return shown


def test_that_every_setting_is_shown_once_in_a_group() -> None:
    shown = [name for names in GROUPS.values() for name in names]
    assert sorted(shown) == sorted(field.name for field in dataclasses.fields(AugmentationSettings))


def test_that_each_field_has_a_tooltip_a_name_and_its_unit(panel: AugmentationPanel) -> None:
    for editor in panel.form.editors:
        assert editor.info.help in editor.label.toolTip()
        assert editor.editor.focus_widget.accessibleName()
        assert editor.unit.text() == editor.info.unit


@pytest.mark.parametrize(("channels", "enabled"), [("gray", False), ("rgb", True), (("a", "b", "c"), False)])
def test_that_colours_can_be_edited_for_rgb_images_only_and_the_reason_is_told(
    panel: AugmentationPanel, notifier: Notifier, channels: str | tuple[str, ...], enabled: bool
) -> None:
    notifier.set_image_settings(ImageSettings(channels="rgb"))
    notifier.set_image_settings(ImageSettings(channels=channels))
    for name in ("saturation", "hue"):
        field = panel.form.editor(name)
        assert field.editor.isEnabled() == enabled
        assert ("Only rgb images have colours" in field.toolTip()) != enabled
    assert panel.form.editor("contrast").editor.isEnabled()


def test_that_all_is_switched_off_with_one_click_as_one_change(panel: AugmentationPanel, qtbot: QtBot) -> None:
    panel.form.set_values(AugmentationSettings(rotation=5, hue=0.1, mixup=0.3, noise_std=4, affine_refresh=3))
    with qtbot.waitSignal(panel.form.changed):
        panel.reset_button.click()
    assert panel.form.values() == AugmentationSettings()

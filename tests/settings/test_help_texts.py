"""What the tooltips are made of: every number has a typical range, and its unit where it has one."""

from typing import Any

import pytest

from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.field import Kind, field_infos
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.split import SplitSettings

SECTIONS = (ImageSettings, AugmentationSettings, HyperParameters, SplitSettings, DeviceSettings, SavingSettings)
NUMBERS = (Kind.INTEGER, Kind.NUMBER, Kind.INTEGER_RANGE, Kind.NUMBER_RANGE, Kind.NUMBERS)
IDENTIFIERS = ("fold", "seed")
"""Numbers of which none is more usual than another."""


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.SECTION)
def test_that_every_setting_has_a_label_and_a_sentence(section: type[Any]) -> None:
    for name, info in field_infos(section).items():
        assert info.label, name
        assert info.help.endswith("."), name
        assert len(info.help) > 20, name


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.SECTION)
def test_that_every_number_says_what_is_typical(section: type[Any]) -> None:
    infos = field_infos(section)
    numbers = [name for name, info in infos.items() if info.kind in NUMBERS and name not in IDENTIFIERS]
    assert [name for name in numbers if "Typical" not in infos[name].help] == []

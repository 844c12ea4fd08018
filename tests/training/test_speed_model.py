"""How quick networks are, before anything was measured."""

from pathlib import Path

import pytest

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import TrainingError
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training.speed_model import Situation, seconds_per_epoch, situation_of

GRAY = ImageSettings(width=28, height=28, channels="gray")


def test_that_a_table_is_counted_without_what_is_held_out_and_with_images_per_epoch() -> None:
    def source(n_images: int) -> DataSource:
        return DataSource(Path(f"/{n_images}.rtdc"), SourceKind.RTDC, n_images, ((28, 28, 1),), str(n_images))

    table = ClassTable().add_sources([(source(100), "a", Role.TRAINING), (source(50), "b", Role.TRAINING)])
    table = table.add_sources([(source(7), "a", Role.VALIDATION)])
    assert situation_of(table, None, GRAY, 2, False).images_per_class == (100, 50)
    held_out = situation_of(table, SplitSettings(validation_fraction=0.2), GRAY, 2, False)
    assert held_out.images_per_class == (80, 40)
    with pytest.raises(TrainingError, match="no training images"):
        situation_of(ClassTable(), None, GRAY, 2, False)


def test_that_more_cores_and_smaller_images_are_quicker_and_channels_matter_to_a_perceptron_only() -> None:
    def seconds(name: str, n_cores: int = 1, side: int = 64, channels: str = "gray") -> float:
        image = ImageSettings(width=side, height=side, channels=channels)
        return seconds_per_epoch(name, Situation((5000, 5000), image, n_cores))

    assert seconds("ResNet_small", n_cores=4) < seconds("ResNet_small")
    assert seconds("ResNet_small", side=32) < seconds("ResNet_small")
    assert seconds("ResNet_small", channels="rgb") == seconds("ResNet_small")
    assert seconds("MLP_64_32_16", channels="rgb") > seconds("MLP_64_32_16")

from dataclasses import replace
from pathlib import Path

import pytest

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.fitness import common_channels, common_features, image_problems, source_problem
from aid_desktop.data.pixels import channel_names
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.settings.image import ImageSettings

GRAY = DataSource(Path("/data/gray"), SourceKind.FOLDER, 4, ((8, 8, 1),), "a", channels=("gray",))
RGB = replace(GRAY, path=Path("/data/rgb"), shapes=((8, 8, 3),), digest="b", channels=("red", "green", "blue"))
STACK = replace(GRAY, path=Path("/data/stack"), shapes=((8, 8, 5),), channels=channel_names(5))
DEEP = replace(GRAY, path=Path("/data/deep"), pixel_types=("uint16",))
MIXED = replace(GRAY, path=Path("/data/mixed"), pixel_types=("uint8", "uint16"))


def table_of(*sources):
    items = [(source, f"class {place}", Role.TRAINING) for place, source in enumerate(sources)]
    return ClassTable().add_sources(items)


def messages(settings, *sources):
    return [(problem.row, problem.message) for problem in image_problems(table_of(*sources), settings)]


@pytest.mark.parametrize("channels", ["gray", "rgb"])
def test_that_gray_and_rgb_images_may_be_mixed(channels):
    assert messages(ImageSettings(channels=channels), GRAY, RGB) == []


def test_that_images_of_other_channels_need_a_choice():
    [(row, message)] = messages(ImageSettings(), GRAY, STACK)
    assert row == 1
    assert message.startswith("has images of 5 channels, which are neither gray nor rgb: choose among channel 1, ")
    assert messages(ImageSettings(channels=("channel 2", "channel 5")), STACK) == []


def test_that_a_missing_channel_is_found_in_the_row_that_lacks_it():
    settings = ImageSettings(channels=("green",))
    assert messages(settings, RGB, GRAY) == [(1, "has no channel 'green', only gray")]


def test_that_a_folder_whose_images_differ_in_channels_has_none_to_choose():
    source = replace(RGB, shapes=((8, 8, 3), (8, 8, 1)), channels=())
    assert source_problem(source, ImageSettings(channels=("red",))) == (
        "has no channel 'red': its images differ in their number of channels"
    )


def test_that_depths_are_not_mixed():
    assert messages(ImageSettings(), GRAY, DEEP) == [
        (1, "has images of 16 bits, expected 8 bits: grey levels of another depth mean something else")
    ]
    assert messages(ImageSettings(), DEEP, DEEP) == []
    assert messages(ImageSettings(), MIXED, GRAY) == [
        (0, "has images of 8 bits and 16 bits: one depth is needed, convert them first")
    ]


def test_that_a_model_takes_only_the_depth_it_was_trained_on():
    assert source_problem(DEEP, ImageSettings(), "uint16") is None
    assert "expected 16 bits" in (source_problem(GRAY, ImageSettings(), "uint16") or "")


def test_that_channels_are_common_to_all_sources():
    assert common_channels([RGB, replace(RGB, channels=("blue", "red"))]) == ("red", "blue")
    assert common_channels([RGB, GRAY]) == ()
    assert common_channels([]) == ()


MEASURED = replace(GRAY, path=Path("/data/cells.rtdc"), kind=SourceKind.RTDC, features=("area_um", "deform"))
SIZED = replace(MEASURED, path=Path("/data/sizes.rtdc"), features=("area_um",))


def test_that_the_rows_that_lack_a_feature_are_found_with_the_features_they_have():
    settings = ImageSettings(features=("deform", "area_um"))
    assert messages(settings, MEASURED, SIZED, GRAY) == [
        (1, "has no feature 'deform', only area_um"),
        (2, "has no feature 'deform', 'area_um': it has images alone, features come with .rtdc files"),
    ]
    assert messages(ImageSettings(features=("area_um",)), MEASURED, SIZED) == []
    assert messages(ImageSettings(), MEASURED, GRAY) == []


def test_that_features_to_choose_from_are_those_of_all_sources():
    assert common_features([MEASURED, SIZED]) == ("area_um",)
    assert common_features([MEASURED, GRAY]) == ()
    assert common_features([]) == ()

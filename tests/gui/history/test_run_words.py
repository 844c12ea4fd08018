"""The settings of a run in words that can be compared."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.gui.history.run_words import words_of_config
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.settings.image import ImageSettings

ROW = DataRow(Path("/data/cat.rtdc"), "cat", Role.TRAINING, digest="abc")
CONFIG = RunConfig(ImageSettings(), ModelChoice("LeNet5"), data=(ROW, replace(ROW, class_name="dog")))


def data_of(*rows: DataRow) -> str:
    return words_of_config(replace(CONFIG, data=rows))["Data"]


@pytest.mark.parametrize(
    "change",
    [
        {"images": "0-9"},
        {"class_name": "owl"},
        {"part": "b"},
        {"digest": "abd"},
        {"images_per_epoch": 5},
        {"zoom": 2.0},
    ],
)
def test_that_runs_with_other_images_have_other_data(change: dict[str, Any]) -> None:
    assert data_of(replace(ROW, **change)) != data_of(ROW)


def test_that_the_order_of_rows_and_where_a_known_file_lies_make_no_difference() -> None:
    first, second = CONFIG.data
    assert data_of(second, replace(first, path=Path("/elsewhere/cat.rtdc"))) == data_of(first, second)

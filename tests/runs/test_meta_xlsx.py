import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig, open_table
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import append_record
from aid_desktop.runs.meta_xlsx import write_meta_xlsx
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import Revision, append_revision
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import OPTIMIZERS, HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

MakeRecord = Callable[..., EpochRecord]
# Columns that AIDeveloper 0.4 writes and tools that read its files look for.
PARAMETERS = [
    "modelname",
    "chosen_model",
    "new_model",
    "loadrestart_model",
    "loadcontinue_model",
    "input_image_size",
    "color_mode",
    "normalization",
    "output_nr_classes",
    "nr_epochs",
    "keras_refresh_after_nr_epochs",
    "horz_flip",
    "vert_flip",
    "rotation",
    "width_shift",
    "height_shift",
    "zoom",
    "shear",
    "brightness_add_lower",
    "brightness_add_upper",
    "brightness_mult_lower",
    "brightness_mult_upper",
    "contrast_on",
    "contrast_lower",
    "contrast_higher",
    "saturation_on",
    "saturation_lower",
    "saturation_higher",
    "hue_on",
    "hue_delta",
    "average_blur_on",
    "average_blur_lower",
    "average_blur_higher",
    "gauss_blur_on",
    "gauss_blur_lower",
    "gauss_blur_higher",
    "motion_blur_on",
    "motion_blur_kernel",
    "motion_blur_angle",
    "epoch_started_using_these_settings",
    "expert_mode",
    "batchsize_expert",
    "learning_rate_const",
    "loss_expert",
    "optimizer_expert",
    "paddingmode",
    "metrics",
]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    folder.create()
    return folder


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    rows = []
    for name, role, n in (("=\x01", Role.TRAINING, 5), ("b", Role.TRAINING, 4), ("b", Role.VALIDATION, 3)):
        path = tmp_path / f"{n}_{role}.rtdc"
        write_rtdc(path, np.full((n, 8, 8), n, np.uint8))
        rows.append(DataRow(path, name, role, images_per_epoch=7 if name == "b" else None))
    return RunConfig(ImageSettings(width=8, height=10), ModelChoice("MLP_8_8_8"), data=tuple(rows))


def read(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every sheet, by column."""
    from openpyxl import load_workbook

    sheets = {}
    for sheet in load_workbook(path):
        header, *rows = list(sheet.iter_rows(values_only=True)) or [(None,)]
        assert header[0] is None
        assert not [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        assert [row[0] for row in rows] == list(range(len(rows)))
        sheets[sheet.title] = [dict(zip(header[1:], row[1:], strict=True)) for row in rows]
    return sheets


def test_that_the_sheets_have_the_names_and_columns_of_aideveloper(
    folder: RunFolder, config: RunConfig, make_record: MakeRecord
) -> None:
    settings = TrainingSettings(
        AugmentationSettings(rotation=7, contrast=(0.5, 1.5), motion_blur=(0, 5)),
        HyperParameters(dropout=(0.2,), class_weights={"=\x01": 1, "b": 2}),
    )
    append_revision(folder.settings_jsonl, Revision.now(0, 0, config.training))
    append_revision(folder.settings_jsonl, Revision.now(1, 2, settings))
    append_record(folder.history_csv, make_record(0, model="epoch_00000.keras"))
    append_record(folder.history_csv, make_record(1))
    assert write_meta_xlsx(config, open_table(config.data), folder) == folder.meta_xlsx
    sheets = read(folder.meta_xlsx)
    assert list(sheets) == ["UsedData", "DataOverview", "Parameters", "History"]

    used = sheets["UsedData"]
    assert list(used[0]) == [
        "rtdc_ds", "rtdc_path", "nr_images", "class", "TrainOrValid", "nr_events", "nr_events_epoch", "shuffle",
        "zoom_factor", "hash", "xtra_in",
    ]  # fmt: skip
    assert [row["TrainOrValid"] for row in used] == ["Train", "Train", "Valid"]
    assert [row["nr_events_epoch"] for row in used] == [5, 7, 7]
    assert used[0]["rtdc_path"] == str(config.data[0].path)

    overview = sheets["DataOverview"]
    assert list(overview[0]) == ["Class", "Events tot.", "Events/Epoch", "Name"]
    assert [row["Events tot."] for row in overview] == [None, 5, 4, None, 0, 3]
    assert [row["Name"] for row in overview] == [None, "=?", "b", None, "=?", "b"]

    parameters = sheets["Parameters"]
    assert set(PARAMETERS) <= set(parameters[0])
    assert [row["epoch_started_using_these_settings"] for row in parameters] == [0, 2]
    assert parameters[0]["input_image_size"] == "8 x 10"
    assert parameters[1]["rotation"] == 7
    assert parameters[1]["contrast_on"] is True
    assert parameters[0]["contrast_on"] is False
    assert parameters[1]["motion_blur_kernel"] == "(0, 5)"
    assert parameters[0]["normalization"] == "Div. by 255"

    history = sheets["History"]
    assert list(history[0]) == ["loss", "accuracy", "val_loss", "val_accuracy", "Saved", "Time", "LearningRate"]
    assert [row["Saved"] for row in history] == [1, 0]
    assert [row["Time"] for row in history] == [1.5, 3.0]


def test_that_a_diverged_run_can_be_written_and_read(
    folder: RunFolder, config: RunConfig, make_record: MakeRecord
) -> None:
    append_revision(folder.settings_jsonl, Revision.now(0, 0, config.training))
    append_record(folder.history_csv, make_record(0, math.inf, math.nan))
    write_meta_xlsx(config, open_table(config.data), folder)
    (row,) = read(folder.meta_xlsx)["History"]
    assert row["val_loss"] is None
    assert row["val_accuracy"] is None
    assert row["loss"] == 0.6


def test_that_metrics_that_come_and_go_have_their_columns(
    folder: RunFolder, config: RunConfig, make_record: MakeRecord
) -> None:
    with_more = make_record(0)
    with_more = dataclasses.replace(with_more, metrics=(*with_more.metrics, ("f1", 0.5)))
    later = make_record(2)
    later = dataclasses.replace(later, metrics=(*later.metrics, ("auc", 0.75)))
    for record in (with_more, make_record(1), later):
        append_record(folder.history_csv, record)
    write_meta_xlsx(config, open_table(config.data), folder)
    history = read(folder.meta_xlsx)["History"]
    assert [row["f1"] for row in history] == [0.5, None, None]
    assert [row["auc"] for row in history] == [None, None, 0.75]
    assert list(history[0])[-3:] == ["Saved", "Time", "LearningRate"]


def test_that_a_run_without_an_epoch_has_empty_sheets(folder: RunFolder, config: RunConfig) -> None:
    write_meta_xlsx(config, open_table(config.data), folder)
    sheets = read(folder.meta_xlsx)
    assert sheets["History"] == []
    assert sheets["Parameters"] == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_that_every_optimizer_and_kind_of_model_has_its_word(
    folder: RunFolder, config: RunConfig, optimizer: str
) -> None:
    append_revision(
        folder.settings_jsonl,
        Revision.now(0, 0, TrainingSettings(hyperparameters=HyperParameters(optimizer=optimizer))),
    )
    image = ImageSettings(width=8, height=8, channels="rgb", normalization="standardize_training_set")
    changed = dataclasses.replace(config, image=image, model=ModelChoice(start_from=Path("m.keras"), mode="restart"))
    write_meta_xlsx(changed, open_table(config.data), folder)
    (row,) = read(folder.meta_xlsx)["Parameters"]
    assert row["optimizer_expert"].lower() == optimizer
    assert (row["input_image_size"], row["color_mode"]) == (8, "RGB")
    assert (row["new_model"], row["loadrestart_model"], row["loadcontinue_model"]) == (False, True, False)

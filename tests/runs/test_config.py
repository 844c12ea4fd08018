import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.errors import DataError, SettingsError
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig, data_rows, open_readers, open_table
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

ROW = DataRow(Path("a.rtdc").absolute(), "a", Role.TRAINING)


def test_that_the_command_line_overrides_epochs_seed_and_device_only() -> None:
    training = TrainingSettings(hyperparameters=HyperParameters(learning_rate=0.01))
    config = RunConfig(ImageSettings(), ModelChoice("LeNet5"), training, data=(ROW,))
    changed = config.with_changes(epochs=3, seed=9, device="cpu")
    assert (changed.training.hyperparameters.epochs, changed.seed, changed.device.strategy) == (3, 9, "cpu")
    assert changed.training.hyperparameters.learning_rate == 0.01
    assert config.with_changes() == config
    with pytest.raises(SettingsError, match=r"training\.epochs"):
        config.with_changes(epochs=0)


def test_that_a_model_is_called_by_its_architecture_or_file() -> None:
    assert ModelChoice("LeNet5").name == "LeNet5"
    assert ModelChoice(start_from=Path("a/b.keras")).name == "b.keras"


# --- opening the data -------------------------------------------------------------------------------------


@pytest.fixture
def three_files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.rtdc" for name in "abc"]
    for level, path in enumerate(paths):
        write_rtdc(path, np.full((3, 8, 8), level * 20, np.uint8))
    return paths


def test_that_classes_are_numbered_in_order_of_appearance_around_given_indices(three_files: list[Path]) -> None:
    def indices(*rows: tuple[str, int | None]) -> list[int]:
        table = open_table(
            DataRow(path, name, Role.TRAINING, index) for path, (name, index) in zip(three_files, rows, strict=True)
        )
        return [row.class_index for row in table.rows]

    assert indices(("x", None), ("y", None), ("x", None)) == [0, 1, 0]
    assert indices(("x", None), ("y", 0), ("z", None)) == [1, 0, 2]
    assert indices(("x", None), ("x", 2), ("y", None)) == [2, 2, 0]
    with pytest.raises(SettingsError, match=r"data\.index: class x has the indices 0 and 1"):
        indices(("x", 0), ("x", 1), ("y", None))


def test_that_the_rows_of_a_table_and_its_rows_in_a_file_are_the_same(three_files: list[Path]) -> None:
    rows = (
        DataRow(three_files[0], "x", Role.TRAINING, images_per_epoch=7, shuffle=False, zoom=1.5),
        DataRow(three_files[1], "y", Role.VALIDATION),
    )
    table = open_table(rows)
    complete = data_rows(table)
    assert [row.index for row in complete] == [0, 1]
    assert all(row.digest for row in complete)
    assert [dataclasses.replace(row, digest=None, index=None) for row in complete] == list(rows)
    assert open_table(complete) == table


def test_that_data_that_changed_since_the_run_was_set_up_are_refused(three_files: list[Path]) -> None:
    (row,) = data_rows(open_table([DataRow(three_files[0], "x", Role.TRAINING)]))
    write_rtdc(three_files[0], np.full((3, 8, 8), 99, np.uint8))
    with pytest.raises(DataError, match=r"a\.rtdc has changed since the run was set up"):
        open_table([row])


@pytest.mark.parametrize("change", [{"images_per_epoch": 0}, {"zoom": 0.0}, {"class_name": ""}, {"index": -1}])
def test_that_values_out_of_range_in_a_row_are_refused(three_files: list[Path], change: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        open_table([dataclasses.replace(DataRow(three_files[0], "x", Role.TRAINING), **change)])


def test_that_some_images_of_a_file_can_be_chosen(tmp_path: Path) -> None:
    write_rtdc(tmp_path / "a.rtdc", np.arange(5 * 16, dtype=np.uint8).reshape(5, 4, 4))
    row = DataRow(tmp_path / "a.rtdc", "cat", Role.TRAINING, index=0, images="1,3-4")
    table, [reader] = open_readers([row])
    assert reader.source == table.rows[0].source
    assert [image[0, 0] for image in reader.read([0, 1, 2])] == [16, 48, 64]
    [again] = data_rows(table)
    assert again == dataclasses.replace(row, digest=reader.source.digest)
    assert open_table([again]) == table


def test_that_images_that_a_file_does_not_have_cannot_be_chosen(tmp_path: Path) -> None:
    write_rtdc(tmp_path / "a.rtdc", np.zeros((5, 4, 4), np.uint8))
    with pytest.raises(DataError, match=r"a\.rtdc has 5 images, and image 5 \(from 0\) is chosen"):
        open_table([DataRow(tmp_path / "a.rtdc", "cat", Role.TRAINING, images="0-5")])

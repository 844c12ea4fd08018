from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aid_desktop.data.class_table import Role
from aid_desktop.data.relink import State, find_sources, search_folder
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.errors import RunError
from aid_desktop.runs.aideveloper_cells import (
    read_number,
    read_numbers,
    read_switch,
    read_weights,
    read_whole,
    read_words,
)
from aid_desktop.runs.aideveloper_columns import COLUMNS, enlarged, key, shift_from_cell, shift_to_cell
from aid_desktop.runs.aideveloper_settings import settings_from_parameters
from aid_desktop.runs.aideveloper_tables import is_aideveloper_session, read_aideveloper_session
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig, RunSettings, data_rows, open_table
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.meta_xlsx import write_meta_xlsx
from aid_desktop.runs.settings_log import Revision, append_revision
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import LOSSES, OPTIMIZERS, HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

Sheet = Sequence[Mapping[str, Any]]

# A file that AIDeveloper 0.0.3 has written, and the images that it names, which are elsewhere now.
REAL = Path(__file__).parents[3] / "shared" / "data"
REAL_META = REAL / "legacy_aideveloper" / "M01_AutoCat_meta.xlsx"
ROW = {
    "rtdc_ds": "mm-hdf5_1 - file: D:\\lab\\train\\cat.rtdc", "rtdc_path": "D:/lab/train/cat.rtdc",
    "features": "['image', 'pos_x']", "nr_images": 3, "class": 0, "TrainOrValid": "Train", "nr_events": 3,
    "nr_events_epoch": 100, "shuffle": True, "zoom_factor": 1.15, "hash": "0" * 32, "xtra_in": False,
}  # fmt: skip
# As AIDeveloper 0.4 and 0.0.3 have spelled the same settings.
NEW = {
    "chosen_model": "LeNet5", "input_image_size": 24, "color_mode": "RGB", "selected_channels": "['image']",
    "zoom_order": 3, "normalization": "StdScaling using mean and std of each image individually", "nr_epochs": 2500,
    "keras_refresh_after_nr_epochs": 2, "horz_flip": False, "vert_flip": True, "rotation": 3, "width_shift": 2,
    "zoom": 0.3, "brightness_refresh_after nr_epochs": 4, "brightness_add_lower": -15, "brightness_add_upper": 15,
    "gaussnoise scale": 3.0, "contrast_on": True, "contrast_lower": 0.7, "contrast_higher": 1.3,
    "saturation_on": False, "saturation_lower": 0.7, "saturation_higher": 1.3, "expert_mode": True,
    "batchsize_expert": 128, "learning_rate_const": 0.01, "optimizer_expert_on": True, "optimizer_expert": "SGD",
    "dropout_expert_on": True, "dropout_expert": "[0.2, 0.5]", "paddingmode": "edge",
}  # fmt: skip
OLD = {
    "Chosen Model": "LeNet5", "Input image crop": 24, "Color Mode": "RGB", "zoom_order": "2 (quadr. interp.)",
    "Normalization": "StdScaling using mean and std of each image individually", "Nr. epochs": 2500.0,
    "Keras refresh after nr. epochs": "2", "Horz. flip": False, "Vert. flip": "True", "rotation": "3",
    "width_shift": 2, "zoom": 0.3, "Brightness refresh after nr. epochs": 4, "Brightness add. lower": -15.0,
    "Brightness add. upper": 15, "Gaussnoise Scale": 3.0, "Contrast on": 1, "Contrast Lower": 0.7,
    "Contrast Higher": 1.3, "Saturation on": 0, "Saturation Lower": 0.7, "Saturation Higher": 1.3, "expert_mode": True,
    "batchSize_expert": 128, "learning_rate_expert": 0.01, "optimizer_expert_on": True, "optimizer_expert": "SGD",
    "dropout_expert_on": True, "dropout_expert": "0.2,0.5", "paddingMode": "cv2.BORDER_REPLICATE",
}  # fmt: skip


def write_book(path: Path, sheets: Mapping[str, Sheet]) -> Path:
    """Write sheets as pandas does: names of columns in the first row, an index without a name in the first column."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        sheet.append([None, *columns])
        for index, row in enumerate(rows):
            sheet.append([index, *(row.get(column) for column in columns)])
    book.save(path)
    return path


def settings_of(cells: Mapping[str, Any]) -> tuple[RunSettings, tuple[str, ...]]:
    return settings_from_parameters({key(name): cell for name, cell in cells.items()}, {0: "cat", 1: "dog"})


def training_of(**cells: Any) -> TrainingSettings:
    chosen, left_out = settings_of(cells)
    assert left_out == ()
    return chosen.training


# --- rows -------------------------------------------------------------------------------------------------


def test_that_rows_are_read_with_class_role_and_number(tmp_path: Path) -> None:
    used = [ROW, {**ROW, "TrainOrValid": "Valid", "class": 1, "shuffle": False, "nr_events": 50},
            {**ROW, "nr_events_epoch": 3, "zoom_factor": None}]  # fmt: skip
    overview = [{"Class": "Train. data"}, {"Class": "0", "Name": "0"}, {"Class": "1", "Name": "dog"}]
    stored = read_aideveloper_session(
        write_book(tmp_path / "a_session.xlsx", {"UsedData": used, "DataOverview": overview})
    )
    assert [(row.class_index, row.class_name, row.role) for row in stored.rows] == [
        (0, "class 0", Role.TRAINING), (1, "dog", Role.VALIDATION), (0, "class 0", Role.TRAINING),
    ]  # fmt: skip
    # Without shuffling AIDeveloper takes all images, whatever stands in the column.
    assert [row.images_per_epoch for row in stored.rows] == [100, None, None]
    assert [row.zoom for row in stored.rows] == [1.15, 1.15, 1]
    assert [row.shuffle for row in stored.rows] == [True, False, True]
    assert (stored.rows[0].sought.name, stored.rows[0].sought.where) == ("cat.rtdc", "D:/lab/train/cat.rtdc")
    assert stored.settings is None
    assert stored.left_out == ()


def test_that_a_file_used_for_training_and_validation_becomes_two_rows(tmp_path: Path) -> None:
    path = write_book(tmp_path / "a_meta.xlsx", {"UsedData": [ROW, {**ROW, "TrainOrValid": "Valid"}]})
    stored = read_aideveloper_session(path)
    assert [row.role for row in stored.rows] == [Role.TRAINING, Role.VALIDATION]
    assert stored.rows[0].sought == stored.rows[1].sought


def test_that_the_oldest_names_of_columns_are_understood(tmp_path: Path) -> None:
    old = {"rtdc_path": "C:\\x\\cat.rtdc", "index": 2, "TrainOrValid": "Train", "nr_cells": 9, "nr_cells_epoch": 5,
           "shuffle": True}  # fmt: skip
    (row,) = read_aideveloper_session(write_book(tmp_path / "a_meta.xlsx", {"UsedData": [old]})).rows
    assert (row.class_index, row.images_per_epoch, row.sought.name) == (2, 5, "cat.rtdc")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"class": None}, "Row 2 of UsedData: the cell class is empty."),
        ({"class": "a"}, "Row 2 of UsedData: got 'a', expected a number."),
        ({"class": 10_000}, "Row 2 of UsedData: the class is 10000, expected 0 to 9999."),
        ({"TrainOrValid": "Both"}, "Row 2 of UsedData: TrainOrValid is 'Both', expected Train or Valid or Test."),
        ({"zoom_factor": 0}, "Row 2 of UsedData: the zoom is 0, expected 0.05 to 20."),
        ({"nr_events_epoch": 0}, "Row 2 of UsedData: nr_events_epoch is 0, so the file was not used."),
        ({"xtra_in": True}, "Row 2 of UsedData: AID Desktop has no networks with an extra input."),
    ],
)
def test_that_what_cannot_be_used_of_a_row_is_told(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = write_book(tmp_path / "a_session.xlsx", {"UsedData": [{**ROW, **change}, {**ROW, "class": 7}]})
    stored = read_aideveloper_session(path)
    assert stored.left_out == (message,)
    assert stored.rows[-1].class_index == 7


# --- finding the files ------------------------------------------------------------------------------------


def test_that_files_are_found_by_the_hash_of_aideveloper(tmp_path: Path) -> None:
    from hashlib import md5

    # Longer than the part that counts.
    content = np.random.default_rng(1).bytes(30 * 65536)
    place = tmp_path / "new" / "deep" / "cat.rtdc"
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    (tmp_path / "new" / "cat.rtdc").write_bytes(b"another one of this name")
    start = md5(content[: 20 * 65536]).hexdigest()
    digest = md5(b"cat.rtdc" + start.encode()).hexdigest()
    path = write_book(tmp_path / "a_meta.xlsx", {"UsedData": [{**ROW, "hash": digest}]})
    (row,) = read_aideveloper_session(path).rows
    assert find_sources([row.sought])[row.sought].state is State.MISSING
    assert search_folder([row.sought], tmp_path)[row.sought].path == place


def test_that_files_without_a_hash_are_known_by_their_number_of_images(tmp_path: Path) -> None:
    row = {key: value for key, value in ROW.items() if key != "hash"}
    for folder, n in (("a", 2), ("b", 3)):
        (tmp_path / folder).mkdir()
        write_rtdc(tmp_path / folder / "cat.rtdc", np.zeros((n, 8, 8), np.uint8))
    (stored,) = read_aideveloper_session(write_book(tmp_path / "a_meta.xlsx", {"UsedData": [row]})).rows
    assert search_folder([stored.sought], tmp_path)[stored.sought].path == tmp_path / "b" / "cat.rtdc"


@pytest.mark.skipif(not REAL_META.is_file(), reason="the tutorial's files are not beside the project")
def test_that_a_real_run_of_aideveloper_is_read_and_its_files_are_found() -> None:
    assert is_aideveloper_session(REAL_META)
    stored = read_aideveloper_session(REAL_META)
    assert [(row.class_index, row.role) for row in stored.rows] == [
        (0, Role.TRAINING), (1, Role.TRAINING), (0, Role.VALIDATION), (1, Role.VALIDATION),
    ]  # fmt: skip
    found = search_folder((row.sought for row in stored.rows), REAL)
    assert [found[row.sought].path.parent.name for row in stored.rows] == ["train"] * 2 + ["validation"] * 2
    assert stored.settings is not None
    assert stored.settings.model.architecture == "LeNet5_do"
    assert stored.settings.image == ImageSettings()
    assert stored.settings.training.hyperparameters.batch_size == 128
    assert stored.settings.training.augmentation.noise_std == 15
    assert stored.left_out == ()


# --- settings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [NEW, OLD])
def test_that_both_spellings_give_the_same_settings(cells: dict[str, Any]) -> None:
    chosen, left_out = settings_of(cells)
    assert chosen == RunSettings(
        image=ImageSettings(
            width=24, height=24, channels="rgb", normalization="standardize_each_image", padding="edge", resize="cubic"
        ),
        model=ModelChoice("LeNet5"),
        training=TrainingSettings(
            AugmentationSettings(
                vertical_flip=True, rotation=3, width_shift=2, zoom=0.3, brightness_add=(-15, 15), noise_std=3,
                contrast=(0.7, 1.3), affine_refresh=2, photometric_refresh=4,
            ),
            HyperParameters(epochs=2500, batch_size=128, learning_rate=0.01, optimizer="sgd", dropout=(0.2, 0.5)),
        ),
    )  # fmt: skip
    assert left_out == ()


def test_that_the_last_row_of_parameters_counts(tmp_path: Path) -> None:
    rows = [{**NEW, "nr_epochs": number} for number in (5, 6, 7)]
    path = write_book(tmp_path / "a_meta.xlsx", {"UsedData": [ROW], "Parameters": rows})
    stored = read_aideveloper_session(path)
    assert stored.settings is not None
    assert stored.settings.training.hyperparameters.epochs == 7


def test_that_a_switch_that_is_off_means_off() -> None:
    amounts = {"hue_delta": 0.08, "motion_blur_kernel": "0,5"}
    assert training_of(hue_on=False, motion_blur_on=False, **amounts) == TrainingSettings()
    augmentation = training_of(hue_on=True, motion_blur_on=True, **amounts).augmentation
    assert (augmentation.hue, augmentation.motion_blur) == (0.08, (0, 5))
    expert = {"optimizer_expert_on": True, "optimizer_expert": "SGD", "lossw_expert_on": True,
              "lossw_expert": "Balanced"}  # fmt: skip
    assert training_of(expert_mode=False, **expert).hyperparameters == HyperParameters()
    assert training_of(expert_mode=True, **expert).hyperparameters == HyperParameters(
        optimizer="sgd", class_weights="balanced"
    )


def test_that_shifts_below_one_are_parts_of_the_enlarged_side() -> None:
    assert (enlarged(32), enlarged(33), enlarged(64)) == (46, 48, 92)
    assert training_of(input_image_size=32, width_shift=0.5, height_shift=3).augmentation == AugmentationSettings(
        width_shift=23, height_shift=3
    )
    assert training_of(zoom=1.25).augmentation.zoom == 0.25


@given(pixels=st.floats(0, 100), side=st.integers(2, 200))
def test_that_shifts_come_back(pixels: float, side: int) -> None:
    assert shift_from_cell(shift_to_cell(pixels, enlarged(side)), enlarged(side)) == pytest.approx(pixels, abs=1e-9)


def test_that_class_weights_are_read_by_class() -> None:
    on = {"expert_mode": True, "lossw_expert_on": True}
    assert training_of(**on, lossw_expert="{0: 1.0, 1: 2.5}").hyperparameters.class_weights == (
        ("cat", 1.0), ("dog", 2.5),
    )  # fmt: skip
    assert training_of(**on, lossw_expert="Custom", class_weight="{1: 3}").hyperparameters.class_weights == (
        ("dog", 3.0),
    )
    assert training_of(**on, lossw_expert="None").hyperparameters.class_weights == "none"


def test_that_channels_by_name_are_read() -> None:
    assert settings_of({"color_mode": "RGB", "selected_channels": "['image_ch1', 'image_ch3']"})[0].image.channels == (
        "image_ch1", "image_ch3",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"rotation": 200}, "augmentation.rotation: got 200, expected 0 to 180 °."),
        ({"rotation": "much"}, "Column rotation: got 'much', expected a number."),
        ({"rotation": "__import__('os')"}, "Column rotation: got \"__import__('os')\", expected a number."),
        ({"Horz. flip": "perhaps"}, "Column horz_flip: got 'perhaps', expected True or False."),
        ({"paddingmode": "alternate"}, "image.padding: got 'alternate', expected constant or edge or reflect"),
        ({"expert_mode": True, "loss_expert_on": True, "loss_expert": "logcosh"}, "training.loss: got 'logcosh'"),
        ({"color_mode": "CMYK"}, "Column color_mode: got 'cmyk', expected Grayscale or RGB."),
        ({"epochs_expert": 3}, "AID Desktop does not have several passes"),
        ({"train_last_layers": True}, "AID Desktop does not have training the last layers only"),
        ({"learning_rate_cyclr_on": True}, "AID Desktop does not have the cyclical learning rate"),
        ({"metrics": "['accuracy', 'auc']"}, "AID Desktop does not have the metrics auc."),
        ({"loadcontinue_model": True, "continued_fitting_from": "D:/m_9.model"}, "Training started from D:/m_9.model"),
        ({"expert_mode": True, "optimizer_expert_on": True, "optimizer_settings": "{}"}, "Details of the optimizer"),
        ({"expert_mode": True, "lossw_expert_on": True, "lossw_expert": "{0: x}"}, "Column lossw_expert: got 'x'"),
        ({"a new one": 1, "another": 2}, "Unknown columns: a_new_one, another."),
    ],
)
def test_that_what_could_not_be_taken_over_is_told(cells: dict[str, Any], message: str) -> None:
    chosen, left_out = settings_of({"nr_epochs": 9, **cells})
    assert len(left_out) == 1
    assert left_out[0].startswith(message)
    assert left_out[0].endswith(".")
    assert chosen.training.hyperparameters.epochs == 9


# --- our own meta.xlsx ------------------------------------------------------------------------------------


def steps(low: int, high: int) -> st.SearchStrategy[float]:
    """Return numbers with two decimals: openpyxl writes only 16 digits."""
    return st.integers(100 * low, 100 * high).map(lambda number: number / 100)


SETTINGS = st.builds(
    TrainingSettings,
    augmentation=st.builds(
        AugmentationSettings,
        horizontal_flip=st.booleans(),
        rotation=steps(0, 180),
        contrast=st.tuples(steps(0, 1), steps(1, 5)),
        hue=steps(0, 1).map(lambda number: number / 2),
        average_blur=st.tuples(st.integers(0, 3), st.integers(3, 31)),
        motion_blur=st.tuples(st.integers(0, 3), st.integers(3, 31)),
        photometric_refresh=st.integers(1, 9),
    ),
    hyperparameters=st.builds(
        HyperParameters,
        epochs=st.integers(1, 999),
        optimizer=st.sampled_from(OPTIMIZERS),
        loss=st.sampled_from([loss for loss in LOSSES if "hinge" not in loss]),
        dropout=st.lists(steps(0, 1).map(lambda number: number / 2), max_size=3).map(tuple),
        class_weights=st.sampled_from(["none", "balanced", (("cat", 1.0), ("dog", 2.5))]),
    ),
)
IMAGES = st.builds(
    ImageSettings,
    width=st.integers(8, 99),
    height=st.integers(8, 99),
    channels=st.sampled_from(["gray", "rgb"]),
    normalization=st.sampled_from(["none", "divide_by_255", "standardize_each_image", "standardize_training_set"]),
    padding=st.sampled_from(["constant", "wrap", "symmetric"]),
    resize=st.sampled_from(["nearest", "linear", "area", "cubic", "lanczos"]),
)


@settings(max_examples=20)
@given(image=IMAGES, training=SETTINGS)
def test_that_the_meta_xlsx_of_a_run_gives_its_rows_and_settings_back(
    tmp_path_factory: pytest.TempPathFactory, image: ImageSettings, training: TrainingSettings
) -> None:
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "run")
    folder.create()
    rows = []
    for name, role in (("cat", Role.TRAINING), ("dog", Role.TRAINING), ("dog", Role.VALIDATION)):
        path = folder.path / f"{name}_{role}.npy"
        np.save(path, np.zeros((4, 9, 9), np.uint8) + len(rows))
        rows.append(DataRow(path, name, role, images_per_epoch=7, zoom=1.5))
    table = open_table(rows)
    config = RunConfig(image, ModelChoice("LeNet5"), training, data=data_rows(table))
    append_revision(folder.settings_jsonl, Revision.now(0, 0, training))
    stored = read_aideveloper_session(write_meta_xlsx(config, table, folder))
    found = find_sources(row.sought for row in stored.rows)
    assert {one.state for one in found.values()} == {State.FOUND}
    assert [row.with_source(old.source) for row, old in zip(stored.rows, table.rows, strict=True)] == list(table.rows)
    assert stored.settings == RunSettings(image, ModelChoice("LeNet5"), training)
    assert stored.left_out == ()


def test_that_each_column_names_a_setting_once() -> None:
    names = [column.name for column in COLUMNS]
    assert len(set(names)) == len(names)
    assert len({(column.setting, column.end) for column in COLUMNS}) == len(COLUMNS)
    for column in COLUMNS:
        assert replace(column, end=None).cell(column.default) is not None


# --- what is a session, what is damaged -------------------------------------------------------------------


def test_that_only_a_book_with_the_sheet_is_a_session(tmp_path: Path) -> None:
    book = write_book(tmp_path / "a.xlsx", {"History": [], "UsedData": [ROW]})
    images = write_book(tmp_path / "b.xlsx", {"Sheet": [{"path": "a.png", "class": "cat"}]})
    (tmp_path / "c.xlsx").write_bytes(b"no book")
    assert is_aideveloper_session(book)
    assert not is_aideveloper_session(images)
    assert not is_aideveloper_session(tmp_path / "c.xlsx")
    assert not is_aideveloper_session(tmp_path / "d.xlsx")
    assert not is_aideveloper_session(book.rename(tmp_path / "a.zip"))
    with pytest.raises(RunError, match=r"b\.xlsx is not a session of AIDeveloper: it has no sheet UsedData"):
        read_aideveloper_session(images)


@pytest.mark.parametrize("missing", ["rtdc_path", "class", "TrainOrValid"])
def test_that_a_missing_column_is_named(tmp_path: Path, missing: str) -> None:
    row = {name: value for name, value in ROW.items() if name != missing}
    with pytest.raises(RunError, match=f"has no column {missing.lower()}"):
        read_aideveloper_session(write_book(tmp_path / "a.xlsx", {"UsedData": [row]}))


def test_that_damaged_and_missing_files_are_run_errors(tmp_path: Path) -> None:
    whole = write_book(tmp_path / "a.xlsx", {"UsedData": [ROW]})
    (tmp_path / "cut.xlsx").write_bytes(whole.read_bytes()[:-200])
    for name in ("cut.xlsx", "none.xlsx"):
        with pytest.raises(RunError, match=f"{name} cannot be read as a table"):
            read_aideveloper_session(tmp_path / name)


def test_that_an_empty_session_is_read(tmp_path: Path) -> None:
    stored = read_aideveloper_session(write_book(tmp_path / "a.xlsx", {"UsedData": [], "Parameters": []}))
    assert (stored.rows, stored.settings, stored.left_out) == ((), None, ())


# --- cells ------------------------------------------------------------------------------------------------


def test_that_cells_are_read_by_their_form() -> None:
    assert [read_number(cell) for cell in (3, "2.5", -1.0)] == [3, 2.5, -1]
    assert read_whole("3.0") == 3
    assert [read_switch(cell) for cell in (True, "False", 1, 0.0, "true")] == [True, False, True, False, True]
    assert read_words("['image', \"b\"]") == ("image", "b")
    assert read_words("()") == ()
    assert [read_numbers(cell) for cell in ("(0, 5)", "[1]", "0.2,0.5", 0.3, "()")] == [
        (0, 5), (1,), (0.2, 0.5), (0.3,), (),
    ]  # fmt: skip
    assert read_weights("{0: 1.0, 12: 2}") == {0: 1, 12: 2}


@pytest.mark.parametrize(
    ("reader", "cell"),
    [
        (read_number, "a"), (read_number, True), (read_number, float("nan")), (read_number, "inf"), (read_whole, 2.5),
        (read_number, None), (read_switch, 2), (read_switch, ""), (read_numbers, "(0, x)"), (read_weights, "0: 1"),
        (read_weights, "{a: 1}"), (read_weights, "{0: open('x')}"),
    ],
)  # fmt: skip
def test_that_other_cells_are_refused(reader: Any, cell: object) -> None:
    with pytest.raises(ValueError, match=r"got .*expected"):
        reader(cell)

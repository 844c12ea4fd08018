import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.errors import DataError, SettingsError, StoppedError
from aid_desktop.runs.config import DataRow, RunConfig
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training.datasets import TrainingData, load_training_data

MakeConfig = Callable[..., RunConfig]
TRAINING = [{80 * label + n for n in range(20)} for label in range(3)]
VALIDATION = [{80 * label + 40 + n for n in range(7)} for label in range(3)]


def load(config: RunConfig) -> TrainingData:
    return load_training_data(config, lambda text: None, lambda: False)


def split(config: RunConfig, fraction: float = 0.2, group_by: str = "image", seed: int = 5) -> RunConfig:
    """Leave out the validation rows and hold images out of the training rows instead."""
    rows = tuple(row for row in config.data if row.role is Role.TRAINING)
    return dataclasses.replace(config, data=rows, split=SplitSettings(fraction, group_by), seed=seed)


def trained_on(data: TrainingData) -> list[set[int]]:
    """Return per class the grey levels, and so the images, that are trained on."""
    levels: list[set[int]] = [set() for _ in data.class_names]
    for row in data.rows:
        levels[row.label] |= set(row.images[:][:, row.images.shape[1] // 2, row.images.shape[2] // 2, 0].tolist())
    return levels


def validated_on(data: TrainingData) -> list[set[int]]:
    levels = data.validation_images[:][:, 5, 5, 0]
    return [set(levels[data.validation_labels == label].tolist()) for label in range(len(data.class_names))]


def test_that_each_role_gets_its_images_with_their_labels(make_config: MakeConfig) -> None:
    data = load(make_config())
    assert data.class_names == ("a", "b", "c")
    assert trained_on(data) == TRAINING
    assert validated_on(data) == VALIDATION
    assert data.images_per_epoch == 60
    assert data.validation_images.shape == (21, 12, 12, 1)
    assert data.validation_images.dtype == np.uint8
    assert all(row.images.shape[1] > 12 for row in data.rows)


def test_that_test_images_are_neither_trained_nor_validated_on(make_config: MakeConfig) -> None:
    config = make_config()
    rows = (*config.data[:-1], dataclasses.replace(config.data[-1], role=Role.TEST))
    data = load(dataclasses.replace(config, data=rows))
    assert trained_on(data) == TRAINING
    assert validated_on(data) == [*VALIDATION[:2], set()]


@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.5])
def test_that_held_out_images_are_never_trained_on(make_config: MakeConfig, fraction: float) -> None:
    data = load(split(make_config(), fraction))
    for kept, held, everything in zip(trained_on(data), validated_on(data), TRAINING, strict=True):
        assert not kept & held
        assert kept | held == everything
        assert len(held) == round(fraction * 20)
    assert data.images_per_epoch == sum(map(len, trained_on(data)))


def test_that_the_split_is_fixed_by_the_seed(make_config: MakeConfig) -> None:
    config = make_config()
    held = [validated_on(load(split(config, seed=seed))) for seed in (5, 5, 6)]
    assert held[0] == held[1]
    assert held[0] != held[2]


def test_that_a_split_adds_to_validation_rows(make_config: MakeConfig) -> None:
    config = dataclasses.replace(make_config(), split=SplitSettings(0.2))
    data = load(config)
    for held, given in zip(validated_on(data), VALIDATION, strict=True):
        assert given < held
        assert len(held) == 4 + 7


@pytest.fixture
def two_files(rows: tuple[DataRow, ...], make_config: MakeConfig) -> RunConfig:
    """Return a configuration with two training files for each of the classes a and b."""
    chosen = [dataclasses.replace(row, role=Role.TRAINING) for row in rows if row.class_name != "c"]
    return dataclasses.replace(make_config(), data=tuple(chosen))


def test_that_files_are_held_out_as_a_whole(two_files: RunConfig) -> None:
    data = load(split(two_files, 0.3, "file"))
    assert trained_on(data) == TRAINING[:2]
    assert validated_on(data) == VALIDATION[:2]


def test_that_a_row_held_out_completely_does_not_stop_the_run(two_files: RunConfig) -> None:
    rows = tuple(dataclasses.replace(row, images_per_epoch=50) for row in two_files.data)
    data = load(split(dataclasses.replace(two_files, data=rows), 0.3, "file"))
    assert trained_on(data) == TRAINING[:2]
    assert data.images_per_epoch == 100


def test_that_a_split_that_holds_out_nothing_is_refused(make_config: MakeConfig) -> None:
    with pytest.raises(DataError, match="the split leaves no images for validation"):
        load(split(make_config(), 0.3, "file"))


@pytest.mark.parametrize("normalization", ["none", "divide_by_255", "standardize_each_image"])
def test_that_most_methods_need_no_statistics(make_config: MakeConfig, normalization: str) -> None:
    data = load(make_config(image={"normalization": normalization}))
    assert (data.normalization.method, data.normalization.mean, data.normalization.std) == (normalization, 0, 1)


def test_that_statistics_are_those_of_the_training_images_without_margin_and_validation(
    make_config: MakeConfig,
) -> None:
    config = make_config(image={"normalization": "standardize_training_set"})
    levels = np.array([sorted(one) for one in TRAINING])
    for data in (load(config), load(split(config))):
        kept = np.array([level for one in trained_on(data) for level in one])
        assert data.normalization.mean == pytest.approx(kept.mean())
        assert data.normalization.std == pytest.approx(kept.std())
    assert load(config).normalization.mean == pytest.approx(levels.mean())


def test_that_all_that_is_wrong_with_the_table_is_told_before_anything_is_loaded(
    rows: tuple[DataRow, ...], make_config: MakeConfig
) -> None:
    said: list[str] = []
    config = dataclasses.replace(make_config(), data=rows[:1])
    with pytest.raises(DataError, match=r"two different classes are needed.*; no row is for validation"):
        load_training_data(config, said.append, lambda: False)
    assert len(said) == 1


def test_that_contradicting_indices_are_refused(rows: tuple[DataRow, ...], make_config: MakeConfig) -> None:
    changed = tuple(dataclasses.replace(row, index=place) for place, row in enumerate(rows))
    with pytest.raises(SettingsError, match=r"data\.index"):
        load(dataclasses.replace(make_config(), data=changed))


@pytest.mark.parametrize("n_questions", [0, 3, 10])
def test_that_a_stop_ends_the_loading_between_images(make_config: MakeConfig, n_questions: int) -> None:
    answers = iter([False] * n_questions)
    with pytest.raises(StoppedError):
        load_training_data(make_config(), lambda text: None, lambda: next(answers, True))


def test_that_the_zoom_of_a_row_is_applied(tmp_path: Path, rows: tuple[DataRow, ...], make_config: MakeConfig) -> None:
    dot = np.zeros((2, 12, 12), np.uint8)
    dot[:, 5:7, 5:7] = 200
    write_rtdc(tmp_path / "dot.rtdc", dot)
    row = DataRow(tmp_path / "dot.rtdc", "a", Role.VALIDATION, zoom=2.0)
    data = load(dataclasses.replace(make_config(), data=(row, *rows[:3])))
    assert np.count_nonzero(data.validation_images[:1] > 100) == 16

"""Runs of networks that take scalar features besides the image: here only a feature tells the classes apart."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from aid_desktop.data.class_table import ClassRow, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.errors import DataError, ModelError, SettingsError
from aid_desktop.evaluation.assess import predict_rows, predict_sources
from aid_desktop.evaluation.tile_map import classify_tiles
from aid_desktop.models.files import load_model
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training.blocks import EpochBlocks
from aid_desktop.training.datasets import load_training_data
from aid_desktop.training.events import EpochFinished, RunFailed, RunFinished, SettingsRefused
from aid_desktop.training.loop import train
from aid_desktop.training.lr_finder import find_learning_rate
from aid_desktop.training.run import TrainingRun

pytestmark = pytest.mark.keras

SIDE = 8
FEATURES = ("deform", "area_um")
CLASSES = ("round", "long")
N = {Role.TRAINING: 60, Role.VALIDATION: 30, Role.TEST: 20}
ZOO = '''import keras
from aid_desktop.models.registry import architecture


@architecture("Both", family="multi_input")
def both(input_shape, n_classes, n_features):
    """Image and features."""
    inputs = [keras.Input(input_shape), keras.Input((n_features,))]
    x = keras.layers.Concatenate()([keras.layers.Flatten()(inputs[0]), inputs[1]])
    x = keras.layers.Dense(8, activation="relu")(x)
    return keras.Model(inputs, keras.layers.Dense(n_classes, activation="softmax")(x))


@architecture("Image")
def image(input_shape, n_classes):
    """The image alone."""
    image = keras.Input(input_shape)
    x = keras.layers.Dense(8, activation="relu")(keras.layers.Flatten()(image))
    return keras.Model(image, keras.layers.Dense(n_classes, activation="softmax")(x))
'''


def write_cells(path: Path, label: int, n: int, rng: np.random.Generator) -> None:
    """Write images of noise, numbered by their first pixel; only `deform` depends on the class."""
    images = rng.integers(100, 130, (n, SIDE, SIDE), np.uint8)
    images[:, 0, 0] = np.arange(n)
    write_rtdc(path, images)
    with h5py.File(path, "a") as file:
        file["events/deform"] = 1000 + label + rng.uniform(0, 0.3, n)
        # The number of the image, so that the two can be compared.
        file["events/area_um"] = 10.0 * np.arange(n)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataRow, ...]:
    folder = tmp_path_factory.mktemp("cells")
    rng = np.random.default_rng(3)
    found = []
    for role, n in N.items():
        for label, name in enumerate(CLASSES):
            path = folder / f"{role}_{name}.rtdc"
            write_cells(path, label, n, rng)
            found.append(DataRow(path, name, role))
    return tuple(found)


@pytest.fixture
def make_run(tmp_path: Path, rows: tuple[DataRow, ...]) -> Callable[..., TrainingRun]:
    zoo = tmp_path / "model_zoo.py"
    zoo.write_text(ZOO, encoding="utf-8")

    def make(
        name: str = "run",
        *,
        features: tuple[str, ...] = FEATURES,
        model: ModelChoice | str = "Both",
        augmentation: dict[str, Any] | None = None,
        resume: bool = False,
        split: SplitSettings | None = None,
        data: tuple[DataRow, ...] = rows,
        normalization: str = "divide_by_255",
        **words: Any,
    ) -> TrainingRun:
        values = {"epochs": 12, "batch_size": 16, "learning_rate": 0.02, "optimizer": "adam"} | words
        config = RunConfig(
            data=data,
            image=ImageSettings(SIDE, SIDE, features=features, normalization=normalization),
            model=ModelChoice(model) if isinstance(model, str) else model,
            training=TrainingSettings(AugmentationSettings(**augmentation or {}), HyperParameters(**values)),
            split=split,
            seed=2,
        )
        return TrainingRun(config, RunFolder(tmp_path / name), zoo, resume=resume)

    return make


def done(run: TrainingRun) -> list[EpochFinished]:
    events: list[Any] = []
    train(run, events.append)
    assert isinstance(events[-1], RunFinished), events[-1]
    return [event for event in events if isinstance(event, EpochFinished)]


def failed(run: TrainingRun, is_early: bool = False) -> str:
    events: list[Any] = []
    train(run, events.append)
    assert isinstance(events[-1], RunFailed)
    assert (len(events) == 1) is is_early
    return events[-1].message


def rows_to_test(rows: tuple[DataRow, ...]) -> list[ClassRow]:
    chosen = [row for row in rows if row.role is Role.TEST]
    return [
        ClassRow(open_source(row.path).source, CLASSES.index(row.class_name), row.class_name, Role.TEST)
        for row in chosen
    ]


def weights_of(run: TrainingRun) -> list[np.ndarray]:
    return load_model(run.folder.last_model).model.get_weights()


def test_that_a_feature_alone_tells_classes_apart_and_images_alone_do_not(
    make_run: Callable[..., TrainingRun], rows: tuple[DataRow, ...]
) -> None:
    run, blind = make_run(), make_run("blind", features=(), model="Image")
    assert done(run)[-1].record.metric("val_accuracy") == 1.0
    assert 0.3 < done(blind)[-1].record.metric("val_accuracy") < 0.7
    loaded = load_model(run.folder.last_model)
    assert loaded.card.image.features == loaded.card.features.names == FEATURES
    training = [open_source(row.path).features(FEATURES, range(60)) for row in rows if row.role is Role.TRAINING]
    np.testing.assert_allclose(loaded.card.features.mean, np.concatenate(training).mean(axis=0))
    np.testing.assert_allclose(loaded.card.features.std, np.concatenate(training).std(axis=0))
    tested = rows_to_test(rows)
    assessed = predict_rows(loaded, tested)
    assert (assessed.predicted() == assessed.labels).all()
    # In another order, and in parts, each image keeps its own features.
    classified = predict_sources(loaded, [row.source for row in reversed(tested)])
    np.testing.assert_allclose(classified.probabilities[20:], assessed.probabilities[:20], atol=1e-6)
    some = predict_rows(loaded, tested, indices=[np.array([7, 3]), np.array([19])])
    np.testing.assert_allclose(some.probabilities, assessed.probabilities[[7, 3, 39]], atol=1e-6)


@pytest.mark.parametrize("refresh", [1, 2])
def test_that_every_image_of_a_block_comes_with_its_own_features(
    make_run: Callable[..., TrainingRun], refresh: int
) -> None:
    config = make_run(augmentation={"affine_refresh": refresh}, split=SplitSettings(0.2)).config
    data = load_training_data(config, lambda _: None, lambda: False)
    block = EpochBlocks(data, config.image, config.training, 2, 1).make(0)
    assert block.features is not None
    raw = block.features * np.array(data.scaling.std) + np.array(data.scaling.mean)
    np.testing.assert_allclose(raw[:, 1], 10.0 * block.images[:, 0, 0, 0], atol=1e-2)
    np.testing.assert_array_equal(np.round(raw[:, 0] - 1000.15), block.labels.argmax(axis=1))
    part = block.part(slice(3, 5))
    assert part.features is not None
    np.testing.assert_array_equal(part.features, block.features[3:5])
    numbers = data.validation_images[:][:, 0, 0, 0]
    np.testing.assert_allclose(data.validation_features[:, 1], 10.0 * numbers)


def test_that_a_run_that_goes_on_ends_with_the_weights_of_one_that_never_stopped(
    make_run: Callable[..., TrainingRun],
) -> None:
    whole, parts = make_run(epochs=4), make_run("parts", epochs=2)
    done(whole)
    done(parts)
    again = make_run("parts", epochs=4, resume=True)
    assert [event.record.epoch for event in done(again)] == [2, 3]
    for one, other in zip(weights_of(whole), weights_of(again), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_that_a_model_is_continued_with_its_own_statistics_and_restarted_with_new_ones(
    make_run: Callable[..., TrainingRun], rows: tuple[DataRow, ...]
) -> None:
    first = make_run(normalization="standardize_training_set")
    done(first)
    card = load_model(first.folder.last_model).card
    # Held-out images leave fewer to train on, so that other statistics follow from them.
    words = {"split": SplitSettings(0.3), "normalization": "standardize_training_set", "learning_rate": 1e-6}
    onward = make_run("onward", model=ModelChoice(start_from=first.folder.last_model), epochs=1, **words)
    assert done(onward)[0].record.metric("accuracy") == 1.0
    onward = make_run("onward", model=ModelChoice(start_from=first.folder.last_model), epochs=2, resume=True, **words)
    done(onward)
    continued = load_model(onward.folder.last_model).card
    assert (continued.features, continued.normalization) == (card.features, card.normalization)
    anew = make_run("anew", model=ModelChoice(start_from=first.folder.last_model, mode="restart"), epochs=1, **words)
    done(anew)
    assert load_model(anew.folder.last_model).card.features != card.features
    start = ModelChoice(start_from=first.folder.last_model)
    assert "takes 2 features besides the image, the run is set to 1" in failed(
        make_run("one", model=start, features=FEATURES[:1])
    )
    assert "takes 2 features besides the image, the run is set to 0" in failed(
        make_run("none", model=start, features=())
    )
    assert "was trained with the features deform, area_um, the run is set to area_um, deform" in failed(
        make_run("swapped", model=start, features=FEATURES[::-1], **words)
    )


def test_that_the_rate_finder_and_the_measurement_of_precision_take_features(
    make_run: Callable[..., TrainingRun],
) -> None:
    test = find_learning_rate(make_run(), lambda _: None, lambda done, total: None, n_steps=12)
    assert test is not None
    assert len(test.losses) > 3
    run = make_run("auto", epochs=1, precision="auto")
    assert len(done(run)) == 1


def test_that_what_does_not_go_together_is_refused(
    make_run: Callable[..., TrainingRun], rows: tuple[DataRow, ...], tmp_path: Path
) -> None:
    assert "Both takes features besides the image, none are chosen" in failed(make_run("a", features=()), is_early=True)
    assert "Image takes images alone, 2 features are chosen" in failed(make_run("b", model="Image"), is_early=True)
    message = failed(make_run("c", features=("deform", "bright_avg")))
    assert "training_round.rtdc has no feature 'bright_avg', only area_um, deform, index" in message
    for name in ("mixup", "cutmix"):
        with pytest.raises(SettingsError, match=rf"augmentation\.{name}: got 0\.2, but images cannot be mixed where"):
            make_run(name, augmentation={name: 0.2})
        assert make_run(name, augmentation={name: 0.2}, features=()).config.image.features == ()
    np.save(tmp_path / "images.npy", np.zeros((9, SIDE, SIDE), np.uint8))
    plain = (*rows, DataRow(tmp_path / "images.npy", "long", Role.TRAINING))
    assert "images.npy has no feature 'deform', 'area_um': it has images alone" in failed(make_run("d", data=plain))


def test_that_features_that_are_no_numbers_end_the_run_before_the_first_epoch(
    make_run: Callable[..., TrainingRun], rows: tuple[DataRow, ...], tmp_path: Path
) -> None:
    write_cells(tmp_path / "bad.rtdc", 0, 12, np.random.default_rng(0))
    with h5py.File(tmp_path / "bad.rtdc", "a") as file:
        file["events/deform"][[2, 5]] = np.nan
    message = failed(make_run(data=(*rows, DataRow(tmp_path / "bad.rtdc", "round", Role.VALIDATION))))
    assert "bad.rtdc: the feature 'deform' is no finite number in 2 of 12 images, the first is number 2" in message


def test_that_mixing_is_refused_while_a_run_with_features_goes_on(make_run: Callable[..., TrainingRun]) -> None:
    run = make_run(epochs=3)
    wanted = dataclasses.replace(run.config.training, augmentation=AugmentationSettings(mixup=0.3))
    run.mailbox.post(wanted)
    events: list[Any] = []
    train(run, events.append)
    refused = [event for event in events if isinstance(event, SettingsRefused)]
    assert len(refused) == 1
    assert "augmentation.mixup" in refused[0].message
    assert sum(isinstance(event, EpochFinished) for event in events) == 3


def test_that_a_model_with_features_is_not_applied_to_images_alone(
    make_run: Callable[..., TrainingRun], tmp_path: Path
) -> None:
    run = make_run(epochs=1)
    done(run)
    loaded = load_model(run.folder.last_model)
    np.save(tmp_path / "images.npy", np.zeros((9, SIDE, SIDE), np.uint8))
    with pytest.raises(DataError, match=r"images\.npy has no feature 'deform', 'area_um': it has images alone"):
        predict_sources(loaded, [open_source(tmp_path / "images.npy").source])
    with pytest.raises(ModelError, match="takes the features deform, area_um besides the image, and here are images"):
        classify_tiles(loaded, np.zeros((40, 40), np.uint8))

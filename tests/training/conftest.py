"""A data set of images that tell where they come from, and runs of a network that is traced in no time."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.run import TrainingRun

SIDE = 12
CLASSES = ("a", "b", "c")
LEVELS_PER_CLASS = 80
IMAGES = {Role.TRAINING: 20, Role.VALIDATION: 7}

ZOO = '''import keras
from aid_desktop.models.registry import architecture


@architecture("Tiny", min_size=4, family="mlp")
def tiny(input_shape, n_classes):
    """One dense layer behind dropout."""
    image = keras.Input(input_shape)
    x = keras.layers.Flatten()(image)
    x = keras.layers.Dropout(0.25)(x)
    return keras.Model(image, keras.layers.Dense(n_classes, activation="softmax")(x))


@architecture("Two", min_size=4, family="mlp")
def two(input_shape, n_classes):
    """Two dense layers."""
    image = keras.Input(input_shape)
    x = keras.layers.Dense(6, activation="tanh", name="hidden")(keras.layers.Flatten()(image))
    return keras.Model(image, keras.layers.Dense(n_classes, activation="softmax", name="out")(x))
'''


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[DataRow, ...]:
    """Return training and validation rows of three classes.

    The grey level of an image is 80 times its class, plus its number in the file, plus 40 for validation.
    """
    folder = tmp_path_factory.mktemp("data")
    result = []
    for role, n in IMAGES.items():
        for label, name in enumerate(CLASSES):
            first = LEVELS_PER_CLASS * label + (40 if role is Role.VALIDATION else 0)
            levels = np.arange(first, first + n, dtype=np.uint8)
            path = folder / f"{role}_{name}.rtdc"
            write_rtdc(path, np.broadcast_to(levels[:, None, None], (n, SIDE, SIDE)))
            result.append(DataRow(path, name, role))
    return tuple(result)


@pytest.fixture
def make_config(rows: tuple[DataRow, ...]) -> Callable[..., RunConfig]:
    """Return a function that makes a configuration; `augmentation` and hyper-parameters as words."""

    def make(
        augmentation: dict[str, Any] | None = None,
        image: dict[str, Any] | None = None,
        architecture: str = "Tiny",
        **hyperparameters: Any,
    ) -> RunConfig:
        values = {"epochs": 4, "batch_size": 16, "learning_rate": 0.01, "optimizer": "sgd"} | hyperparameters
        return RunConfig(
            data=rows,
            image=ImageSettings(**{"width": SIDE, "height": SIDE} | (image or {})),
            model=ModelChoice(architecture),
            training=TrainingSettings(AugmentationSettings(**augmentation or {}), HyperParameters(**values)),
            seed=5,
        )

    return make


@pytest.fixture
def make_run(tmp_path: Path, make_config: Callable[..., RunConfig]) -> Callable[..., TrainingRun]:
    """Return a function that makes a run in a folder of this test."""
    zoo = tmp_path / "model_zoo.py"
    zoo.write_text(ZOO, encoding="utf-8")

    def make(name: str = "run", *, config: RunConfig | None = None, resume: bool = False, **words: Any) -> TrainingRun:
        folder = RunFolder(tmp_path / name)
        return TrainingRun(config or make_config(**words), folder, zoo, resume=resume)

    return make


@pytest.fixture
def eager() -> Iterator[None]:
    """Train without tracing, which is faster where only few steps are done."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)

"""Trains on two parts of the CPU and on the whole of it, for test_replicas: TensorFlow divides a CPU only at its start.

Writes what came out as JSON to standard output, behind a line that says so.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aid_desktop.data.normalize import Normalization
from aid_desktop.models.build import compile_model
from aid_desktop.models.devices import device_scope, make_repeatable
from aid_desktop.models.files import load_model
from aid_desktop.models.partial import set_trainable
from aid_desktop.runs.config import RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.training.blocks import Block
from aid_desktop.training.events import EpochFinished, TrainingEvent
from aid_desktop.training.image_store import ImageStore, StoredPart
from aid_desktop.training.loop import train
from aid_desktop.training.replicas import make_fitter
from aid_desktop.training.run import TrainingRun

MARK = "--- result ---"
PARTS, WHOLE = "mirrored:cpu:0,cpu:1", "cpu"
SHAPE = (6, 6, 1)
BATCH = 8
DIVIDE = Normalization("divide_by_255")


def net(with_norm: bool, n_features: int = 0) -> Any:
    import keras

    keras.utils.set_random_seed(3)
    if n_features:
        image, features = keras.Input(SHAPE), keras.Input((n_features,))
        x = keras.layers.Concatenate()([keras.layers.Flatten()(image), features])
        return compiled(keras.Model([image, features], keras.layers.Dense(3, "softmax")(x)))
    layers = [keras.Input(SHAPE), keras.layers.Conv2D(3, 3, kernel_regularizer=keras.regularizers.L2(0.1))]
    layers += [keras.layers.BatchNormalization()] if with_norm else []
    return compiled(keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]))


def compiled(model: Any) -> Any:
    metrics = ("accuracy", "f1")
    compile_model(
        model,
        HyperParameters(optimizer="sgd", momentum=0.9, learning_rate=0.05, metrics=metrics, weight_average=0.9),
    )
    return model


def block(n_images: int, is_twofold: bool, n_features: int = 0) -> Block:
    """Return images with weights and labels that are not sure; twofold: the halves of each batch are the same.

    With features, each image has as many random ones.
    """
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (n_images, *SHAPE), np.uint8)
    labels = rng.dirichlet(np.ones(3), n_images).astype(np.float32)
    weights = rng.uniform(0.5, 2, n_images).astype(np.float32)
    if is_twofold:
        places = np.arange(n_images) // BATCH * BATCH + np.arange(n_images) % (BATCH // 2)
        images, labels, weights = images[places], labels[places], weights[places]
    features = rng.standard_normal((n_images, n_features), np.float32) if n_features else None
    return Block(images, labels, weights, features)


def one_epoch(lengths: tuple[int, ...], with_norm: bool, n_features: int = 0) -> dict[str, Any]:
    """Train on blocks and validate on the last of them; return all numbers that come of it."""
    model = net(with_norm, n_features)
    fitter = make_fitter(model, SHAPE, DIVIDE, "uint8", n_features)
    for number, length in enumerate(lengths):
        part = block(length, with_norm, n_features)
        assert fitter.fit_block(part, BATCH, lambda _: True, metrics_from_zero=number == 0)
    fitted = fitter.metrics()
    store = ImageStore([StoredPart(part.images)])
    validated = fitter.evaluate(store, part.labels.argmax(axis=1), 16, lambda _: True, part.features)
    variables = [*model.variables, *model.optimizer.variables]
    images = DIVIDE.apply(part.images)
    outputs = model([images, part.features] if n_features else images, training=False)
    return {
        "kind": type(fitter).__name__,
        "fitted": fitted,
        "validated": validated,
        "variables": [variable.numpy().tolist() for variable in variables],
        "outputs": np.asarray(outputs).tolist(),
        "copies": copies(model),
    }


def held() -> dict[str, Any]:
    """Train a network whose convolution learns with two of three filters; return its kernel before and after."""
    import tensorflow as tf

    model = net(with_norm=False)
    kernel = model.layers[0].kernel
    before = kernel.numpy().tolist()
    set_trainable(model, ((model.layers[0].name, 0.66),))
    compile_model(model, HyperParameters(optimizer="adamw", weight_decay=0.1, weight_average=0.9))
    make_fitter(model, SHAPE, DIVIDE, "uint8").fit_block(block(BATCH + 3, False), BATCH, lambda _: True, True)
    several = tf.distribute.get_strategy().experimental_local_results(kernel.value)
    return {"before": before, "after": [copy.numpy().tolist() for copy in several]}


def seeds() -> list[list[int]]:
    """Return the random states that a dropout layer has on the replicas after it was given one."""
    import keras
    import tensorflow as tf

    state = keras.layers.Dropout(0.5).seed_generator.state
    make_fitter(net(with_norm=False), SHAPE, DIVIDE, "uint8").set_seed(state, (7, 0))
    return [copy.numpy().tolist() for copy in tf.distribute.get_strategy().experimental_local_results(state.value)]


def copies(model: Any) -> float:
    """Return the largest difference between the replicas' copies of a weight."""
    import tensorflow as tf

    strategy = tf.distribute.get_strategy()
    several = [strategy.experimental_local_results(weight.value) for weight in model.weights]
    return max(float(np.ptp([copy.numpy() for copy in each], axis=0).max()) for each in several)


def run(config: RunConfig, folder: Path, zoo: Path, resume: bool = False, **change: Any) -> list[list[float]]:
    """Train; after the first epoch set what changes; return losses and the last model's weights."""
    this = TrainingRun(config, RunFolder(folder), zoo, resume=resume)

    def publish(event: TrainingEvent) -> None:
        if change and isinstance(event, EpochFinished) and event.record.epoch == 0:
            hyperparameters = replace(config.training.hyperparameters, **change)
            this.mailbox.post(replace(config.training, hyperparameters=hyperparameters))

    train(this, publish)
    history = read_history(this.folder.history_csv)
    weights = load_model(this.folder.last_model).model.get_weights()
    losses = [history.column(name).tolist() for name in ("loss", "accuracy", "val_loss", "val_accuracy")]
    return [*losses, *(weight.ravel().tolist() for weight in weights)]


def main(run_toml: Path, zoo: Path) -> None:
    """Do all of it."""
    import keras

    result: dict[str, Any] = {}
    # The last batch has three images in one block, and in the other a single one.
    cases: dict[str, tuple[Any, ...]] = {"uneven": ((BATCH + 3, BATCH + 1), False), "norm": ((2 * BATCH,), True)}
    cases |= {"features": (*cases["uneven"], 2)}
    for strategy in (PARTS, WHOLE):
        with device_scope(DeviceSettings(strategy=strategy)):
            make_repeatable()
            keras.utils.set_random_seed(1)
            result[strategy] = {name: one_epoch(*case) for name, case in cases.items()}
            result[strategy]["seeds"] = seeds()
            result[strategy]["held"] = held()
    config, folder = read_run_toml(run_toml), run_toml.parent
    for strategy in (PARTS, WHOLE):
        two = replace(config, model=replace(config.model, architecture="Two")).with_changes(device=strategy)
        change = {"optimizer": "adam", "trainable": "last:1", "precision": "mixed_bfloat16"}
        result[strategy]["run"] = run(two, folder / f"two_{strategy[:3]}", zoo, **change)
    tiny = config.with_changes(device=PARTS)
    result["whole"] = run(tiny, folder / "whole", zoo)
    run(tiny.with_changes(epochs=1), folder / "halves", zoo)
    result["halves"] = run(tiny, folder / "halves", zoo, resume=True)
    sys.stdout.write(f"{MARK}\n{json.dumps(result)}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.normalize import Normalization
from aid_desktop.models.build import compile_model
from aid_desktop.models.edit import apply
from aid_desktop.models.zoo import load_zoo
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import NORMALIZATIONS
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings
from aid_desktop.training import fit
from aid_desktop.training.blocks import Block
from aid_desktop.training.fit import BlockFitter
from aid_desktop.training.image_store import ImageStore, StoredPart

pytestmark = pytest.mark.keras

SHAPE = (12, 12, 1)
DIVIDE = Normalization("divide_by_255")
BATCH = 16


def stored(part: Block) -> ImageStore:
    return ImageStore([StoredPart(part.images)])


def go_on(_: int) -> bool:
    return True


def net(**hyperparameters: Any) -> Any:
    """Return MLP_8_8_8, always with the same weights."""
    import keras

    keras.utils.set_random_seed(3)
    model = load_zoo(Path(__file__).parents[2] / "model_zoo.py").build("MLP_8_8_8", SHAPE, 3)
    compile_model(model, HyperParameters(**{"learning_rate": 0.01} | hyperparameters))
    return model


def block(n: int, seed: int = 0) -> Block:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    images = rng.integers(0, 100, (n, *SHAPE), np.uint8) + (labels * 50).astype(np.uint8)[:, None, None, None]
    return Block(images, np.eye(3, dtype=np.float32)[labels], rng.uniform(0.5, 2, n).astype(np.float32))


def test_that_an_epoch_is_that_of_a_plain_loop_over_train_on_batch() -> None:
    # The last batch of the second block is a part of one.
    blocks = [block(2 * BATCH, 1), block(BATCH + 5, 2)]
    model, plain = net(), net()
    plain.run_eagerly = True
    fitter = BlockFitter(model, SHAPE, DIVIDE)
    for number, part in enumerate(blocks):
        assert fitter.fit_block(part, BATCH, go_on, metrics_from_zero=number == 0)
    losses, hits, n = 0.0, 0.0, 0
    for part in blocks:
        for start in range(0, len(part.images), BATCH):
            chosen = slice(start, start + BATCH)
            x, y, w = DIVIDE.apply(part.images[chosen]), part.labels[chosen], part.weights[chosen]
            plain.reset_metrics()
            result = plain.train_on_batch(x, y, w, return_dict=True)
            losses += result["loss"] * len(x)
            hits += result["accuracy"] * len(x)
            n += len(x)
    assert n == 53
    assert fitter.metrics() == pytest.approx({"loss": losses / n, "accuracy": hits / n}, rel=1e-4)
    assert list(fitter.metrics()) == ["loss", "accuracy"]
    for a, b in zip(model.get_weights(), plain.get_weights(), strict=True):
        assert np.allclose(a, b, atol=1e-5)
    assert int(model.optimizer.iterations) == 4


@pytest.mark.usefixtures("eager")
def test_that_validation_is_that_of_keras_over_all_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "_LARGEST_VALIDATION_BATCH", 10)
    model, part = net(), block(47)
    labels = part.labels.argmax(axis=1)
    got = BlockFitter(model, SHAPE, DIVIDE).evaluate(stored(part), labels, 20, go_on)
    probabilities = model(DIVIDE.apply(part.images)).numpy()
    expected = {
        "loss": -np.log(probabilities[np.arange(47), labels]).mean(),
        "accuracy": (probabilities.argmax(axis=1) == labels).mean(),
    }
    assert got == pytest.approx(expected, rel=1e-4)


@pytest.mark.usefixtures("eager")
def test_that_validation_leaves_weights_and_optimizer_alone() -> None:
    model, part = net(), block(20)
    fitter = BlockFitter(model, SHAPE, DIVIDE)
    before = model.get_weights()
    assert fitter.evaluate(stored(part), part.labels.argmax(axis=1), 20, go_on)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert int(model.optimizer.iterations) == 0


def test_that_preparing_the_graph_leaves_weights_and_optimizer_alone() -> None:
    model = net()
    before = model.get_weights()
    fitter = BlockFitter(model, SHAPE, DIVIDE)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert int(model.optimizer.iterations) == 0
    assert fitter.n_traces == 0


@pytest.mark.parametrize("method", NORMALIZATIONS)
def test_that_normalization_in_the_graph_is_that_of_the_data_package(method: str) -> None:
    import tensorflow as tf

    normalization = (
        Normalization(method, 90.25, 31.5) if method == "standardize_training_set" else Normalization(method)
    )
    fitter = BlockFitter(net(), SHAPE, normalization)
    images = block(9).images
    images[0] = 77
    images[1] = 0
    images[2, 0, 0] = 255
    got = tf.function(fitter._normalize)(tf.constant(images)).numpy()
    # An image of one grey level has a standard deviation of zero, so any rounding is divided by nothing much.
    assert np.allclose(got, normalization.apply(images), atol=1e-4)
    assert np.isfinite(got).all()


def test_that_one_trace_serves_all_changes_that_are_free() -> None:
    model = net()
    fitter = BlockFitter(model, SHAPE, DIVIDE)
    settings = TrainingSettings(hyperparameters=HyperParameters(learning_rate=0.01))
    for n, change in [
        (40, {}),
        (31, {"learning_rate": 0.001}),
        (64, {"batch_size": 7}),
        (8, {"class_weights": "balanced"}),
        (5, {"label_smoothing": 0.1, "epochs": 3}),
    ]:
        hyperparameters = replace(settings.hyperparameters, **change)
        new = TrainingSettings(AugmentationSettings(rotation=n), hyperparameters)
        assert not apply(model, SettingsDiff.between(settings, new), new, ())
        settings = new
        assert fitter.fit_block(block(n), hyperparameters.batch_size, go_on, metrics_from_zero=True)
    assert fitter.n_traces == 1


@pytest.mark.usefixtures("eager")
def test_that_leaving_a_block_leaves_the_rest_of_it() -> None:
    model = net()
    fitter = BlockFitter(model, SHAPE, DIVIDE)
    done: list[int] = []

    def stop(step: int) -> bool:
        done.append(step)
        return False

    # The first call into the graph is always for one step, since nothing is known of their speed.
    assert fitter.fit_block(block(10 * BATCH), BATCH, stop, metrics_from_zero=True) is False
    assert done == [1]
    assert int(model.optimizer.iterations) == 1
    part = block(30)
    assert fitter.evaluate(stored(part), part.labels.argmax(axis=1), 30, lambda _: False) is None


@pytest.mark.usefixtures("eager")
def test_that_the_number_of_steps_per_call_never_passes_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "_SECONDS_PER_CALL", 1e9)
    done: list[int] = []

    def note(step: int) -> bool:
        done.append(step)
        return True

    assert BlockFitter(net(), SHAPE, DIVIDE).fit_block(block(70), BATCH, note, metrics_from_zero=True)
    assert done == [1, 5]


def test_that_the_next_block_goes_on_at_the_known_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "_SECONDS_PER_CALL", 1e9)
    fitter = BlockFitter(net(), SHAPE, DIVIDE)
    fitter.fit_block(block(70), BATCH, go_on, metrics_from_zero=True)
    done: list[int] = []

    def note(step: int) -> bool:
        done.append(step)
        return True

    fitter.fit_block(block(70), BATCH, note, metrics_from_zero=False)
    fitter.trace_anew()
    fitter.fit_block(block(70), BATCH, note, metrics_from_zero=False)
    assert done == [5, 1, 5]


def test_that_a_new_trace_does_not_run_a_whole_block_as_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model = net()
    fitter = BlockFitter(model, SHAPE, DIVIDE)
    fitter.fit_block(block(200), BATCH, go_on, metrics_from_zero=True)
    sizes: list[int] = []
    call = type(model).call

    def noting(self: Any, inputs: Any, *arguments: Any, **words: Any) -> Any:
        sizes.append(inputs.shape[0])
        return call(self, inputs, *arguments, **words)

    monkeypatch.setattr(type(model), "call", noting)
    fitter.trace_anew()
    assert sizes
    assert all(size is None or size <= BATCH for size in sizes)


def test_that_another_optimizer_and_loss_train_after_a_new_trace() -> None:
    model = net(optimizer="sgd")
    fitter = BlockFitter(model, SHAPE, DIVIDE)
    assert fitter.fit_block(block(20), BATCH, go_on, metrics_from_zero=True)
    old = TrainingSettings(hyperparameters=HyperParameters(optimizer="sgd"))
    new = TrainingSettings(hyperparameters=HyperParameters(optimizer="adam", loss="mean_squared_error"))
    assert apply(model, SettingsDiff.between(old, new), new, ())
    fitter.trace_anew()
    before = model.get_weights()
    assert fitter.fit_block(block(20), BATCH, go_on, metrics_from_zero=True)
    assert not all(map(np.array_equal, before, model.get_weights()))
    assert 0 < fitter.metrics()["loss"] < 1
    assert fitter.n_traces == 2


@pytest.mark.usefixtures("eager")
def test_that_smoothed_and_mixed_labels_change_the_loss_but_no_other_metric() -> None:
    results = []
    for smoothing in (0.0, 0.3):
        fitter = BlockFitter(net(metrics=("accuracy", "auc", "f1"), learning_rate=1e-9, optimizer="sgd"), SHAPE, DIVIDE)
        part = block(40)
        smooth = replace(part, labels=part.labels * (1 - np.float32(smoothing)) + np.float32(smoothing / 3))
        fitter.fit_block(smooth, BATCH, go_on, metrics_from_zero=True)
        results.append(fitter.metrics())
    whole, smoothed = results
    assert smoothed.pop("loss") != pytest.approx(whole.pop("loss"), rel=1e-3)
    assert smoothed == pytest.approx(whole, rel=1e-4)
    assert whole["auc"] > 0

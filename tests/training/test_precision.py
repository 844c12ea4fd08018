"""The number format of the training step within runs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aid_desktop.models import precision as precision_module
from aid_desktop.models.files import load_model
from aid_desktop.runs.history import read_history
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.training import auto_precision, start
from aid_desktop.training.events import EpochFinished, RunFailed, SettingsRefused, StageChanged, TrainingEvent
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun
from aid_desktop.training.state import RunState

pytestmark = pytest.mark.keras
MakeRun = Callable[..., TrainingRun]
STUBBORN = '''

@keras.saving.register_keras_serializable()
class Float32Only(keras.layers.Layer):
    def call(self, x):
        if x.dtype != "float32":
            raise TypeError("only float32")
        return x


@architecture("Stubborn", min_size=4, family="mlp")
def stubborn(input_shape, n_classes):
    """A layer that takes nothing but float32."""
    image = keras.Input(input_shape)
    x = Float32Only()(keras.layers.Flatten()(image))
    return keras.Model(image, keras.layers.Dense(n_classes, activation="softmax")(x))
'''


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let bfloat16 be twice as quick; return a list that grows with each measurement."""
    calls: list[str] = []

    def speeds(state: RunState) -> dict[str, float]:
        calls.append(state.config.model.name)
        return {"float32": 100.0, "mixed_bfloat16": 200.0}

    monkeypatch.setattr(auto_precision, "images_per_second", speeds)
    return calls


def watch(run: TrainingRun, changes: dict[int, dict[str, Any]] | None = None) -> list[TrainingEvent]:
    """Train; post changes of hyper-parameters after the epochs they are given for."""
    events: list[TrainingEvent] = []

    def publish(event: TrainingEvent) -> None:
        events.append(event)
        if isinstance(event, EpochFinished) and event.record.epoch in (changes or {}):
            training = run.config.training
            words = (changes or {})[event.record.epoch]
            run.mailbox.post(replace(training, hyperparameters=replace(training.hyperparameters, **words)))

    train(run, publish)
    return events


def losses(run: TrainingRun) -> list[float]:
    history = read_history(run.folder.history_csv)
    return [*history.column("loss"), *history.column("val_loss")]


def multiplied_in(state: RunState) -> set[str]:
    """Return the formats of the matrix products in the graph of the training step."""
    import tensorflow as tf

    numbers = [tf.constant(n, tf.int32) for n in (0, 1, 4)]
    graph = state.fitter._train.get_concrete_function(*numbers).graph.as_graph_def()
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    return {tf.dtypes.as_dtype(node.attr["T"].type).name for node in nodes if node.op == "MatMul"}


@pytest.mark.parametrize(
    ("precision", "expected"), [("float32", {"float32"}), ("mixed_bfloat16", {"bfloat16", "float32"})]
)
def test_that_the_graph_of_the_step_multiplies_in_the_format(
    make_run: MakeRun, precision: str, expected: set[str]
) -> None:
    state = start.prepare(make_run(architecture="Two", precision=precision), lambda _: None)
    assert state is not None
    assert multiplied_in(state) == expected


def test_that_the_numbers_of_the_history_are_those_of_the_saved_model(make_run: MakeRun) -> None:
    run = make_run(architecture="Two", epochs=2, precision="mixed_bfloat16")
    watch(run)
    plain = make_run("plain", architecture="Two", epochs=2)
    watch(plain)
    assert losses(run) != losses(plain)
    assert losses(run) == pytest.approx(losses(plain), rel=0.05)
    record = read_history(run.folder.history_csv).best_saved()
    assert record is not None
    assert record.model is not None
    model = load_model(run.folder.model(record.model)).model
    assert {layer.dtype_policy.name for layer in model.layers} == {"float32"}
    state = start.prepare(run, lambda _: None)
    assert state is not None
    x = state.data.normalization.apply(state.data.validation_images[:])
    found = model(x).numpy()[np.arange(len(x)), state.data.validation_labels]
    assert -np.log(found).mean() == pytest.approx(record.metric("val_loss"), rel=1e-5)


def test_that_the_format_changes_while_a_run_goes_on(make_run: MakeRun) -> None:
    changed, plain = make_run("a", architecture="Two"), make_run("b", architecture="Two")
    watch(changed, {1: {"precision": "mixed_bfloat16"}})
    watch(plain)
    one, other = (read_history(run.folder.history_csv).column("loss") for run in (changed, plain))
    assert np.array_equal(one[:2], other[:2])
    assert not np.array_equal(one[2:], other[2:])


def test_that_float16_is_refused_on_the_cpu_and_the_run_goes_on(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision_module, "computes_on_gpu", lambda: False)
    run = make_run(epochs=2)
    refused = [event for event in watch(run, {0: {"precision": "mixed_float16"}}) if isinstance(event, SettingsRefused)]
    assert "needs a GPU" in refused[0].message
    assert len(read_history(run.folder.history_csv)) == 2
    failed = watch(make_run("other", precision="mixed_float16"))[-1]
    assert isinstance(failed, RunFailed)
    assert "needs a GPU" in failed.message


def test_that_a_run_in_float16_resumes_as_if_it_had_not_stopped(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision_module, "computes_on_gpu", lambda: True)
    words = {"architecture": "Two", "precision": "mixed_float16", "optimizer": "adam", "weight_average": 0.9}
    whole, halves = make_run("whole", epochs=3, **words), make_run("halves", epochs=2, **words)
    watch(whole)
    watch(halves)
    watch(make_run("halves", config=whole.config, resume=True))
    assert losses(halves) == losses(whole)
    assert losses(whole)[2] < losses(whole)[0]


def test_that_auto_is_measured_once_and_computes_as_the_format_it_takes(make_run: MakeRun, measured: list[str]) -> None:
    auto, fixed = make_run("a", precision="auto", epochs=3), make_run("b", precision="mixed_bfloat16", epochs=3)
    events = watch(auto, {0: {"precision": "auto", "momentum": 0.5, "epochs": 3}})
    watch(fixed, {0: {"precision": "mixed_bfloat16", "momentum": 0.5, "epochs": 3}})
    assert losses(auto) == losses(fixed)
    assert measured == ["Tiny"]
    texts = [event.text for event in events if isinstance(event, StageChanged)]
    assert texts[-3:-1] == [
        "Measuring float32 and mixed_bfloat16",
        "Training in mixed_bfloat16 (float32 100 images/s, mixed_bfloat16 200 images/s)",
    ]


def test_that_a_run_resumed_or_repeated_keeps_what_auto_has_found(make_run: MakeRun, measured: list[str]) -> None:
    whole = make_run("whole", precision="auto")
    halves = make_run("halves", precision="auto", epochs=2)
    for run in (whole, halves):
        watch(run)
    config = read_run_toml(halves.folder.run_toml).with_changes(epochs=4)
    assert config.device.auto_precision == "mixed_bfloat16"
    measured.clear()
    watch(make_run("halves", config=config, resume=True))
    again = make_run("again", config=read_run_toml(whole.folder.run_toml))
    watch(again)
    assert measured == []
    assert losses(halves) == losses(whole) == losses(again)


def test_that_auto_chosen_later_is_kept_too(make_run: MakeRun, measured: list[str]) -> None:
    run = make_run(epochs=3)
    watch(run, {0: {"precision": "auto", "epochs": 3}})
    assert measured == ["Tiny"]
    assert read_run_toml(run.folder.run_toml).device.auto_precision == "mixed_bfloat16"


def test_that_a_format_that_a_layer_cannot_compute_in_is_not_taken(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto_precision, "_SECONDS_EACH", 0.0)
    run = make_run(architecture="Stubborn", precision="auto", epochs=1)
    text = run.model_zoo.read_text(encoding="utf-8")
    run.model_zoo.write_text(text + STUBBORN, encoding="utf-8")
    watch(run)
    assert read_run_toml(run.folder.run_toml).device.auto_precision == "float32"
    assert len(read_history(run.folder.history_csv)) == 1


def test_that_measuring_leaves_no_trace(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto_precision, "_SECONDS_EACH", 0.0)
    state = start.prepare(make_run(optimizer="adam", precision="auto"), lambda _: None)
    assert state is not None
    before = [variable.numpy() for variable in (*state.model.variables, *state.model.optimizer.variables)]
    speeds = auto_precision.images_per_second(state)
    after = [variable.numpy() for variable in (*state.model.variables, *state.model.optimizer.variables)]
    assert list(speeds) == ["float32", "mixed_bfloat16"]
    assert all(speed > 0 for speed in speeds.values())
    assert all(map(np.array_equal, before, after))

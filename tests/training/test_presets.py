"""Presets: settings that are valid, bounded in time, suit the images, and say why."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.errors import TrainingError
from aid_desktop.models.registry import Architecture
from aid_desktop.models.zoo import check_size, list_architectures
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.presets import Preset, Recommendation, recommend
from aid_desktop.training.speed_model import Situation

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "docs" / "recipes"
ZOO = list_architectures(ROOT / "model_zoo.py")
BUDGETS = {Preset.QUICK: 5 * 60, Preset.BALANCED: 20 * 60, Preset.BEST: 60 * 60}
GRAY = ImageSettings(width=28, height=28)
MANY = Situation((5_500,) * 10, GRAY, n_cores=2)

situations = st.builds(
    Situation,
    st.lists(st.integers(1, 200_000), min_size=1, max_size=12).map(tuple),
    st.builds(
        ImageSettings,
        width=st.integers(2, 512),
        height=st.integers(2, 512),
        channels=st.sampled_from(["gray", "rgb", ("a", "b")]),
    ),
    st.integers(1, 64),
    st.booleans(),
)


def reasons_of(recommendation: Recommendation) -> dict[str, str]:
    return {reason.title: reason.text for reason in recommendation.reasons}


@given(st.sampled_from(Preset), situations)
def test_that_the_network_fits_and_all_is_said_with_a_reason_of_one_sentence(
    preset: Preset, situation: Situation
) -> None:
    chosen = recommend(preset, situation, ZOO)
    check_size(next(item for item in ZOO if item.name == chosen.architecture), situation.image.input_shape)
    assert chosen == recommend(preset, situation, ZOO)
    for reason in chosen.reasons:
        assert reason.text.endswith(".")
        assert reason.text.count(". ") == 0
        assert "\n" not in str(reason)
    assert {"Architecture", "Epochs", "Optimizer", "Schedule", "Weight average", "Flip left-right", "Shift"} <= set(
        reasons_of(chosen)
    )


@given(st.sampled_from(Preset), situations)
def test_that_the_estimate_keeps_to_the_time_of_the_preset_or_says_that_it_cannot(
    preset: Preset, situation: Situation
) -> None:
    chosen = recommend(preset, situation, ZOO)
    assert chosen.seconds <= BUDGETS[preset] or "fewer images per epoch" in reasons_of(chosen)["Epochs"]
    assert chosen.training.hyperparameters.epochs >= 2


def test_that_more_time_gives_a_larger_network_and_more_epochs() -> None:
    quick, balanced, best = (recommend(preset, MANY, ZOO) for preset in Preset)
    assert (quick.architecture, best.architecture) == ("ResNet_small", "ResNet_compact")
    assert quick.seconds < balanced.seconds < best.seconds
    assert best.training.augmentation.random_erasing > quick.training.augmentation.random_erasing == 0
    assert [one.training.hyperparameters.precision for one in (quick, best)] == ["float32", "auto"]


def test_that_the_recipe_of_fashion_mnist_is_what_the_best_preset_chooses() -> None:
    config = read_run_toml(RECIPES / "fashion_mnist.toml")
    chosen = recommend(Preset.BEST, MANY, ZOO)
    assert (config.image, config.model.architecture, config.training) == (GRAY, chosen.architecture, chosen.training)


def test_that_a_gpu_affords_more_epochs_than_two_cores() -> None:
    slow = recommend(Preset.BEST, MANY, ZOO)
    fast = recommend(Preset.BEST, dataclasses.replace(MANY, on_gpu=True), ZOO)
    assert fast.training.hyperparameters.epochs > slow.training.hyperparameters.epochs
    assert "on the GPU" in reasons_of(fast)["Epochs"]
    assert "2 cores" in reasons_of(slow)["Epochs"]


def test_that_few_images_are_varied_more_and_get_the_smaller_network() -> None:
    few = recommend(Preset.BEST, Situation((60, 80), GRAY, n_cores=2), ZOO)
    many = recommend(Preset.BEST, MANY, ZOO)
    assert few.architecture == "ResNet_small"
    assert few.training.augmentation.rotation > many.training.augmentation.rotation == 0
    assert few.training.hyperparameters.batch_size < many.training.hyperparameters.batch_size
    assert few.training.hyperparameters.epochs * (140 / 16) >= 1000
    assert "60 images" in reasons_of(few)["Rotation, zoom, brightness, contrast"]


def test_that_colour_varies_where_there_is_colour_only() -> None:
    colour = Situation((60, 60), ImageSettings(channels="rgb"))
    assert recommend(Preset.QUICK, colour, ZOO).training.augmentation.saturation != (1.0, 1.0)
    assert recommend(Preset.QUICK, Situation((60, 60), GRAY), ZOO).training.augmentation.saturation == (1.0, 1.0)


def test_that_shifts_grow_with_the_image() -> None:
    large = dataclasses.replace(MANY, image=ImageSettings(width=200, height=100))
    assert recommend(Preset.BEST, MANY, ZOO).training.augmentation.width_shift == 2
    assert recommend(Preset.BEST, large, ZOO).training.augmentation.width_shift == 7


def test_that_the_schedule_is_made_for_the_epochs_that_are_asked_for() -> None:
    usual = recommend(Preset.BEST, MANY, ZOO)
    short = recommend(Preset.BEST, MANY, ZOO, epochs=4)
    assert short.architecture == usual.architecture
    assert short.training.hyperparameters.epochs == 4
    assert short.training.hyperparameters.weight_average < usual.training.hyperparameters.weight_average
    assert reasons_of(short)["Epochs"].startswith("As many as were asked for")


def test_that_tiny_images_get_a_perceptron() -> None:
    tiny = dataclasses.replace(MANY, image=ImageSettings(width=4, height=4))
    assert recommend(Preset.BEST, tiny, ZOO).architecture == "MLP_64_32_16"


@pytest.mark.parametrize("side", [512, 4096])
def test_that_large_images_never_get_a_perceptron(side: int) -> None:
    large = Situation((5_000, 5_000), ImageSettings(width=side, height=side), n_cores=2)
    assert not recommend(Preset.QUICK, large, ZOO).architecture.startswith("MLP")


@pytest.mark.parametrize(("counts", "weights"), [((1_000, 1_000), "none"), ((1_000, 100), "balanced")])
def test_that_rare_classes_get_more_weight(counts: tuple[int, ...], weights: str) -> None:
    chosen = recommend(Preset.BALANCED, Situation(counts, GRAY), ZOO)
    assert chosen.training.hyperparameters.class_weights == weights
    assert ("Class weights" in reasons_of(chosen)) == (weights == "balanced")


def test_that_networks_taken_out_of_the_zoo_are_passed_over() -> None:
    own = (Architecture.declared("Mine"), Architecture.declared("LeNet5_do", min_size=16))
    assert recommend(Preset.BEST, MANY, own).architecture == "LeNet5_do"
    with pytest.raises(TrainingError, match=r"expected one of ResNet_compact, .* in model_zoo\.py"):
        recommend(Preset.BEST, MANY, own[:1])

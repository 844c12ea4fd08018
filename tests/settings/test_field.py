import dataclasses
import math
from typing import Any

import pytest

from aid_desktop.errors import SettingsError
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.field import Cost, FieldInfo, Kind, field_infos, path_of
from aid_desktop.settings.hyperparameters import LOSSES, OPTIMIZERS, HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.split import SplitSettings

SECTIONS = (ImageSettings, AugmentationSettings, HyperParameters, SplitSettings, DeviceSettings)
FIELDS = [
    pytest.param(section, name, info, id=path_of(section, name))
    for section in SECTIONS
    for name, info in field_infos(section).items()
]
NUMERIC = {Kind.INTEGER, Kind.NUMBER, Kind.INTEGER_RANGE, Kind.NUMBER_RANGE, Kind.NUMBERS, Kind.CLASS_WEIGHTS}
WHOLE = {Kind.INTEGER, Kind.INTEGER_RANGE}


def fields(*kinds: Kind) -> list[Any]:
    return [param for param in FIELDS if param.values[2].kind in kinds]


def wrap(kind: Kind, number: object) -> object:
    """Return `number` in the form that settings of this kind have."""
    if kind in (Kind.INTEGER_RANGE, Kind.NUMBER_RANGE):
        return (number, number)
    if kind is Kind.NUMBERS:
        return (number,)
    return {"a": number} if kind is Kind.CLASS_WEIGHTS else number


def refused(section: type, name: str, value: object) -> str:
    with pytest.raises(SettingsError) as caught:
        section(**{name: value})
    assert caught.value.field == path_of(section, name)
    assert str(caught.value) == f"{caught.value.field}: {caught.value.message}"
    return caught.value.message


@pytest.mark.parametrize(("section", "name", "info"), FIELDS)
def test_that_the_default_is_valid_and_its_tidy_form(section: type, name: str, info: FieldInfo) -> None:
    default = section.__dataclass_fields__[name].default
    value = getattr(section(), name)
    assert value == default
    assert type(value) is type(default)
    assert dataclasses.replace(section(), **{name: value}) == section()


@pytest.mark.parametrize(("section", "name", "info"), fields(*NUMERIC))
def test_that_both_limits_are_allowed_and_nothing_beyond(section: type, name: str, info: FieldInfo) -> None:
    assert info.low is not None
    assert info.high is not None
    for limit, beyond in ((info.low, -math.inf), (info.high, math.inf)):
        section(**{name: wrap(info.kind, limit)})
        outside = limit + math.copysign(1, beyond) if info.kind in WHOLE else math.nextafter(limit, beyond)
        message = refused(section, name, wrap(info.kind, outside))
        assert f"expected {info.low:g} to {info.high:g}" in message
        assert info.unit in message
        refused(section, name, wrap(info.kind, beyond))


@pytest.mark.parametrize(("section", "name", "info"), fields(*NUMERIC))
@pytest.mark.parametrize("value", [math.nan, True, "1", None, 1j])
def test_that_what_is_no_number_is_refused(section: type, name: str, info: FieldInfo, value: object) -> None:
    assert repr(value) in refused(section, name, wrap(info.kind, value))


@pytest.mark.parametrize(("section", "name", "info"), fields(*NUMERIC))
def test_that_a_number_too_large_for_a_float_is_refused(section: type, name: str, info: FieldInfo) -> None:
    refused(section, name, wrap(info.kind, 10**400))


@pytest.mark.parametrize(("section", "name", "info"), fields(*WHOLE))
def test_that_whole_numbers_are_asked_for_and_written_as_integers(section: type, name: str, info: FieldInfo) -> None:
    assert info.low is not None
    assert "whole number" in refused(section, name, wrap(info.kind, info.low + 0.5))
    value = getattr(section(**{name: wrap(info.kind, float(info.low))}), name)
    assert {type(item) for item in (value if isinstance(value, tuple) else (value,))} == {int}


@pytest.mark.parametrize(("section", "name", "info"), fields(Kind.NUMBER, Kind.NUMBER_RANGE, Kind.NUMBERS))
def test_that_integers_given_for_numbers_become_floats(section: type, name: str, info: FieldInfo) -> None:
    assert info.low is not None
    assert info.high is not None
    for integer in range(math.ceil(info.low), int(info.high) + 1)[:2]:
        value = getattr(section(**{name: wrap(info.kind, integer)}), name)
        assert {type(item) for item in (value if isinstance(value, tuple) else (value,))} == {float}


@pytest.mark.parametrize(("section", "name", "info"), fields(Kind.INTEGER_RANGE, Kind.NUMBER_RANGE))
def test_that_ranges_are_two_numbers_the_smaller_one_first(section: type, name: str, info: FieldInfo) -> None:
    low, high = info.low, info.high
    assert getattr(section(**{name: [low, high]}), name) == (low, high)
    for wrong in ([], [low], [high, low], [low, low, high]):
        assert "two numbers, the smaller one first" in refused(section, name, wrong)
    assert "list of numbers" in refused(section, name, low)


@pytest.mark.parametrize(("section", "name", "info"), fields(Kind.SWITCH))
@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_that_a_switch_is_true_or_false(section: type, name: str, info: FieldInfo, value: object) -> None:
    assert getattr(section(**{name: True}), name) is True
    assert refused(section, name, value) == f"got {value!r}, expected true or false"


@pytest.mark.parametrize(("section", "name", "info"), fields(Kind.CHOICE))
def test_that_a_choice_takes_its_words_and_no_others(section: type, name: str, info: FieldInfo) -> None:
    for word in info.choices:
        assert getattr(section(**{name: word}), name) == word
    for wrong in ("nonsense", info.choices[0].upper() + "x", "", None, 3, ["adam"]):
        assert refused(section, name, wrong).startswith(f"got {wrong!r}, expected {info.choices[0]}")


@pytest.mark.parametrize(("section", "name", "info"), fields(Kind.TEXT))
def test_that_a_text_is_a_word(section: type, name: str, info: FieldInfo) -> None:
    assert getattr(section(**{name: "gpu:0"}), name) == "gpu:0"
    for wrong in ("", "  ", 3, None):
        assert refused(section, name, wrong) == f"got {wrong!r}, expected a word"


@pytest.mark.parametrize(("section", "name", "info"), fields(Kind.WORDS))
def test_that_words_are_a_list_of_known_ones(section: type, name: str, info: FieldInfo) -> None:
    assert getattr(section(**{name: list(info.choices)}), name) == info.choices
    assert "list of words" in refused(section, name, info.choices[0])
    assert "got 'x'" in refused(section, name, ["x"])


def test_that_a_list_of_numbers_becomes_a_tuple() -> None:
    assert HyperParameters(dropout=[0, 0.5]) == HyperParameters(dropout=(0.0, 0.5))
    assert "list of numbers" in refused(HyperParameters, "dropout", 0.5)


def test_that_class_weights_are_a_word_or_one_number_per_class_in_any_order() -> None:
    weights = HyperParameters(class_weights={"dog": 2, "cat": 1.5})
    assert weights.class_weights == (("cat", 1.5), ("dog", 2.0))
    assert weights == HyperParameters(class_weights=(("cat", 1.5), ("dog", 2)))
    assert hash(weights) == hash(HyperParameters(class_weights={"cat": 1.5, "dog": 2.0}))
    assert HyperParameters(class_weights="balanced").class_weights == "balanced"
    assert "expected none or balanced" in refused(HyperParameters, "class_weights", "equal")
    assert "one weight per class" in refused(HyperParameters, "class_weights", 3)


def test_that_optimizers_and_losses_are_those_of_the_contract() -> None:
    assert set(OPTIMIZERS) == {"adam", "adamw", "sgd", "rmsprop", "adagrad", "adadelta", "adamax", "nadam", "lion"}
    assert len(LOSSES) == len(set(LOSSES)) == 10


def test_that_settings_are_frozen_hashable_and_equal_by_value() -> None:
    for section in SECTIONS:
        one, other = section(), section()
        assert one == other
        assert hash(one) == hash(other)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, next(iter(field_infos(section))), 1)


def test_that_the_costs_are_those_of_the_table_in_the_manual() -> None:
    costs = {param.id: param.values[2].cost for param in FIELDS}
    assert {path for path, cost in costs.items() if cost is Cost.RETRACE} == {"training.dropout"}
    recompile = {path for path, cost in costs.items() if cost is Cost.RECOMPILE}
    assert {"training.optimizer", "training.loss"} <= recompile
    assert {costs[p] for p in costs if p.startswith("augmentation.")} == {Cost.FREE}
    assert {costs[p] for p in costs if p.startswith(("image.", "device.", "split."))} == {Cost.NEW_RUN}


def test_that_a_setting_with_one_possible_value_is_known_as_fixed() -> None:
    infos = field_infos(HyperParameters)
    fixed = {name for name, info in infos.items() if info.is_fixed}
    assert not fixed & {"epochs", "batch_size", "learning_rate", "optimizer", "loss", "dropout", "class_weights"}
    info = FieldInfo(Kind.NUMBER, "", "", Cost.FREE, low=0, high=0)
    assert info.is_fixed
    assert not dataclasses.replace(info, high=1).is_fixed
    assert dataclasses.replace(info, high=1, choices=("a",)).is_fixed


@pytest.mark.parametrize(("channels", "n"), [("gray", 1), ("rgb", 3), (("a", "b"), 2)])
def test_that_the_input_shape_is_height_width_channels(channels: str | tuple[str, ...], n: int) -> None:
    settings = ImageSettings(width=20, height=30, channels=channels)
    assert settings.n_channels == n
    assert settings.input_shape == (30, 20, n)


def test_that_a_part_of_a_layer_is_a_share_between_none_and_all() -> None:
    chosen = HyperParameters(trainable={"b": 0.5, "a": True, "c": 1, "d": 0.0})
    assert chosen.trainable == (("a", True), ("b", 0.5), ("c", True), ("d", False))
    assert [type(share) for _, share in chosen.trainable] == [bool, float, bool, bool]
    for wrong in (1.5, -0.1, math.nan, "half", None):
        assert "expected true, false, or a part of the units" in refused(HyperParameters, "trainable", {"a": wrong})

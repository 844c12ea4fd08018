import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from aid_desktop.errors import ModelError
from aid_desktop.models.metadata import CARD_NAME, CARD_VERSION, ModelCard, read_card


def write(path: Path, text: bytes | str | None, name: str = CARD_NAME) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        if text is not None:
            archive.writestr(name, text)
    return path


def test_that_a_card_comes_back_from_its_file(tmp_path: Path, card: ModelCard) -> None:
    path = write(tmp_path / "m.keras", json.dumps(card.to_json()))
    assert read_card(path) == card


def test_that_a_card_has_the_keys_of_the_manual(card: ModelCard) -> None:
    assert set(card.to_json()) == {
        "version", "class_names", "image", "normalization", "architecture", "epoch", "revision", "metrics", "data",
        "versions", "zoom", "pixel_type", "is_asked_for",
    }  # fmt: skip
    assert card.to_json()["version"] == CARD_VERSION
    assert card.to_json()["normalization"] == {
        "method": "standardize_training_set", "mean": 100.5, "std": 33.25, "white": 255.0,
    }  # fmt: skip


def test_that_a_card_of_version_0_1_is_one_for_8_bits(card: ModelCard) -> None:
    old = card.to_json()
    del old["pixel_type"], old["normalization"]["white"], old["image"]["white_level"]
    assert ModelCard.from_json(old) == card


def test_that_channels_come_back_by_name(card: ModelCard) -> None:
    image = dataclasses.replace(card.image, channels=("image_ch1", "image_ch3"))
    named = dataclasses.replace(card, image=image, pixel_type="uint16")
    assert ModelCard.from_json(json.loads(json.dumps(named.to_json()))) == named


def test_that_a_card_without_metrics_or_data_comes_back(card: ModelCard) -> None:
    bare = dataclasses.replace(card, metrics=(), data=(), versions=())
    assert ModelCard.from_json(json.loads(json.dumps(bare.to_json()))) == bare


def test_that_a_card_of_a_later_version_asks_for_an_update(card: ModelCard) -> None:
    with pytest.raises(ModelError, match="version 2, this program reads up to 1: update AID Desktop"):
        ModelCard.from_json({**card.to_json(), "version": CARD_VERSION + 1})


@pytest.mark.parametrize(
    "change",
    [
        {"version": "1"}, {"version": None}, {"image": {"width": 0}}, {"image": {"depth": 3}}, {"image": 3},
        {"normalization": {"method": "magic"}}, {"normalization": {"method": "none", "std": 0}}, {"metrics": [1]},
        {"data": ["a"]}, {"data": 3}, {"class_names": None},
    ],
)  # fmt: skip
def test_that_a_card_with_wrong_values_is_a_model_error(card: ModelCard, change: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="the model card cannot be read"):
        ModelCard.from_json({**card.to_json(), **change})


@pytest.mark.parametrize("key", ["class_names", "image", "normalization", "epoch", "zoom", "version"])
def test_that_a_card_with_a_missing_key_is_a_model_error(card: ModelCard, key: str) -> None:
    values = card.to_json()
    del values[key]
    with pytest.raises(ModelError, match=key):
        ModelCard.from_json(values)


@pytest.mark.parametrize("text", ["[]", "3", "null", '"text"'])
def test_that_a_card_that_is_no_table_is_a_model_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ModelError, match="the model card cannot be read"):
        read_card(write(tmp_path / "m.keras", text))


@pytest.mark.parametrize("text", [b"{", b"\xff\xfe"])
def test_that_a_card_that_is_no_json_is_a_model_error(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(ModelError, match=r"m\.keras is not a model that AID Desktop has saved"):
        read_card(write(tmp_path / "m.keras", text))


def test_that_a_model_without_a_card_says_what_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"m\.keras has no model card, so its classes and image size are unknown"):
        read_card(write(tmp_path / "m.keras", None))


def test_that_what_is_no_archive_or_not_there_is_a_model_error(tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes(b"not a zip file")
    with pytest.raises(ModelError, match="is not a model"):
        read_card(tmp_path / "m.keras")
    with pytest.raises(ModelError, match="is not a model"):
        read_card(tmp_path)
    with pytest.raises(ModelError, match="there is no model at"):
        read_card(tmp_path / "none.keras")

"""Damaged models: .keras archives and their cards, HDF5 files of Keras and AIDeveloper, architectures in JSON."""

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import h5py
import pytest

from aid_desktop.models.facts import ModelFacts
from aid_desktop.models.files import find_card, load_model, save_model
from aid_desktop.models.legacy import holds_network, read_stored, rebuild
from aid_desktop.models.metadata import CARD_NAME, ModelCard, has_card, read_card

pytestmark = pytest.mark.keras
FILES = Path(__file__).parents[1] / "models" / "legacy_files"
WEIGHTS = "model.weights.h5"


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return stream.getvalue()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Return a small model of ours."""
    import keras

    from aid_desktop.data.normalize import Normalization
    from aid_desktop.settings.image import ImageSettings

    image = ImageSettings(width=12, height=12)
    card = ModelCard(("a", "b"), image, Normalization("standardize_training_set", 10.0, 2.0), "x", 1, 0)
    layers = [keras.Input((12, 12, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(2)]
    path = tmp_path / "model.keras"
    save_model(keras.Sequential(layers), card, path)
    return path


def use_card(path: Path) -> None:
    if has_card(path):
        card = read_card(path)
        assert card.class_names == tuple(map(str, card.class_names))
        json.dumps(card.to_json())
    else:
        find_card(path)


def test_that_damaged_model_cards_are_read_or_refused(saved: Path, damage, fuzz) -> None:
    parts = parts_of(saved.read_bytes())
    card = json.loads(parts[CARD_NAME])
    cards = (packed({CARD_NAME: text}) for text in damage.of_json(card, 400))
    assert fuzz(use_card, saved, cards) > 100


def test_that_damaged_archives_are_loaded_or_refused(saved: Path, damage, fuzz) -> None:
    content = saved.read_bytes()
    assert fuzz(load_model, saved, damage.of_bytes(content, 15, in_place=True)) > 3


def test_that_networks_with_a_damaged_description_are_loaded_or_refused(saved: Path, damage, fuzz) -> None:
    parts = parts_of(saved.read_bytes())
    config = json.loads(parts["config.json"])
    damaged = (packed({**parts, "config.json": text}) for text in damage.of_json(config, 60))
    assert fuzz(load_model, saved, damaged) > 20


def test_that_networks_with_damaged_weights_are_loaded_or_refused(saved: Path, damage, fuzz) -> None:
    parts = parts_of(saved.read_bytes())
    damaged = (packed({**parts, WEIGHTS: each}) for each in damage.of_bytes(parts[WEIGHTS], 20, in_place=True))
    assert fuzz(load_model, saved, damaged) > 3


def read_legacy(path: Path) -> None:
    holds_network(path)
    rebuild(read_stored(path))


def test_that_damaged_models_of_keras_2_are_rebuilt_or_refused(tmp_path: Path, damage, fuzz) -> None:
    path = tmp_path / "skip.model"
    content = (FILES / path.name).read_bytes()
    assert fuzz(read_legacy, path, damage.of_hdf5(content, 6)) > 5


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_that_damaged_hdf5_models_of_keras_3_are_loaded_or_refused(saved: Path, damage, fuzz) -> None:
    path = saved.with_suffix(".h5")
    load_model(saved).model.save(path)
    said = ModelFacts(("a", "b"), "divide_by_255")
    assert load_model(path, said=said).card.class_names == ("a", "b")
    assert fuzz(lambda damaged: load_model(damaged, said=said), path, damage.of_hdf5(path.read_bytes(), 6)) > 5


def test_that_models_of_keras_2_with_a_damaged_description_are_rebuilt_or_refused(tmp_path: Path, damage, fuzz) -> None:
    path = tmp_path / "nested.model"
    content = (FILES / path.name).read_bytes()
    path.write_bytes(content)
    with h5py.File(path) as file:
        config = json.loads(file.attrs["model_config"])

    def contents() -> Iterator[bytes]:
        for text in damage.of_json(config, 60):
            path.write_bytes(content)
            with h5py.File(path, "a") as file:
                # HDF5 has no texts with zero bytes in them.
                file.attrs["model_config"] = text.replace(b"\0", b"")
            yield path.read_bytes()

    assert fuzz(read_legacy, path, contents()) > 20


def test_that_damaged_architectures_in_json_are_rebuilt_or_refused(tmp_path: Path, damage, fuzz) -> None:
    path = tmp_path / "skip.arch"
    document = json.loads((FILES / path.name).read_bytes())
    assert fuzz(read_legacy, path, damage.of_json(document, 60)) > 20

import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ModelError
from aid_desktop.models.build import dropout_layers, set_dropout
from aid_desktop.models.facts import MissingFactsError, ModelFacts
from aid_desktop.models.files import find_card, load_model, save_as_keras, save_model, versions
from aid_desktop.models.metadata import CARD_NAME, ModelCard, read_card

pytestmark = pytest.mark.keras
LEGACY = Path(__file__).parent / "legacy_files"
Build = Callable[..., Any]
X = np.random.default_rng(3).random((8, 12, 12, 1), np.float32)
Y = np.eye(2, dtype=np.float32)[np.arange(8) % 2]


def test_that_a_saved_network_opens_here_and_in_plain_keras_with_equal_predictions(
    tiny_net: Build, card: ModelCard, tmp_path: Path
) -> None:
    import keras

    model, path = tiny_net(), tmp_path / "m.keras"
    model.train_step((X, Y))
    save_model(model, card, path)
    expected = model(X).numpy()
    plain = keras.models.load_model(path)
    assert np.array_equal(plain(X).numpy(), expected)
    loaded = load_model(path)
    assert np.array_equal(loaded.model(X).numpy(), expected)
    assert loaded.card == read_card(path) == card
    assert loaded.path == path
    assert zipfile.ZipFile(path).testzip() is None


def test_that_a_network_loaded_for_training_goes_on_as_if_never_saved(
    tiny_net: Build, card: ModelCard, tmp_path: Path
) -> None:
    model, path = tiny_net(), tmp_path / "m.keras"
    model.train_step((X, Y))
    save_model(model, card, path)
    loaded = load_model(path, for_training=True).model
    assert int(loaded.optimizer.iterations) == 1
    for each in (model, loaded):
        each.train_step((X, Y))
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        assert np.allclose(a, b, atol=1e-7)


def test_that_a_network_saved_with_dropout_off_can_get_it_after_loading(
    dropout_net: Build, card: ModelCard, tmp_path: Path
) -> None:
    model = dropout_net(0.4)
    set_dropout(model, (0.0,))
    save_model(model, card, tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras").model
    set_dropout(loaded, (0.5,))
    ones = np.ones((50, 100), np.float32)
    assert (np.asarray(dropout_layers(loaded)[0](ones, training=True)) == 0).mean() > 0.4


def test_that_a_failing_save_leaves_the_old_model_and_nothing_else(
    tiny_net: Build, card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, path = tiny_net(), tmp_path / "m.keras"
    save_model(model, card, path)
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        save_model(model, card, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", ["plain.keras", "plain.h5"])
def test_that_a_model_of_plain_keras_is_loaded_once_its_facts_are_said(
    tiny_net: Build, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    path, model = tmp_path / name, tiny_net()
    with caplog.at_level("ERROR"):
        model.save(path)
    with pytest.raises(MissingFactsError, match=rf"{re.escape(name)} has no model card") as caught:
        load_model(path)
    assert caught.value.shape.input_shape == (12, 12, 1)
    said = ModelFacts(("a", "b"), "none")
    loaded = load_model(path, said=said)
    assert np.array_equal(loaded.model(X).numpy(), model(X).numpy())
    assert loaded.card == find_card(path, said)
    assert loaded.card.class_names == ("a", "b")


@pytest.mark.parametrize("name", ["skip.model", "separable.model", "nested.model"])
def test_that_an_old_model_saved_anew_has_its_card_and_equal_predictions(tmp_path: Path, name: str) -> None:
    old, new = LEGACY / name, tmp_path / "new.keras"
    classes = ("a", "b", "c") if name.startswith("skip") else ("a", "b")
    said = ModelFacts(classes, "divide_by_255")
    save_as_keras(old, new, said)
    first, second = load_model(old, said=said), load_model(new)
    images = np.load(LEGACY / "expected.npz")["images"]
    assert np.array_equal(first.model(images).numpy(), second.model(images).numpy())
    assert second.card == first.card == read_card(new)
    save_as_keras(new, tmp_path / "again.keras")
    assert (tmp_path / "again.keras").read_bytes() == new.read_bytes()


def test_that_an_architecture_is_no_model_but_a_network(tmp_path: Path) -> None:
    path = LEGACY / "skip.arch"
    with pytest.raises(ModelError, match=r'skip\.arch holds an architecture without weights.*mode = "restart"'):
        load_model(path, said=ModelFacts(("a", "b", "c"), "none"))
    said = ModelFacts(("a", "b", "c"), "none")
    loaded = load_model(path, said=said, needs_weights=False)
    assert loaded.model.output_shape == (None, 3)
    assert loaded.card == find_card(path, said)
    with pytest.raises(ModelError, match="there is no model at"):
        load_model(tmp_path / "absent.arch")


def test_that_a_network_of_several_inputs_is_refused_in_words(tmp_path: Path) -> None:
    import keras

    image, number = keras.Input((4, 4, 1)), keras.Input((1,))
    both = keras.layers.Concatenate()([keras.layers.Flatten()(image), number])
    keras.Model([image, number], keras.layers.Dense(2)(both)).save(tmp_path / "two.keras")
    with pytest.raises(ModelError, match=r"two\.keras has 2 inputs and 1 outputs"):
        load_model(tmp_path / "two.keras", said=ModelFacts(("a", "b"), "none"))


def test_that_a_later_format_is_told(tmp_path: Path) -> None:
    path = tmp_path / "later.arch"
    path.write_text('{"class_name": "Sequential", "config": {}, "keras_version": "3.1.0"}', "utf-8")
    with pytest.raises(ModelError, match=r"later\.arch was written by Keras 3\.1\.0"):
        load_model(path, needs_weights=False)


@pytest.mark.parametrize("damage", ["config", "weights", "missing"])
def test_that_a_damaged_model_is_a_model_error(tiny_net: Build, card: ModelCard, tmp_path: Path, damage: str) -> None:
    path, damaged = tmp_path / "m.keras", tmp_path / "damaged.keras"
    save_model(tiny_net(), card, path)
    names = {"config": "config.json", "weights": "model.weights.h5", "missing": ""}
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(damaged, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            if name == names[damage]:
                content = content[: len(content) // 2]
            if damage != "missing" or name in (CARD_NAME, "metadata.json"):
                copy.writestr(name, content)
    with pytest.raises(ModelError, match=r"damaged\.keras cannot be loaded"):
        load_model(damaged)


@pytest.mark.parametrize("place", [0.3, 0.6])
def test_that_flipped_bytes_in_the_weights_are_a_model_error_before_they_are_read(
    tiny_net: Build, card: ModelCard, tmp_path: Path, place: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.keras"
    save_model(tiny_net(), card, path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("model.weights.h5")
        begin = info.header_offset + int(info.compress_size * place)
    content[begin : begin + 4] = bytes(255 - value for value in content[begin : begin + 4])
    path.write_bytes(content)
    monkeypatch.setattr("keras.models.load_model", lambda *_, **__: pytest.fail("Keras reads damaged weights"))
    with pytest.raises(ModelError, match=r"m\.keras cannot be loaded: model\.weights\.h5 in it is damaged"):
        load_model(path)


def test_that_the_versions_are_those_of_the_libraries() -> None:
    import keras

    assert dict(versions())["keras"] == keras.__version__
    assert set(dict(versions())) == {"aid_desktop", "keras", "tensorflow", "python"}

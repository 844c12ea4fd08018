"""Code in models of others is run only where the user has said so."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.cli.main import run
from aid_desktop.errors import ModelError
from aid_desktop.models.files import load_model, rewrite_card, save_model
from aid_desktop.models.metadata import CARD_NAME, ModelCard, read_card
from aid_desktop.models.trust import UntrustedCodeError, code_layers, may_run_code, trust_code

pytestmark = pytest.mark.keras


@pytest.fixture(autouse=True)
def _own_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aid_desktop.models.trust.user_config_dir", lambda: tmp_path / "config")


@pytest.fixture
def network() -> Any:
    """Return a network with a Lambda layer."""
    import keras

    layers = [keras.layers.Flatten(), keras.layers.Lambda(lambda x: x[:, :2] + 1, name="cut")]
    return keras.Sequential([keras.Input((12, 12, 1)), *layers])


@pytest.fixture
def foreign(network: Any, card: ModelCard, tmp_path: Path) -> Path:
    """Return such a network as somebody else has saved it, with a card."""
    path = tmp_path / "foreign.keras"
    network.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(CARD_NAME, json.dumps(card.to_json()))
    return path


def test_that_code_in_a_foreign_model_is_refused_with_an_explanation(foreign: Path) -> None:
    assert code_layers(foreign) == ("Lambda cut",)
    with pytest.raises(UntrustedCodeError, match=r"foreign\.keras holds code .*Lambda cut.* not run.* --trust FILE"):
        load_model(foreign)


def test_that_a_trusted_model_and_its_copies_are_run(foreign: Path, tmp_path: Path) -> None:
    trust_code(foreign)
    trust_code(foreign)
    copy = tmp_path / "copy.keras"
    copy.write_bytes(foreign.read_bytes())
    rewrite_card(copy, read_card(copy))
    found = load_model(copy).model(np.zeros((1, 12, 12, 1), np.float32))
    assert np.allclose(found, 1)
    assert len((tmp_path / "config" / "trusted_models.txt").read_text().split()) == 1


def test_that_a_changed_file_is_not_trusted_any_more(foreign: Path, tmp_path: Path) -> None:
    trust_code(foreign)
    changed = tmp_path / "changed.keras"
    with zipfile.ZipFile(foreign) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + (b" " if name == "config.json" else b""))
    with pytest.raises(UntrustedCodeError):
        may_run_code(changed)


def test_that_what_runs_here_already_is_trusted_once_it_is_saved(network: Any, card: ModelCard, tmp_path: Path) -> None:
    save_model(network, card, tmp_path / "own.keras")
    assert load_model(tmp_path / "own.keras").model.count_params() == 0


def test_that_code_in_an_hdf5_file_of_keras_3_is_refused(network: Any, tmp_path: Path) -> None:
    network.save(tmp_path / "m.h5")
    with pytest.raises(UntrustedCodeError, match="Lambda cut"):
        load_model(tmp_path / "m.h5")


def test_that_networks_without_code_are_loaded_in_safe_mode(
    tiny_net: Callable[..., Any], card: ModelCard, tmp_path: Path
) -> None:
    path = tmp_path / "plain.keras"
    save_model(tiny_net(), card, path)
    assert code_layers(path) == ()
    assert not may_run_code(path)
    assert not (tmp_path / "config").exists()


def test_that_a_name_that_hides_from_us_does_not_hide_from_keras(foreign: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden.keras"
    with zipfile.ZipFile(foreign) as old, zipfile.ZipFile(hidden, "w") as new:
        for name in old.namelist():
            new.writestr(
                name, old.read(name).replace(b"Lambda", b"L\\u0061mbda").replace(b"__lambda__", b"__l\\u0061mbda__")
            )
    with pytest.raises(ModelError):
        load_model(hidden)


def test_that_the_command_line_can_trust_a_model(foreign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["info", str(foreign)]) == 0
    with pytest.raises(UntrustedCodeError):
        may_run_code(foreign)
    assert run(["info", "--trust", str(foreign)]) == 0
    assert may_run_code(foreign)
    assert "class_names" in capsys.readouterr().out

"""Pretrained weights on the command line: nothing is downloaded unless the option is given."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from aid_desktop.cli import find_lr as find_lr_module
from aid_desktop.cli import train as train_module
from aid_desktop.cli.run_options import provide_weights
from aid_desktop.errors import AidError, ModelError
from aid_desktop.models.backbones import BACKBONES, Backbone
from aid_desktop.models.zoo import find_zoo
from aid_desktop.runs.config import ModelChoice
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.events import RunFinished
from aid_desktop.training.run import TrainingRun

CONTENT = b"weights" * 1000


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return Keras' folder of models; the weights of MobileNetV2 are offered as a local file."""
    (tmp_path / "w.h5").write_bytes(CONTENT)
    offered = Backbone((tmp_path / "w.h5").as_uri(), "w.h5", hashlib.md5(CONTENT).hexdigest(), 2_257_984)
    monkeypatch.setitem(BACKBONES, "MobileNetV2", offered)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "models"


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    path = tmp_path / "run.toml"
    path.write_text(
        '[model]\narchitecture = "mobilenet_v2"\n[[data]]\npath = "a.rtdc"\nclass = "a"\nrole = "training"\n',
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("command", [("train",), ("train", "--repeat", "2"), ("find-lr",)])
def test_that_missing_weights_are_told_before_anything_else(
    call: Any, run_file: Path, home: Path, command: tuple[str, ...]
) -> None:
    result = call(*command, run_file)
    assert (result.code, result.out) == (1, "")
    assert "mobilenet_v2 are not on this computer" in result.err
    assert "--download-weights; 9 MB from file:" in result.err
    assert not home.exists()
    assert not (run_file.parent / "series").exists()


def test_that_the_option_fetches_them_once(
    call: Any, run_file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(run: TrainingRun, publish: Any) -> None:
        publish(RunFinished(run.folder.path, "Done.", 0, None, None))

    monkeypatch.setattr(train_module, "train", train)
    monkeypatch.setattr(find_lr_module, "find_learning_rate", lambda *_: None)
    result = call("train", run_file, "--download-weights")
    assert result.code == 0, result.err
    assert "Downloading the ImageNet weights of mobilenet_v2 from file:" in result.err
    assert (home / "w.h5").read_bytes() == CONTENT
    assert call("find-lr", run_file).err == ""
    (home / "w.h5").write_bytes(b"damaged")
    assert "is damaged" in call("train", run_file).err
    assert "Downloading" in call("train", run_file, "--download-weights", "--out", run_file.parent / "b").err
    assert (home / "w.h5").read_bytes() == CONTENT


def test_that_a_file_or_random_weights_need_no_download(home: Path, tmp_path: Path) -> None:
    zoo = find_zoo()
    mine = [ModelChoice("mobilenet_v2", weights=tmp_path / "w.h5"), ModelChoice("mobilenet_v2", weights="none")]
    others = [ModelChoice("LeNet5_do"), ModelChoice(start_from=tmp_path / "m.keras")]
    provide_weights([(model, ImageSettings()) for model in (*mine, *others)], zoo, True)
    with pytest.raises(ModelError, match="there is no file"):
        provide_weights([(ModelChoice("mobilenet_v2", weights=tmp_path / "gone.h5"), ImageSettings())], zoo, True)
    assert not home.exists()


@pytest.mark.parametrize("image", [ImageSettings(width=20), ImageSettings(normalization="none")])
def test_that_nothing_is_downloaded_for_images_that_do_not_fit(home: Path, image: ImageSettings) -> None:
    with pytest.raises(AidError):
        provide_weights([(ModelChoice("mobilenet_v2"), image)], find_zoo(), True)
    assert not home.exists()

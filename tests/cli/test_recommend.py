"""`aid-desktop recommend`: a run.toml that trains as it is."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.runs.run_toml import read_run_toml

pytestmark = pytest.mark.keras


@pytest.fixture
def images(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    folder = tmp_path / "images"
    folder.mkdir()
    for name, level in (("dark", 10), ("bright", 200)):
        np.save(folder / f"{name}.npy", (level + rng.integers(0, 50, (20, 12, 12))).astype(np.uint8))
    return folder


def test_that_the_file_has_data_settings_and_reasons_and_can_be_trained(call: Any, images: Path) -> None:
    path = images.parent / "run.toml"
    result = call("recommend", images, "--preset", "quick", "--size", "12x12", "--out", path, "--device", "cpu")
    assert result.code == 0, result.err
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Preset quick\n# Architecture: ResNet_small. ")
    assert all(line.removeprefix("# ") in result.out for line in text.splitlines()[1:] if line.startswith("# "))
    config = read_run_toml(path)
    assert config.model.architecture == "ResNet_small"
    assert {row.class_name for row in config.data} == {"dark", "bright"}
    assert {row.role for row in config.data} == {Role.TRAINING}
    assert config.split is not None
    assert config.image.input_shape == (12, 12, 1)

    trained = call("train", path, "--epochs", "1", "--json")
    assert trained.code == 0, trained.err
    assert len(trained.document["history"]) == 1


def test_that_json_says_the_same_and_a_file_is_not_replaced_unasked(call: Any, images: Path) -> None:
    path = images.parent / "run.toml"
    result = call("recommend", images, "--size", "12x12", "--out", path, "--json")
    assert set(result.document) == {"preset", "architecture", "seconds", "reasons", "estimate"}
    estimate = result.document["estimate"]
    assert estimate["memory"] > estimate["images"] > 0
    assert estimate["epoch_seconds"] > 0
    assert estimate["warning"] == ""
    assert result.document["preset"] == "balanced"
    assert all(set(reason) == {"title", "choice", "text"} for reason in result.document["reasons"])
    again = call("recommend", images, "--out", path)
    assert again.code == 1
    assert "--overwrite" in again.err
    assert call("recommend", images, "--size", "12x12", "--out", path, "--overwrite").code == 0


def test_that_images_for_training_are_asked_for(call: Any, images: Path, tmp_path: Path) -> None:
    images.rename(tmp_path / "test")
    result = call("recommend", tmp_path / "test", "--out", tmp_path / "run.toml")
    assert result.code == 1
    assert "there are no training images" in result.err

"""Images of 16 bits and of any channels, from the file to the prediction."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.errors import DataError
from aid_desktop.evaluation.assess import predict_rows
from aid_desktop.models.files import load_model
from aid_desktop.runs.config import DataRow
from aid_desktop.runs.history import read_history
from aid_desktop.training.events import RunFailed
from aid_desktop.training.loop import train

pytestmark = pytest.mark.keras

CHANNELS = ("channel 3", "channel 1")


def write_stack(path: Path, label: int, n: int, kind: str = "uint16") -> Path:
    """Write four channels of 12 bits; only the third tells the class."""
    rng = np.random.default_rng(label + n)
    images = rng.integers(0, 1000, (n, 14, 14, 4))
    images[..., 2] += 2500 * label
    np.save(path, images.astype(kind))
    return path


@pytest.fixture
def deep_rows(tmp_path: Path) -> tuple[DataRow, ...]:
    return tuple(
        DataRow(write_stack(tmp_path / f"{role}_{name}.npy", label, n), name, role)
        for role, n in ((Role.TRAINING, 40), (Role.VALIDATION, 20))
        for label, name in enumerate(("dim", "bright"))
    )


def test_that_a_network_learns_from_chosen_channels_of_16_bits(
    make_run, make_config, deep_rows, tmp_path: Path
) -> None:
    augmentation = {"rotation": 10, "brightness_add": (-10, 10), "noise_std": 3}
    config = make_config(augmentation, {"channels": CHANNELS, "white_level": 4095}, epochs=20, optimizer="adam")
    run = make_run(config=replace(config, data=deep_rows))
    events: list = []
    train(run, events.append)
    assert not [event for event in events if isinstance(event, RunFailed)]
    assert read_history(run.folder.history_csv).records[-1].value("val_accuracy") == 1
    loaded = load_model(run.folder.last_model)
    assert (loaded.card.pixel_type, loaded.card.image.channels) == ("uint16", CHANNELS)
    assert loaded.card.normalization.white == 4095

    source = open_source(write_stack(tmp_path / "new.npy", 1, 9)).source
    rows = ClassTable().add_sources([(source, "bright", Role.TEST)]).rows
    assert predict_rows(loaded, rows).predicted().tolist() == [1] * 9

    shallow = open_source(write_stack(tmp_path / "shallow.npy", 0, 9, "uint8")).source
    rows = ClassTable().add_sources([(shallow, "dim", Role.TEST)]).rows
    with pytest.raises(DataError, match=r"shallow\.npy has images of 8 bits, expected 16 bits"):
        predict_rows(loaded, rows)
    np.save(tmp_path / "gray.npy", np.zeros((3, 14, 14), np.uint16))
    gray = open_source(tmp_path / "gray.npy").source
    rows = ClassTable().add_sources([(gray, "dim", Role.TEST)]).rows
    with pytest.raises(DataError, match=r"gray\.npy has no channel 'channel 3', only gray"):
        predict_rows(loaded, rows)


def test_that_a_run_of_mixed_depths_is_refused_before_it_starts(
    make_run, make_config, deep_rows, tmp_path: Path
) -> None:
    shallow = replace(deep_rows[1], path=write_stack(tmp_path / "shallow.npy", 1, 40, "uint8"))
    config = make_config(None, {"channels": CHANNELS})
    run = make_run(config=replace(config, data=(deep_rows[0], shallow, *deep_rows[2:])))
    events: list = []
    train(run, events.append)
    [failed] = [event for event in events if isinstance(event, RunFailed)]
    assert "has images of 8 bits, expected 16 bits" in failed.message

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.cache import CropCache
from aid_desktop.runs.config import RunConfig, open_readers
from aid_desktop.runs.history import read_history
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training import loading
from aid_desktop.training.datasets import load_training_data
from aid_desktop.training.loading import DiskLoader, MemoryLoader, bytes_needed, loader_for
from aid_desktop.training.loop import train
from aid_desktop.training.split import split_rows

# Less than any run needs.
TINY = 1e-9


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(loading, "crop_cache_dir", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def with_memory(config: RunConfig, gigabytes: float) -> RunConfig:
    return replace(config, device=DeviceSettings(data_memory=gigabytes))


@pytest.mark.parametrize("split", [None, SplitSettings(0.3)])
@pytest.mark.parametrize("normalization", ["divide_by_255", "standardize_training_set"])
def test_that_data_on_disk_are_those_in_memory(make_config: Callable[..., RunConfig], folder, split, normalization):
    config = make_config({"rotation": 10})
    image = replace(config.image, normalization=normalization)
    config = replace(config, image=image, split=split)
    told: list[str] = []
    in_memory = load_training_data(config, told.append, lambda: False)
    on_disk = load_training_data(with_memory(config, TINY), told.append, lambda: False)
    assert any("on disk (100 %)" in text for text in told)
    assert CropCache(folder).usage().n_files > 0
    assert on_disk.normalization == in_memory.normalization
    for one, other in zip(in_memory.rows, on_disk.rows, strict=True):
        assert (one.label, one.draw) == (other.label, other.draw)
        np.testing.assert_array_equal(one.images[:], other.images[:])
    np.testing.assert_array_equal(in_memory.validation_images[:], on_disk.validation_images[:])
    np.testing.assert_array_equal(in_memory.validation_labels, on_disk.validation_labels)


def test_that_another_split_finds_the_files_of_the_first(make_config: Callable[..., RunConfig], folder, monkeypatch):
    config = with_memory(make_config(), TINY)
    load_training_data(replace(config, split=SplitSettings(0.2)), lambda _: None, lambda: False)
    n_files = CropCache(folder).usage().n_files
    load_training_data(replace(config, split=SplitSettings(0.4), seed=9), lambda _: None, lambda: False)
    assert CropCache(folder).usage().n_files == n_files


def test_that_memory_is_used_while_it_lasts(make_config: Callable[..., RunConfig], folder):
    config = make_config()
    data = load_training_data(config, lambda _: None, lambda: False)
    table, readers = open_readers(config.data)
    split = split_rows(table, readers, None, config.seed)
    needed = bytes_needed(config.image, table, split)
    stored = sum(row.images[:].nbytes for row in data.rows) + data.validation_images[:].nbytes
    assert needed == stored
    say, go_on = (lambda _: None), (lambda: False)
    assert isinstance(loader_for(with_memory(config, needed / 1e9), table, split, say, go_on), MemoryLoader)
    assert isinstance(loader_for(with_memory(config, (needed - 1) / 1e9), table, split, say, go_on), DiskLoader)


@pytest.mark.keras
def test_that_a_run_from_disk_has_the_history_of_one_in_memory(make_run, make_config: Callable[..., RunConfig], folder):
    histories = []
    for name, gigabytes in (("memory", 0), ("disk", TINY)):
        config = make_config({"rotation": 10, "horizontal_flip": True}, epochs=2)
        run = make_run(name, config=with_memory(config, gigabytes))
        train(run, lambda _: None)
        records = read_history(run.folder.history_csv).records
        histories.append([(record.epoch, record.metrics) for record in records])
    assert histories[0] == histories[1]
    assert len(histories[0]) == 2

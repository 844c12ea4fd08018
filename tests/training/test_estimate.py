"""Memory and time before a run: the arithmetic, and small real runs beside it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.errors import TrainingError
from aid_desktop.models.cost import Cost
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig, open_table
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training.estimate import MEMORY_FACTOR, Here, estimate_run

GB = 10**9
HERE = Here(cores=4, free_memory=8 * GB)
COST = Cost(1_000_000, 20_000_000, 200_000)


def make_config(folder: Path, n: int = 100, batch_size: int = 32, **device: object) -> RunConfig:
    """Return a run on `n` gray images of 20 × 20 pixels, a tenth of them held out."""
    for name in "ab":
        np.save(folder / f"{name}.npy", np.zeros((n // 2, 20, 20), np.uint8))
    return RunConfig(
        data=tuple(DataRow(folder / f"{name}.npy", name, Role.TRAINING) for name in "ab"),
        image=ImageSettings(width=20, height=20),
        model=ModelChoice(architecture="Own"),
        training=TrainingSettings(hyperparameters=HyperParameters(epochs=10, batch_size=batch_size)),
        split=SplitSettings(validation_fraction=0.1),
        device=DeviceSettings(**device),
        seed=1,
    )


def test_that_images_count_with_the_margin_of_those_to_train_on(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    estimate = estimate_run(open_table(config.data), config, COST, HERE)
    side = 30  # 20 · √2, and no less than rotation needs
    assert 90 * 28 * 28 + 10 * 400 <= estimate.images <= 90 * side * side + 10 * 400
    assert not estimate.on_disk
    assert estimate.network is not None
    assert estimate.memory == estimate.network + estimate.images
    assert estimate.warning == ""


def test_that_images_above_the_limit_are_on_disk_and_in_no_memory(tmp_path: Path) -> None:
    config = make_config(tmp_path, n=2000, data_memory=0.001)
    estimate = estimate_run(open_table(config.data), config, COST, HERE)
    assert estimate.on_disk
    assert estimate.memory == estimate.network
    assert "of images on disk" in estimate.text


def test_that_a_batch_that_does_not_fit_is_told_with_one_that_does(tmp_path: Path) -> None:
    config = make_config(tmp_path, n=4000, batch_size=1000)
    table = open_table(config.data)
    estimate = estimate_run(table, config, COST, replace(HERE, free_memory=GB // 2))
    assert estimate.fitting_batch in (128, 256)
    assert estimate.warning.startswith("A run needs about 1.")
    assert estimate.warning.endswith(f"batches of {estimate.fitting_batch} fit.")
    smaller = replace(config, training=config.training.with_hyperparameters(batch_size=estimate.fitting_batch))
    assert estimate_run(table, smaller, COST, replace(HERE, free_memory=GB // 2)).warning == ""
    nothing = estimate_run(table, config, COST, replace(HERE, free_memory=10**6))
    assert nothing.fitting_batch == 0
    assert nothing.warning.endswith("choose smaller images or batches.")


def test_that_a_gpu_counts_with_its_share_and_without_the_images(tmp_path: Path) -> None:
    config = make_config(tmp_path, n=4000, batch_size=1000, memory_fraction=0.5)
    here = Here(4, 8 * GB, n_gpus=1, gpu_memory=2 * GB)
    estimate = estimate_run(open_table(config.data), config, COST, here)
    assert (estimate.on_gpu, estimate.room, estimate.memory) == (True, GB, estimate.network)
    assert "1.0 GB of the GPU can be had" in estimate.warning
    unknown = estimate_run(open_table(config.data), config, COST, replace(here, gpu_memory=0))
    assert unknown.warning == ""


def test_that_a_measured_time_goes_before_a_guess(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    table = open_table(config.data)
    guess = estimate_run(table, config, COST, HERE)
    assert guess.epoch_seconds == pytest.approx(1 + 90 * (1e-4 + 200_000 * 15e-9 + 20_000_000 / 10e9) / 4)
    assert "roughly 1 s an epoch, 11 s in all" in guess.text
    measured = estimate_run(table, config, COST, HERE, 0.3)
    assert measured.epoch_seconds == pytest.approx(30)
    assert "about 30 s an epoch, 5 min in all" in measured.text


def test_that_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    estimate = estimate_run(open_table(config.data), config, Cost(1, None, None), HERE)
    assert (estimate.memory, estimate.epoch_seconds, estimate.text, estimate.warning) == (None, None, "", "")


def test_that_a_run_without_training_images_has_no_estimate(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    with pytest.raises(TrainingError, match="no training images"):
        estimate_run(open_table([]), config, COST, HERE)


REAL_RUN = """
import json, sys
from pathlib import Path
import psutil
from aid_desktop.models.devices import warm_up
from aid_desktop.models.zoo import find_zoo, load_zoo
from aid_desktop.runs.config import open_table
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.runs.folder import RunFolder
from aid_desktop.training.estimate import estimate_run, this_computer
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

warm_up()
folder = Path(sys.argv[1])
config = read_run_toml(folder / "run.toml")
cost = load_zoo(find_zoo()).cost(config.model.architecture, config.image.input_shape, 2)
estimate = estimate_run(open_table(config.data), config, cost, this_computer(0))
before = psutil.Process().memory_info().rss
events = []
train(TrainingRun(config, RunFolder(folder / "run"), find_zoo()), events.append)
# Not getrusage, which counts what the process that started this one had before.
(line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
after = int(line.split()[1]) * 1024
print(json.dumps([estimate.memory, after - before, type(events[-1]).__name__]))
"""


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the largest memory of a process is told by /proc")
@pytest.mark.parametrize(
    ("architecture", "side", "n", "batch_size"),
    [("LeNet5_do", 32, 4000, 1024), ("LeNet5_do", 64, 12000, 128), ("VGG_small_1", 48, 300, 128)],
)
def test_that_a_real_run_takes_the_memory_that_was_estimated(
    architecture: str, side: int, n: int, batch_size: int, tmp_path: Path
) -> None:
    from aid_desktop.runs.run_toml import write_run_toml

    rng = np.random.default_rng(0)
    config = make_config(tmp_path, batch_size=batch_size)
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", rng.integers(0, 256, (n // 2, side, side), np.uint8))
    config = replace(
        config,
        image=ImageSettings(width=side, height=side),
        model=ModelChoice(architecture=architecture),
        training=config.training.with_hyperparameters(epochs=1),
    )
    write_run_toml(config, tmp_path / "run.toml")
    done = subprocess.run(
        [sys.executable, "-c", REAL_RUN, str(tmp_path)], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    estimated, taken, last = json.loads(done.stdout.splitlines()[-1])
    assert last == "RunFinished"
    assert estimated / MEMORY_FACTOR < taken < estimated * MEMORY_FACTOR

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
from aid_desktop.training.estimate import (
    MEMORY_FACTOR,
    TIME_FACTOR,
    Here,
    cores_of,
    estimate_run,
    guess_epoch,
)

GB = 10**9
HERE = Here(cores=4, free_memory=8 * GB)
COST = Cost(1_000_000, 20_000_000, 200_000)

# Networks of model_zoo.py, batch size, cost, and the microseconds that two cores of an AMD EPYC with AVX512 together
# spent on training on an image; both were busy for 85 % of the time where nothing else was.
MEASURED = (
    ("MLP_4_4_4", 32, Cost(4_165, 4_148, 1_058, 11), 25.4),
    ("MLP_8_8_8", 32, Cost(8_389, 8_360, 1_082, 11), 26.9),
    ("MLP_16_8_16", 32, Cost(16_765, 16_720, 1_114, 11), 27.9),
    ("MLP_24_16_24", 32, Cost(25_533, 25_464, 1_162, 11), 30.0),
    ("MLP_24_16_24_skipcon", 32, Cost(25_533, 25_464, 1_186, 12), 30.4),
    ("MLP_64_32_16", 32, Cost(68_293, 68_176, 1_258, 11), 37.5),
    ("MLP_256_128_64_do", 32, Cost(303_877, 303_424, 2_378, 14), 117.8),
    ("TinyCNN", 32, Cost(2_391, 40_221, 7_395, 15), 111.3),
    ("TinyResNet", 32, Cost(21_773, 21_454_968, 467_002, 25), 3_033.6),
    ("LeNet5", 32, Cost(61_281, 416_100, 15_002, 15), 166.4),
    ("LeNet5_do", 32, Cost(61_281, 416_100, 16_806, 18), 165.2),
    ("LeNet5_bn_do", 32, Cost(62_185, 416_100, 23_314, 22), 297.6),
    ("MhNet1_bn_do_skipcon", 32, Cost(84_957, 1_104_132, 69_946, 38), 596.8),
    ("LeNet5_bn_do_skipcon", 32, Cost(137_209, 930_052, 51_770, 26), 455.6),
    ("Nitta_et_al_8layer", 32, Cost(147_813, 19_437_312, 207_178, 26), 1_668.7),
    ("ResNet_small", 32, Cost(172_757, 8_405_632, 121_098, 25), 942.9),
    ("CompactMobileNet", 32, Cost(179_733, 13_761_792, 955_914, 63), 5_555.0),
    ("VGG_small_4", 32, Cost(362_341, 17_171_072, 277_898, 27), 1_970.4),
    ("Nitta_et_al_6layer", 32, Cost(476_133, 14_236_032, 157_130, 20), 1_467.3),
    ("Nitta_et_al_6layer_linact", 32, Cost(476_133, 14_236_032, 157_135, 21), 1_301.8),
    ("Nitta_et_al_6layer_reluact", 32, Cost(476_133, 14_236_032, 157_135, 21), 1_341.0),
    ("VGG_small_1", 32, Cost(484_069, 14_236_032, 195_402, 23), 1_490.8),
    ("VGG_small_2", 32, Cost(484_201, 14_301_568, 291_146, 28), 2_010.5),
    ("VGG_small_3", 32, Cost(509_797, 14_333_696, 253_834, 27), 1_804.2),
    ("CompactConvNeXt", 32, Cost(635_405, 23_097_120, 474_090, 49), 5_714.6),
    ("ResNet_compact", 32, Cost(764_901, 29_049_632, 277_834, 39), 3_499.4),
    ("CNN_6Conv4Dense_skipcon", 32, Cost(855_269, 38_609_216, 433_674, 41), 3_876.3),
    ("CNN_4Conv2Dense_Optim", 32, Cost(1_698_891, 25_613_656, 170_182, 30), 3_387.4),
    ("MhNet2_bn_do_skipcon", 32, Cost(3_228_521, 33_899_136, 488_490, 45), 3_412.7),
    ("mobilenet_v3_small", 32, Cost(942_005, 1_572_608, 132_794, 163), 1_994.7),
    ("mobilenet_v2", 32, Cost(2_264_389, 6_118_528, 459_706, 161), 4_950.4),
    ("mobilenet_v3_large", 32, Cost(3_001_157, 5_850_240, 358_874, 193), 4_487.1),
    ("nasnetmobile", 32, Cost(4_275_001, 11_454_400, 627_219, 776), 11_740.7),
    ("efficientnet_v2_b0", 32, Cost(5_925_717, 15_645_472, 368_026, 275), 6_888.8),
    ("densenet", 32, Cost(7_042_629, 57_824_256, 1_028_854, 434), 12_458.6),
    ("vgg16", 32, Cost(14_717_253, 313_199_104, 321_034, 27), 20_845.5),
    ("vgg16", 32, Cost(14_717_253, 1_252_788_736, 1_268_746, 26), 82_721.9),
    ("LeNet5_do", 32, Cost(338_061, 3_577_380, 87_078, 18), 763.4),
    ("VGG_small_2", 32, Cost(2_881_073, 79_426_176, 1_354_058, 28), 9_894.4),
    ("resnet50", 32, Cost(23_597_957, 314_779_648, 3_066_486, 182), 44_128.1),
    ("MLP_64_32_16", 128, Cost(68_293, 68_176, 1_258, 11), 13.5),
    ("LeNet5_do", 128, Cost(61_281, 416_100, 16_806, 18), 103.4),
)
BUSY_CORES = 1.7


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
    assert guess.epoch_seconds == guess_epoch(COST, 32, 4, 90, 10)
    assert "roughly 0.2 s an epoch, 2 s in all" in guess.text
    slow = estimate_run(table, config, COST, HERE, pace=100.0)
    assert slow.epoch_seconds == pytest.approx(100 * (guess.epoch_seconds or 0))
    measured = estimate_run(table, config, COST, HERE, 0.3)
    assert measured.epoch_seconds == pytest.approx(30)
    assert "about 30 s an epoch, 5 min in all" in measured.text


@pytest.mark.parametrize(("name", "batch_size", "cost", "core_microseconds"), MEASURED)
def test_that_a_guess_is_near_what_was_measured(
    name: str, batch_size: int, cost: Cost, core_microseconds: float
) -> None:
    many = 10**6
    guess = guess_epoch(cost, batch_size, 2, many, 0)
    assert guess is not None
    ratio = guess / (core_microseconds / BUSY_CORES / 1e6 * many)
    assert 1 / TIME_FACTOR < ratio < TIME_FACTOR


def test_that_cores_and_validation_count() -> None:
    assert cores_of(DeviceSettings(strategy="cpu", threads=3), 1, 8) == 3
    assert cores_of(DeviceSettings(strategy="cpu"), 1, 8) == 8
    assert cores_of(DeviceSettings(), 1, 8) > 8
    one, two, validated = (guess_epoch(COST, 32, *rest) for rest in ((1, 900, 0), (2, 900, 0), (1, 900, 900)))
    assert one is not None
    assert two is not None
    assert validated is not None
    assert two < one < validated < 1.5 * one
    assert guess_epoch(None, 32, 1, 900, 0) is None


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

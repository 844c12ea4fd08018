"""Two processes of the command line that train one network together."""

import csv
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.models.files import load_model
from aid_desktop.runs.folder import RunFolder

pytestmark = [pytest.mark.keras, pytest.mark.slow]

PATIENCE = 60
PROGRAM = ["-m", "aid_desktop"]
RUN_TOML = """
seed = 11
[image]
width = 6
height = 6
[model]
architecture = "{architecture}"
[training]
epochs = 2
batch_size = {batch_size}
optimizer = "sgd"
class_weights = "balanced"
[device]
strategy = "cpu"
"""
# As if one computer were so slow that its every step takes long, and it saved at each end of an epoch.
UNEVEN = """
import sys
from aid_desktop.__main__ import main
from aid_desktop.training import fit, loop
is_slow = sys.argv[1] == "0"
fit._SECONDS_PER_CALL = 0.0 if is_slow else 100.0
loop._PROGRESS_INTERVAL = loop._LAST_MODEL_INTERVAL = 0.0 if is_slow else 1000.0
del sys.argv[1]
sys.exit(main())
"""
ZOO = """
import keras
from keras import layers

from aid_desktop.models.registry import architecture


@architecture("Noisy", min_size=4)
def noisy(input_shape, n_classes):
    image = keras.Input(input_shape)
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(image))
    x = layers.Dropout(0.5)(layers.Dropout(0.2)(layers.Flatten()(x)))
    return keras.Model(image, layers.Dense(n_classes, "softmax")(x))
"""


@pytest.fixture
def make_run_toml(tmp_path: Path) -> Callable[[str, int], Path]:
    """Return a function that writes the run of an architecture with a batch size; its image files are the same."""
    rng = np.random.default_rng(1)
    rows = ""
    for role, n in (("training", 20), ("validation", 7)):
        for name, level in (("dark", 10), ("bright", 120)):
            path = tmp_path / f"{role}_{name}.rtdc"
            write_rtdc(path, (level + rng.integers(0, 100, (n, 6, 6))).astype(np.uint8))
            rows += f'[[data]]\npath = "{path.name}"\nclass = "{name}"\nrole = "{role}"\n'

    def make(architecture: str, batch_size: int) -> Path:
        path = tmp_path / "run.toml"
        path.write_text(RUN_TOML.format(architecture=architecture, batch_size=batch_size) + rows, encoding="utf-8")
        return path

    return make


def free_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def start(program: list[str], run_toml: Path, out: Path, *options: str, cluster: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, *program, "train", str(run_toml), "--out", str(out), *options]
    return subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | ({"TF_CONFIG": cluster} if cluster else {}),
    )  # fmt: skip


def start_two(programs: list[list[str]], run_toml: Path, out: Path, *options: str) -> list[subprocess.Popen[str]]:
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    workers = []
    for index, program in enumerate(programs):
        cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        workers.append(start(program, run_toml, out, "--device", "multi_worker", *options, cluster=json.dumps(cluster)))
    return workers


def finish(processes: list[subprocess.Popen[str]]) -> None:
    try:
        for process in processes:
            out, err = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, out + err
    finally:
        for process in processes:
            process.kill()


def numbers(folder: Path) -> list[dict[str, float]]:
    with RunFolder(folder).history_csv.open(encoding="utf-8", newline="") as file:
        return [
            {name: float(row[name]) for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
            for row in csv.DictReader(file)
        ]


def test_that_two_workers_train_the_network_of_one_process(
    make_run_toml: Callable[[str, int], Path], tmp_path: Path
) -> None:
    run_toml = make_run_toml("MLP_8_8_8", 9)
    alone = start(PROGRAM, run_toml, tmp_path / "alone")
    finish([alone, *start_two([PROGRAM, PROGRAM], run_toml, tmp_path / "together")])
    expected, got = numbers(tmp_path / "alone"), numbers(tmp_path / "together")
    assert len(got) == len(expected) == 2
    for one, other in zip(got, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-4)
    models = [load_model(RunFolder(tmp_path / name).last_model).model for name in ("alone", "together")]
    for weight, same in zip(*(model.get_weights() for model in models), strict=True):
        assert np.allclose(weight, same, atol=1e-5)


def test_that_workers_of_different_speed_do_not_wait_for_ever(
    make_run_toml: Callable[[str, int], Path], tmp_path: Path
) -> None:
    zoo = tmp_path / "model_zoo.py"
    zoo.write_text(ZOO, encoding="utf-8")
    programs = [["-c", UNEVEN, str(index)] for index in range(2)]
    run_toml = make_run_toml("Noisy", 3)
    finish(start_two(programs, run_toml, tmp_path / "together", "--model-zoo", str(zoo)))
    assert len(numbers(tmp_path / "together")) == 2

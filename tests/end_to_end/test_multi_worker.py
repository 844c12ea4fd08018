"""Two processes of the command line that train one network together."""

import csv
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.models.files import load_model
from aid_desktop.runs.folder import RunFolder

pytestmark = [pytest.mark.keras, pytest.mark.slow]

PATIENCE = 100
RUN_TOML = """
seed = 11
[image]
width = 6
height = 6
[model]
architecture = "MLP_8_8_8"
[training]
epochs = 2
batch_size = 9
optimizer = "sgd"
class_weights = "balanced"
[device]
strategy = "cpu"
"""


@pytest.fixture
def run_toml(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    text = RUN_TOML
    for role, n in (("training", 20), ("validation", 7)):
        for name, level in (("dark", 10), ("bright", 120)):
            path = tmp_path / f"{role}_{name}.rtdc"
            write_rtdc(path, (level + rng.integers(0, 100, (n, 6, 6))).astype(np.uint8))
            text += f'[[data]]\npath = "{path.name}"\nclass = "{name}"\nrole = "{role}"\n'
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def free_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def start(run_toml: Path, out: Path, environment: dict[str, str], *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "aid_desktop", "train", str(run_toml), "--out", str(out), *options]
    return subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | environment,
    )  # fmt: skip


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


def test_that_two_workers_train_the_network_of_one_process(run_toml: Path, tmp_path: Path) -> None:
    alone = start(run_toml, tmp_path / "alone", {})
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    workers = []
    for index in range(2):
        cluster = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        environment = {"TF_CONFIG": json.dumps(cluster)}
        workers.append(start(run_toml, tmp_path / "together", environment, "--device", "multi_worker"))
    finish([alone, *workers])
    expected, got = numbers(tmp_path / "alone"), numbers(tmp_path / "together")
    assert len(got) == len(expected) == 2
    for one, other in zip(got, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-4)
    models = [load_model(RunFolder(tmp_path / name).last_model).model for name in ("alone", "together")]
    for weight, same in zip(*(model.get_weights() for model in models), strict=True):
        assert np.allclose(weight, same, atol=1e-5)

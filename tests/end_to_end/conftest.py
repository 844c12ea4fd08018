"""Fresh processes of the command line, and data for them."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.rtdc_writing import write_rtdc

ROOT = Path(__file__).parents[2]
PATIENCE = 200
RUN_TOML = """
seed = 11
[image]
width = 16
height = 16
[model]
architecture = "LeNet5_do"
[split]
validation_fraction = 0.25
[training]
epochs = 3
batch_size = 16
class_weights = "balanced"
[augmentation]
horizontal_flip = true
rotation = 30
noise_std = 10
gaussian_blur = [0, 3]
mixup = 0.2
[device]
strategy = "cpu"
"""


@pytest.fixture
def run_toml(tmp_path: Path) -> Path:
    """Return a run.toml with dropout, augmentation and a split: all that is drawn at random."""
    rng = np.random.default_rng(1)
    text = RUN_TOML
    for name, level in (("dark", 10), ("bright", 120)):
        write_rtdc(tmp_path / f"{name}.rtdc", (level + rng.integers(0, 100, (48, 16, 16))).astype(np.uint8))
        text += f'[[data]]\npath = "{name}.rtdc"\nclass = "{name}"\nrole = "training"\n'
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    """Return a function that starts `python -m aid_desktop` with arguments, the file names of which are safe."""

    def start_process(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "aid_desktop", *map(str, arguments)]
        return subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        )

    return start_process


@pytest.fixture(scope="session")
def finish_program() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs `python -m aid_desktop`, or Python with other `options`, to its end."""

    def run(
        *arguments: object,
        options: tuple[str, ...] = ("-m", "aid_desktop"),
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *options, *map(str, arguments)]
        return subprocess.run(
            command, cwd=ROOT, env=os.environ | (environment or {}), capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip

    return run

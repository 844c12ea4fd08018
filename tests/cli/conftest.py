"""The command line called in this process, and one run trained by it."""

import io
import json
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

RUN_TOML = """
[image]
width = 12
height = 12
[model]
architecture = "MLP_8_8_8"
[training]
epochs = 2
batch_size = 16
learning_rate = 0.01
[device]
strategy = "cpu"
"""


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document that is all of stdout."""
        return json.loads(self.out)


Call = Callable[..., Result]


@contextmanager
def tidy() -> Iterator[None]:
    """Close the log files that a command opened, and give Ctrl-C back."""
    logger = logging.getLogger("aid_desktop")
    before, level, handler = list(logger.handlers), logger.level, signal.getsignal(signal.SIGINT)
    propagate = logger.propagate
    yield
    logger.propagate = propagate
    for new in [new for new in logger.handlers if new not in before]:
        logger.removeHandler(new)
        new.close()
    logger.setLevel(level)
    signal.signal(signal.SIGINT, handler)


@pytest.fixture(scope="session")
def call() -> Call:
    """Return a function that runs `aid-desktop` with these arguments."""

    def run_command(*arguments: object) -> Result:
        from aid_desktop.cli.main import run

        out, err = io.StringIO(), io.StringIO()
        with tidy(), redirect_stdout(out), redirect_stderr(err):
            try:
                code = run([str(argument) for argument in arguments])
            except SystemExit as end:
                code = int(end.code or 0)
        return Result(code, out.getvalue(), err.getvalue())

    return run_command


@pytest.fixture(scope="session")
def run_toml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run.toml with dark and bright images for training, validation and test."""
    from aid_desktop.data.rtdc_writing import write_rtdc

    folder = tmp_path_factory.mktemp("cli")
    rng = np.random.default_rng(1)
    text = RUN_TOML
    for role, n in (("training", 24), ("validation", 8), ("test", 6)):
        for name, level in (("dark", 10), ("bright", 200)):
            levels = level + rng.integers(0, 50, (n, 12, 12))
            write_rtdc(folder / f"{role}_{name}.rtdc", levels.astype(np.uint8))
            text += f'[[data]]\npath = "{role}_{name}.rtdc"\nclass = "{name}"\nrole = "{role}"\n'
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def trained(call: Call, run_toml: Path) -> Result:
    """Return the result of `train --json`; the run lies in `run` beside run.toml."""
    return call("train", run_toml, "--json")


@pytest.fixture(scope="session")
def run_folder(trained: Result, run_toml: Path) -> Path:
    """Return the folder of a finished run."""
    assert trained.code == 0, trained.err
    return run_toml.parent / "run"

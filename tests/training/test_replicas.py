"""Several devices give the numbers of one. Here the devices are two parts of the CPU."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.run_toml import write_run_toml
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

pytestmark = [pytest.mark.keras, pytest.mark.slow]

SCRIPT = Path(__file__).with_name("replica_runs.py")
MARK = "--- result ---"
PARTS, WHOLE = "mirrored:cpu:0,cpu:1", "cpu"


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory, rows: tuple[DataRow, ...], zoo_text: str) -> dict[str, Any]:
    """Return what replica_runs.py found, in one process of its own for all tests."""
    folder = tmp_path_factory.mktemp("replicas")
    (folder / "model_zoo.py").write_text(zoo_text, encoding="utf-8")
    hyperparameters = HyperParameters(epochs=2, batch_size=13, learning_rate=0.01, optimizer="sgd")
    config = RunConfig(
        ImageSettings(12, 12), ModelChoice("Tiny"), TrainingSettings(hyperparameters=hyperparameters), data=rows
    )
    write_run_toml(config, folder / "run.toml")
    arguments = [sys.executable, SCRIPT, folder / "run.toml", folder / "model_zoo.py"]
    done = subprocess.run(arguments, capture_output=True, text=True, encoding="utf-8", timeout=110, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    result: dict[str, Any] = json.loads(done.stdout.partition(MARK)[2])
    return result


def close(one: Any, other: Any, tolerance: float = 1e-5) -> bool:
    return all(np.allclose(a, b, atol=tolerance) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("case", ["uneven", "norm", "features"])
def test_that_weights_and_optimizer_are_those_of_one_device_with_the_same_batches(
    numbers: dict[str, Any], case: str
) -> None:
    parts, whole = numbers[PARTS][case], numbers[WHOLE][case]
    assert (parts["kind"], whole["kind"]) == ("ReplicaFitter", "BlockFitter")
    assert close(parts["variables"], whole["variables"])


@pytest.mark.parametrize("case", ["uneven", "norm", "features"])
def test_that_metrics_are_those_of_one_device(numbers: dict[str, Any], case: str) -> None:
    parts, whole = numbers[PARTS][case], numbers[WHOLE][case]
    assert set(parts["fitted"]) == {"loss", "accuracy", "f1", "precision", "recall"}
    assert parts["fitted"] == pytest.approx(whole["fitted"], rel=1e-4)
    assert parts["validated"] == pytest.approx(whole["validated"], rel=1e-4)


@pytest.mark.parametrize("case", ["uneven", "norm", "features"])
def test_that_all_replicas_end_with_the_same_weights(numbers: dict[str, Any], case: str) -> None:
    assert numbers[PARTS][case]["copies"] < 1e-7
    assert close(numbers[PARTS][case]["outputs"], numbers[WHOLE][case]["outputs"])


def test_that_dropout_is_another_one_on_each_replica(numbers: dict[str, Any]) -> None:
    assert numbers[WHOLE]["seeds"] == [[7, 0]]
    assert numbers[PARTS]["seeds"][0] == [7, 0]
    assert numbers[PARTS]["seeds"][1] != [7, 0]


@pytest.mark.parametrize("strategy", [PARTS, WHOLE])
def test_that_units_which_do_not_learn_stay_on_all_replicas(numbers: dict[str, Any], strategy: str) -> None:
    before = np.array(numbers[strategy]["held"]["before"])
    for after in map(np.array, numbers[strategy]["held"]["after"]):
        np.testing.assert_array_equal(after[..., 0], before[..., 0])
        assert np.all(after[..., 1:] != before[..., 1:])


def test_that_a_run_with_a_change_on_the_way_is_that_of_one_device(numbers: dict[str, Any]) -> None:
    # The second epoch computes in bfloat16.
    assert close(numbers[PARTS]["run"], numbers[WHOLE]["run"], 0.01)
    firsts = [[column[0] for column in numbers[strategy]["run"][:4]] for strategy in (PARTS, WHOLE)]
    assert np.allclose(*firsts, atol=1e-5)


def test_that_a_resumed_run_is_that_of_one_go(numbers: dict[str, Any]) -> None:
    assert numbers["halves"] == numbers["whole"]

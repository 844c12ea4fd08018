import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import TrainingError
from aid_desktop.models.devices import device_scope, list_devices, make_repeatable, warm_up

pytestmark = pytest.mark.keras


class Gpus:
    """Stands in for tf.config on a machine with two GPUs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, memory: int | None = None, used: bool = False) -> None:
        import tensorflow as tf

        self.limits: dict[str, Any] = {}
        self.growing: list[str] = []
        self._used = used
        self.devices = [SimpleNamespace(name=f"/physical_device:GPU:{n}") for n in range(2)]
        details = {"device_name": "Fast"} | ({"memory_size": memory} if memory else {})
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: self.devices if kind == "GPU" else [])
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details)
        monkeypatch.setattr(tf.config, "get_logical_device_configuration", lambda gpu: self.limits.get(gpu.name))
        monkeypatch.setattr(tf.config, "set_logical_device_configuration", self._limit)
        monkeypatch.setattr(tf.config.experimental, "set_memory_growth", self._grow)

    def _limit(self, gpu: Any, limits: list[Any]) -> None:
        self._refuse_late()
        self.limits[gpu.name] = limits

    def _grow(self, gpu: Any, enable: bool) -> None:
        self._refuse_late()
        assert enable
        self.growing.append(gpu.name)

    def _refuse_late(self) -> None:
        if self._used:
            raise RuntimeError("Virtual devices cannot be modified after being initialized")


def test_that_the_versions_are_told() -> None:
    assert warm_up().startswith("TensorFlow 2.")


def test_that_nothing_is_collected_while_tensorflow_is_imported() -> None:
    code = (
        "import gc; seen = []; gc.callbacks.append(lambda phase, info: seen.append(info['generation']))\n"
        "from aid_desktop.models.devices import warm_up; seen.clear(); warm_up()\n"
        "print(seen, gc.isenabled(), gc.get_freeze_count() > 100_000)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[-2] == "[] True True"


def test_that_the_devices_have_the_keys_of_the_manual() -> None:
    devices = list_devices()
    assert set(devices) == {"cpu", "gpus", "strategies"}
    assert devices["cpu"]["name"] == "cpu"
    assert devices["strategies"][:2] == ["auto", "cpu"]


def test_that_every_gpu_is_listed_and_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch)
    assert list_devices()["gpus"] == [
        {"name": "gpu:0", "description": "Fast"},
        {"name": "gpu:1", "description": "Fast"},
    ]
    assert list_devices()["strategies"] == ["auto", "cpu", "gpu:0", "gpu:1"]


@pytest.mark.parametrize("strategy", ["gpu:7", "GPU", "tpu", ""])
def test_that_an_unknown_device_is_refused_naming_those_there_are(strategy: str) -> None:
    with pytest.raises(TrainingError, match=r"device\.strategy: got .*, this machine has cpu, auto"):
        device_scope(strategy, 0.9)


@pytest.mark.parametrize("strategy", ["cpu", "auto"])
def test_that_tensors_are_made_on_the_device(strategy: str) -> None:
    import tensorflow as tf

    with device_scope(strategy, 0.9):
        assert "device:" in tf.constant(1.0).device
        if strategy == "cpu":
            assert tf.constant(1.0).device.endswith("CPU:0")


def test_that_memory_is_limited_once_where_its_size_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = Gpus(monkeypatch, memory=1000 * 2**20)
    device_scope("cpu", 0.5)
    device_scope("cpu", 0.9)
    assert [limit[0].memory_limit for limit in gpus.limits.values()] == [500, 500]
    assert gpus.growing == []


def test_that_memory_grows_where_its_size_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = Gpus(monkeypatch)
    device_scope("cpu", 0.5)
    assert len(gpus.growing) == 2


@pytest.mark.parametrize("memory", [None, 2**30])
def test_that_a_gpu_that_has_computed_already_can_still_train(
    monkeypatch: pytest.MonkeyPatch, memory: int | None
) -> None:
    gpus = Gpus(monkeypatch, memory=memory, used=True)
    device_scope("gpu:1", 0.5)
    assert gpus.limits == {}


def test_that_the_same_seed_gives_the_same_weights() -> None:
    import keras

    def weights(seed: int) -> np.ndarray:
        make_repeatable(seed)
        layer = keras.layers.Dense(3)
        layer.build((None, 4))
        return np.asarray(layer.kernel)

    assert np.array_equal(weights(5), weights(5))
    assert not np.array_equal(weights(5), weights(6))

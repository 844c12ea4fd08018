import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from aid_desktop.errors import TrainingError
from aid_desktop.models.devices import device_scope, list_devices, warm_up
from aid_desktop.settings.device import DeviceSettings

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
    assert set(devices) == {"cpu", "gpus", "strategies", "choices"}
    assert devices["cpu"]["name"] == "cpu"
    assert devices["strategies"][:2] == ["auto", "cpu"]


def test_that_every_gpu_is_listed_and_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    Gpus(monkeypatch)
    assert list_devices()["gpus"] == [
        {"name": "gpu:0", "description": "Fast"},
        {"name": "gpu:1", "description": "Fast"},
    ]
    assert list_devices()["strategies"] == ["auto", "cpu", "gpu:0", "gpu:1", "mirrored"]


@pytest.mark.parametrize(
    ("system", "why"),
    [("Windows", "install AID Desktop in WSL2"), ("Darwin", "no GPU on macOS"), ("Linux", "its driver")],
)
def test_that_what_is_lacking_is_listed_with_the_reason(monkeypatch: pytest.MonkeyPatch, system: str, why: str) -> None:
    gpus = Gpus(monkeypatch)
    monkeypatch.setattr("platform.system", lambda: system)
    gpus.devices.clear()
    reasons = {choice["name"]: choice["reason"] for choice in list_devices()["choices"]}
    assert list(reasons) == ["auto", "cpu", "gpu:0", "mirrored", "multi_worker"]
    assert reasons["auto"] == reasons["cpu"] == ""
    assert why in reasons["gpu:0"]
    assert reasons["mirrored"] == "Needs two GPUs or more; TensorFlow finds none here."
    assert "TF_CONFIG" in reasons["multi_worker"]
    assert list_devices()["strategies"] == ["auto", "cpu"]


@pytest.mark.parametrize("strategy", ["gpu:7", "GPU", "tpu"])
def test_that_an_unknown_device_is_refused_naming_those_there_are(strategy: str) -> None:
    with pytest.raises(TrainingError, match=r"device\.strategy: got .*, this machine has cpu, auto"):
        device_scope(DeviceSettings(strategy=strategy))


@pytest.mark.parametrize("strategy", ["cpu", "auto"])
def test_that_tensors_are_made_on_the_device(strategy: str) -> None:
    import tensorflow as tf

    with device_scope(DeviceSettings(strategy=strategy)):
        assert "device:" in tf.constant(1.0).device
        if strategy == "cpu":
            assert tf.constant(1.0).device.endswith("CPU:0")


def test_that_memory_is_limited_once_where_its_size_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = Gpus(monkeypatch, memory=1000 * 2**20)
    device_scope(DeviceSettings("cpu", 0.5))
    device_scope(DeviceSettings("cpu", 0.9))
    assert [limit[0].memory_limit for limit in gpus.limits.values()] == [500, 500]
    assert gpus.growing == []


@pytest.mark.parametrize(("memory", "growth"), [(None, False), (2**30, True)])
def test_that_memory_grows_where_its_size_is_unknown_or_as_asked(
    monkeypatch: pytest.MonkeyPatch, memory: int | None, growth: bool
) -> None:
    gpus = Gpus(monkeypatch, memory=memory)
    device_scope(DeviceSettings("cpu", 0.5, memory_growth=growth))
    assert len(gpus.growing) == 2
    assert gpus.limits == {}


def test_that_threads_are_set_before_tensorflow_computes_and_refused_after(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    given: list[int] = []
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", given.append)
    monkeypatch.setattr(tf.config.threading, "set_inter_op_parallelism_threads", given.append)
    device_scope(DeviceSettings("cpu"))
    device_scope(DeviceSettings("cpu", threads=3))
    assert given == [3, 3]
    monkeypatch.undo()
    tf.constant(1.0)
    with pytest.raises(TrainingError, match=r"device\.threads: got 3, but TensorFlow computes with all already"):
        device_scope(DeviceSettings("cpu", threads=3))


@pytest.mark.parametrize("memory", [None, 2**30])
def test_that_a_gpu_that_has_computed_already_can_still_train(
    monkeypatch: pytest.MonkeyPatch, memory: int | None
) -> None:
    gpus = Gpus(monkeypatch, memory=memory, used=True)
    device_scope(DeviceSettings("gpu:1", 0.5))
    assert gpus.limits == {}

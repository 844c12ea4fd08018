"""Which devices a strategy means."""

import pytest

from aid_desktop.errors import TrainingError
from aid_desktop.models.strategies import device_in_use, is_distributed, mirrored_devices, uses_gpu


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("mirrored", ("gpu:0", "gpu:1", "gpu:2")),
        ("mirrored:gpu:2,gpu:0", ("gpu:2", "gpu:0")),
        ("mirrored:cpu:0, cpu:1", ("cpu:0", "cpu:1")),
    ],
)
def test_that_mirrored_means_all_gpus_or_those_named(strategy: str, expected: tuple[str, ...]) -> None:
    assert mirrored_devices(strategy, 3) == expected


@pytest.mark.parametrize(
    ("strategy", "n_gpus", "message"),
    [
        ("mirrored", 0, "got 'mirrored', which needs two devices or more, each once: TensorFlow finds no GPUs on this"),
        ("mirrored", 1, "TensorFlow finds 1 GPU on this machine"),
        ("mirrored:gpu:0,gpu:0", 2, "each once"),
        ("mirrored:gpu:0,gpu:3", 2, "there is no gpu:3: TensorFlow finds 2 GPUs"),
        ("mirrored:gpu,gpu:0", 2, "'gpu' is no device: expected names such as gpu:0"),
    ],
)
def test_that_devices_that_are_not_there_are_refused(strategy: str, n_gpus: int, message: str) -> None:
    with pytest.raises(TrainingError) as caught:
        mirrored_devices(strategy, n_gpus)
    assert message in str(caught.value)


def test_that_only_strategies_of_several_devices_are_distributed() -> None:
    names = ("auto", "cpu", "gpu:0", "mirrored", "mirrored:gpu:0,gpu:1", "multi_worker")
    assert [is_distributed(name) for name in names] == [False] * 3 + [True] * 3


@pytest.mark.parametrize(
    ("strategy", "n_gpus", "expected"),
    [("auto", 0, False), ("auto", 1, True), ("cpu", 1, False), ("gpu:0", 1, True), ("mirrored", 2, True),
     ("mirrored:gpu:0,gpu:1", 2, True), ("multi_worker", 1, False)],
)  # fmt: skip
def test_that_it_is_known_which_strategies_mean_gpus(strategy: str, n_gpus: int, expected: bool) -> None:
    assert uses_gpu(strategy, n_gpus) is expected


@pytest.mark.parametrize(
    ("strategy", "n_gpus", "expected"),
    [("auto", 0, "cpu"), ("auto", 2, "gpu:0"), ("cpu", 2, "cpu"), ("gpu:1", 2, "gpu:1"), ("mirrored", 2, "mirrored")],
)
def test_that_auto_means_the_first_gpu_or_the_cpu(strategy: str, n_gpus: int, expected: str) -> None:
    assert device_in_use(strategy, n_gpus) == expected

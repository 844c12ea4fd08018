"""Which facts lead to which advice."""

from dataclasses import replace
from pathlib import Path

import pytest

from aid_desktop.doctor.advice import advise
from aid_desktop.doctor.benchmark import Benchmark
from aid_desktop.doctor.disk import Disk
from aid_desktop.doctor.machine import Gpu, Machine
from aid_desktop.doctor.software import OptionalPackage, Software
from aid_desktop.models.nvml import DriverGpu

GB = 2**30
MACHINE = Machine(
    system="Linux",
    processor="CPU",
    cores=8,
    physical_cores=4,
    load=3.0,
    memory=16 * GB,
    free_memory=9 * GB,
    is_on_battery=False,
    is_onednn_off=False,
    gpus=(Gpu("gpu:0", "RTX"),),
    why_no_gpu="",
    drivers=(),
    cuda=(),
)
SOFTWARE = Software((("Python", "3.12"),), (OptionalPackage("torch", "2.4", ("TorchScript",)),))
DISK = Disk(Path("/runs"), 10**11, 3e8)
BENCHMARK = Benchmark(12_000.0, 50_000.0, "cpu", "ONNX Runtime")


def test_that_a_good_computer_is_told_so() -> None:
    assert advise(MACHINE, SOFTWARE, DISK, BENCHMARK) == (
        "Nothing here stands in the way: the computer is ready to train and classify.",
    )


@pytest.mark.parametrize(
    ("changes", "begin"),
    [
        ({"memory": 4 * GB}, "Little memory (4.0 GB)"),
        ({"free_memory": GB}, "Little of the memory is free (1.0 of 16.0 GB)"),
        ({"is_onednn_off": True}, "oneDNN is off, because TF_ENABLE_ONEDNN_OPTS is set to 0"),
        ({"is_on_battery": True}, "The computer runs on its battery"),
        ({"load": 70.0}, "Other work took 70 % of the CPU"),
    ],
)
def test_that_what_hinders_is_told(changes: dict[str, object], begin: str) -> None:
    (sentence,) = advise(replace(MACHINE, **changes), SOFTWARE, DISK, BENCHMARK)
    assert sentence.startswith(begin)


def test_that_8_gb_less_what_the_system_keeps_are_not_called_little() -> None:
    assert advise(replace(MACHINE, memory=int(7.6 * GB)), SOFTWARE, DISK, BENCHMARK) == advise(
        MACHINE, SOFTWARE, DISK, BENCHMARK
    )


@pytest.mark.parametrize(
    ("disk", "begin"),
    [
        (Disk(Path("/runs"), 10**9, 3e8), "Only 1.0 GB are free on the disk of /runs"),
        (Disk(Path("/runs"), 10**11, 5e6), "The disk of /runs is slow (5 MB/s)"),
        (Disk(Path("/runs"), 0, 0.0, "cannot be written to: Permission denied"), "The runs folder /runs cannot be wr"),
    ],
)
def test_that_a_poor_disk_is_told(disk: Disk, begin: str) -> None:
    (sentence,) = advise(MACHINE, SOFTWARE, replace(disk, folder=Path("/runs")), BENCHMARK)
    assert sentence.replace("\\", "/").startswith(begin)


def test_that_a_lacking_gpu_comes_with_its_reason_and_one_that_the_driver_knows_is_named() -> None:
    without = replace(MACHINE, gpus=(), why_no_gpu="TensorFlow finds no GPU.")
    assert advise(without, SOFTWARE, DISK, BENCHMARK)[1] == "The CPU trains. TensorFlow finds no GPU."
    known = replace(without, drivers=(DriverGpu("RTX 4070", "550.54", 2**33),))
    assert advise(known, SOFTWARE, DISK, BENCHMARK)[1] == (
        "NVIDIA's driver knows RTX 4070, but it is not used. TensorFlow finds no GPU."
    )


def test_that_few_cores_count_only_where_no_gpu_trains() -> None:
    few = replace(MACHINE, cores=2, physical_cores=2)
    assert "Nothing" in advise(few, SOFTWARE, DISK, BENCHMARK)[0]
    assert advise(replace(few, gpus=()), SOFTWARE, DISK, BENCHMARK)[0].startswith("The CPU has 2 cores only")


def test_that_a_slow_processor_is_told_unless_other_work_explains_it() -> None:
    slow = replace(BENCHMARK, training=300.0)
    (sentence,) = advise(MACHINE, SOFTWARE, DISK, slow)
    assert sentence.startswith("LeNet-5 trained on 300 images/s, where 3000 can be expected")
    (busy,) = advise(replace(MACHINE, load=90.0), SOFTWARE, DISK, slow)
    assert busy.startswith("Other work")
    assert "Nothing" in advise(MACHINE, SOFTWARE, DISK, Benchmark(problem="stopped"))[0]


def test_that_lacking_packages_are_named_with_what_needs_them() -> None:
    software = replace(SOFTWARE, optional=(OptionalPackage("openvino", "", ("OpenVINO",)),))
    assert advise(MACHINE, software, DISK, BENCHMARK)[1] == (
        "Not installed, and needed only for what is named behind it: openvino (OpenVINO). "
        "To get them: pip install openvino"
    )

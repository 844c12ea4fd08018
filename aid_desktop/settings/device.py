"""Which processor trains."""

from dataclasses import dataclass
from typing import ClassVar

from aid_desktop.settings.field import Cost, FieldInfo, Kind, bounded, choice, setting, switch, validate


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """Device and its memory; table `[device]` of run.toml."""

    SECTION: ClassVar[str] = "device"

    strategy: str = setting(
        "auto",
        FieldInfo(
            Kind.TEXT,
            "Device",
            "auto: the first GPU, or the CPU if there is none. cpu, gpu:0, gpu:1, …: this one. mirrored: all GPUs "
            "together; mirrored:gpu:0,gpu:2: these. multi_worker: several computers, from the command line.",
            Cost.NEW_RUN,
        ),
    )
    memory_fraction: float = bounded(
        0.9,
        0.05,
        1,
        step=0.05,
        label="GPU memory",
        cost=Cost.NEW_RUN,
        help="Largest share of the GPU's memory that a run may take. Typical: 0.9.",
    )
    memory_growth: bool = switch(
        False,
        label="Grow GPU memory",
        cost=Cost.NEW_RUN,
        help="Take the GPU's memory bit by bit as it is needed, without a limit; other programs can use the rest.",
    )
    threads: int = bounded(
        0,
        0,
        1024,
        label="CPU threads",
        cost=Cost.NEW_RUN,
        help="How many threads compute on the CPU; 0: as many as there are cores. TensorFlow takes another number only "
        "before it computes for the first time: start the program anew after a change. "
        "Typical: 0.",
    )
    data_memory: float = bounded(
        0.0,
        0.0,
        10_000,
        step=1,
        unit="GB",
        label="Memory for images",
        cost=Cost.NEW_RUN,
        help="Prepared images up to this size are kept in memory; more are read from a cache on disk. 0: half of the "
        "memory that is free when the run starts. "
        "Typical: 0.",
    )

    auto_precision: str = choice(
        "measure",
        ("measure", "float32", "mixed_bfloat16"),
        label="Precision of auto",
        cost=Cost.NEW_RUN,
        help="What precision auto means. A run that has measured writes the result here, so that it can be resumed and "
        "repeated with the same numbers.",
    )

    def __post_init__(self) -> None:
        validate(self)

    @property
    def measured_precision(self) -> str | None:
        """What precision auto means, None where that is still to be measured."""
        return None if self.auto_precision == "measure" else self.auto_precision

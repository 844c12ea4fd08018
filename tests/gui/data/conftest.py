"""Files of donors, each with images of two classes."""

from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc

PER_DONOR = {"cat": 20, "dog": 10}


@pytest.fixture
def donors(tmp_path: Path) -> ClassTable:
    """Return a table with files of four donors for training and of one for the test."""
    rng = np.random.default_rng(3)
    items = []
    for donor in range(5):
        for name, n in PER_DONOR.items():
            path = tmp_path / f"donor_{donor}" / f"{name}.rtdc"
            path.parent.mkdir(exist_ok=True)
            write_rtdc(path, rng.integers(0, 255, (n, 8, 8)).astype(np.uint8))
            items.append((open_source(path).source, name, Role.TRAINING if donor < 4 else Role.TEST))
    return ClassTable().add_sources(items)

"""Another Python that computes: its result, its errors, and its end."""

import sys

import numpy as np
import pytest

from aid_desktop.errors import ExportError
from aid_desktop.export import old_runtimes
from aid_desktop.export.old_runtimes import PYTHON_VARIABLE, run_elsewhere, version_elsewhere

IMAGES = np.ones((2, 3), np.float32)


@pytest.fixture(autouse=True)
def _this_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, sys.executable)


def test_that_a_result_and_versions_come_back() -> None:
    code = "import sys, numpy; numpy.save(sys.argv[3], numpy.load(sys.argv[2]) * float(sys.argv[1]))"
    np.testing.assert_array_equal(run_elsewhere(code, ["3"], IMAGES), IMAGES * 3)
    assert version_elsewhere("numpy") == np.__version__


def test_that_the_last_line_of_what_it_said_is_told() -> None:
    with pytest.raises(ExportError, match="ValueError: no such layer"):
        run_elsewhere("raise ValueError('no such layer')", [], IMAGES)


def test_that_one_that_comes_to_no_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_runtimes, "_LIMIT_S", 0.1)
    with pytest.raises(ExportError, match=r"no result within 0\.1 s, so it was ended"):
        run_elsewhere("import time; time.sleep(3600)", [], IMAGES)

"""What is said of runtimes that agree, differ, fail, or are not there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.export.exporter import Check, ExportFormat, Limit, Package
from aid_desktop.export.verify import MOST_CHANGED, Verification, verify
from aid_desktop.models.onnx_cache import TOLERANCE

NUMPY = Package("numpy", "numpy")
EXPECTED = np.tile(np.float32([[0.7, 0.2, 0.1]]), (100, 1))


def verified(run: Callable[..., Any], package: Package = NUMPY, limit: Limit = Limit.DIFFERENCE) -> Verification:
    checks = (Check("Runtime", package, run),)
    target = ExportFormat("x", "X", ".x", "A format.", lambda network, path: None, checks, limit=limit)
    (found,) = verify(target, Path("net.x"), (), EXPECTED)
    return found


def fail(error: Exception) -> Callable[..., Any]:
    def run(path: Path, inputs: object) -> Any:
        raise error

    return run


@pytest.mark.parametrize(("difference", "is_same"), [(0.0, True), (TOLERANCE / 2, True), (TOLERANCE * 2, False)])
def test_that_the_largest_difference_decides(difference: float, is_same: bool) -> None:
    values = EXPECTED.copy()
    values[42, 1] += difference
    found = verified(lambda path, inputs: values)
    assert found.is_same is is_same
    assert found.difference == pytest.approx(difference, abs=1e-7)
    assert found.changed == 0
    assert found.title.startswith("Runtime 2.") or found.title.startswith("Runtime 1.")


@pytest.mark.parametrize(("n_changed", "is_same"), [(0, True), (2, True), (3, False)])
def test_that_answers_decide_where_numbers_have_8_bits(n_changed: int, is_same: bool) -> None:
    values = EXPECTED.copy()
    values[:n_changed] = values[:n_changed, ::-1]
    found = verified(lambda path, inputs: values, limit=Limit.ANSWERS)
    assert found.is_same is is_same
    assert found.changed == pytest.approx(n_changed / 100)
    assert MOST_CHANGED == 0.02


@pytest.mark.parametrize("limit", list(Limit))
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_that_what_is_no_number_differs(limit: Limit, value: float) -> None:
    values = EXPECTED.copy()
    # The most probable class of the others is the first one, which `argmax` also finds among no numbers.
    values[:10, 0] = value
    found = verified(lambda path, inputs: values, limit=limit)
    assert not found.is_same
    assert (found.difference, found.changed) == (1.0, pytest.approx(0.1))


def test_that_another_shape_is_told() -> None:
    found = verified(lambda path, inputs: EXPECTED[:, :2])
    assert (found.was_run, found.is_same) == (False, False)
    assert found.problem == "its output has the shape (100, 2), expected (100, 3)"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("first\nsecond"), "first"),
        (ValueError(""), "ValueError"),
        (RuntimeError("x" * 1000), "x" * 300),
    ],
)
def test_that_an_error_of_a_runtime_is_told_in_one_line(error: Exception, expected: str) -> None:
    found = verified(fail(error))
    assert (found.was_run, found.is_same, found.problem) == (False, False, expected)
    document = found.to_json()
    assert (document["max_abs_difference"], document["changed_answers"]) == (None, None)


def test_that_a_runtime_that_is_not_there_is_not_called() -> None:
    found = verified(fail(AssertionError("called")), Package("no_such_module_here", "no-such-package"))
    assert (found.version, found.problem) == ("", "not installed: pip install no-such-package")
    assert not found.is_same

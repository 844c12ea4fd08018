"""Every target, proven on every kind of network: what an export is for."""

from pathlib import Path
from typing import Any

import pytest

from aid_desktop.errors import ExportError
from aid_desktop.export.exporter import ExportFormat, Limit
from aid_desktop.export.exporting import export_model
from aid_desktop.export.formats import FORMATS
from aid_desktop.export.report import LABELS_NAME, REPORT_NAME
from aid_desktop.export.verify import MOST_CHANGED
from aid_desktop.models.onnx_cache import TOLERANCE

pytestmark = pytest.mark.keras

CANNOT_HOLD = {("nnet", "LeNet5_bn_do"), ("nnet", "ResNet_small")}
"""Formats that have no place for the layers of a network."""


def skip_without_packages(target: ExportFormat) -> None:
    """Skip where something is not installed that an extra of the package would bring."""
    lacking = [check.runtime for check in target.checks if check.is_own and check.find is None and not check.version]
    if target.missing or lacking:
        pytest.skip(f"not installed: {', '.join((*target.missing, *lacking))}")


@pytest.mark.parametrize("target", FORMATS, ids=lambda target: target.name)
def test_that_a_target_gives_the_answers_of_keras(
    make_loaded: Any, tmp_path: Path, target: ExportFormat, architecture: str, channels: str
) -> None:
    skip_without_packages(target)
    loaded, path = make_loaded(architecture, channels), tmp_path / f"net{target.suffix}"
    if (target.name, architecture) in CANNOT_HOLD:
        with pytest.raises(ExportError, match="choose another format"):
            export_model(loaded, target, path)
        assert not list(tmp_path.iterdir())
        return
    report = export_model(loaded, target, path)
    names = {path.name, *(path.with_suffix(suffix).name for suffix in target.companions), REPORT_NAME, LABELS_NAME}
    assert {one.name for one in tmp_path.iterdir()} == names
    assert report.problems == ()
    assert report.n_images >= 32
    own = [one for one in report.verifications if one.is_own]
    if not any(one.version for one in own):
        # The runtime does not exist for this system or this Python, and nobody may believe that it was run.
        assert report.difference is None
        assert report.verified_with == ""
        assert {f"{one.runtime}: {one.problem}" for one in own} <= set(report.remarks)
        return
    for one in report.verifications:
        # Others need not know the format, but what they compute is the same.
        assert not one.was_run or one.is_same, one
    for one in own:
        assert one.was_run, one
        if target.limit is Limit.ANSWERS:
            assert one.changed <= MOST_CHANGED
        else:
            assert one.difference <= TOLERANCE

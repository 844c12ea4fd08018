"""What a model makes of labelled images, scored, and its report."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openpyxl
import pytest

from aid_desktop.data.class_table import ClassRow, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.evaluation import assessment
from aid_desktop.evaluation.assessment import assess
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.evaluation.roles import RoleImages
from aid_desktop.models.files import LoadedModel

PROBABILITIES = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]], np.float32)


@pytest.fixture
def images(tmp_path: Path) -> RoleImages:
    write_rtdc(tmp_path / "cells.rtdc", np.zeros((3, 4, 4), np.uint8))
    source = open_source(tmp_path / "cells.rtdc").source
    return RoleImages((ClassRow(source, 0, "a", Role.VALIDATION),), (None,))


@pytest.fixture
def loaded(tmp_path: Path, images: RoleImages, monkeypatch: pytest.MonkeyPatch) -> LoadedModel:
    """Return a model of two classes whose probabilities are known; all images are of the first."""

    def predict(loaded: LoadedModel, rows: tuple[ClassRow, ...], *_: object) -> Predictions:
        n = len(PROBABILITIES)
        return Predictions(
            class_names=("a", "b"), probabilities=PROBABILITIES, sources=tuple(row.source for row in rows),
            zooms=(1.0,), source=np.zeros(n, np.intp), index=np.arange(n), labels=np.zeros(n, np.intp),
        )  # fmt: skip

    monkeypatch.setattr(assessment, "predict_rows", predict)
    path = tmp_path / "m.keras"
    path.write_bytes(b"a model")
    return LoadedModel(SimpleNamespace(), None, path)  # type: ignore[arg-type]


def test_that_scores_and_matrix_are_of_the_same_predictions(loaded: LoadedModel, images: RoleImages) -> None:
    made = assess(loaded, images, Role.VALIDATION)
    assert made.title == "m.keras on the validation images"
    assert made.matrix.counts.tolist() == [[1, 2], [0, 0]]
    assert made.scores.headlines["accuracy"] == pytest.approx(1 / 3)
    strict = assess(loaded, images, Role.VALIDATION, Threshold(1, 0.7))
    assert strict.matrix.counts.tolist() == [[2, 1], [0, 0]]
    assert strict.scores.headlines["accuracy"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("labelled", "told"), [(None, "m.keras on the test images"), (Path("x_Data.rtdc"), "m.keras on x_Data.rtdc")]
)
def test_that_the_report_says_which_images_were_assessed(
    loaded: LoadedModel, images: RoleImages, tmp_path: Path, labelled: Path | None, told: str
) -> None:
    made = assess(loaded, images, Role.TEST, labelled=labelled)
    page, workbook, *_ = made.write(tmp_path / "out")
    assert told in page.read_text(encoding="utf-8")
    summary = dict(openpyxl.load_workbook(workbook)["Summary"].iter_rows(values_only=True))
    assert summary.get("role of the images") == ("test" if labelled is None else None)

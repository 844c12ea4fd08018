"""Counts and fractions of each file."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.evaluation.bootstrap import wilson_interval
from aid_desktop.evaluation.decision import Decision
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.summary import (
    ALL_FILES,
    HEADER,
    REJECTED_NAME,
    summarize,
    summary_lines,
    write_summary,
)

BLOOD = DataSource(Path("/data/blood.rtdc"), SourceKind.RTDC, 4, ((4, 4, 1),), "one")
ARRAY = replace(BLOOD, path=Path("/data/a.npz"), kind=SourceKind.ARRAY, n_images=1, part="x")
EMPTY = replace(BLOOD, path=Path("/data/none"), n_images=0)


@pytest.fixture
def predictions() -> Predictions:
    values = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.55, 0.45], [0.1, 0.9]], np.float32)
    source, index = np.array([0, 0, 0, 0, 1]), np.array([0, 1, 2, 3, 0])
    return Predictions(("lym", "mon"), (BLOOD, ARRAY, EMPTY), (1.0,) * 3, source, index, values)


def test_that_each_file_and_all_together_are_counted(predictions: Predictions) -> None:
    summary = summarize(predictions)
    assert [file.counts for file in summary.files] == [(3, 1), (0, 1), (0, 0)]
    assert summary.total.counts == (3, 2)
    assert summary.files[0].fractions == (0.75, 0.25)
    assert summary.files[2].fractions == (None, None)
    assert [file.name for file in summary.shown] == ["blood.rtdc", "a.npz: x", "none", ALL_FILES]
    assert summary.files[1].path.endswith("a.npz::x")


def test_that_rejected_images_are_a_group_of_their_own(predictions: Predictions) -> None:
    summary = summarize(predictions, Decision(reject=0.7))
    assert [(file.counts, file.n_rejected) for file in summary.files] == [((1, 1), 2), ((0, 1), 0), ((0, 0), 0)]
    assert summary.groups(summary.files[0]) == (("lym", 1), ("mon", 1), (REJECTED_NAME, 2))
    assert summary.files[0].fractions == (0.25, 0.25)
    assert summary.to_json()[0] == {
        "file": str(BLOOD.path),
        "n": 4,
        "counts": {"lym": 1, "mon": 1},
        "fractions": {"lym": 0.25, "mon": 0.25},
        "intervals": {name: pytest.approx(wilson_interval(1, 4)) for name in ("lym", "mon")},
        "rejected": 2,
    }


def test_that_the_table_has_a_row_for_each_file_and_class(predictions: Predictions, tmp_path: Path) -> None:
    write_summary(tmp_path / "out_summary.csv", summarize(predictions))
    with (tmp_path / "out_summary.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert tuple(header) == HEADER
    assert len(rows) == 8
    low, high = wilson_interval(3, 4)
    assert rows[0][:5] == [str(BLOOD.path), "4", "lym", "3", "0.75"]
    assert [float(value) for value in rows[0][5:]] == pytest.approx([low, high], abs=1e-6)
    assert rows[4][3:5] == ["0", ""]


def test_that_a_table_whose_writing_is_left_leaves_no_file(predictions: Predictions, tmp_path: Path) -> None:
    told = []

    def leave(done: int, total: int) -> None:
        told.append((done, total))
        raise RuntimeError("left")

    summary = summarize(predictions)
    with pytest.raises(RuntimeError, match="left"):
        write_summary(tmp_path / "out.csv", summary, leave)
    assert told == [(0, len(list(summary.rows())))]
    assert list(tmp_path.iterdir()) == []


def test_that_the_text_names_every_class_with_its_share(predictions: Predictions) -> None:
    lines = summary_lines(summarize(predictions, Decision(reject=0.7)))
    assert lines[:4] == [
        f"{BLOOD.path}: 4 images",
        "  lym       1  25.0 % (4.6 to 69.9)",
        "  mon       1  25.0 % (4.6 to 69.9)",
        "  rejected  2  50.0 % (15.0 to 85.0)",
    ]
    assert lines[8] == f"{EMPTY.path}: 0 images"


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    # scipy.stats.binomtest(count, n).proportion_ci(method="wilson")
    [(0, 10, 0.0, 0.2775328), (10, 10, 0.7224672, 1.0), (3, 10, 0.1077913, 0.6032219), (1, 1000, 0.0001765, 0.0056426)],
)
def test_that_the_interval_is_wilsons(count: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(count, n) == pytest.approx((low, high), abs=1e-6)


def test_that_nothing_is_known_without_images() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)

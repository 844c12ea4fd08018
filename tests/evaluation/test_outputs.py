"""What is written about classified images, and what is said about it beforehand."""

import csv
import os
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import openpyxl
import pytest

from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError, ExportError
from aid_desktop.evaluation.decision import Decision
from aid_desktop.evaluation.outputs import Outputs, write_outputs
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.sorting import Link

MODEL = Path("/models/best.keras")


@pytest.fixture
def sources(tmp_path: Path) -> tuple[DataSource, ...]:
    for number, name in enumerate(("a.rtdc", "b.rtdc")):
        write_rtdc(tmp_path / name, np.full((3 + number, 4, 4), number, np.uint8))
    return tuple(open_source(tmp_path / name).source for name in ("a.rtdc", "b.rtdc"))


@pytest.fixture
def predictions(sources: tuple[DataSource, ...]) -> Predictions:
    values = np.array(
        [[0.9, 0.1], [0.2, 0.8], [0.55, 0.45], [0.4, 0.6], [0.3, 0.7], [0.8, 0.2], [0.6, 0.4]], np.float32
    )
    numbers = np.array([0, 1, 2, 0, 1, 2, 3])
    return Predictions(("lym", "mon"), sources, (1.0, 1.0), np.array([0, 0, 0, 1, 1, 1, 1]), numbers, values)


def test_that_everything_is_written_where_it_was_said(predictions: Predictions, tmp_path: Path) -> None:
    outputs = Outputs(
        table=tmp_path / "new" / "out.csv",
        with_aideveloper=True,
        with_rtdc=True,
        folder=tmp_path / "folder",
        sort_into=tmp_path / "sorted",
    )
    paths = [source.path for source in predictions.sources]
    planned = outputs.planned(paths)
    assert not any(path.exists() for path in planned)
    told: list[tuple[int, int]] = []
    written = write_outputs(predictions, outputs, Decision(reject=0.6), MODEL, progress=lambda *pair: told.append(pair))
    assert all(path.exists() for path in planned)
    assert planned == (*written.files[:-1], tmp_path / "sorted", written.summary_file)
    assert written.files[-1] == tmp_path / "sorted" / "manifest.csv"
    assert written.notes == ()
    assert {total for _, total in told} == {7}
    with (tmp_path / "new" / "out_summary.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["count"] for row in rows] == ["1", "1", "1", "2", "2", "0", "3", "3", "1"]
    with h5py.File(tmp_path / "folder" / "a_classified.rtdc") as file:
        assert any(b"model: /models/best.keras" in line for line in file["logs/aid-desktop-classification"])


def test_that_an_excel_table_has_the_counts_inside(predictions: Predictions, tmp_path: Path) -> None:
    outputs = Outputs(table=tmp_path / "out.xlsx")
    assert outputs.planned([source.path for source in predictions.sources]) == (tmp_path / "out.xlsx",)
    written = write_outputs(predictions, outputs)
    assert written.summary_file is None
    assert written.summary.total.counts == (4, 3)
    assert openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames == ["Images", "Summary"]


def test_that_counts_written_earlier_stay(predictions: Predictions, tmp_path: Path) -> None:
    outputs = Outputs(with_rtdc=True, as_basin=True)
    names = [write_outputs(predictions, outputs).summary_file for _ in range(2)]
    assert names == [tmp_path / "classified_summary.csv", tmp_path / "classified_summary_1.csv"]


def test_that_nothing_is_written_unless_asked_for(predictions: Predictions, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    written = write_outputs(predictions, Outputs())
    assert (written.files, written.summary_file) == ((), None)
    assert sorted(tmp_path.iterdir()) == before


def test_that_images_that_were_copied_instead_of_linked_are_told(
    tmp_path: Path, tiny_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    source = open_source(tiny_folders / "test" / "circle").source
    n = source.n_images
    values, zero = np.tile(np.array([[0.9, 0.1]], np.float32), (n, 1)), np.zeros(n, np.intp)
    predictions = Predictions(("a", "b"), (source,), (1.0,), zero, np.arange(n), values)
    written = write_outputs(predictions, Outputs(sort_into=tmp_path / "sorted", link=Link.HARD))
    assert f"{n} of {n} images could not be linked" in written.notes[0]
    assert written.summary_file == tmp_path / "sorted" / "summary.csv"


def test_that_a_folder_that_may_only_be_read_is_told_beforehand(
    sources: tuple[DataSource, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    Outputs(with_rtdc=True).check(sources)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ExportError, match="may only be read"):
        Outputs(with_rtdc=True).check(sources)


def test_that_what_cannot_be_written_is_told_beforehand(sources: tuple[DataSource, ...]) -> None:
    with pytest.raises(ExportError, match=r"ends with \.csv or \.xlsx"):
        Outputs(table=Path("out.txt")).check(sources)
    with pytest.raises(ExportError, match=r"a\.rtdc is a file"):
        Outputs(table=sources[0].path / "x" / "out.csv").check(sources)
    with pytest.raises(DataError, match="outside of it"):
        Outputs(sort_into=sources[0].path.parent / "x").check([replace(sources[0], path=sources[0].path.parent)])
    folder = replace(sources[0], kind=SourceKind.FOLDER)
    with pytest.raises(DataError, match=r"a\.rtdc: .* copies of \.rtdc files only"):
        Outputs(with_rtdc=True).check([folder, sources[1]])


@pytest.mark.parametrize("name", ["list.csv", "LINK"])
def test_that_a_table_of_images_is_not_replaced_by_its_result(tmp_path: Path, tiny_folders: Path, name: str) -> None:
    images = sorted((tiny_folders / "test" / "circle").iterdir())
    path = tmp_path / "list.csv"
    path.write_text("path,class\n" + "".join(f"{image},x\n" for image in images), encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(path)
    source = open_source(path).source
    with pytest.raises(DataError, match="is itself one of the files"):
        Outputs(table=tmp_path / ("link.csv" if name == "LINK" else name)).check([source])
    summary = replace(source, path=tmp_path / "list_summary.csv")
    with pytest.raises(DataError, match=r"list_summary\.csv is itself"):
        Outputs(table=path).check([summary])
    Outputs(table=tmp_path / "other.csv").check([source])

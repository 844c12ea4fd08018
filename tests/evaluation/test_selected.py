"""Selected images in folders and in .rtdc files: exactly those, in all their grey levels, or nothing."""

from pathlib import Path

import cv2
import dclab
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aid_desktop.data.conversion import ConvertSettings
from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.rtdc_writing import RtdcWriter, write_rtdc
from aid_desktop.data.selection import select_images
from aid_desktop.data.source import DataSource
from aid_desktop.errors import AidError, DataError, ExportError, StoppedError
from aid_desktop.evaluation.labelled import labelled_images
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.selected import write_selected_folders, write_selected_rtdc

NAMES = ("cat", "dog/wolf")


def rtdc_of(path: Path, n: int, first: int = 0, dtype: type = np.uint8) -> DataSource:
    write_rtdc(path, np.stack([np.full((4, 6), first + number, dtype) for number in range(n)]))
    return open_source(path).source


def folder_of(path: Path, levels: list[int]) -> DataSource:
    path.mkdir()
    for level in levels:
        cv2.imwrite(str(path / f"img{level}.png"), np.full((4, 6), level, np.uint8))
    return open_source(path).source


def predictions_of(sources: list[DataSource], source: list[int], index: list[int], labels: list[int]) -> Predictions:
    return Predictions(
        NAMES, tuple(sources), (1.0,) * len(sources), np.array(source, np.intp), np.array(index, np.intp),
        np.full((len(index), 2), 0.5, np.float32), np.array(labels, np.intp),
    )  # fmt: skip


def levels_in(folder: Path) -> dict[str, int]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): int(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[0, 0]) for path in found
    }


def test_that_each_image_is_in_the_folder_of_its_class(tmp_path):
    one, other = rtdc_of(tmp_path / "a.rtdc", 5, 10), folder_of(tmp_path / "b", [50, 60, 70])
    made = predictions_of([one, other], [0, 1, 0], [3, 1, 0], [0, 1, 1])
    told = []
    report = write_selected_folders(made, made.labels, tmp_path / "out", progress=lambda *pair: told.append(pair))
    assert (report.path, report.n) == (tmp_path / "out", 3)
    assert levels_in(tmp_path / "out") == {
        "cat/a_000003.png": 13,
        "dog-wolf/a_000000.png": 10,
        "dog-wolf/img60.png": 60,
    }
    assert told[-1] == (3, 3)


def test_that_original_files_are_copied_byte_for_byte_and_stay(tmp_path):
    source = folder_of(tmp_path / "b", [50, 60])
    made = predictions_of([source, rtdc_of(tmp_path / "a.rtdc", 1, 10)], [0, 1], [1, 0], [0, 0])
    write_selected_folders(made, made.labels, tmp_path / "out", originals=True)
    original = tmp_path / "b" / "img60.png"
    assert (tmp_path / "out" / "cat" / "img60.png").read_bytes() == original.read_bytes()
    # An image inside a file of many has no file to copy.
    assert levels_in(tmp_path / "out")["cat/a_000000.png"] == 10


def test_that_images_of_the_same_name_do_not_replace_each_other(tmp_path):
    for part in ("x", "y"):
        (tmp_path / part).mkdir()
    sources = [rtdc_of(tmp_path / "x" / "a.rtdc", 1, 1), rtdc_of(tmp_path / "y" / "A.rtdc", 1, 2)]
    made = predictions_of(sources, [0, 1], [0, 0], [0, 0])
    write_selected_folders(made, made.labels, tmp_path / "out")
    assert levels_in(tmp_path / "out") == {"cat/a_000000.png": 1, "cat/A_000000_2.png": 2}


def test_that_deep_images_keep_their_grey_levels(tmp_path):
    deep = rtdc_of(tmp_path / "a.rtdc", 2, 40_000, np.uint16)
    real = rtdc_of(tmp_path / "f.rtdc", 1, 0, np.float32)
    made = predictions_of([deep, real], [0, 1], [1, 0], [0, 0])
    write_selected_folders(made, made.labels, tmp_path / "out")
    assert levels_in(tmp_path / "out") == {"cat/a_000001.png": 40_001, "cat/f_000000.tif": 0}


def test_that_a_stop_leaves_nothing_and_a_full_folder_is_refused(tmp_path):
    made = predictions_of([rtdc_of(tmp_path / "a.rtdc", 1)], [0], [0], [0])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StoppedError):
        write_selected_folders(made, made.labels, tmp_path / "out", should_stop=lambda: True)
    assert sorted(tmp_path.iterdir()) == before
    (tmp_path / "full").mkdir()
    write_selected_folders(made, made.labels, tmp_path / "full")
    with pytest.raises(ExportError, match="exists already"):
        write_selected_folders(made, made.labels, tmp_path / "full")
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(ExportError, match="cannot be written"):
        write_selected_folders(made, made.labels, file / "below")


def test_that_a_source_that_is_gone_leaves_nothing(tmp_path):
    source = rtdc_of(tmp_path / "a.rtdc", 1)
    made = predictions_of([source], [0], [0], [0])
    source.path.unlink()
    for write in (
        lambda: write_selected_folders(made, made.labels, tmp_path / "out"),
        lambda: write_selected_rtdc(made, tmp_path / "out.rtdc", ConvertSettings()),
    ):
        with pytest.raises(AidError, match="does not exist"):
            write()
    assert not list(tmp_path.iterdir())


def test_that_an_rtdc_file_has_the_images_with_their_labels_and_features(tmp_path):
    path = tmp_path / "a.rtdc"
    images = np.stack([np.full((4, 6), number, np.uint8) for number in range(6)])
    with RtdcWriter(path, (4, 6)) as writer:
        writer.append(images)
        writer.write_feature("area_um", np.arange(6) * 10.0)
    whole = open_source(path).source
    part = select_images(whole, [0, 2, 4, 5])
    made = predictions_of([part, whole], [0, 1, 0], [3, 1, 1], [1, 0, 0])
    report = write_selected_rtdc(made, tmp_path / "chosen.rtdc", ConvertSettings())
    assert report.n == 3
    # Image 3 of the part is image 5 of the file.
    assert [int(image[0, 0]) for image in open_source(report.path).read([0, 1, 2])] == [1, 2, 5]
    found = labelled_images(report.path, NAMES)
    assert [indices.tolist() for indices in found.indices] == [[0, 1], [2]]
    with dclab.new_dataset(report.path) as dataset:
        np.testing.assert_allclose(dataset["area_um"], [10, 20, 50])
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.rtdc", "chosen.rtdc", "chosen_labels.txt"]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, 1)), min_size=1, max_size=10))
def test_that_labels_follow_their_images_whatever_is_chosen(tmp_path_factory, chosen):
    folder = tmp_path_factory.mktemp("chosen")
    sources = [rtdc_of(folder / "a.rtdc", 5, 10), rtdc_of(folder / "b.rtdc", 5, 20)]
    label_of = {(source, index): label for source, index, label in chosen}
    keys = sorted(label_of, key=hash)
    made = predictions_of(sources, [s for s, _ in keys], [i for _, i in keys], [label_of[key] for key in keys])
    report = write_selected_rtdc(made, folder / "c.rtdc", ConvertSettings())
    reader = reopen(open_source(report.path).source)
    levels = [int(image[0, 0]) for image in reader.read(range(report.n))]
    labels = [int(word) for word in (folder / "c_labels.txt").read_text().split()]
    assert dict(zip(levels, labels, strict=True)) == {
        10 * (source + 1) + index: label for (source, index), label in label_of.items()
    }


def test_that_images_of_different_sizes_need_one(tmp_path):
    small = rtdc_of(tmp_path / "a.rtdc", 2)
    write_rtdc(tmp_path / "b.rtdc", np.zeros((2, 8, 8), np.uint8))
    made = predictions_of([small, open_source(tmp_path / "b.rtdc").source], [0, 1], [0, 0], [0, 1])
    with pytest.raises(DataError, match="differ in size"):
        write_selected_rtdc(made, tmp_path / "c.rtdc", ConvertSettings())
    report = write_selected_rtdc(made, tmp_path / "c.rtdc", ConvertSettings(size=(5, 5)))
    assert open_source(report.path).source.shapes == ((5, 5, 1),)


def test_that_a_source_is_never_overwritten_and_labels_are_needed(tmp_path):
    source = rtdc_of(tmp_path / "a.rtdc", 2)
    before = source.path.read_bytes()
    made = predictions_of([source], [0], [0], [0])
    with pytest.raises(ExportError, match="itself"):
        write_selected_rtdc(made, source.path, ConvertSettings())
    unlabelled = Predictions(NAMES, made.sources, made.zooms, made.source, made.index, made.probabilities)
    with pytest.raises(DataError, match="true classes"):
        write_selected_rtdc(unlabelled, tmp_path / "c.rtdc", ConvertSettings())
    assert source.path.read_bytes() == before


def test_that_labels_of_other_files_are_kept(tmp_path):
    source = rtdc_of(tmp_path / "a.rtdc", 2)
    made = predictions_of([source], [0], [1], [1])
    mine = tmp_path / "c_labels.txt"
    mine.write_text("mine")
    with pytest.raises(ExportError, match="taken for the labels"):
        write_selected_rtdc(made, tmp_path / "c.rtdc", ConvertSettings())
    assert mine.read_text() == "mine"
    # AIDeveloper's name would count before ours.
    (tmp_path / "d_Labels.txt").write_text("0")
    with pytest.raises(ExportError, match=r"d_Labels\.txt"):
        write_selected_rtdc(made, tmp_path / "d_Data.rtdc", ConvertSettings())
    # A file that is replaced takes its labels along.
    for _ in range(2):
        write_selected_rtdc(made, tmp_path / "e.rtdc", ConvertSettings())
    assert (tmp_path / "e_labels.txt").read_text() == "1\n"


def test_that_no_images_are_added_to_a_source(tmp_path):
    made = predictions_of([folder_of(tmp_path / "b", [50])], [0], [0], [0])
    with pytest.raises(DataError, match="lies in"):
        write_selected_folders(made, made.labels, tmp_path / "b" / "out")


def test_that_an_image_of_two_classes_is_told(tmp_path):
    whole = rtdc_of(tmp_path / "a.rtdc", 4)
    made = predictions_of([whole, select_images(whole, [1, 2])], [0, 0, 1], [0, 2, 1], [0, 0, 1])
    with pytest.raises(DataError, match=r"image 2 of .*a\.rtdc was assessed as of more than one class"):
        write_selected_rtdc(made, tmp_path / "out.rtdc", ConvertSettings())
    assert not (tmp_path / "out.rtdc").exists()

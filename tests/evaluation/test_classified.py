"""Copies of .rtdc files with the model's scores."""

import hashlib
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.selection import select_images
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError, ExportError
from aid_desktop.evaluation.classified import classified_paths, write_classified_rtdc
from aid_desktop.evaluation.decision import Decision
from aid_desktop.evaluation.predictions import Predictions, Threshold


@pytest.fixture
def source(tmp_path: Path) -> DataSource:
    path = tmp_path / "blood.rtdc"
    with h5py.File(path, "w") as file:
        file["events/image"] = np.arange(5 * 16, dtype=np.uint8).reshape(5, 4, 4)
        file["events/userdef0"] = np.full(5, 7.0)
        file["events/area_um"] = np.arange(5.0)
        file.attrs["setup:medium"] = "water"
    return open_source(path).source


def make(source: DataSource, index: list[int], names: tuple[str, ...] = ("Cat", "dog")) -> Predictions:
    n = len(index)
    values = np.random.default_rng(0).dirichlet(np.ones(len(names)), n).astype(np.float32)
    return Predictions(names, (source,), (1.0,), np.zeros(n, np.intp), np.array(index, np.intp), values)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_that_a_copy_beside_the_source_gets_scores_and_classes(source: DataSource) -> None:
    before = digest(source.path)
    predictions = make(source, [4, 3, 2, 1, 0])
    path = write_classified_rtdc(source, predictions)
    assert path == source.path.with_name("blood_classified.rtdc")
    with h5py.File(path) as file:
        cat, dog = file["events/ml_score_cat"], file["events/ml_score_dog"]
        assert cat.dtype == dog.dtype == np.float32
        np.testing.assert_array_equal(cat[:], predictions.probabilities[::-1, 0])
        np.testing.assert_array_equal(dog[:], predictions.probabilities[::-1, 1])
        np.testing.assert_array_equal(file["events/userdef0"][:], predictions.predicted()[::-1])
        np.testing.assert_array_equal(file["events/area_um"][:], np.arange(5.0))
        assert file.attrs["setup:medium"] == "water"
        lines = [line.decode() for line in file["logs/aid-desktop-classification"]]
    assert lines == [
        "Classified by AID Desktop, format 1",
        "ml_score_cat: Cat (ml_class and userdef0 = 0)",
        "ml_score_dog: dog (ml_class and userdef0 = 1)",
    ]
    assert digest(source.path) == before
    assert open_source(path).source.n_images == 5


def test_that_images_without_prediction_are_nan(source: DataSource) -> None:
    path = write_classified_rtdc(source, make(source, [1, 3]))
    with h5py.File(path) as file:
        expected = [True, False, True, False, True]
        assert np.isnan(file["events/userdef0"][:]).tolist() == expected
        assert np.isnan(file["events/ml_score_cat"][:]).tolist() == expected


def test_that_only_predictions_of_this_source_are_used(source: DataSource, tmp_path: Path) -> None:
    other = replace(source, path=tmp_path / "other.rtdc")
    both = make(source, [0, 1, 2, 0])
    both = replace(both, sources=(other, source), zooms=(1.0, 1.0), source=np.array([0, 0, 1, 0]))
    path = write_classified_rtdc(source, both)
    with h5py.File(path) as file:
        assert np.flatnonzero(~np.isnan(file["events/userdef0"][:])).tolist() == [2]


def test_that_the_threshold_is_used_and_documented(source: DataSource) -> None:
    predictions, threshold = make(source, [0, 1, 2, 3, 4]), Threshold(1, 0.05)
    path = write_classified_rtdc(source, predictions, decision=Decision(threshold))
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["events/userdef0"][:], predictions.predicted(threshold))
        assert "dog where its probability > 0.05" in file["logs/aid-desktop-classification"][3].decode()


def test_that_classifying_again_drops_the_scores_of_the_earlier_classes(source: DataSource) -> None:
    with h5py.File(source.path, "r+") as file:
        file["events/ml_score_xyz"] = np.zeros(5, np.float32)
    first = open_source(write_classified_rtdc(source, make(source, [0]))).source
    path = write_classified_rtdc(first, make(first, [0, 1], ("owl", "fox")))
    with h5py.File(path) as file:
        scores = sorted(name for name in file["events"] if name.startswith("ml_score_"))
    assert scores == ["ml_score_0ow", "ml_score_1fo"]


def test_that_a_folder_or_a_file_can_be_named(source: DataSource, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    predictions = make(source, [0])
    assert write_classified_rtdc(source, predictions, tmp_path / "out") == (tmp_path / "out" / "blood_classified.rtdc")
    named = tmp_path / "new" / "mine.rtdc"
    assert write_classified_rtdc(source, predictions, named) == named
    assert named.exists()


def test_that_the_source_is_never_replaced(source: DataSource, tmp_path: Path) -> None:
    predictions = make(source, [0])
    link = tmp_path / "link.rtdc"
    link.hardlink_to(source.path)
    for path in (source.path, link):
        with pytest.raises(DataError, match="choose another name"):
            write_classified_rtdc(source, predictions, path)


def test_that_other_kinds_of_sources_are_refused(source: DataSource) -> None:
    folder = replace(source, kind=SourceKind.FOLDER)
    with pytest.raises(DataError, match=r"\.rtdc files only"):
        write_classified_rtdc(folder, make(folder, [0]))


def test_that_a_source_that_has_become_shorter_is_told_and_nothing_written(source: DataSource) -> None:
    with pytest.raises(DataError, match=r"prediction for number 5.*has changed"):
        write_classified_rtdc(source, make(source, [0, 5]))
    assert list(source.path.parent.iterdir()) == [source.path]


def test_that_errors_of_the_disk_give_a_plain_message(source: DataSource, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="cannot be written"):
        write_classified_rtdc(source, make(source, [0]), source.path / "x.rtdc")
    predictions = make(source, [0])
    source.path.write_bytes(b"no longer HDF5")
    with pytest.raises(ExportError, match="cannot be written"):
        write_classified_rtdc(source, predictions)
    assert list(tmp_path.iterdir()) == [source.path]


def test_that_many_long_class_names_fit(source: DataSource) -> None:
    names = tuple(f"{number:04} {'Ω' * 40}" for number in range(400))
    path = write_classified_rtdc(source, make(source, [0], names))
    with h5py.File(path) as file:
        assert len(file["logs/aid-desktop-classification"]) > 401


def test_that_paths_of_sources_with_the_same_name_differ(source: DataSource, tmp_path: Path) -> None:
    other = replace(source, path=tmp_path / "b" / "blood.rtdc")
    taken = replace(source, path=tmp_path / "blood_classified.rtdc")
    assert classified_paths([source.path, other.path]) == (
        tmp_path / "blood_classified.rtdc",
        tmp_path / "b" / "blood_classified.rtdc",
    )
    assert [path.name for path in classified_paths([one.path for one in (source, other, taken)], tmp_path)] == [
        "blood_classified_2.rtdc",
        "blood_classified_3.rtdc",
        "blood_classified_classified.rtdc",
    ]


@pytest.mark.parametrize("room", [-500, 100, 3000, 100_000])
def test_that_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, room: int) -> None:
    resource = pytest.importorskip("resource")
    write_rtdc(tmp_path / "many.rtdc", np.zeros((50_000, 2, 2), np.uint8))
    source = open_source(tmp_path / "many.rtdc").source
    predictions = make(source, list(range(source.n_images)))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (source.path.stat().st_size + room, limits[1]))
    try:
        with pytest.raises(ExportError, match="cannot be written"):
            write_classified_rtdc(source, predictions)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == [source.path]


def test_that_scores_of_chosen_images_land_at_their_events(source: DataSource) -> None:
    chosen = select_images(source, [1, 3, 4])
    predictions = make(chosen, [2, 0, 1])
    path = write_classified_rtdc(chosen, predictions)
    with h5py.File(path) as file:
        scores = file["events/ml_score_cat"][:]
    assert np.flatnonzero(~np.isnan(scores)).tolist() == [1, 3, 4]
    np.testing.assert_array_equal(scores[[4, 1, 3]], predictions.probabilities[:, 0])


def test_that_thousands_of_files_get_their_names_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[Path] = []
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path, **more: bool(looked_at.append(path)) or exists(path, **more))
    sources = [tmp_path / f"x{number}.rtdc" for number in range(300)]
    assert classified_paths(sources)[-1] == tmp_path / "x299_classified.rtdc"
    assert len(looked_at) <= 2 * len(sources)


def test_that_a_link_to_a_source_is_not_replaced(source: DataSource, tmp_path: Path) -> None:
    link = tmp_path / "blood_classified.rtdc"
    link.symlink_to(source.path)
    assert classified_paths([source.path]) == (tmp_path / "blood_classified_2.rtdc",)

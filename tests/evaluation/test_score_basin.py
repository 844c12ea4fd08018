"""What dclab reads out of classified files, copies and small ones."""

import shutil
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
from dclab import new_dataset
from dclab.rtdc_dataset import RTDCWriter
from dclab.rtdc_dataset.check import check_dataset

from aid_desktop.data.basins import BASINS
from aid_desktop.data.formats import open_source
from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError
from aid_desktop.evaluation.classified import CLASSES, LOG, write_classified_rtdc
from aid_desktop.evaluation.decision import Decision
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.evaluation.score_basin import INTERNAL_EVENTS
from aid_desktop.evaluation.summary import summarize

SHARED = Path(__file__).parents[3] / "shared" / "data"
N, HEIGHT, WIDTH = 30, 12, 20
NAMES = ("rbc", "lym", "Mono cyte")
METADATA = {
    "experiment": {"date": "2024-05-06", "run index": 3, "sample": "blood of Zoë", "time": "10:11:12"},
    "imaging": {
        **{"flash device": "LED", "flash duration": 2.0, "frame rate": 2000.0, "pixel size": 0.34},
        **{"roi position x": 629, "roi position y": 512, "roi size x": WIDTH, "roi size y": HEIGHT},
    },
    "setup": {
        **{"channel width": 20.0, "chip region": "channel", "flow rate": 0.06, "flow rate sample": 0.02},
        **{"flow rate sheath": 0.04, "identifier": "ZMDD", "medium": "CellCarrierB"},
        "module composition": "AcCellerator",
    },
}

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # dclab's for columns of nan


@pytest.fixture
def source(tmp_path: Path) -> DataSource:
    """Return a measurement that another model has classified already, wrongly."""
    rng = np.random.default_rng(5)
    path = tmp_path / "raw" / "blood.rtdc"
    path.parent.mkdir()
    with RTDCWriter(path, mode="reset") as writer:
        writer.store_metadata(METADATA)
        writer.store_feature("image", rng.integers(0, 256, (N, HEIGHT, WIDTH), np.uint8))
        writer.store_feature("mask", rng.integers(0, 2, (N, HEIGHT, WIDTH), np.uint8).astype(bool))
        for name in ("area_cvx", "area_msd", "pos_x", "pos_y"):
            writer.store_feature(name, rng.uniform(10, 99, N))
        for name, values in (("ml_score_aaa", np.ones(N)), ("ml_class", np.full(N, 7)), ("userdef0", np.full(N, 3))):
            writer.store_feature(name, values)
        writer.store_log("acquisition", ["first line"])
    assert check_dataset(path)[:2] == ([], [])
    return open_source(path).source


def make(source: DataSource, names: tuple[str, ...] = NAMES) -> Predictions:
    values = np.random.default_rng(1).dirichlet(np.ones(len(names)), N).astype(np.float32)
    numbers = np.arange(N)
    return Predictions(names, (source,), (1.0,), np.zeros(N, np.intp), numbers, values)


def verified(path: Path) -> tuple[list[str], list[str]]:
    with warnings.catch_warnings():
        # It looks at the file without its basins, and says so.
        warnings.simplefilter("ignore", UserWarning)
        violations, alerts, _ = check_dataset(path)
    return violations, alerts


@pytest.mark.parametrize("is_basin", [False, True])
@pytest.mark.parametrize("reject", [None, 0.5])
def test_that_dclab_counts_the_classes_that_we_count(source: DataSource, is_basin: bool, reject: float | None) -> None:
    predictions, decision = make(source), Decision(reject=reject)
    path = write_classified_rtdc(source, predictions, None, decision, is_basin=is_basin)
    assert verified(path) == ([], [])
    [file] = summarize(predictions, decision).files
    with new_dataset(path) as dataset:
        classes = dataset["ml_class"][:]
        np.testing.assert_array_equal(classes, decision.classes(predictions.probabilities))
        assert np.bincount(classes + 1, minlength=4).tolist() == [file.n_rejected, *file.counts]
        assert file.n_rejected == (0 if reject is None else 3)
        scores = [name for name in dataset.features if name.startswith("ml_score")]
        assert scores == ["ml_score_0rb", "ml_score_1ly", "ml_score_2mo"]
        np.testing.assert_array_equal(np.isnan(dataset["userdef0"][:]), classes == -1)
        np.testing.assert_array_equal(np.isnan(dataset["ml_score_1ly"][:]), classes == -1)


def test_that_a_threshold_concerns_userdef0_and_is_documented(source: DataSource) -> None:
    predictions, threshold = make(source), Threshold(2, 0.1)
    path = write_classified_rtdc(source, predictions, None, Decision(threshold))
    assert verified(path) == ([], [])
    with new_dataset(path) as dataset:
        np.testing.assert_array_equal(dataset["ml_class"][:], predictions.predicted())
        np.testing.assert_array_equal(dataset["userdef0"][:], predictions.predicted(threshold))
        assert any("rule of userdef0: Mono cyte" in line for line in dataset.logs["aid-desktop-classification"])


def test_that_the_copy_keeps_all_else_and_tells_what_it_has_left_out(source: DataSource) -> None:
    path = write_classified_rtdc(source, make(source), about=["model: x.keras"])
    with h5py.File(path) as file, h5py.File(source.path) as before:
        lines = [line.decode() for line in file[LOG]]
        assert "left out, of an earlier classification: ml_class, ml_score_aaa" in lines
        assert "model: x.keras" in lines
        assert not {"ml_class", "ml_score_aaa"} & set(file["events"])
        assert file.attrs[CLASSES] == '{"0rb": "rbc", "1ly": "lym", "2mo": "Mono cyte"}'
        assert set(before.attrs) < set(file.attrs)
        assert file.attrs["setup:software version"].startswith(
            before.attrs["setup:software version"] + " | AID Desktop"
        )
        assert file["events/image"]._filters == before["events/image"]._filters
        assert file["events/ml_score_0rb"]._filters == before["events/area_cvx"]._filters
        assert {"ml_class", "ml_score_aaa"} < set(before["events"])


def test_that_a_small_file_shows_the_original_through_its_basin(source: DataSource) -> None:
    path = write_classified_rtdc(source, make(source), is_basin=True)
    with h5py.File(path) as file:
        assert set(file["events"]) == {"ml_score_0rb", "ml_score_1ly", "ml_score_2mo", "userdef0"}
        assert file["logs/acquisition"][0] == b"first line"
        assert any(b"ml_class, ml_score_aaa" in line for line in file[LOG])
    with new_dataset(source.path) as original, new_dataset(path) as dataset:
        for name in ("image", "mask", "area_cvx", "pos_x"):
            np.testing.assert_array_equal(dataset[name][:], original[name][:])
        # Computed by dclab, from what the basin offers.
        np.testing.assert_array_equal(dataset["area_um"][:], original["area_um"][:])
        assert "ml_score_aaa" not in dataset
        assert dataset["userdef0"][0] != 3
        assert len(dataset) == N


@pytest.mark.parametrize("out", ["raw", ".", "out/deep"])
def test_that_both_files_may_be_moved_together(source: DataSource, tmp_path: Path, out: str) -> None:
    (tmp_path / out).mkdir(parents=True, exist_ok=True)
    path = write_classified_rtdc(source, make(source), tmp_path / out, is_basin=True)
    moved = tmp_path / "moved"
    (moved / out).mkdir(parents=True)
    (moved / "raw").mkdir(exist_ok=True)
    shutil.move(source.path, moved / "raw" / source.path.name)
    copy = Path(shutil.move(path, moved / out / path.name))
    with new_dataset(copy) as dataset:
        assert dataset["image"][3].shape == (HEIGHT, WIDTH)
        assert verified(copy) == ([], [])


def test_that_the_basin_is_as_dclab_writes_it(source: DataSource, tmp_path: Path) -> None:
    path = write_classified_rtdc(source, make(source), is_basin=True)
    other = tmp_path / "other.rtdc"
    with h5py.File(path) as file:
        [(key, lines)] = [(key, file[BASINS][key][:]) for key in file[BASINS]]
    with new_dataset(path) as dataset:
        [basin] = dataset.basins_get_dicts()
    assert basin["paths"] == [str(source.path), source.path.name]
    with RTDCWriter(other, mode="reset") as writer:
        written = writer.store_basin(
            basin["name"], "file", "hdf5", basin["paths"], basin["description"], basin["features"], verify=False
        )
    with h5py.File(other) as file:
        assert written == key
        np.testing.assert_array_equal(file[BASINS][key][:], lines)


def test_that_stale_scores_in_basins_of_the_source_are_left_out(source: DataSource, tmp_path: Path) -> None:
    with RTDCWriter(source.path, mode="append") as writer:
        data = {"ml_score_old": np.ones(N), "userdef5": np.arange(N)}
        where = "internal", "h5dataset", ["basin_events"], None
        writer.store_basin("inside", *where, list(data), np.arange(N), internal_data=data)
    path = write_classified_rtdc(source, make(source))
    assert verified(path) == ([], [])
    with h5py.File(path) as file:
        assert list(file[INTERNAL_EVENTS]) == ["userdef5"]
    with new_dataset(path) as dataset:
        assert "ml_score_old" not in dataset
        np.testing.assert_array_equal(dataset["userdef5"][:], np.arange(N))


def test_that_long_names_keep_the_lines_of_the_log_short(source: DataSource) -> None:
    names = ("ä" * 300, "b" * 300)
    path = write_classified_rtdc(source, make(source, names), about=["model: " + "x" * 200])
    assert verified(path) == ([], [])


@pytest.mark.parametrize("is_basin", [False, True])
def test_that_a_file_of_aideveloper_gets_no_more_complaints(tmp_path: Path, is_basin: bool) -> None:
    path = SHARED / "cat_vs_automobile" / "validation" / "cat.rtdc"
    if not path.exists():
        pytest.skip("the shared data are not here")
    source = open_source(path).source
    n = source.n_images
    values = np.random.default_rng(1).dirichlet(np.ones(2), n).astype(np.float32)
    predictions = Predictions(("cat", "automobile"), (source,), (1.0,), np.zeros(n, np.intp), np.arange(n), values)
    found = write_classified_rtdc(source, predictions, tmp_path, is_basin=is_basin)
    before, after = verified(path), verified(found)
    assert set(after[0]) <= set(before[0])
    assert set(after[1]) <= set(before[1])
    with new_dataset(found) as dataset, new_dataset(path) as original:
        np.testing.assert_array_equal(dataset["ml_class"][:], predictions.predicted())
        np.testing.assert_array_equal(dataset["image"][n - 1], original["image"][n - 1])


def refer(path: Path, paths: list[str], features: list[str] | None = None) -> None:
    """Give a file a basin of a file, of all features by default."""
    with RTDCWriter(path, mode="append") as writer:
        writer.store_basin("other", "file", "hdf5", paths, basin_feats=features, verify=False)


@pytest.mark.parametrize("is_basin", [False, True])
@pytest.mark.parametrize("deep", [False, True])
def test_that_stale_scores_behind_a_basin_of_all_features_are_left_out(
    source: DataSource, tmp_path: Path, is_basin: bool, deep: bool
) -> None:
    old, between = tmp_path / "raw" / "old.rtdc", tmp_path / "raw" / "between.rtdc"
    with RTDCWriter(old, mode="reset") as writer:
        writer.store_metadata(METADATA)
        writer.store_feature("ml_score_old", np.full(N, 2.0))
        writer.store_feature("userdef5", np.arange(N))
    if deep:
        with RTDCWriter(between, mode="reset") as writer:
            writer.store_metadata(METADATA)
            writer.store_feature("userdef6", np.arange(N))
        refer(between, [old.name])
    refer(source.path, [str(between) if deep else old.name])
    predictions, notes = make(source), []
    path = write_classified_rtdc(source, predictions, is_basin=is_basin, notes=notes)
    with new_dataset(path) as dataset:
        assert "ml_score_old" not in dataset
        np.testing.assert_array_equal(dataset["ml_class"][:], predictions.predicted())
        np.testing.assert_array_equal(dataset["userdef5"][:], np.arange(N))
        assert dataset["image"][3].shape == (HEIGHT, WIDTH)
        assert any("ml_score_old" in line for line in dataset.logs["aid-desktop-classification"])
    assert notes == []


@pytest.mark.parametrize("is_basin", [False, True])
def test_that_a_basin_of_all_features_that_cannot_be_read_is_left_out_and_told(
    source: DataSource, tmp_path: Path, is_basin: bool
) -> None:
    gone = str(tmp_path / "gone.rtdc")
    refer(source.path, [gone])
    notes: list[str] = []
    path = write_classified_rtdc(source, make(source), is_basin=is_basin, notes=notes)
    assert len(notes) == 1
    assert gone in notes[0]
    with h5py.File(path) as file:
        assert gone.encode() in b"".join(file[LOG])
        assert len(file.get(BASINS, ())) == is_basin
    shutil.copy(source.path, gone)  # with an ml_score_aaa
    with new_dataset(path) as dataset:
        assert "ml_score_aaa" not in dataset
        assert dataset["area_cvx"][0] > 0


def test_that_a_basin_that_is_none_is_left_out_and_told(source: DataSource) -> None:
    with h5py.File(source.path, "a") as file:
        file[f"{BASINS}/odd"] = np.array([b"{not JSON"])
    for is_basin in (False, True):
        notes: list[str] = []
        path = write_classified_rtdc(source, make(source), is_basin=is_basin, notes=notes)
        assert "odd" in notes[0]
        with h5py.File(path) as file:
            assert "odd" not in file.get(BASINS, ())


def test_that_basins_that_lead_in_a_circle_come_to_an_end(source: DataSource) -> None:
    refer(source.path, [source.path.name])
    path = write_classified_rtdc(source, make(source), is_basin=True)
    with new_dataset(path) as dataset:
        assert "ml_score_aaa" not in dataset


def test_that_a_small_file_that_is_opened_names_the_original(source: DataSource) -> None:
    path = write_classified_rtdc(source, make(source), is_basin=True)
    with pytest.raises(DataError, match="no images of its own") as told:
        open_source(path)
    assert str(source.path) in str(told.value)

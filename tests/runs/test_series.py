import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.class_table import Role
from aid_desktop.errors import RunError, SettingsError
from aid_desktop.runs.config import MAX_SEED, DataRow, ModelChoice, RunConfig
from aid_desktop.runs.folder import LastState, RunFolder, write_state
from aid_desktop.runs.run_toml import write_run_toml
from aid_desktop.runs.series import (
    Series,
    SeriesChoice,
    create_series,
    is_series_folder,
    plan_runs,
    read_series,
)
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.split import SplitSettings

CONFIG = RunConfig(
    data=(DataRow(Path(__file__).absolute().parent / "a.rtdc", "a", Role.TRAINING),),
    image=ImageSettings(),
    model=ModelChoice("LeNet5_do"),
    seed=7,
)


def plan(config: RunConfig = CONFIG, **choice: Any) -> list[tuple[str, str | None, int, SplitSettings | None]]:
    runs = plan_runs(config, SeriesChoice(**choice))
    return [(run.name, run.config.model.architecture, run.config.seed, run.config.split) for run in runs]


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    path = tmp_path / "zoo" / "model_zoo.py"
    path.parent.mkdir()
    path.write_text("# architectures\n", encoding="utf-8")
    return path


def finish(folder: RunFolder, *, finished: bool = True) -> None:
    folder.create()
    write_state(folder, LastState(3, 0, finished))


# --- planning ---------------------------------------------------------------------------------------------


def test_that_several_architectures_are_trained_with_the_same_seed_and_split() -> None:
    config = replace(CONFIG, split=SplitSettings(0.1, "file"))
    split = SplitSettings(0.1, "file", seed=7)
    assert plan(config, architectures=("A", "B", "A")) == [("1_A", "A", 7, split), ("2_B", "B", 7, split)]


def test_that_a_file_of_weights_goes_with_its_architecture_and_random_weights_with_all(tmp_path: Path) -> None:
    for weights, others in ((tmp_path / "w.h5", None), ("imagenet", None), ("none", "none")):
        config = replace(CONFIG, model=ModelChoice("A", weights=weights))
        models = [run.config.model for run in plan_runs(config, SeriesChoice(architectures=("A", "B")))]
        assert models == [ModelChoice("A", weights=weights), ModelChoice("B", weights=others)]


def test_that_repetitions_differ_in_their_seed_alone() -> None:
    config = replace(CONFIG, split=SplitSettings())
    runs = plan(config, repetitions=3)
    assert [run[0] for run in runs] == ["1_LeNet5_do_seed7", "2_LeNet5_do_seed8", "3_LeNet5_do_seed9"]
    assert {run[3] for run in runs} == {SplitSettings(seed=7)}
    assert [run[3] for run in plan(repetitions=2)] == [None, None]
    assert [run[2] for run in plan(replace(CONFIG, seed=MAX_SEED), repetitions=2)] == [MAX_SEED, 0]


def test_that_folds_share_seed_and_parts_which_each_repetition_deals_anew() -> None:
    listed = SplitSettings(group_by="folder", held_out=Path("held_out.csv"))
    runs = plan(replace(CONFIG, split=listed), folds=2, repetitions=2)
    assert [run[0] for run in runs] == [
        "1_LeNet5_do_seed7_fold1of2", "2_LeNet5_do_seed7_fold2of2",
        "3_LeNet5_do_seed8_fold1of2", "4_LeNet5_do_seed8_fold2of2",
    ]  # fmt: skip
    splits = [SplitSettings(group_by="folder", folds=2, fold=fold, seed=seed) for seed in (7, 8) for fold in (0, 1)]
    assert [run[3] for run in runs] == splits
    assert [run[2] for run in runs] == [7, 7, 8, 8]
    assert plan(folds=2)[0][3] == SplitSettings(folds=2, fold=0, seed=7)


def test_that_a_series_cut_short_can_be_compared() -> None:
    runs = plan(architectures=("A", "B"), repetitions=2, folds=3)
    assert [run[1] for run in runs] == ["A", "B"] * 6


@given(st.lists(st.sampled_from("ABC"), max_size=4).map(tuple), st.integers(1, 4), st.just(0) | st.integers(2, 5))
def test_that_runs_are_as_many_as_told_and_have_names_of_their_own(
    architectures: tuple[str, ...], repetitions: int, folds: int
) -> None:
    choice = SeriesChoice(architectures, repetitions, folds)
    runs = plan_runs(CONFIG, choice)
    assert len({run.name for run in runs}) == len(runs) == choice.n_runs
    assert len({run.config for run in runs}) == len(runs)


def test_that_a_name_can_be_that_of_a_folder() -> None:
    assert plan(architectures=("a/b: c",))[0][0] == "1_a-b-c"


@pytest.mark.parametrize("choice", [{"repetitions": 0}, {"repetitions": 101}, {"folds": 1}, {"folds": 21}])
def test_that_impossible_numbers_are_refused(choice: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match=f"{next(iter(choice))}: got"):
        SeriesChoice(**choice)


# --- on disk ----------------------------------------------------------------------------------------------


def test_that_a_series_comes_back_from_its_folder(tmp_path: Path, zoo: Path) -> None:
    runs = plan_runs(CONFIG, SeriesChoice(("A", "B"), 2, 2)) + plan_runs(CONFIG, SeriesChoice())
    assert not is_series_folder(tmp_path / "s")
    made = create_series(tmp_path / "s", runs, zoo)
    assert is_series_folder(made.path)
    assert read_series(made.path) == made == Series(tmp_path / "s", runs)
    assert made.model_zoo.read_text(encoding="utf-8") == "# architectures\n"
    with pytest.raises(RunError, match="holds a series already"):
        create_series(tmp_path / "s", runs, zoo)


def test_that_what_is_left_of_a_series_is_known(tmp_path: Path, zoo: Path) -> None:
    series = create_series(tmp_path / "s", plan_runs(CONFIG, SeriesChoice(("A", "B", "C"))), zoo)
    done, begun, waiting = series.runs
    finish(series.folder(done))
    finish(series.folder(begun), finished=False)
    changed = replace(begun.config, seed=99)
    write_run_toml(changed, series.folder(begun).run_toml)
    assert series.resume_point(begun) is None, "its last_state.json was left by a crash in its first save"
    series.folder(begun).last_model.touch()
    assert series.unfinished() == (begun, waiting)
    assert series.resume_point(begun) == changed
    assert series.resume_point(waiting) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "its format is other"),
        ({"version": 2}, "2, 1 is known"),
        ({"runs": [{"name": "../a"}]}, "expected the name of a folder"),
        ({"runs": [{"name": "a", "model": {"architecture": 3}}]}, "model.architecture"),
        ({"runs": 3}, "cannot be read"),
    ],
)
def test_that_a_file_that_is_no_series_is_told(
    tmp_path: Path, zoo: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(RunError, match="holds no series"):
        read_series(tmp_path)
    series = create_series(tmp_path / "s", plan_runs(CONFIG, SeriesChoice()), zoo)
    document = json.loads(series.series_json.read_text(encoding="utf-8"))
    series.series_json.write_text(json.dumps(document | change), encoding="utf-8")
    with pytest.raises(RunError, match=message):
        read_series(series.path)

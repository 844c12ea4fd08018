from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.grouping import group_key
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError, RunError
from aid_desktop.runs import held_out as held_out_module
from aid_desktop.runs.config import DataRow, RunConfig, open_readers
from aid_desktop.runs.held_out import held_out_images, write_held_out
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training import split as split_module
from aid_desktop.training.datasets import load_training_data
from aid_desktop.training.split import Split, split_rows

GROUPINGS = ["image", "file", "folder", r"/(p\d)/"]


class Stack:
    """A reader of an .rtdc file that is never read."""

    def __init__(self, name: str, n_images: int) -> None:
        path = Path("/d") / name
        self.source = DataSource(path, SourceKind.RTDC, n_images, ((8, 8, 1),), f"digest of {name}")

    def origin(self, index: int) -> str:
        return f"{self.source.path}#{index}"


rows = st.lists(
    st.tuples(
        st.builds(Stack, st.sampled_from([f"p{p}/{f}.rtdc" for p in (1, 2, 3) for f in "ab"]), st.just(7)),
        st.integers(0, 2),
        st.sampled_from([Role.TRAINING, Role.TRAINING, Role.VALIDATION, Role.TEST]),
    ),
    max_size=10,
)


@given(rows, st.sampled_from(GROUPINGS), st.floats(0.05, 0.9), st.integers(0, 3))
def test_that_each_image_of_a_training_row_goes_to_one_side_with_its_group(
    chosen: list[tuple[Stack, int, Role]], group_by: str, fraction: float, seed: int
) -> None:
    table = ClassTable(tuple(ClassRow(reader.source, label, f"c{label}", role) for reader, label, role in chosen))
    readers = [reader for reader, _, _ in chosen]
    split = split_rows(table, readers, SplitSettings(fraction, group_by), seed)
    assert set(split.rows) == {place for place, row in enumerate(table.rows) if row.role is Role.TRAINING}
    sides: list[set[str]] = [set(), set()]
    for place, part in split.rows.items():
        assert sorted([*part.kept, *part.held]) == list(range(readers[place].source.n_images))
        for side, indices in zip(sides, (part.kept, part.held), strict=True):
            side |= {group_key(readers[place].origin(index), group_by) for index in indices}
    assert not sides[0] & sides[1]
    assert split.n_groups == len(sides[0] | sides[1])


@given(rows, st.sampled_from(GROUPINGS), st.integers(2, 4), st.integers(0, 3), st.integers(-1, 2))
def test_that_each_image_is_held_out_in_exactly_one_fold_and_no_group_is_torn(
    chosen: list[tuple[Stack, int, Role]], group_by: str, folds: int, seed: int, split_seed: int
) -> None:
    table = ClassTable(tuple(ClassRow(reader.source, label, f"c{label}", role) for reader, label, role in chosen))
    readers = [reader for reader, _, _ in chosen]

    def held_in(fold: int, seed: int) -> Split:
        return split_rows(table, readers, SplitSettings(0.2, group_by, None, folds, fold, split_seed), seed)

    try:
        splits = [held_in(fold, seed) for fold in range(folds)]
    except DataError:
        return
    for place in splits[0].rows:
        images = [index for split in splits for index in split.rows[place].held]
        assert sorted(images) == list(range(readers[place].source.n_images))
    for split in splits:
        sides: list[set[str]] = [set(), set()]
        for place, part in split.rows.items():
            for side, indices in zip(sides, (part.kept, part.held), strict=True):
                side |= {group_key(readers[place].origin(index), group_by) for index in indices}
        assert not sides[0] & sides[1]
    if split_seed >= 0:
        # Runs that differ in their seed alone have the same parts.
        assert held(held_in(1, seed + 1)) == held(splits[1])


def test_that_too_few_groups_for_the_folds_are_refused_in_words() -> None:
    readers = [Stack(f"p1/{name}.rtdc", 9) for name in "abc"]
    table = ClassTable(tuple(ClassRow(reader.source, 0, "cat", Role.TRAINING) for reader in readers))
    split_rows(table, readers, SplitSettings(0.2, "file", None, 3), 1)
    with pytest.raises(DataError, match="cat has 3 groups of images, expected at least 4 for 4 folds"):
        split_rows(table, readers, SplitSettings(0.2, "file", None, 4), 1)
    with pytest.raises(DataError, match="cat has 1 group of"):
        split_rows(table, readers, SplitSettings(0.2, "folder", None, 2), 1)


def test_that_nothing_is_held_out_without_a_split() -> None:
    reader = Stack("a.rtdc", 5)
    table = ClassTable((ClassRow(reader.source, 0, "a", Role.TRAINING),))
    split = split_rows(table, [reader], None, 1)
    assert (split.rows[0].kept.tolist(), split.rows[0].held.tolist()) == ([0, 1, 2, 3, 4], [])


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[], tuple[ClassTable, tuple]]:
    """Return a function that opens three rows of two classes."""
    for number, name in enumerate("abc"):
        write_rtdc(tmp_path / f"{name}.rtdc", np.full((20, 8, 8), number, np.uint8))
    data = [DataRow(tmp_path / f"{name}.rtdc", "x" if name == "a" else "y", Role.TRAINING) for name in "abc"]
    return lambda: open_readers(data)


def held(split: Split) -> list[list[int]]:
    return [part.held.tolist() for part in split.rows.values()]


def test_that_stored_images_are_held_out_whatever_would_be_drawn(
    opened: Callable[[], tuple[ClassTable, tuple]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, readers = opened()
    drawn = split_rows(table, readers, SplitSettings(0.3), 1)
    path = tmp_path / "held_out.csv"
    write_held_out(held_out_images(readers, [part.held for part in drawn.rows.values()]), path)

    def fail(*_: object) -> None:
        raise AssertionError("nothing is to be drawn")

    monkeypatch.setattr(split_module, "hold_out", fail)
    stored = split_rows(*opened(), SplitSettings(0.9, "file", path), 2)
    assert held(stored) == held(drawn)
    for part in stored.rows.values():
        assert sorted([*part.kept, *part.held]) == list(range(20))


def test_that_stored_images_of_a_row_with_another_role_are_refused(
    opened: Callable[[], tuple[ClassTable, tuple]], tmp_path: Path
) -> None:
    table, readers = opened()
    write_held_out(held_out_images(readers, [np.array([1])] * 3), tmp_path / "held_out.csv")
    settings = SplitSettings(held_out=tmp_path / "held_out.csv")
    with pytest.raises(RunError, match="does not fit the data"):
        split_rows(table.set_role([0], Role.TEST), readers, settings, 1)


def test_that_a_run_tells_what_it_held_out(make_config: Callable[..., RunConfig], tmp_path: Path) -> None:
    config = replace(make_config(), split=SplitSettings(0.2))
    first = load_training_data(config, lambda text: None, lambda: False)
    assert first.held_out is not None
    assert sum(map(len, first.held_out.images.values())) == 12
    path = tmp_path / held_out_module.FILE_NAME
    write_held_out(first.held_out, path)
    again = replace(config, split=SplitSettings(0.5, "file", path), seed=9)
    second = load_training_data(again, lambda text: None, lambda: False)
    assert second.held_out is not None
    assert second.held_out.images == first.held_out.images
    np.testing.assert_array_equal(second.validation_images[:], first.validation_images[:])
    assert load_training_data(make_config(), lambda text: None, lambda: False).held_out is None

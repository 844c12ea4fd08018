"""Where assessed images are in a class table, what has changed, and changing more of it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.selection import select_images, whole_numbers
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.relabelled import (
    change_text,
    changed_images,
    excluded_images,
    find_states,
    with_images_included,
    with_images_moved,
)

NAMES = ("cat", "dog")


def source_of(name: str, n: int = 10) -> DataSource:
    return DataSource(Path(f"/data/{name}.rtdc"), SourceKind.RTDC, n, ((8, 8, 1),), f"digest of {name}")


def predictions_of(pairs: list[tuple[DataSource, list[int]]]) -> Predictions:
    n = sum(len(indices) for _, indices in pairs)
    return Predictions(
        NAMES,
        tuple(source for source, _ in pairs),
        (1.0,) * len(pairs),
        np.repeat(np.arange(len(pairs)), [len(indices) for _, indices in pairs]),
        np.array([index for _, indices in pairs for index in indices], np.intp),
        np.full((n, 2), 0.5, np.float32),
        np.zeros(n, np.intp),
    )


A, B = source_of("a"), source_of("b")
TABLE = ClassTable().add_sources([(A, "cat", Role.TRAINING), (B, "dog", Role.TEST)])
MADE = predictions_of([(A, [0, 3, 7]), (B, [1, 2])])


def contents(table: ClassTable) -> dict[tuple[str, str, str], list[int]]:
    return {
        (row.source.path.stem, row.class_name, str(row.role)): whole_numbers(row.source).tolist() for row in table.rows
    }


def test_that_images_are_found_by_file_and_number():
    states = find_states(MADE, TABLE)
    assert states.places.tolist() == [0, 0, 0, 1, 1]
    assert states.state(0) == ("cat", Role.TRAINING)
    other = ClassTable().add_sources([(select_images(A, [3, 4]), "cat", Role.TEST)])
    assert find_states(MADE, other).places.tolist() == [-1, 0, -1, -1, -1]


def test_that_images_of_a_part_are_found_in_the_whole():
    made = predictions_of([(select_images(A, [5, 6, 9]), [0, 2])])
    later = with_images_moved(made, np.array([1]), TABLE, class_name="dog")
    assert contents(later)["a", "dog", "training"] == [9]
    assert change_text(find_states(made, TABLE), find_states(made, later), 1) == "relabelled: cat → dog"


def test_that_another_file_of_the_same_name_is_not_taken():
    other = DataSource(A.path, A.kind, 10, A.shapes, "another digest")
    assert find_states(predictions_of([(other, [0])]), TABLE).places.tolist() == [-1]


@pytest.mark.parametrize(
    ("change", "text", "expected"),
    [
        ({"class_name": "dog"}, "relabelled: cat → dog", ("a", "dog", "training")),
        ({"role": Role.TEST}, "→ test", ("a", "cat", "test")),
        ({"class_name": "dog", "role": Role.TEST}, "relabelled: cat → dog, → test", ("a", "dog", "test")),
        ({}, "excluded", None),
    ],
)
def test_that_a_change_moves_these_images_alone_and_can_be_told(change, text, expected):
    before = find_states(MADE, TABLE)
    table = with_images_moved(MADE, np.array([0, 2]), TABLE, **change)
    after = find_states(MADE, table)
    assert changed_images(before, after).tolist() == [True, False, True, False, False]
    assert [change_text(before, after, position) for position in range(5)] == [text, "", text, "", ""]
    found = contents(table)
    assert found["a", "cat", "training"] == [1, 2, 3, 4, 5, 6, 8, 9]
    assert found["b", "dog", "test"] == list(range(10))
    if expected is not None:
        assert found[expected] == [0, 7]
    assert len(found) == (2 if expected is None else 3)


def test_that_images_go_back_into_their_row():
    moved = with_images_moved(MADE, np.array([0, 2]), TABLE, class_name="dog")
    assert contents(with_images_moved(MADE, np.array([0, 2]), moved, class_name="cat")) == contents(TABLE)


def test_that_a_row_of_a_class_without_a_change_is_left():
    before = find_states(MADE, TABLE)
    renamed = TABLE.assign_class_name([1], "wolf")
    assert changed_images(before, find_states(MADE, renamed)).tolist() == [False] * 3 + [True] * 2
    assert not changed_images(before, find_states(MADE, TABLE.set_zoom([0], 2.0))).any()


def test_that_what_was_never_in_the_table_counts_as_unchanged():
    before = find_states(MADE, ClassTable())
    assert not changed_images(before, find_states(MADE, TABLE)).any()
    assert change_text(before, find_states(MADE, TABLE), 0) == ""
    assert with_images_moved(MADE, np.array([0]), ClassTable(), class_name="dog") == ClassTable()
    assert with_images_moved(MADE, np.empty(0, np.intp), TABLE, class_name="dog") == TABLE


def test_that_a_bad_name_is_refused():
    with pytest.raises(DataError, match="class name"):
        with_images_moved(MADE, np.array([0]), TABLE, class_name=" ")


@given(st.sets(st.integers(0, 4)), st.sampled_from([*NAMES, "wolf", None]), st.sampled_from([*Role, None]))
def test_that_no_image_is_lost_or_doubled(chosen, class_name, role):
    positions = np.array(sorted(chosen), np.intp)
    table = with_images_moved(MADE, positions, TABLE, class_name, role)
    every = sorted(
        (row.source.path.stem, number) for row in table.rows for number in whole_numbers(row.source).tolist()
    )
    n_left_out = len(chosen) if class_name is None and role is None else 0
    assert len(every) == len(set(every)) == 20 - n_left_out


@given(st.sets(st.integers(0, 4), min_size=1), st.sets(st.integers(0, 4)))
def test_that_excluded_images_come_back_as_they_were(excluded, others):
    before = find_states(MADE, TABLE)
    relabelled = with_images_moved(MADE, np.array(sorted(others), np.intp), TABLE, class_name="bird", role=Role.TEST)
    after = find_states(MADE, with_images_moved(MADE, np.array(sorted(excluded)), relabelled))
    assert np.flatnonzero(excluded_images(before, after)).tolist() == sorted(excluded)
    # Those that are not excluded stay as they are now.
    again = find_states(MADE, with_images_included(MADE, np.arange(5), before, after))
    for position in range(5):
        is_other = position in others and position not in excluded
        assert again.state(position) == (("bird", Role.TEST) if is_other else before.state(position))
    if not others:
        assert contents(again.table) == contents(TABLE)


def test_that_an_image_comes_back_to_all_rows_that_had_it():
    table = TABLE.add_sources([(select_images(A, [3, 4]), "cat", Role.VALIDATION)]).set_images_per_epoch([0, 2], 2)
    made = predictions_of([(A, [3, 4])])
    before = find_states(made, table)
    after = find_states(made, with_images_moved(made, np.array([0, 1]), table))
    assert len(after.table.rows) == 2
    there = with_images_included(made, np.array([1, 0]), before, after)
    assert there == table
    half = with_images_included(made, np.array([0]), before, after)
    assert contents(half)["a", "cat", "validation"] == [3]
    assert half.rows[2].images_per_epoch is None

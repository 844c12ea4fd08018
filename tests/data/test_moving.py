from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.moving import include_images, move_images
from aid_desktop.data.selection import select_images, whole_numbers
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError

CATS = DataSource(Path("/data/cats"), SourceKind.FOLDER, 10, ((8, 8, 1),), "blake2b:1")
DOGS = DataSource(Path("/data/dogs"), SourceKind.FOLDER, 6, ((8, 8, 1),), "blake2b:2")
TABLE = ClassTable((ClassRow(CATS, 0, "cat", Role.TRAINING), ClassRow(DOGS, 1, "dog", Role.TRAINING)))


def contents(table: ClassTable) -> Mapping[tuple[str, str, Role], list[int]]:
    """Return the images of each file, class and role."""
    return {(row.source.path.name, row.class_name, row.role): whole_numbers(row.source).tolist() for row in table.rows}


def test_that_relabelled_images_go_to_the_other_class() -> None:
    moved = move_images(TABLE, {0: [2, 9]}, class_name="dog")
    assert contents(moved) == {
        ("cats", "cat", Role.TRAINING): [0, 1, 3, 4, 5, 6, 7, 8],
        ("cats", "dog", Role.TRAINING): [2, 9],
        ("dogs", "dog", Role.TRAINING): [0, 1, 2, 3, 4, 5],
    }
    assert [row.class_index for row in moved.rows] == [0, 1, 1]


def test_that_more_images_join_the_row_that_is_there() -> None:
    once = move_images(TABLE, {0: [2]}, class_name="dog")
    # Image 9 is the ninth of those that are left.
    twice = move_images(once, {0: [8]}, class_name="dog")
    assert len(twice.rows) == 3
    assert contents(twice)["cats", "dog", Role.TRAINING] == [2, 9]


def test_that_images_come_back_to_a_whole_row() -> None:
    there = move_images(TABLE, {0: [2, 3]}, class_name="dog")
    assert move_images(there, {1: [0, 1]}, class_name="cat") == TABLE


def test_that_images_of_several_rows_are_moved_at_once() -> None:
    moved = move_images(TABLE, {0: [0], 1: [5]}, role=Role.TEST)
    assert contents(moved)["cats", "cat", Role.TEST] == [0]
    assert contents(moved)["dogs", "dog", Role.TEST] == [5]
    assert moved.images(Role.TRAINING) == 14


def test_that_images_of_the_class_already_stay() -> None:
    moved = move_images(TABLE, {0: [0], 1: [1]}, class_name="dog")
    assert contents(moved)["dogs", "dog", Role.TRAINING] == [0, 1, 2, 3, 4, 5]
    assert contents(moved)["cats", "dog", Role.TRAINING] == [0]


def test_that_a_new_class_gets_the_next_index() -> None:
    moved = move_images(TABLE, {1: [0], 0: [1]}, class_name="bird")
    assert {(row.class_name, row.class_index) for row in moved.rows} == {("cat", 0), ("dog", 1), ("bird", 2)}


def test_that_images_are_left_out() -> None:
    assert contents(move_images(TABLE, {0: [0, 1]}))["cats", "cat", Role.TRAINING] == list(range(2, 10))
    assert len(move_images(TABLE, {0: range(10)}).rows) == 1


def test_that_nothing_changes_without_images() -> None:
    assert move_images(TABLE, {0: []}, class_name="dog") == TABLE
    assert move_images(TABLE, {}) == TABLE


def test_that_what_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError):
        move_images(TABLE, {0: [10]}, class_name="dog")
    with pytest.raises(IndexError):
        move_images(TABLE, {5: [0]}, class_name="dog")
    with pytest.raises(DataError, match="class name"):
        move_images(TABLE, {0: [0]}, class_name=" ")


STEPS = st.lists(
    st.tuples(
        st.sampled_from([CATS, DOGS]),
        st.sets(st.integers(0, 5), min_size=1),
        st.sampled_from(["cat", "dog", "bird"]),
        st.sampled_from(list(Role)),
    ),
    max_size=6,
)


def places_in(table: ClassTable, source: DataSource, numbers: set[int]) -> dict[int, list[int]]:
    """Return by place of a row which of its images have these numbers in the file of a source."""
    rows = [row.source for row in table.rows]
    own = [whole_numbers(one).tolist() if one.digest == source.digest else [] for one in rows]
    return {place: [at for at, number in enumerate(of) if number in numbers] for place, of in enumerate(own)}


@given(STEPS)
def test_that_no_image_is_lost_or_doubled(steps: list[tuple[DataSource, set[int], str, Role]]) -> None:
    table = TABLE
    expected = {("cats", n): ("cat", Role.TRAINING) for n in range(10)}
    expected |= {("dogs", n): ("dog", Role.TRAINING) for n in range(6)}
    for source, numbers, name, role in steps:
        table = move_images(table, places_in(table, source, numbers), name, role)
        expected |= {(source.path.name, n): (name, role) for n in numbers}
    found = [((file, n), aim) for (file, *aim), numbers in contents(table).items() for n in numbers]
    assert len(found) == 16
    assert {key: tuple(aim) for key, aim in found} == expected


def test_that_images_come_back_to_their_row_or_with_a_row_of_their_own() -> None:
    some = replace(TABLE.rows[0], source=select_images(CATS, [0, 1]))
    assert include_images(move_images(TABLE, {0: [0, 1]}), [some]) == TABLE
    there = include_images(ClassTable(TABLE.rows[1:]), [some, replace(some, zoom=2.0)])
    assert [(row.source.n_images, row.class_name, row.class_index, row.zoom) for row in there.rows] == [
        (6, "dog", 1, 1.0), (2, "cat", 0, 1.0), (2, "cat", 0, 2.0),
    ]  # fmt: skip
    more = replace(some, source=select_images(CATS, [5, 1]))
    assert contents(include_images(there, [more]))["cats", "cat", Role.TRAINING] == [0, 1]
    assert whole_numbers(include_images(there, [more]).rows[1].source).tolist() == [0, 1, 5]
    assert include_images(TABLE, []) == TABLE


def test_that_a_class_that_comes_back_gets_an_index_that_no_other_has() -> None:
    renamed = ClassTable((replace(TABLE.rows[1], class_index=0),))
    there = include_images(renamed, [TABLE.rows[0]])
    assert [(row.class_name, row.class_index) for row in there.rows] == [("dog", 0), ("cat", 1)]
    moved = ClassTable((replace(TABLE.rows[0], class_index=4, role=Role.TEST), TABLE.rows[1]))
    assert include_images(moved, [TABLE.rows[0]]).rows[2].class_index == 4
    assert include_images(ClassTable(), [TABLE.rows[1]]).rows[0].class_index == 1

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data import selection
from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.conversion import ConvertSettings
from aid_desktop.data.convert import convert_sources
from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.grouping import group_ids
from aid_desktop.data.rtdc import RtdcReader
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.scalar_features import read_features
from aid_desktop.data.selection import (
    Owners,
    merged,
    parse_ranges,
    places_of,
    range_ends,
    ranges_text,
    select_images,
    select_ranges,
    whole_numbers,
    whole_source,
)
from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError

NUMBERS = st.sets(st.integers(0, 200), min_size=1).map(lambda numbers: np.array(sorted(numbers), np.intp))


@pytest.fixture
def source(tmp_path: Path) -> DataSource:
    """Return a stack of 8 images; all grey levels of image n are n, its area is 10 n."""
    images = np.repeat(np.arange(8, dtype=np.uint8), 16).reshape(8, 4, 4)
    write_rtdc(tmp_path / "stack.rtdc", images)
    with h5py.File(tmp_path / "stack.rtdc", "r+") as file:
        file["events/area_um"] = np.arange(8) * 10.0
    return open_source(tmp_path / "stack.rtdc").source


@given(NUMBERS)
def test_that_ranges_give_their_numbers_back(numbers: np.ndarray) -> None:
    text = ranges_text(numbers)
    assert parse_ranges(text).tolist() == numbers.tolist()
    assert text.count(",") <= np.count_nonzero(np.diff(numbers) != 1)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), min_size=1))
def test_that_ranges_in_any_order_are_joined(pairs: list[tuple[int, int]]) -> None:
    text = ", ".join(f"{first}-{first + n}" if n else str(first) for first, n in pairs)
    expected = sorted({number for first, n in pairs for number in range(first, first + n + 1)})
    assert parse_ranges(text).tolist() == expected
    firsts, lasts = range_ends(text)
    assert (firsts[1:] > lasts[:-1] + 1).all()
    assert ranges_text(np.array(expected)).count(",") == len(firsts) - 1


def test_that_numbers_beyond_the_file_are_refused_before_they_are_made(source: DataSource) -> None:
    with pytest.raises(DataError, match="has 8 images, and image 99999999999999 "):
        select_ranges(source, "0-99999999999999")
    with pytest.raises(DataError, match="expected ranges"):
        select_ranges(source, "0-9999999999999999999999")


def test_that_a_table_of_many_gated_rows_asks_for_each_of_them_once(source: DataSource, monkeypatch) -> None:
    rows = [ClassRow(select_images(source, [n, n + 1]), n, f"c{n}", Role.TRAINING) for n in range(7)]
    asked = []
    monkeypatch.setattr(selection, "whole_numbers", lambda one: asked.append(one) or whole_numbers(one))
    found = ClassTable(tuple(rows)).warnings
    assert [(problem.row, problem.message) for problem in found] == [
        (n, f'the same images also have the class "c{n - 1}"') for n in range(1, 7)
    ]
    assert len(asked) <= 3 * len(rows)


def test_that_ranges_are_short() -> None:
    assert ranges_text(np.array([0, 1, 2, 5, 7, 8])) == "0-2,5,7-8"


@pytest.mark.parametrize("text", ["", "a", "1-", "-1", "1,,2", "3-1", "1.5", "1;2"])
def test_that_a_text_that_is_no_ranges_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="range"):
        parse_ranges(text)


def test_that_some_images_are_read_as_a_source_of_their_own(source: DataSource) -> None:
    reader = reopen(select_images(source, [6, 1, 3]))
    assert reader.source.n_images == 3
    assert reader.source.name == "stack.rtdc (3 of 8)"
    assert [int(image[0, 0]) for image in reader.read([0, 2, 1])] == [1, 6, 3]
    assert reader.origin(2) == f"{source.path}#6"
    assert read_features(reader, ["area_um"], np.array([1, 0])).tolist() == [[30], [10]]
    assert reader.positions([0]).tolist() == reopen(source).positions([1]).tolist()


def test_that_a_choice_can_be_made_of_a_choice(source: DataSource) -> None:
    first = select_images(source, [1, 3, 5, 7])
    second = select_images(first, [0, 3])
    assert whole_numbers(second).tolist() == [1, 7]
    assert whole_source(second) == whole_source(first)
    assert whole_source(second).n_images == 8


def test_that_all_images_are_the_whole_source(source: DataSource) -> None:
    assert select_images(source, range(8)) == source
    assert whole_source(source) is source


def test_that_no_image_cannot_be_chosen(source: DataSource) -> None:
    with pytest.raises(DataError, match="at least one"):
        select_images(source, [])
    with pytest.raises(IndexError):
        select_images(source, [8])
    with pytest.raises(DataError, match="has 8 images, and image 8"):
        select_ranges(source, "2-8")


def test_that_an_image_is_found_by_its_number_in_the_file(source: DataSource) -> None:
    some = select_images(source, [2, 4, 5])
    assert places_of(some, np.array([5, 0, 2, 7, 4])).tolist() == [2, -1, 0, -1, 1]
    assert places_of(source, np.array([7, 8])).tolist() == [7, -1]


def test_that_sources_of_one_file_are_known_and_joined(source: DataSource) -> None:
    one, other = select_images(source, [0, 1]), select_images(source, [2, 7])
    owners = Owners(8)
    owners.take(one, 3)
    assert owners.first(other) is None
    assert owners.first(source) == owners.first(select_images(source, [1, 2])) == 3
    owners.take(select_images(source, [1, 2]), 4)
    assert owners.first(one) == 3
    assert owners.first(select_images(source, [2, 7])) == 4
    owners.take(source, 5)
    assert owners.first(other) == 4
    assert owners.first(select_images(source, [7])) == 5
    assert whole_numbers(merged([one, other])).tolist() == [0, 1, 2, 7]
    assert merged([one, source]) == source


def test_that_rows_without_an_image_in_common_are_no_repetition(source: DataSource) -> None:
    one, other = select_images(source, [0, 1]), select_images(source, [2, 7])
    apart = ClassTable((ClassRow(one, 0, "a", Role.TRAINING), ClassRow(other, 1, "b", Role.TEST)))
    both = ClassTable((ClassRow(one, 0, "a", Role.TRAINING), ClassRow(source, 1, "b", Role.TEST)))
    assert not [problem for problem in apart.warnings if problem.row is not None]
    assert len([problem for problem in both.warnings if problem.row == 1]) == 2


@pytest.mark.parametrize("group_by", ["image", "file"])
def test_that_groups_are_those_of_the_whole_file(source: DataSource, group_by: str) -> None:
    readers = [reopen(select_images(source, [1, 3])), reopen(source), reopen(select_images(source, [3, 6]))]
    first, whole, last = group_ids(readers, group_by)
    assert first.tolist() == whole[[1, 3]].tolist()
    assert last.tolist() == whole[[3, 6]].tolist()


def test_that_a_choice_is_converted_with_its_own_features(source: DataSource, tmp_path: Path) -> None:
    report = convert_sources([select_images(source, [2, 5])], tmp_path / "out.rtdc", ConvertSettings())
    reader = open_source(report.path)
    assert isinstance(reader, RtdcReader)
    assert [int(image[0, 0]) for image in reader.read([0, 1])] == [2, 5]
    assert reader.features(["area_um"], [0, 1]).tolist() == [[20], [50]]

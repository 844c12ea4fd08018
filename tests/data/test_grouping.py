from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aid_desktop.data.formats import open_source
from aid_desktop.data.grouping import GROUPINGS, NUMBERED, group_ids, group_key
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError


class Named:
    """A reader that knows where its images come from, and nothing else."""

    def __init__(self, path, kind, origins, digest=None):
        self.source = DataSource(Path(path), kind, len(origins), ((8, 8, 1),), digest or f"digest of {path}")
        self._origins = origins

    def origin(self, index):
        return self._origins[index]


def stack(path, n, digest=None):
    return Named(path, SourceKind.RTDC, [f"{path}#{i}" for i in range(n)], digest)


def folder(path, names, digest=None):
    return Named(path, SourceKind.FOLDER, [f"{path}/{name}" for name in names], digest)


def ranks(readers, group_by):
    """Return the numbers that `group_ids` promises, from the sorted names, without gaps."""
    names = [[group_key(reader.origin(i), group_by) for i in range(reader.source.n_images)] for reader in readers]
    place = {name: number for number, name in enumerate(sorted({name for found in names for name in found}))}
    return [[place[name] for name in found] for found in names]


def without_gaps(ids):
    known = np.unique(np.concatenate([np.empty(0, np.intp), *ids]))
    return [np.searchsorted(known, part).tolist() for part in ids]


stacks = st.builds(stack, st.sampled_from(["/d/p1/a.rtdc", "/d/p1/b.rtdc", "/d/p2/a.rtdc"]), st.integers(0, 130))
folders = st.builds(
    folder, st.sampled_from(["/d/p1/c", "/d/p3/c"]), st.lists(st.sampled_from(["1.png", "2.png", "10.png", "a/1.png"]))
)


@given(st.lists(stacks | folders, max_size=5), st.sampled_from([*GROUPINGS, r"/(p\d)/", r"([^/]*)$"]))
def test_that_groups_are_numbered_in_the_order_of_their_names(readers, group_by):
    for place, reader in enumerate(readers):
        # Content that is not the same, so that nothing but the name makes a group.
        readers[place] = Named(reader.source.path, reader.source.kind, reader._origins, f"{place}")
    ids = group_ids(readers, group_by)
    assert [part.dtype for part in ids] == [np.dtype(np.intp)] * len(readers)
    assert without_gaps(ids) == ranks(readers, group_by)


@given(st.sampled_from([1, 2, 10, 11, 100, 101, 1234]))
def test_that_the_images_of_a_stack_are_in_the_order_of_text(n):
    [ids] = group_ids([stack("/d/a.rtdc", n)], "image")
    assert sorted(range(n), key=str) == np.argsort(ids).tolist()


def test_that_a_file_in_several_rows_has_the_same_groups():
    one, other = group_ids([stack("/d/a.rtdc", 12), stack("/d/a.rtdc", 12)], "image")
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("group_by", ["image", "file"])
def test_that_copies_of_a_file_have_the_same_groups(group_by):
    one, other, third = group_ids(
        [stack("/d/b.rtdc", 12, "x"), stack("/e/a.rtdc", 12, "x"), stack("/e/c.rtdc", 12, "y")], group_by
    )
    np.testing.assert_array_equal(one, other)
    assert not set(one) & set(third)


def test_that_groups_that_hold_the_same_images_become_one():
    readers = [
        stack("/p1/a.rtdc", 2, "same"),
        stack("/p2/a.rtdc", 2, "same"),
        stack("/p2/b.rtdc", 2, "same too"),
        stack("/p3/b.rtdc", 2, "same too"),
        stack("/p4/c.rtdc", 2),
    ]
    assert [part.tolist() for part in group_ids(readers, r"/(p\d)/")] == [[0, 0]] * 4 + [[3, 3]]


def test_that_a_million_images_of_a_file_are_grouped_without_asking_for_each():
    class Counted(Named):
        n_asked = 0

        def origin(self, index):
            self.n_asked += 1
            return super().origin(index)

    reader = Counted("/d/a.rtdc", SourceKind.RTDC, [f"/d/a.rtdc#{i}" for i in range(1000)])
    for group_by in GROUPINGS:
        group_ids([reader], group_by)
    assert reader.n_asked == 3


def test_that_the_readers_of_numbered_images_name_them_as_is_relied_on(tmp_path):
    write_rtdc(tmp_path / "a.rtdc", np.zeros((12, 8, 8), np.uint8))
    np.save(tmp_path / "a.npy", np.zeros((12, 8, 8), np.uint8))
    for path in (tmp_path / "a.rtdc", tmp_path / "a.npy"):
        reader = open_source(path)
        assert reader.source.kind in NUMBERED
        assert [reader.origin(i) for i in (0, 11)] == [f"{path}#0", f"{path}#11"]


def test_that_arrays_of_one_file_have_their_own_images_and_share_their_file(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, cat=np.zeros((3, 8, 8), np.uint8), dog=np.zeros((3, 8, 8), np.uint8))
    readers = [open_source(path, part=name) for name in ("cat", "dog")]
    assert [reader.origin(2) for reader in readers] == [f"{path}::cat#2", f"{path}::dog#2"]
    assert [ids.tolist() for ids in group_ids(readers, "image")] == [[0, 1, 2], [3, 4, 5]]
    for group_by in ("file", "folder", "folder_name"):
        assert [ids.tolist() for ids in group_ids(readers, group_by)] == [[0] * 3] * 2
    assert [ids.tolist() for ids in group_ids(readers, "::([a-z]+)#")] == [[0] * 3, [1] * 3]
    assert [group_key(reader.origin(1), "file") for reader in readers] == [path.as_posix()] * 2


def test_that_folders_of_one_name_in_several_classes_are_one_group():
    readers = [folder("/d/cat", ["p1/1.png", "p2/2.png"]), folder("/d/dog", ["p2/7.png", "p3/8.png"])]
    assert [ids.tolist() for ids in group_ids(readers, "folder_name")] == [[0, 1], [1, 2]]
    assert [ids.tolist() for ids in group_ids(readers, "folder")] == [[0, 1], [2, 3]]


def test_that_images_of_a_folder_are_grouped_by_their_files(tmp_path):
    for name in ("p1_1", "p1_2", "p2_1"):
        Image.new("L", (8, 8)).save(tmp_path / f"{name}.png")
    [ids] = group_ids([open_source(tmp_path)], r"(p\d)_\d+\.png$")
    assert ids.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("origin", "group_by", "key"),
    [
        ("/d/cat/p1_3.png", "image", "/d/cat/p1_3.png"),
        ("/d/cat.rtdc#5", "image", "/d/cat.rtdc#5"),
        ("/d/cat.rtdc#5", "file", "/d/cat.rtdc"),
        ("/d/cat/s.tif#12", "file", "/d/cat/s.tif"),
        ("/d/cat/p1_3.png", "folder", "/d/cat"),
        ("/d/cat.rtdc#5", "folder", "/d"),
        ("C:\\d\\cat\\1.png", "folder", "C:/d/cat"),
        ("C:\\d\\cat\\1.png", "folder_name", "cat"),
        ("/d/cat#1/3.png", "file", "/d/cat#1/3.png"),
        ("/d/a.h5::stack/images#3", "file", "/d/a.h5"),
        ("/d/a.h5::stack/images#3", "folder_name", "d"),
        ("/d/cat/p1_3.png", r"/(p\d+)_", "p1"),
    ],
)
def test_that_groups_come_from_the_origin(origin, group_by, key):
    assert group_key(origin, group_by) == key


@pytest.mark.parametrize(
    ("group_by", "message"),
    [
        ("(", "nor a regular expression"),
        ("cat", "0 groups"),
        ("(c)(a)", "2 groups"),
        ("(dog)", "does not match"),
        ("(dog)?cat", "does not match"),
    ],
)
def test_that_a_rule_that_gives_no_group_is_refused(group_by, message):
    with pytest.raises(DataError, match=message):
        group_key("/d/cat/1.png", group_by)

import os

import numpy as np
import pytest
from PIL import Image

from aid_desktop.data import drops
from aid_desktop.data.class_table import Role
from aid_desktop.data.drops import resolve_drop
from aid_desktop.data.rtdc_writing import write_rtdc

TRAINING, VALIDATION, TEST = Role.TRAINING, Role.VALIDATION, Role.TEST


@pytest.fixture
def make(tmp_path):
    """Return a function that makes empty files (names only count) and returns the folder they are in."""

    def make_files(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return make_files


def found(plan, folder):
    return [(item.path.relative_to(folder).as_posix(), item.class_name, item.role) for item in plan.items]


def test_that_a_folder_of_images_is_one_class(make):
    folder = make("cat/1.png", "cat/deeper/2.png", "cat/notes.txt")
    assert found(resolve_drop([folder / "cat"]), folder) == [("cat", "cat", TRAINING)]


def test_that_a_stray_image_does_not_make_one_class_of_several(make):
    folder = make("data/train/scale.png", "data/train/ill/1.png", "data/train/well/1.png", "data/train/notes/a.txt")
    plan = resolve_drop([folder / "data"])
    assert found(plan, folder) == [("data/train/ill", "ill", TRAINING), ("data/train/well", "well", TRAINING)]
    assert [str(problem) for problem in plan.rejected] == [
        "train: has images beside folders of images, which are its classes: put them into one of these",
        "notes: has no images in it",
    ]


def test_that_sub_folders_are_classes_in_natural_order(make):
    folder = make("data/c10/1.png", "data/c2/deep/er/1.png", "data/.git/x.png")
    plan = resolve_drop([folder / "data"])
    assert found(plan, folder) == [("data/c2", "c2", TRAINING), ("data/c10", "c10", TRAINING)]
    assert plan.rejected == ()


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("train", TRAINING), ("Training", TRAINING), ("val", VALIDATION), ("VALID", VALIDATION),
        ("validation", VALIDATION), ("test", TEST), ("testing", TEST), ("Hold-Out", TEST),
    ],
)  # fmt: skip
def test_that_split_folders_give_the_role(make, name, role):
    folder = make(f"data/{name}/cat/1.png", f"data/{name}/dog.rtdc")
    expected = [(f"data/{name}/dog.rtdc", "dog", role), (f"data/{name}/cat", "cat", role)]
    assert found(resolve_drop([folder / "data"]), folder) == expected
    assert found(resolve_drop([folder / "data" / name]), folder) == expected
    assert found(resolve_drop([folder / "data" / name / "cat"]), folder) == expected[1:]
    assert found(resolve_drop([folder / "data" / name / "dog.rtdc"]), folder) == expected[:1]


def test_that_split_folders_below_the_classes_give_the_role_too(make):
    folder = make("data/cat/train/1.png", "data/cat/test/2.png", "data/dog/train/3.png")
    assert found(resolve_drop([folder / "data"]), folder) == [
        ("data/cat/train", "cat", TRAINING),
        ("data/dog/train", "dog", TRAINING),
        ("data/cat/test", "cat", TEST),
    ]


def test_that_data_sets_in_a_folder_are_searched(make):
    folder = make("all/set/train/cat.rtdc", "all/set/validation/cat.rtdc")
    assert found(resolve_drop([folder / "all"]), folder) == [
        ("all/set/train/cat.rtdc", "cat", TRAINING),
        ("all/set/validation/cat.rtdc", "cat", VALIDATION),
    ]


def test_that_rtdc_files_have_the_class_of_their_stem_or_of_their_class_folder(make):
    folder = make("d/cat_train.rtdc", "d/cat-validation.rtdc", "d/dog/monday.rtdc", "d/dog/sunday.rtdc")
    assert found(resolve_drop([folder / "d"]), folder) == [
        ("d/cat-validation.rtdc", "cat-validation", TRAINING),
        ("d/cat_train.rtdc", "cat_train", TRAINING),
        ("d/dog/monday.rtdc", "dog", TRAINING),
        ("d/dog/sunday.rtdc", "dog", TRAINING),
    ]
    assert found(resolve_drop([folder / "d/cat_train.rtdc"]), folder)[0][1] == "cat_train"


def test_that_stacks_of_every_kind_are_rows(make):
    folder = make("d/a.npy", "d/b.npz", "d/c.h5", "d/dog/e.npy", "d/notes.csv")
    assert found(resolve_drop([folder / "d"]), folder) == [
        ("d/a.npy", "a", TRAINING),
        ("d/b.npz", "b", TRAINING),
        ("d/c.h5", "c", TRAINING),
        ("d/dog/e.npy", "dog", TRAINING),
    ]
    assert found(resolve_drop([folder / "d/b.npz"]), folder) == [("d/b.npz", "b", TRAINING)]


def test_that_what_holds_no_images_is_rejected(make):
    folder = make("notes.txt", "data/cat/1.png", "data/logs/a.log", "empty/x.log")
    paths = [folder / "notes.txt", folder / "data", folder / "empty", folder / "gone"]
    plan = resolve_drop(paths)
    assert found(plan, folder) == [("data/cat", "cat", TRAINING)]
    assert [str(problem) for problem in plan.rejected] == [
        "notes.txt: is not an image file, a stack or table of images, or a folder",
        "logs: has no images in it",
        "empty: has no images in it",
        "gone: does not exist",
    ]


def test_that_a_folder_that_cannot_be_opened_is_rejected(make, monkeypatch):
    folder = make("data/cat/1.png")

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(drops.os, "scandir", refuse)
    assert str(resolve_drop([folder / "data"]).rejected[0]) == "data: cannot be opened (Permission denied)"


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own on Windows")
def test_that_a_link_that_cannot_be_followed_leaves_the_rest(make):
    folder = make("data/cat/1.png", "data/dog/1.png") / "data"
    (folder / "cat" / "loop").symlink_to(folder / "cat" / "loop")
    assert [item.class_name for item in resolve_drop([folder]).items] == ["cat", "dog"]


def test_that_all_images_of_a_folder_are_the_folder(make):
    folder = make("train/cat/1.png", "train/cat/2.png", "train/cat/notes.txt")
    plan = resolve_drop([folder / "train/cat/1.png", folder / "train/cat/2.png"])
    assert found(plan, folder) == [("train/cat", "cat", TRAINING)]


def test_that_some_images_of_a_folder_are_rejected(make):
    folder = make("cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png", "dog/2.png", "dog/deep/3.png")
    dropped = [folder / name for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png")]
    plan = resolve_drop(dropped)
    assert plan.items == ()
    assert {problem.reason for problem in plan.rejected} == {"drop the folder of the images instead of single images"}
    assert len(plan.rejected) == 4


def test_that_a_single_image_is_taken_with_the_class_of_its_folder(make):
    folder = make("test/cat/1.png", "test/cat/2.png")
    assert found(resolve_drop([folder / "test/cat/1.png"]), folder) == [("test/cat/1.png", "cat", TEST)]


def test_that_stacks_of_pages_are_rows_of_their_own(tmp_path):
    pages = [Image.fromarray(np.zeros((4, 4), np.uint8)) for _ in range(2)]
    for name in ("cat.tif", "dog.tif"):
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
    plan = resolve_drop(sorted(tmp_path.iterdir()))
    assert found(plan, tmp_path) == [("cat.tif", "cat", TRAINING), ("dog.tif", "dog", TRAINING)]


def test_that_a_path_dropped_twice_is_one_row(make):
    folder = make("data/cat/1.png")
    assert len(resolve_drop([folder / "data", folder / "data", folder / "data/cat"]).items) == 1


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["data"], "3 folders → 3 classes"),
        (["data/a"], "1 folder → 1 class"),
        (["sets"], "1 folder, 2 files → 2 classes (2 training, 1 test)"),
        (["notes.txt"], "notes.txt: is not an image file, a stack or table of images, or a folder"),
        (["data/a", "notes.txt", "other.txt"], "1 folder → 1 class; 2 cannot be used"),
        ([], "nothing to add"),
    ],
)
def test_that_a_plan_is_told_in_one_line(make, names, text):
    folder = make("data/a/1.png", "data/b/1.png", "data/c/1.png", "notes.txt", "other.txt")
    make("sets/train/a.rtdc", "sets/train/b.rtdc", "sets/test/b/1.png")
    assert resolve_drop([folder / name for name in names]).describe() == text


def test_that_only_so_many_files_are_looked_at(make, monkeypatch):
    folder = make(*(f"data/cat/{i}.txt" for i in range(30)), "data/dog/1.txt")
    monkeypatch.setattr(drops, "MAX_ENTRIES", 10)
    plan = resolve_drop([folder / "data"])
    # With so many files only opening can tell whether images are among them.
    assert found(plan, folder) == [("data/cat", "cat", TRAINING)]
    assert [problem.name for problem in plan.rejected] == ["dog"]


def test_that_no_class_is_left_out_of_a_folder_with_very_many(make, monkeypatch):
    folder = make(*(f"data/{i:02}.rtdc" for i in range(30)))
    monkeypatch.setattr(drops, "MAX_ENTRIES", 10)
    assert len(resolve_drop([folder / "data"]).items) == 30


def test_that_what_a_drop_finds_can_be_opened(tmp_path, write_image):
    from aid_desktop.data.formats import open_source

    write_rtdc(tmp_path / "cat.rtdc", np.zeros((2, 4, 4), np.uint8))
    write_image(tmp_path / "dog" / "1.png")
    assert [open_source(item.path).source.n_images for item in resolve_drop([tmp_path]).items] == [2, 1]

import numpy as np
import openpyxl
import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.data.drops import resolve_drop
from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.source import SourceKind
from aid_desktop.data.tables import read_table
from aid_desktop.errors import DataError

ROWS = [
    ("File", "Label", "Role"),
    ("a/1.png", "cat", "training"),
    ("a/2.png", "dog", "train"),
    ("a/3.png", "cat", "val"),
    ("a/4.png", "cat", "training"),
]


def write_table(path, rows=ROWS, delimiter=","):
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    else:
        text = "\n".join(delimiter.join(row) for row in rows)
        path.write_text(text, encoding="utf-8-sig")
    return path


@pytest.fixture
def images(tmp_path, write_image):
    for number in range(1, 5):
        write_image(tmp_path / "a" / f"{number}.png", np.full((4, 5), number, np.uint8))
    return tmp_path


@pytest.mark.parametrize(("name", "delimiter"), [("t.csv", ","), ("t.csv", ";"), ("t.tsv", "\t"), ("t.xlsx", "")])
def test_that_a_table_gives_a_row_for_each_class_and_role(images, name, delimiter):
    path = write_table(images / name, delimiter=delimiter)
    items = resolve_drop([path]).items
    assert [(item.class_name, item.role, item.part) for item in items] == [
        ("cat", Role.TRAINING, "cat (training)"),
        ("dog", Role.TRAINING, "dog (training)"),
        ("cat", Role.VALIDATION, "cat (validation)"),
    ]
    reader = open_source(path, part=items[0].part)
    source = reader.source
    assert (source.kind, source.n_images, source.part) == (SourceKind.TABLE, 2, "cat (training)")
    for r in (reader, reopen(source)):
        assert [image[0, 0] for image in r.read([0, 1])] == [1, 4]
        assert r.origin(1) == str(images / "a" / "4.png")


def test_that_a_table_without_roles_is_for_training(images):
    path = write_table(images / "t.csv", [("path", "class"), ("a/1.png", "cat"), (str(images / "a" / "2.png"), "cat")])
    [item] = resolve_drop([path]).items
    assert (item.class_name, item.role, item.part) == ("cat", Role.TRAINING, "cat")
    assert open_source(path, part="cat").source.n_images == 2
    # One class only: it need not be named.
    assert open_source(path).source.n_images == 2


def test_that_files_that_are_gone_are_told(images):
    rows = [("path", "class"), ("a/1.png", "cat"), ("a/9.png", "cat"), ("t.csv", "cat")]
    source = open_source(write_table(images / "t.csv", rows), part="cat").source
    assert source.n_images == 1
    assert [str(problem) for problem in source.problems] == [
        "a/9.png: does not exist any more, or is a broken link",
        "t.csv: is not an image, or of a kind that is not known",
    ]


def test_that_blank_rows_are_passed_over(images):
    rows = [("path", "class"), ("", ""), ("a/1.png", "cat"), ("", "")]
    [listed] = read_table(write_table(images / "t.csv", rows))
    assert listed.names == ("a/1.png",)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("path", "kind"), ("a.png", "x")], "no column class or label; its columns are: path, kind"),
        ([("picture", "class"), ("a.png", "x")], "no column path or file or filename or image"),
        ([("path", "class"), ("a.png", "")], "no class in row 2"),
        ([("path", "class"), ("", "cat")], "no path in row 2"),
        ([("path", "class", "role"), ("a.png", "cat", "holiday")], "the role 'holiday' in row 2, expected training"),
        ([("path", "class")], "lists no images"),
    ],
)
def test_that_a_table_that_cannot_be_used_says_why(tmp_path, rows, message):
    path = write_table(tmp_path / "t.csv", rows)
    with pytest.raises(DataError, match=message):
        read_table(path)
    [problem] = resolve_drop([path]).rejected
    assert message in problem.reason


def test_that_a_row_without_role_is_for_training(images):
    rows = [("path", "class", "role"), ("a/1.png", "cat", ""), ("a/2.png", "cat", "test")]
    items = resolve_drop([write_table(images / "t.csv", rows)]).items
    assert [(item.role, item.part) for item in items] == [(Role.TRAINING, "cat"), (Role.TEST, "cat (test)")]


def test_that_paths_written_on_windows_are_understood(images):
    rows = [("path", "class"), ("a\\1.png", "cat"), ("\\\\server\\share\\2.png", "cat")]
    [listed] = read_table(write_table(images / "t.csv", rows))
    assert listed.names == ("a/1.png", "//server/share/2.png")


def test_that_quoted_cells_may_have_delimiters(images):
    (images / "t.csv").write_text('Class;Image;Note\n"cat; big";"a/1.png";"x, y, z"\n', encoding="utf-8")
    [listed] = read_table(images / "t.csv")
    assert (listed.class_name, listed.names) == ("cat; big", ("a/1.png",))


def test_that_one_of_several_kinds_has_to_be_named(images):
    with pytest.raises(DataError, match=r"3 kinds: say which one is meant, cat \(training\), dog"):
        open_source(write_table(images / "t.csv"))


def test_that_letters_of_any_language_may_be_in_a_table(tmp_path, write_image):
    write_image(tmp_path / "Öç 细胞" / "ä.png", np.full((4, 5), 7, np.uint8))
    path = write_table(tmp_path / "表.csv", [("path", "class"), ("Öç 细胞/ä.png", "ядро")])
    assert open_source(path, part="ядро").read([0])[0][0, 0] == 7


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_that_a_file_that_is_no_table_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"\xff\xfe\x00\x01" * 50)
    with pytest.raises(DataError, match=name):
        read_table(tmp_path / name)


def test_that_a_part_that_is_no_longer_listed_is_told(images):
    path = write_table(images / "t.csv")
    source = open_source(path, part="dog (training)").source
    write_table(path, ROWS[:2])
    with pytest.raises(DataError, match=r"no images of 'dog \(training\)', only of cat"):
        reopen(source)


def test_that_a_table_counts_as_one_file_while_it_is_dragged(images):
    path = write_table(images / "t.csv")
    assert resolve_drop([path], look_inside=False).describe() == "1 file → 1 class"
    assert resolve_drop([path]).describe() == "1 file → 2 classes (2 training, 1 validation)"

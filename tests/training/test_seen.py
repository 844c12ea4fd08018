"""Images that a model knows already."""

from pathlib import Path

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.runs.held_out import HeldOut
from aid_desktop.training.seen import may_have_seen, seen_images

TRAINED = (("old/a.rtdc", "aa"), ("old/b.rtdc", "bb"))


def row(name: str, digest: str, role: Role) -> ClassRow:
    source = DataSource(
        path=Path(f"{name}.rtdc"), kind=SourceKind.RTDC, n_images=10, shapes=(((4, 4, 1), 10),), digest=digest
    )
    return ClassRow(source=source, class_index=0, class_name="a", role=role)


def test_that_files_are_known_by_their_content() -> None:
    table = ClassTable((row("renamed", "aa", Role.TEST), row("new", "cc", Role.VALIDATION)))
    (text,) = seen_images(TRAINED, None, table, None)
    assert text == (
        "The model to start from was trained on 10 of the 10 images of renamed.rtdc, which are for test now: results "
        "on them look too good."
    )
    assert seen_images(TRAINED, None, ClassTable((row("a", "aa", Role.TRAINING),)), None) == ()


def test_that_images_which_its_own_run_held_out_are_new() -> None:
    table = ClassTable((row("a", "aa", Role.VALIDATION), row("b", "bb", Role.VALIDATION)))
    kept = HeldOut({("aa", ""): tuple(map(str, range(10))), ("bb", ""): ("1", "2")})
    (text,) = seen_images(TRAINED, kept, table, None)
    assert "trained on 8 of the 10 images of b.rtdc" in text


def test_that_a_split_is_compared_image_by_image() -> None:
    table = ClassTable((row("a", "aa", Role.TRAINING), row("c", "cc", Role.TRAINING)))
    now = HeldOut({("aa", ""): ("1", "2", "3"), ("cc", ""): ("1",)})
    kept = HeldOut({("aa", ""): ("3", "4")}, Path("run/held_out.csv"))
    (text,) = seen_images(TRAINED, kept, table, now)
    assert "trained on 2 of the 4 images that the split holds out" in text
    assert "let the split hold out what run/held_out.csv lists" in text
    assert seen_images(TRAINED, kept, table, kept) == ()
    assert may_have_seen(TRAINED, None, table, has_split=False) == ()
    (text,) = may_have_seen(TRAINED, None, table, has_split=True)
    assert text.endswith("Validate on images that are new to it.")

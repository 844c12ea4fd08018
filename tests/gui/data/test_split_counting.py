from dataclasses import replace
from pathlib import Path

import pytest

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.selection import select_images
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import AidError, StoppedError
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.data.split_counting import (
    SplitCounts,
    count_split,
    grouping_hint,
    split_text,
    split_warning,
)
from aid_desktop.settings.split import SplitSettings


def context() -> JobContext:
    return JobContext(lambda done, total: None)


def test_that_single_images_are_counted_as_a_run_draws_them(donors: ClassTable) -> None:
    counts = count_split(donors, SplitSettings(0.25), 1, context())
    assert (counts.n_images, counts.n_held, counts.held) == (120, 30, (("cat", 20), ("dog", 10)))
    assert counts.kept[-2:] == (0, 0)
    assert sum(counts.kept) == 90
    assert split_text(counts) == "30 of 120 images are held out: cat 20, dog 10."
    assert split_warning(counts) == ""


def test_that_groups_are_counted(donors: ClassTable) -> None:
    counts = count_split(donors, SplitSettings(0.25, r"/(donor_\d)/"), 1, context())
    assert counts.n_groups == 4
    assert sorted(counts.kept[:8]) == [0, 0, 10, 10, 10, 20, 20, 20]
    assert split_text(counts) == "4 groups; 30 of 120 images are held out: cat 20, dog 10."


def test_that_a_class_of_which_nothing_is_held_out_is_told(donors: ClassTable) -> None:
    one_dog = donors.removed([3, 5, 7])
    counts = count_split(one_dog, SplitSettings(0.25, "file"), 1, context())
    assert split_warning(counts) == "Nothing is held out of dog: all images there are one group."


def test_that_gates_of_one_file_that_is_kept_together_are_told(measured_cells: Path) -> None:
    source = open_source(measured_cells).source
    halves = [select_images(source, part) for part in (range(30), range(30, 60))]
    table = ClassTable().add_sources([(half, name, Role.TRAINING) for half, name in zip(halves, "ab", strict=True)])
    counts = count_split(table, SplitSettings(0.25, "file"), 1, context())
    assert split_warning(counts) == (
        "Nothing is held out of a and 1 more class: all images there are one group. Keep other images together, or add "
        "more files."
    )


def test_that_a_row_that_loses_its_number_per_epoch_is_told(donors: ClassTable) -> None:
    counts = count_split(donors.balanced(80), SplitSettings(0.25, r"/(donor_\d)/"), 1, context())
    assert split_warning(counts) == (
        "2 rows with a number per epoch are held out as a whole: balance the classes again."
    )


def test_that_many_classes_are_told_in_short() -> None:
    counts = SplitCounts(ClassTable(), (), tuple((f"c{i}", 2) for i in range(7)), 2000, 1)
    assert split_text(counts) == (
        "1 group; 14 of 2\N{NO-BREAK SPACE}000 images are held out: c0 2, c1 2, c2 2, c3 2, c4 2, and 2 more classes."
    )


def test_that_a_pattern_that_does_not_match_is_an_error(donors: ClassTable) -> None:
    with pytest.raises(AidError, match="does not match"):
        count_split(donors, SplitSettings(0.25, "(nobody)"), 1, context())


def test_that_counting_can_be_cancelled(donors: ClassTable) -> None:
    cancelled = context()
    cancelled.cancel()
    with pytest.raises(StoppedError):
        count_split(donors, SplitSettings(0.25), 1, cancelled)


def test_that_keeping_files_together_is_proposed_when_a_class_has_several(donors: ClassTable) -> None:
    hint = grouping_hint(donors)
    assert hint is not None
    assert hint[0] == "file"
    assert hint[1].startswith("cat comes from 4 files")
    assert grouping_hint(donors.removed(range(2, 10))) is None
    assert grouping_hint(donors.set_role(range(10), Role.TEST)) is None


def test_that_keeping_folders_together_is_proposed_for_folders() -> None:
    source = DataSource(Path("/d/p1"), SourceKind.FOLDER, 9, ((8, 8, 1),), "1")
    items = [(source, "cat", Role.TRAINING), (replace(source, path=Path("/d/p2")), "cat", Role.TRAINING)]
    hint = grouping_hint(ClassTable().add_sources(items))
    assert hint is not None
    assert hint[0] == "folder"

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.source import DataSource, Problem, SourceKind
from aid_desktop.errors import DataError


def source(name="a", n_images=10, digest=None, problems=()):
    return DataSource(
        Path("/data") / name, SourceKind.FOLDER, n_images, ((8, 8, 1),), digest or f"blake2b:{name}", problems
    )


def row(index, name, role=Role.TRAINING, file=None, **options):
    return ClassRow(source(file or f"{name}_{role}_{index}", **options), index, name, role)


def table(*rows):
    return ClassTable(tuple(rows))


def classes(of):
    return [(r.class_index, r.class_name) for r in of.rows]


def messages(findings):
    return [finding.message for finding in findings]


GOOD = table(row(0, "cat"), row(1, "dog"), row(0, "cat", Role.VALIDATION), row(1, "dog", Role.VALIDATION))


def test_that_a_complete_table_has_no_problems_and_no_warnings():
    assert GOOD.problems(True) == ()
    assert GOOD.problems(False) == ()
    assert GOOD.warnings == ()


def test_that_classes_are_ordered_by_index():
    mixed = table(row(2, "bird"), row(0, "cat"), row(1, "dog"), row(0, "cat"))
    assert mixed.class_names == ("cat", "dog", "bird")
    assert mixed.n_classes == 3


def test_that_images_are_counted_by_role_and_class():
    counted = table(row(0, "cat", n_images=5), row(0, "cat", n_images=7), row(1, "dog", n_images=1))
    assert counted.images(Role.TRAINING) == 13
    assert counted.images(Role.TRAINING, 0) == 12
    assert counted.images(Role.TEST) == 0
    assert len(counted.rows_with(Role.TRAINING)) == 3


def test_that_new_sources_join_classes_by_name():
    items = [(source("1"), "cat", Role.TRAINING), (source("2"), "dog", Role.TRAINING)]
    grown = ClassTable().add_sources(items).add_sources([(source("3"), " cat ", Role.TEST)])
    assert classes(grown) == [(0, "cat"), (1, "dog"), (0, "cat")]
    assert grown.rows[2].role is Role.TEST


def test_that_a_new_class_takes_the_free_index():
    grown = table(row(0, "cat"), row(2, "dog")).add_sources([(source(), "bird", Role.TRAINING)])
    assert classes(grown)[-1] == (1, "bird")


class ComparedName(str):
    """A name that counts how often it is compared with another."""

    __hash__ = str.__hash__
    n_compared = 0

    def __eq__(self, other):
        ComparedName.n_compared += 1
        return str.__eq__(self, other)


def test_that_thousands_of_sources_are_added_without_looking_at_all_rows_for_each():
    known = table(*(row(3, ComparedName("known")) for _ in range(10)))
    ComparedName.n_compared = 0
    grown = known.add_sources([(source(), f"c{i}", Role.TRAINING) for i in range(2000)])
    assert ComparedName.n_compared <= 20
    assert [r.class_index for r in grown.rows[10:]] == [0, 1, 2, *range(4, 2001)]


def test_that_images_are_counted_for_all_classes_at_once():
    counted = table(row(2, "dog", n_images=1), row(0, "cat", n_images=5), row(0, "cat", Role.TEST, n_images=7))
    assert counted.images_by_class == {
        0: {Role.TRAINING: 5, Role.VALIDATION: 0, Role.TEST: 7},
        2: {Role.TRAINING: 1, Role.VALIDATION: 0, Role.TEST: 0},
    }
    assert list(counted.images_by_class) == [0, 2]
    assert counted.set_images_per_epoch([1, 2], 30).drawn_by_class() == {2: 1, 0: 30}


def test_that_balanced_classes_are_drawn_equally_often_in_proportion_to_their_rows():
    unequal = table(
        row(0, "cat", n_images=300), row(0, "cat", n_images=100), row(1, "dog", n_images=50), row(1, "dog", Role.TEST)
    )
    more = unequal.balanced(400)
    assert [r.images_per_epoch for r in more.rows] == [300, 100, 400, None]
    assert more.drawn_by_class() == {0: 400, 1: 400}
    less = more.balanced(50)
    assert [r.images_per_epoch for r in less.rows] == [38, 12, 50, None]
    assert less.balanced(None) == unequal
    assert unequal.balanced(1).drawn_by_class() == {0: 2, 1: 2}


def test_that_balancing_counts_what_a_split_leaves():
    half = table(row(0, "cat", n_images=100), row(0, "cat", n_images=100), row(1, "dog", n_images=50))
    assert [r.images_per_epoch for r in half.balanced(80, [80, 0, 40]).rows] == [80, None, 80]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 200), st.sampled_from(Role)), max_size=12),
    st.none() | st.integers(1, 500),
)
def test_that_every_class_sums_to_the_same_number(rows, number):
    of = table(*(row(index, f"c{index}", role, str(i), n_images=n) for i, (index, n, role) in enumerate(rows)))
    balanced = of.balanced(number)
    drawn = {n for index, n in balanced.drawn_by_class().items() if of.images(Role.TRAINING, index)}
    assert len(drawn) <= 1 or number is None
    for before, after in zip(of.rows, balanced.rows, strict=True):
        assert after == before or (before.role is Role.TRAINING and before.source.n_images)
        assert after.images_per_epoch is None or after.images_per_epoch >= 1


def test_that_rows_are_removed_replaced_and_added():
    assert classes(GOOD.removed([0, 2])) == [(1, "dog"), (1, "dog")]
    assert GOOD.replaced(1, row(5, "x")).rows[1].class_index == 5
    assert GOOD.added([row(0, "cat")]).rows[:4] == GOOD.rows


@pytest.mark.parametrize("indices", [[4], [-1], [0, 9]])
def test_that_a_row_that_does_not_exist_is_refused(indices):
    with pytest.raises(IndexError, match="4 rows"):
        GOOD.removed(indices)


def test_that_values_are_set_for_the_chosen_rows_only():
    changed = GOOD.set_role([0], Role.TEST).set_images_per_epoch([1], 500).set_shuffle([1, 2], False).set_zoom([3], 2)
    assert [r.role for r in changed.rows] == [Role.TEST, Role.TRAINING, Role.VALIDATION, Role.VALIDATION]
    assert [r.images_per_epoch for r in changed.rows] == [None, 500, None, None]
    assert [r.shuffle for r in changed.rows] == [True, False, False, True]
    assert [r.zoom for r in changed.rows] == [1.0, 1.0, 1.0, 2.0]
    assert [r.n_drawn for r in changed.rows] == [10, 500, 10, 10]
    assert changed.set_images_per_epoch([1], None).rows[1].images_per_epoch is None


def test_that_an_existing_name_brings_its_index():
    assert classes(GOOD.assign_class_name([0], "dog"))[0] == (1, "dog")


def test_that_a_class_is_renamed_when_all_its_rows_are_chosen():
    assert classes(GOOD.assign_class_name([0, 2], "lion")) == [(0, "lion"), (1, "dog")] * 2


def test_that_a_new_name_for_some_rows_makes_a_new_class():
    assert classes(GOOD.assign_class_name([0], "lion")) == [(2, "lion"), (1, "dog"), (0, "cat"), (1, "dog")]


def test_that_rows_of_several_classes_can_become_one():
    assert set(classes(GOOD.assign_class_name([0, 1, 2, 3], "animal"))) == {(0, "animal")}
    assert set(classes(GOOD.assign_class_name([0, 1, 2, 3], "dog"))) == {(1, "dog")}


def test_that_renaming_to_another_class_merges_them():
    merged = GOOD.assign_class_name([0, 2], "dog")
    assert set(classes(merged)) == {(1, "dog")}
    assert merged.renumbered().class_names == ("dog",)
    assert classes(merged.renumbered())[0] == (0, "dog")


def test_that_an_existing_index_brings_its_name():
    assert classes(GOOD.assign_class_index([0], 1))[0] == (1, "dog")


def test_that_a_new_index_keeps_the_name_unless_other_rows_have_it():
    assert classes(GOOD.assign_class_index([0, 2], 7))[0] == (7, "cat")
    assert classes(GOOD.assign_class_index([0], 7))[0] == (7, "class 7")
    taken = table(row(0, "class 7"), row(0, "class 7"))
    assert classes(taken.assign_class_index([0], 7)) == [(7, "class 7 (2)"), (0, "class 7")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_index": -1}, "class index"),
        ({"class_index": 10_000}, "class index"),
        ({"class_name": ""}, "name"),
        ({"class_name": " cat"}, "blanks"),
        ({"images_per_epoch": 0}, "at least 1"),
        ({"zoom": 0.01}, "zoom"),
        ({"zoom": 21.0}, "zoom"),
        ({"zoom": float("nan")}, "zoom"),
    ],
)
def test_that_a_row_out_of_range_is_refused(options, message):
    values = {"source": source(), "class_index": 0, "class_name": "cat", "role": Role.TRAINING} | options
    with pytest.raises(DataError, match=message):
        ClassRow(**values)


def test_that_an_empty_table_is_a_problem():
    assert "no images" in messages(ClassTable().problems(True))[0]
    assert "no images" in messages(ClassTable().problems(False))[0]


def test_that_one_class_only_is_a_problem_of_training():
    one = table(row(0, "cat"), row(0, "cat"), row(0, "cat", Role.VALIDATION))
    assert any("two different classes are needed" in text for text in messages(one.problems(True)))
    assert one.problems(False) == ()


def test_that_missing_validation_is_a_problem_unless_there_is_a_split():
    no_validation = table(row(0, "cat"), row(1, "dog"))
    assert any("no row is for validation" in text for text in messages(no_validation.problems(True)))
    assert no_validation.problems(True, has_split=True) == ()


def test_that_missing_training_is_a_problem():
    no_training = GOOD.set_role([0, 1], Role.TEST)
    assert any("no row is for training" in text for text in messages(no_training.problems(True)))


def test_that_a_gap_in_the_indices_is_a_problem():
    gap = table(row(0, "cat"), row(2, "dog"), row(2, "dog", Role.VALIDATION))
    text = "class 1 is missing: indices must run from 0 to 2 without a gap"
    assert messages(gap.problems(True)) == [text]
    assert gap.renumbered().problems(True) == ()
    wide = table(row(0, "cat"), row(99, "dog"), row(0, "cat", Role.VALIDATION))
    assert "classes 1, 2, 3, 4, 5, … are missing" in messages(wide.problems(True))[0]


def test_that_a_class_without_training_images_is_a_problem_of_its_row():
    lacking = GOOD.added([row(2, "bird", Role.VALIDATION)])
    [found] = lacking.problems(True)
    assert found.row == 4
    assert found.message == 'class "bird" has validation images but no training images'


def test_that_two_names_of_one_class_and_two_classes_of_one_name_are_problems():
    two_names = GOOD.replaced(2, row(0, "lion", Role.VALIDATION))
    [found] = two_names.problems(False)
    assert (found.row, found.message) == (2, 'class 0 has two names, "cat" and "lion": give it one')
    two_classes = GOOD.added([row(2, "cat")])
    assert messages(two_classes.problems(False)) == ['"cat" is the name of class 0 and of class 2: rename one']


def test_that_unreadable_images_are_a_warning():
    broken = source(n_images=117, problems=tuple(Problem(str(i), "is damaged") for i in range(3)))
    warned = GOOD.replaced(0, ClassRow(broken, 0, "cat", Role.TRAINING))
    assert warned.problems(True) == ()
    assert [(w.row, w.message) for w in warned.warnings] == [(0, "3 of 120 unreadable")]


@pytest.mark.parametrize("role", [Role.VALIDATION, Role.TEST])
def test_that_the_same_images_for_training_and_elsewhere_are_a_warning(role):
    same = table(row(0, "cat", digest="d"), row(0, "cat", role, file="copy", digest="d"))
    assert [(w.row, w.message) for w in same.warnings] == [(1, "also used for training: results would look too good")]


def test_that_the_same_images_with_two_classes_are_a_warning():
    same = table(row(0, "cat", digest="d"), row(1, "dog", file="copy", digest="d"))
    assert messages(same.warnings) == ['the same images also have the class "cat"']

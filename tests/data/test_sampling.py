from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.sampling import RowDraw, deal, draw_epoch, hold_out
from aid_desktop.errors import DataError


def rng(seed=0):
    return np.random.default_rng(seed)


draws = st.builds(RowDraw, st.integers(1, 30), st.none() | st.integers(1, 100), st.booleans())


@given(st.lists(draws, max_size=4), st.integers(0, 5))
def test_that_each_row_gives_its_number_of_images_as_evenly_as_possible(rows, seed):
    row_of, images = draw_epoch(rows, rng(seed))
    for i, row in enumerate(rows):
        k = row.n_images if row.images_per_epoch is None else row.images_per_epoch
        counts = Counter(images[row_of == i].tolist())
        assert counts.total() == k
        assert set(counts) <= set(range(row.n_images))
        assert set(counts.values()) <= {k // row.n_images, k // row.n_images + 1}
        if not row.shuffle:
            assert counts == Counter(j % row.n_images for j in range(k))


def test_that_the_same_seed_draws_the_same_images():
    rows = [RowDraw(50, 20), RowDraw(10, 25)]
    np.testing.assert_array_equal(draw_epoch(rows, rng(3)), draw_epoch(rows, rng(3)))
    assert not np.array_equal(draw_epoch(rows, rng(3)), draw_epoch(rows, rng(4)))


def test_that_rows_are_mixed():
    row_of, _ = draw_epoch([RowDraw(100), RowDraw(100)], rng())
    assert 20 < row_of[:100].sum() < 80


def test_that_every_image_is_drawn_in_the_long_run():
    drawn = {int(i) for seed in range(60) for i in draw_epoch([RowDraw(20, 5)], rng(seed))[1]}
    assert drawn == set(range(20))


def test_that_no_rows_give_no_images():
    row_of, images = draw_epoch([], rng())
    assert len(row_of) == len(images) == 0


def test_that_images_of_an_empty_row_are_refused():
    with pytest.raises(DataError, match="without images"):
        draw_epoch([RowDraw(0, 5)], rng())


def ids(*groups):
    return [np.array(group, np.intp) for group in groups]


def plainly_held_out(groups, fraction, rng):
    """Return what `hold_out` returns, step by step as the method says."""
    counts = [Counter(group) for group in groups]
    missing = [fraction * len(group) for group in groups]
    left = [set(count) for count in counts]
    held = set()

    def may_go(key):
        return key not in held and all(len(rest) > 1 for rest in left if key in rest)

    def gain(key):
        shares = [(want, count[key]) for want, count in zip(missing, counts, strict=True) if key in count]
        return sum(abs(want) - abs(want - share) for want, share in shares)

    def take(key):
        held.add(key)
        for c, count in enumerate(counts):
            missing[c] -= count[key]
            left[c].discard(key)

    for c in sorted(range(len(groups)), key=lambda c: len(counts[c])):
        names = sorted(counts[c])
        order = [names[place] for place in rng.permutation(len(names))]
        for key in order:
            if may_go(key) and gain(key) > 0:
                take(key)
        if not held & set(names) and (possible := [key for key in order if may_go(key)]):
            take(min(possible, key=counts[c].__getitem__))
    return [[key in held for key in group] for group in groups]


keys = st.lists(
    st.lists(st.integers(0, 8), max_size=40).map(lambda group: np.array(group, np.intp)), min_size=1, max_size=3
)
own = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 3)).map(lambda pair: np.repeat(np.arange(pair[0]), pair[1])),
    min_size=1,
    max_size=4,
).map(lambda groups: [group + 100 * c for c, group in enumerate(groups)])


@given(keys | own, st.floats(0.01, 0.99), st.integers(0, 3))
def test_that_the_short_way_for_groups_of_one_size_draws_what_the_long_way_draws(groups, fraction, seed):
    plain = plainly_held_out([group.tolist() for group in groups], fraction, rng(seed))
    assert [mask.tolist() for mask in hold_out(groups, fraction, rng(seed))] == plain


def test_that_a_seed_holds_out_the_same_images_for_ever():
    masks = hold_out(ids(range(12), [12, 12, 13, 13, 13, 14, 15, 15]), 0.3, rng(1))
    assert [np.flatnonzero(mask).tolist() for mask in masks] == [[1, 7, 10, 11], [0, 1]]


@given(keys, st.floats(0.01, 0.99), st.integers(0, 3))
def test_that_no_group_is_on_both_sides(groups, fraction, seed):
    masks = hold_out(groups, fraction, rng(seed))
    held = {key for group, mask in zip(groups, masks, strict=True) for key, m in zip(group, mask, strict=True) if m}
    left = {key for group, mask in zip(groups, masks, strict=True) for key, m in zip(group, mask, strict=True) if not m}
    assert not held & left
    for group, mask in zip(groups, masks, strict=True):
        assert mask.dtype == bool
        assert len(mask) == len(group)
        if len(group):
            assert not mask.all()


@given(st.lists(st.integers(1, 40), min_size=1, max_size=4), st.floats(0.01, 0.99), st.integers(0, 3))
def test_that_single_images_are_held_out_at_the_fraction_of_each_class(sizes, fraction, seed):
    groups = [np.arange(n) + 100 * c for c, n in enumerate(sizes)]
    for n, mask in zip(sizes, hold_out(groups, fraction, rng(seed)), strict=True):
        if n > 1:
            wanted = min(max(fraction * n, 1), n - 1)
            assert abs(mask.sum() - wanted) <= 0.5 + 1e-9
        else:
            assert not mask.any()


@given(st.lists(st.integers(1, 20), min_size=2, max_size=6), st.floats(0.01, 0.99))
def test_that_a_class_of_several_groups_has_one_on_either_side(sizes, fraction):
    [mask] = hold_out(ids([i for i, n in enumerate(sizes) for _ in range(n)]), fraction, rng())
    assert mask.any()
    assert not mask.all()


def test_that_the_split_depends_on_the_generator_only():
    groups = ids(range(100))
    first, again, other = (hold_out(groups, 0.3, rng(seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_that_a_group_of_two_classes_is_not_torn():
    masks = hold_out(ids(range(4), range(4)), 0.25, rng())
    np.testing.assert_array_equal(masks[0], masks[1])
    assert masks[0].sum() == 1


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_that_an_impossible_fraction_is_refused(fraction):
    with pytest.raises(DataError, match="more than 0 and less than 1"):
        hold_out(ids([0, 1]), fraction, rng())


# --- parts of a cross-validation --------------------------------------------------------------------------

grouped = st.lists(st.lists(st.integers(0, 11), min_size=1, max_size=40), min_size=1, max_size=4)


@given(grouped, st.integers(2, 8), st.integers(0, 5))
def test_that_a_group_goes_as_a_whole_to_one_part_and_none_is_empty(groups, n_parts, seed):
    parts = deal(ids(*groups), n_parts, rng(seed))
    assert [len(part) for part in parts] == [len(group) for group in groups]
    part_of = {}
    for group, part in zip(groups, parts, strict=True):
        for number, place in zip(group, part.tolist(), strict=True):
            assert part_of.setdefault(number, place) == place
    assert len(set(part_of.values())) == min(n_parts, len(part_of))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5), st.integers(2, 10), st.integers(0, 5))
def test_that_single_images_are_dealt_evenly_in_each_class_and_in_all(sizes, n_parts, seed):
    ends = np.cumsum([0, *sizes])
    parts = deal([np.arange(*pair) for pair in pairwise(ends)], n_parts, rng(seed))
    for counts in (*map(Counter, (part.tolist() for part in parts)), Counter(np.concatenate(parts).tolist())):
        numbers = [counts[part] for part in range(n_parts)]
        assert max(numbers) - min(numbers) <= 1


def test_that_large_groups_are_balanced_by_small_ones():
    (part,) = deal(ids([0] * 6 + [1] * 3 + [2] * 2 + [3]), 2, rng())
    assert np.bincount(part).tolist() == [6, 6]


def test_that_groups_of_several_classes_spread_each_of_them():
    sizes = [(4, 1), (1, 4), (3, 2), (2, 3), (5, 5), (5, 5)]
    groups = ids(*(np.repeat(np.arange(6), [size[which] for size in sizes]) for which in (0, 1)))
    for seed in range(5):
        parts = deal(groups, 2, rng(seed))
        assert all(abs(np.count_nonzero(part) - 10) <= 2 for part in parts)


def test_that_parts_are_dealt_by_chance_and_the_same_by_the_same_seed():
    groups = ids(range(30))
    np.testing.assert_array_equal(deal(groups, 3, rng(1)), deal(groups, 3, rng(1)))
    assert not np.array_equal(deal(groups, 3, rng(1)), deal(groups, 3, rng(2)))

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.near_duplicates import MAX_DISTANCE, distances, near_pairs

hashes = st.integers(0, 2**64 - 1)


def flipped(value: int, bits: list[int]) -> int:
    for bit in bits:
        value ^= 1 << bit
    return value


@given(st.lists(hashes, min_size=1, max_size=12), st.data())
def test_that_no_near_pair_is_missed_and_none_is_made_up(ours, data):
    # Every other one is one of ours with a few bits changed.
    theirs = [
        flipped(data.draw(st.sampled_from(ours)), data.draw(st.lists(st.integers(0, 63), max_size=6, unique=True)))
        for _ in range(data.draw(st.integers(1, 12)))
    ]
    expected = {
        (i, j)
        for i, one in enumerate(ours)
        for j, other in enumerate(theirs)
        if bin(one ^ other).count("1") <= MAX_DISTANCE
    }
    first, second = near_pairs(np.array(ours, np.uint64), np.array(theirs, np.uint64), 10**6)
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == expected
    assert len(first) == len(expected)


@given(hashes, st.lists(hashes, max_size=8))
def test_that_distances_count_differing_bits(one, others):
    got = distances(np.uint64(one), np.array(others, np.uint64))
    assert got.tolist() == [bin(one ^ other).count("1") for other in others]


def test_that_many_equal_hashes_end_at_the_limit():
    same = np.zeros(3000, np.uint64)
    first, second = near_pairs(same, same, 500)
    assert len(first) == len(second) == 500

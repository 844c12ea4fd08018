import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data import near_duplicates
from aid_desktop.data.fingerprint import fingerprint
from aid_desktop.data.formats import open_source
from aid_desktop.data.near_duplicates import MAX_DISTANCE, MarkedImages, distances, near_candidates

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
    portions = list(near_candidates(np.array(ours, np.uint64), np.array(theirs, np.uint64)))
    found = [(first, second) for portion in portions for first, second in portion.tolist()]
    assert set(found) == expected
    assert len(found) == len(expected)


@given(hashes, st.lists(hashes, max_size=8))
def test_that_distances_count_differing_bits(one, others):
    got = distances(np.uint64(one), np.array(others, np.uint64))
    assert got.tolist() == [bin(one ^ other).count("1") for other in others]


def test_that_many_equal_hashes_come_in_portions():
    same = np.zeros(3000, np.uint64)
    portion = next(near_candidates(same, same))
    assert 4096 <= len(portion) <= 4096 + 3000


def test_that_images_which_look_alike_by_chance_do_not_hide_copies(tmp_path, monkeypatch):
    # All have one hash, and only the last ones are copies of each other.
    monkeypatch.setattr(near_duplicates, "_CANDIDATES_AT_ONCE", 50)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 200, (60, 32, 32)).astype(np.uint8)
    images[50:] = images[20:30] + 5
    np.save(tmp_path / "a.npy", images)
    reader = open_source(tmp_path / "a.npy")
    marks = fingerprint(reader)
    marked = MarkedImages([reader], [marks], np.zeros(60, np.intp), np.arange(60))
    marked.perceptual[:] = 7
    near = marked.nearly_equal(np.arange(30), np.arange(30, 60))
    assert near.pairs.tolist() == [[20 + n, 50 + n] for n in range(10)]
    assert near.is_complete
    monkeypatch.setattr(near_duplicates, "MAX_CANDIDATES", 50)
    assert not marked.nearly_equal(np.arange(30), np.arange(30, 60)).is_complete

import dataclasses
import os
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aid_desktop.data import cache as cache_module
from aid_desktop.data import prepare
from aid_desktop.data.cache import DEFAULT_LIMIT_GB, CropCache, key_of
from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.prepare import prepare_row
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError, StoppedError
from aid_desktop.numbers import GB
from aid_desktop.settings.image import ImageSettings

SMALL = ImageSettings(width=8, height=6)
OTHERS = {
    "width": 10, "height": 9, "channels": "rgb", "fit": "scale", "padding": "edge", "resize": "area",
}  # fmt: skip
Disk = namedtuple("Disk", "total used free")


@pytest.fixture
def cache(tmp_path: Path) -> CropCache:
    return CropCache(tmp_path / "cache")


@pytest.fixture
def stack(tmp_path: Path):
    return make_stack(tmp_path / "a.npy")


def make_stack(path: Path, seed: int = 0, kind: str = "uint8"):
    np.save(path, np.random.default_rng(seed).integers(0, 250, (20, 12, 15)).astype(kind))
    return open_source(path)


def get(
    cache: CropCache, reader, image=SMALL, zoom=1.0, margin=True, progress=lambda *_: None, should_stop=lambda: False
):
    return cache.images(reader, image, zoom, margin, progress, should_stop)


@settings(max_examples=20, deadline=None)
@given(
    width=st.integers(2, 12), height=st.integers(2, 12), fit=st.sampled_from(["crop_pad", "scale"]),
    zoom=st.sampled_from([1.0, 0.5, 1.7]), margin=st.booleans(), kind=st.sampled_from(["uint8", "uint16", "float32"]),
)  # fmt: skip
def test_that_cached_images_are_the_prepared_ones(tmp_path_factory, width, height, fit, zoom, margin, kind):
    folder = tmp_path_factory.mktemp("cache")
    reader = make_stack(folder / "a.npy", kind=kind)
    image = ImageSettings(width=width, height=height, fit=fit)
    stored = get(CropCache(folder), reader, image, zoom, margin)
    expected = prepare_row(reader, image, zoom, margin)
    assert stored.dtype == expected.dtype
    assert not stored.flags.writeable
    np.testing.assert_array_equal(stored, expected)


def test_that_images_are_prepared_once(cache, stack, monkeypatch):
    first = get(cache, stack)
    monkeypatch.setattr(cache_module, "prepare_blocks", None)
    np.testing.assert_array_equal(get(CropCache(cache.folder), reopen(stack.source)), first)


def test_that_progress_counts_images(cache, stack, monkeypatch):
    monkeypatch.setattr(prepare, "MAX_BLOCK", 8)
    told = []
    get(cache, stack, progress=lambda done, total: told.append((done, total)))
    assert told == [(8, 20), (16, 20), (20, 20)]


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_that_every_setting_that_changes_pixels_has_a_file_of_its_own(name):
    source = DataSource(Path("/a"), SourceKind.RTDC, 2, ((8, 8, 1),), "digest")
    changed = dataclasses.replace(SMALL, **{name: OTHERS[name]})
    assert key_of(source, changed, 1.0, True) != key_of(source, SMALL, 1.0, True)


def test_that_content_part_zoom_and_margin_count_and_nothing_else():
    source = DataSource(Path("/a"), SourceKind.RTDC, 2, ((8, 8, 1),), "digest")
    key = key_of(source, SMALL, 1.0, True)
    others = [
        key_of(dataclasses.replace(source, digest="other"), SMALL, 1.0, True),
        key_of(dataclasses.replace(source, part="other"), SMALL, 1.0, True),
        key_of(source, SMALL, 1.5, True),
        key_of(source, SMALL, 1.0, False),
    ]
    assert len({key, *others}) == 5
    moved = dataclasses.replace(source, path=Path("/moved"))
    normalized = dataclasses.replace(SMALL, normalization="none", white_level=9)
    assert key_of(moved, normalized, 1.0, True) == key


def test_that_a_change_that_the_digest_may_miss_counts(stack, monkeypatch):
    path, key = stack.source.path, key_of(stack.source, SMALL, 1.0, True)
    os.utime(path, (1000, 1000))
    assert key_of(stack.source, SMALL, 1.0, True) == key
    monkeypatch.setattr(cache_module, "WHOLE_LIMIT", 100)
    key = key_of(stack.source, SMALL, 1.0, True)
    os.utime(path, (2000, 2000))
    assert key_of(stack.source, SMALL, 1.0, True) != key


@pytest.mark.parametrize("error", [StoppedError("stop"), OSError(28, "No space left on device")])
def test_that_a_file_that_was_not_finished_is_never_used(cache, stack, monkeypatch, error):
    monkeypatch.setattr(prepare, "MAX_BLOCK", 8)

    def fail(done, total):
        if done == 16:
            raise error

    with pytest.raises((StoppedError, DataError)):
        get(cache, stack, progress=fail)
    assert list(cache.folder.iterdir()) == []
    np.testing.assert_array_equal(get(cache, stack), prepare_row(stack, SMALL, margin=True))


def test_that_making_a_file_can_be_stopped(cache, stack):
    with pytest.raises(StoppedError):
        get(cache, stack, should_stop=lambda: True)
    assert cache.usage().n_files == 0


def test_that_the_longest_unused_files_make_room(tmp_path, cache):
    readers = [make_stack(tmp_path / f"{seed}.npy", seed) for seed in range(3)]
    for age, reader in enumerate(readers[:2]):
        get(CropCache(cache.folder), reader)
        newest = max(cache.folder.glob("*.npy"), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (1000 + age, 1000 + age))
    # The first one was used again.
    get(CropCache(cache.folder), readers[0])
    size = cache.usage().n_bytes // 2
    cache.set_limit_gb(2.5 * size / GB)
    get(cache, readers[2])
    left = {path.stem for path in cache.folder.glob("*.npy")}
    assert left == {key_of(reader.source, SMALL, 1.0, True) for reader in (readers[0], readers[2])}


def test_that_a_file_in_use_is_not_removed(tmp_path, cache, stack):
    get(cache, stack)
    cache.set_limit_gb(0.9 * cache.usage().n_bytes / GB)
    assert cache.usage().n_files == 1
    assert cache.empty().n_files == 0
    assert CropCache(cache.folder).empty().n_files == 1
    assert cache.usage().n_bytes == 0


def test_that_more_than_the_limit_is_refused_in_plain_words(cache, stack):
    cache.set_limit_gb(1e-6)
    with pytest.raises(DataError, match=r"need 0\.0 GB on disk, the limit is 0\.0 GB: raise it under View, Storage"):
        get(cache, stack)


def test_that_a_run_that_needs_more_than_the_limit_is_told(tmp_path, cache, stack):
    get(cache, stack)
    cache.set_limit_gb(1.5 * cache.usage().n_bytes / GB)
    with pytest.raises(DataError, match=r"beside 0\.0 GB that are in use, the limit is 0\.0 GB"):
        get(cache, make_stack(tmp_path / "b.npy", seed=1))


def test_that_a_file_that_another_program_is_writing_is_left_alone(cache, stack):
    get(cache, stack)
    writing, abandoned = cache.folder / ".a-1.npy", cache.folder / ".b-2.npy"
    for path in (writing, abandoned):
        path.write_bytes(b"half")
    os.utime(abandoned, (1000, 1000))
    assert CropCache(cache.folder).empty().n_files == 2
    assert [path.name for path in cache.folder.iterdir()] == [writing.name]


def test_that_an_error_of_the_disk_is_told(cache, stack, monkeypatch):
    def fail(descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DataError, match=r"cannot be written: Input/output error"):
        get(cache, stack)
    assert list(cache.folder.iterdir()) == []


def test_that_a_full_disk_is_told_before_anything_is_written(cache, stack, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(GB, GB, 1000))
    with pytest.raises(DataError, match=r"where 0\.0 GB are free: make room there"):
        get(cache, stack)


def test_that_the_limit_is_kept_for_everybody(cache):
    assert cache.limit_gb == DEFAULT_LIMIT_GB
    cache.set_limit_gb(7.5)
    assert CropCache(cache.folder).limit_gb == 7.5


@pytest.mark.parametrize("text", ["", "{", "[]", '{"limit_gb": -3}', '{"limit_gb": "much"}'])
def test_that_a_spoilt_limit_is_the_usual_one(cache, text):
    cache.folder.mkdir()
    (cache.folder / "cache.json").write_text(text)
    assert cache.limit_gb == DEFAULT_LIMIT_GB


def test_that_a_damaged_file_is_told(cache, stack):
    get(cache, stack)
    [path] = cache.folder.glob("*.npy")
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="empty the cache under View, Storage"):
        get(CropCache(cache.folder), stack)


def test_that_a_table_in_another_order_is_prepared_anew(tmp_path, write_image):
    table = tmp_path / "t.csv"
    names = ["b.png", "a.png"]
    for name in names:
        write_image(tmp_path / name)
    keys = []
    for number, order in enumerate((names, names[::-1])):
        table.write_text("path,class\n" + "".join(f"{name},cat\n" for name in order), encoding="utf-8")
        os.utime(table, ns=(number, number))
        keys.append(key_of(open_source(table, part="cat").source, SMALL, 1.0, True))
    assert keys[0] != keys[1]

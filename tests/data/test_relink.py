from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.formats import open_source
from aid_desktop.data.relink import ContentMethod, Found, Sought, State, find_sources, found_at, search_folder
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import DataSource

WriteImage = Callable[[Path, int], None]


@pytest.fixture
def write_image() -> WriteImage:
    from PIL import Image

    def write(path: Path, level: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((6, 6), level, np.uint8)).save(path)

    return write


def write_stack(path: Path, level: int = 7) -> Path:
    """Write an array, whose file is the same each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.full((3, 8, 8), level, np.uint8))
    return path


def sought_of(source: DataSource, *places: Path, size: int | None = None) -> Sought:
    method = ContentMethod(source.kind, source.part)
    return Sought(source.path.name, str(source.path), places or (source.path,), method, source.digest, size)


@pytest.fixture
def sources(tmp_path: Path, write_image: WriteImage) -> dict[str, DataSource]:
    """One source of each kind, with an image that cannot be read in the folder."""
    write_image(tmp_path / "folder" / "a.png", 1)
    write_image(tmp_path / "folder" / "sub" / "b.png", 2)
    (tmp_path / "folder" / "broken.png").write_bytes(b"no image")
    write_image(tmp_path / "one.png", 3)
    write_rtdc(tmp_path / "stack.rtdc", np.full((3, 8, 8), 4, np.uint8))
    np.savez(tmp_path / "arrays.npz", x=np.zeros((2, 5, 5), np.uint8), y=np.ones((2, 5, 5), np.uint8))
    (tmp_path / "table.csv").write_text("path,class\nfolder/a.png,cat\none.png,dog\n", encoding="utf-8")
    parts = {"folder": "", "one.png": "", "stack.rtdc": "", "arrays.npz": "y", "table.csv": "dog"}
    return {name: open_source(tmp_path / name, part=part).source for name, part in parts.items()}


def test_that_every_kind_of_source_is_known_again_without_decoding(
    sources: dict[str, DataSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aid_desktop.data.folders.decode_pages", lambda *a, **k: pytest.fail("decoded"))
    wanted = {name: sought_of(source) for name, source in sources.items()}
    found = find_sources(wanted.values())
    assert {name: found[one] for name, one in wanted.items()} == {
        name: Found(State.FOUND, source.path) for name, source in sources.items()
    }


@pytest.mark.parametrize("name", ["folder", "one.png", "stack.rtdc", "arrays.npz", "table.csv"])
def test_that_other_content_is_noticed(
    sources: dict[str, DataSource], name: str, tmp_path: Path, write_image: WriteImage
) -> None:
    one = sought_of(sources[name])
    write_image(tmp_path / "folder" / "a.png", 99)
    write_image(tmp_path / "one.png", 98)
    write_rtdc(tmp_path / "stack.rtdc", np.full((3, 8, 8), 97, np.uint8))
    np.savez(tmp_path / "arrays.npz", x=np.zeros((2, 5, 5), np.uint8), y=np.zeros((2, 5, 5), np.uint8))
    assert find_sources([one]) == {one: Found(State.CHANGED, tmp_path / name)}


def test_that_a_folder_in_the_place_of_a_file_is_another_source(sources: dict[str, DataSource], tmp_path: Path) -> None:
    one = sought_of(sources["stack.rtdc"])
    (tmp_path / "stack.rtdc").unlink()
    assert find_sources([one]) == {one: Found(State.MISSING)}
    (tmp_path / "stack.rtdc").mkdir()
    assert find_sources([one]) == {one: Found(State.CHANGED, tmp_path / "stack.rtdc")}


def test_that_places_are_tried_in_their_order_until_the_content_fits(tmp_path: Path) -> None:
    source = open_source(write_stack(tmp_path / "old" / "a.npy")).source
    other = write_stack(tmp_path / "new" / "a.npy", 9)
    one = sought_of(source, tmp_path / "gone" / "a.npy", other, source.path)
    assert find_sources([one])[one] == Found(State.FOUND, source.path)
    source.path.unlink()
    assert find_sources([one])[one] == Found(State.CHANGED, other)


def test_that_a_folder_is_searched_by_name_and_content(tmp_path: Path) -> None:
    home = tmp_path / "home"
    cat = open_source(write_stack(home / "cat.npy", 1)).source
    dog = open_source(write_stack(home / "dog.npy", 2)).source
    target = tmp_path / "moved"
    # The names the other way round, the right one deeper, another content under the right name.
    write_stack(target / "a" / "dog.npy", 1)
    write_stack(target / "b" / "CAT.npy", 1)
    write_stack(target / "b" / "c" / "dog.npy", 2)
    write_stack(target / "cat.npy", 3)
    wanted = {name: sought_of(source) for name, source in (("cat", cat), ("dog", dog))}
    found = search_folder(wanted.values(), target)
    assert found == {
        wanted["cat"]: Found(State.FOUND, target / "b" / "CAT.npy"),
        wanted["dog"]: Found(State.FOUND, target / "b" / "c" / "dog.npy"),
    }
    assert search_folder(wanted.values(), target / "a") == {}


def test_that_the_first_of_several_in_natural_order_is_taken_and_the_others_are_named(tmp_path: Path) -> None:
    source = open_source(write_stack(tmp_path / "home" / "cat.npy")).source
    places = [write_stack(tmp_path / "copies" / name / "cat.npy") for name in ("day 10", "day 2", "day 1")]
    one = sought_of(source)
    found = search_folder([one], tmp_path / "copies")[one]
    assert (found.path, found.others) == (places[2], (places[1], places[0]))


def test_that_folders_are_found_too_even_if_the_searched_folder_is_the_one(
    tmp_path: Path, write_image: WriteImage
) -> None:
    for parent in ("home", "moved"):
        write_image(tmp_path / parent / "cat" / "1.png", 1)
    one = sought_of(open_source(tmp_path / "home" / "cat").source)
    for start in (tmp_path / "moved", tmp_path / "moved" / "cat"):
        assert search_folder([one], start)[one].path == tmp_path / "moved" / "cat"


def test_that_a_place_that_is_pointed_to_may_have_another_name(tmp_path: Path) -> None:
    one = sought_of(open_source(write_stack(tmp_path / "a.npy")).source)
    renamed = write_stack(tmp_path / "b.npy")
    other = write_stack(tmp_path / "c.npy", 9)
    assert found_at(one, renamed) == Found(State.FOUND, renamed)
    assert found_at(one, other) == Found(State.CHANGED, other)
    assert found_at(one, tmp_path / "d.npy") == Found(State.MISSING)


def test_that_files_of_another_size_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_source(write_stack(tmp_path / "a.npy")).source
    one = sought_of(source, size=source.path.stat().st_size + 1)
    monkeypatch.setattr("aid_desktop.data.relink.digest_of", lambda path: pytest.fail("read"))
    assert find_sources([one])[one].state is State.CHANGED
    assert search_folder([one], tmp_path) == {}


def test_that_each_file_is_read_once_however_many_rows_have_it(
    sources: dict[str, DataSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    from aid_desktop.data import relink

    read: list[Path] = []
    digest_of = relink.digest_of
    monkeypatch.setattr(relink, "digest_of", lambda path: read.append(path) or digest_of(path))
    one = sought_of(sources["stack.rtdc"])
    find_sources([one, replace(one), one])
    assert read == [one.places[0]]


def test_that_progress_is_told_and_ends_the_search(sources: dict[str, DataSource], tmp_path: Path) -> None:
    wanted = [sought_of(source) for source in sources.values()]
    told: list[tuple[int, int]] = []
    find_sources(wanted, lambda done, total: told.append((done, total)))
    assert told == [(number, 5) for number in range(1, 6)]

    def leave(done: int, total: int) -> None:
        raise InterruptedError

    for search in (lambda: find_sources(wanted, leave), lambda: search_folder(wanted, tmp_path, leave)):
        with pytest.raises(InterruptedError):
            search()

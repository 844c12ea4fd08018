from pathlib import Path

import pytest

from aid_desktop.gui.drag_text import drag_text, sorted_paths


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["cat/"], "1 folder"),
        (["a.rtdc", "cat/", "dog/", "b.RTDC"], "2 folders, 2 .rtdc files"),
        (["a.png", "b.tif", "c.npy", "d.h5", "e.csv"], "1 HDF5 file, 1 stack of images, 2 images, 1 table"),
        (["a.txt", "b.doc"], "2 other files"),
        ([f"{number}.png" for number in range(1200)], "1\N{NO-BREAK SPACE}200 images"),
    ],
)
def test_that_what_is_dragged_is_counted_by_kind(tmp_path: Path, names: list[str], text: str) -> None:
    for name in names:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    assert drag_text([tmp_path / name for name in names]) == text


def test_that_runs_are_told_beside_data(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.toml").touch()
    (tmp_path / "cat").mkdir()
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "series.json").touch()
    assert drag_text([tmp_path / "run"]) == "open 1 run"
    assert drag_text([tmp_path / "run", tmp_path / "series"]) == "open 2 runs"
    assert drag_text([tmp_path / "run", tmp_path / "cat"]) == "open 1 run; 1 folder"


def test_that_files_are_told_by_their_names_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / f"{number}.rtdc" for number in range(100)]
    asked: list[Path] = []
    monkeypatch.setattr(Path, "is_file", lambda self: asked.append(self) or False)
    assert sorted_paths(paths) == ([], [], paths)
    assert asked == []

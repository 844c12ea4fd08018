import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aid_desktop import paths
from aid_desktop.paths import free_path, write_atomically


def test_that_the_package_and_its_assets_are_found() -> None:
    assert (paths.package_dir() / "paths.py").is_file()
    assert paths.assets_dir() == paths.package_dir().parent / "assets"
    assert paths.executable_dir() == Path(sys.executable).resolve().parent


def test_that_what_pip_has_installed_is_found_where_it_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.docs_dir() == paths.package_dir().parent / "docs"
    monkeypatch.setattr(paths, "package_dir", lambda: tmp_path / "site-packages" / "aid_desktop")
    monkeypatch.setattr(paths.sysconfig, "get_path", lambda name, scheme: str(tmp_path / name))
    assert paths.docs_dir() == tmp_path / "site-packages" / "docs"
    delivered = tmp_path / "data" / "share" / "aid-desktop"
    (delivered / "assets").mkdir(parents=True)
    assert (paths.docs_dir(), paths.assets_dir()) == (delivered / "docs", delivered / "assets")


def test_that_being_frozen_is_told_by_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not paths.is_frozen()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert paths.is_frozen()


def test_that_the_folders_of_the_user_are_three_different_ones() -> None:
    folders = {paths.user_config_dir(), paths.user_data_dir(), paths.log_dir()}
    assert len(folders) == 3
    assert all(folder.is_absolute() and "AID Desktop" in str(folder) for folder in folders)


def test_that_a_new_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.keras"
    with write_atomically(path) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".keras"
        temporary.write_text("new", encoding="utf-8")
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_that_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")
    with write_atomically(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("error", [OSError, ValueError, KeyboardInterrupt])
def test_that_an_error_leaves_the_old_file_and_no_temporary_one(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")

    def fail_half_way() -> None:
        with write_atomically(path) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise error

    with pytest.raises(error):
        fail_half_way()
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_that_a_failing_flush_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", encoding="utf-8")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"), write_atomically(path) as temporary:
        temporary.write_text("new", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_that_a_missing_folder_is_the_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), write_atomically(tmp_path / "none" / "a.txt"):
        pass


def test_that_a_writer_that_replaces_the_temporary_file_is_served(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with write_atomically(path) as temporary:
        temporary.unlink()
        temporary.write_text("again", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "again"


def test_that_names_of_any_length_and_sign_are_written(tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 120 + ".txt")
    with write_atomically(path) as temporary:
        temporary.write_text("x", encoding="utf-8")
    assert path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_that_others_may_read_the_file_as_the_system_is_set_up(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        with write_atomically(tmp_path / "a.txt") as temporary:
            temporary.write_text("x", encoding="utf-8")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o644


def test_that_a_user_sees_the_program_beside_the_app_of_macos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.program_dir() == paths.executable_dir()
    monkeypatch.setattr(paths, "executable_dir", lambda: tmp_path / "AID Desktop.app" / "Contents" / "MacOS")
    assert paths.program_dir() == tmp_path


@pytest.fixture
def _fresh_portable() -> Iterator[None]:
    paths.portable_dir.cache_clear()
    yield
    paths.portable_dir.cache_clear()


@pytest.mark.usefixtures("_fresh_portable")
def test_that_a_portable_program_keeps_everything_beside_itself_from_the_next_start_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "program_dir", lambda: tmp_path)
    with pytest.raises(OSError, match="only the standalone program"):
        paths.set_portable(True)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert tmp_path not in paths.user_config_dir().parents
    paths.set_portable(True)
    assert tmp_path not in paths.user_config_dir().parents
    paths.portable_dir.cache_clear()
    own = {paths.user_config_dir(), paths.user_data_dir(), paths.user_cache_dir(), paths.log_dir()}
    assert own == {tmp_path / "portable" / name for name in ("config", "data", "cache", "log")}
    assert paths.runs_dir() == tmp_path / "portable" / "data" / "runs"
    paths.set_portable(False)
    paths.portable_dir.cache_clear()
    assert tmp_path not in paths.user_config_dir().parents


def test_that_a_free_path_has_the_first_number_that_is_not_taken(tmp_path: Path) -> None:
    folder, table = tmp_path / "run_v1.2", tmp_path / "counts.csv"
    assert (free_path(folder), free_path(table, ".csv", first=1)) == (folder, table)
    folder.mkdir()
    table.touch()
    (tmp_path / "counts_1.csv").touch()
    assert free_path(folder).name == "run_v1.2_2"
    assert free_path(table, ".csv", first=1).name == "counts_2.csv"

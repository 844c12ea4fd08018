"""The dialog about missing sources, with real files and the real background."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtWidgets import QApplication, QFileDialog, QProgressBar
from pytestqt.qtbot import QtBot

from aid_desktop.data.formats import open_source
from aid_desktop.data.relink import ContentMethod, Found, Sought, State, find_sources
from aid_desktop.data.source import SourceKind
from aid_desktop.gui.background import Background
from aid_desktop.gui.missing_dialog import MissingDialog, Resolution


def save(path: Path, level: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.full((2, 6, 6), level, np.uint8))
    return path


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    made = Background()
    yield made
    made.shut_down()


@pytest.fixture
def sought(tmp_path: Path) -> tuple[Sought, ...]:
    """Four sources: cat is where it was, dog was moved, frog has changed, and owl is gone."""
    made = []
    for level, name in enumerate(("cat", "dog", "frog", "owl")):
        source = open_source(save(tmp_path / "home" / f"{name}.npy", level)).source
        made.append(Sought(source.path.name, str(source.path), (source.path,), ContentMethod(source.kind),
                           source.digest))  # fmt: skip
    (tmp_path / "new").mkdir()
    (tmp_path / "home" / "dog.npy").rename(tmp_path / "new" / "dog.npy")
    save(tmp_path / "home" / "frog.npy", 9)
    (tmp_path / "home" / "owl.npy").unlink()
    return tuple(made)


@pytest.fixture
def dialog(qtbot: QtBot, background: Background, sought: tuple[Sought, ...]) -> MissingDialog:
    made = MissingDialog("a.aidsession", find_sources(sought), background)
    # The test asks it after it was closed.
    made.setAttribute(55, False)
    qtbot.addWidget(made)
    made.show()
    return made


def shown(dialog: MissingDialog) -> dict[str, str]:
    items = [dialog.list.topLevelItem(row) for row in range(dialog.list.topLevelItemCount())]
    return {item.text(0): item.text(1) for item in items}


def choose(dialog: MissingDialog, row: int) -> None:
    dialog.list.clearSelection()
    dialog.list.topLevelItem(row).setSelected(True)


def wait(dialog: MissingDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: dialog.folder_button.isEnabled())


def test_that_only_what_is_not_as_it_was_is_listed(dialog: MissingDialog) -> None:
    assert shown(dialog) == {"dog.npy": "missing", "frog.npy": "changed", "owl.npy": "missing"}
    assert not dialog.open_button.isEnabled()
    assert dialog.leave_out_button.isEnabled()


def test_that_a_chosen_folder_is_searched(
    dialog: MissingDialog, sought: tuple[Sought, ...], tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a: str(tmp_path / "new"))
    dialog.folder_button.click()
    assert not dialog.folder_button.isEnabled()
    assert dialog.findChild(QProgressBar).isVisible()
    wait(dialog, qtbot)
    assert shown(dialog) == {"dog.npy": "found", "frog.npy": "changed", "owl.npy": "missing"}
    assert [note.text for note in dialog.messages.notes] == [f"1 found in {tmp_path / 'new'}."]
    dialog.search(tmp_path / "new")
    wait(dialog, qtbot)
    assert dialog.messages.notes[0].text.startswith("Nothing of the same name and content was found")
    with qtbot.waitSignal(dialog.resolved) as resolved:
        dialog.leave_out_button.click()
    found = resolved.args[0].found
    assert found == {
        sought[0]: Found(State.FOUND, tmp_path / "home" / "cat.npy"),
        sought[1]: Found(State.FOUND, tmp_path / "new" / "dog.npy"),
    }


def test_that_several_hits_are_told(dialog: MissingDialog, tmp_path: Path, qtbot: QtBot) -> None:
    save(tmp_path / "new" / "x" / "dog.npy", 1)
    dialog.search(tmp_path / "new")
    wait(dialog, qtbot)
    note = dialog.messages.notes[1]
    assert note.text == "Found in several places, so the first one was taken: 1."
    assert note.details.startswith("dog.npy: ")


def test_that_the_user_points_to_a_source_under_another_name(
    dialog: MissingDialog, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed = (tmp_path / "new" / "dog.npy").rename(tmp_path / "new" / "hound.npy")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: (str(renamed), ""))
    choose(dialog, 0)
    dialog.point_button.click()
    wait(dialog, qtbot)
    assert shown(dialog)["dog.npy"] == "found"
    choose(dialog, 2)
    dialog.point_button.click()
    wait(dialog, qtbot)
    assert shown(dialog)["owl.npy"] == "changed"
    assert "has other content than owl.npy had" in dialog.messages.notes[0].text


def test_that_a_folder_is_pointed_to_as_a_folder(
    qtbot: QtBot, background: Background, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Sought("cat", "/gone/cat", (), ContentMethod(SourceKind.FOLDER), "blake2b:0")
    dialog = MissingDialog("a", {one: Found(State.MISSING)}, background)
    qtbot.addWidget(dialog)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a: str(tmp_path))
    dialog.point_button.click()
    wait(dialog, qtbot)
    assert shown(dialog) == {"cat": "changed"}


def test_that_changed_sources_can_be_used_as_they_are(
    dialog: MissingDialog, sought: tuple[Sought, ...], tmp_path: Path, qtbot: QtBot
) -> None:
    choose(dialog, 0)
    assert not dialog.as_it_is_button.isEnabled()
    choose(dialog, 1)
    dialog.as_it_is_button.click()
    assert shown(dialog)["frog.npy"] == "used as it is"
    dialog.search(tmp_path / "new")
    wait(dialog, qtbot)
    choose(dialog, 2)
    dialog.point(sought[3], tmp_path / "home" / "cat.npy")
    wait(dialog, qtbot)
    assert not dialog.is_complete
    dialog.as_it_is_button.click()
    assert dialog.open_button.isEnabled()
    assert not dialog.leave_out_button.isEnabled()
    with qtbot.waitSignal(dialog.resolved) as resolved:
        dialog.open_button.click()
    states = {one.name: found.state for one, found in resolved.args[0].found.items()}
    assert states == {"cat.npy": "found", "dog.npy": "found", "frog.npy": "changed", "owl.npy": "changed"}


def test_that_cancel_decides_nothing(dialog: MissingDialog, qtbot: QtBot) -> None:
    decided: list[Resolution] = []
    dialog.resolved.connect(decided.append)
    with qtbot.waitSignal(dialog.rejected):
        dialog.cancel_button.click()
    assert decided == []


def test_that_a_search_can_be_stopped(dialog: MissingDialog, tmp_path: Path, qtbot: QtBot) -> None:
    dialog.search(tmp_path / "new")
    dialog._stop_button.click()
    wait(dialog, qtbot)
    assert shown(dialog)["dog.npy"] == "missing"

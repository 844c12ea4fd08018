"""Dropping files."""

from pathlib import Path

import pytest
from PyQt5.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt5.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PyQt5.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.theme import DARK, LIGHT, apply_theme
from aid_desktop.gui.widgets.drop_area import HINT, DropArea, DropOverlay, dropped_paths

LEFT, NO_KEY, COPY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction


@pytest.fixture
def files(tmp_path: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "cat")), QUrl("https://example.org/dog.png")])
    return mime


def _enter(widget: QWidget, mime: QMimeData) -> bool:
    event = QDragEnterEvent(QPoint(5, 5), COPY, mime, LEFT, NO_KEY)
    event.setAccepted(False)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def _drop(widget: QWidget, mime: QMimeData) -> None:
    QApplication.sendEvent(widget, QDropEvent(QPointF(5, 5), COPY, mime, LEFT, NO_KEY, QEvent.Type.Drop))


def test_that_local_files_are_taken_from_what_is_dragged(tmp_path: Path, files: QMimeData) -> None:
    assert dropped_paths(files) == (tmp_path / "cat",)
    assert dropped_paths(QMimeData()) == ()


def test_that_the_area_is_marked_while_files_hover_and_hands_them_on(
    qtbot: QtBot, tmp_path: Path, files: QMimeData
) -> None:
    area = DropArea()
    qtbot.addWidget(area)
    assert (area.objectName(), area.accessibleName()) == ("dropArea", HINT)
    assert not _enter(area, QMimeData())
    assert not area.property("dragging")
    assert _enter(area, files)
    assert area.property("dragging")
    QApplication.sendEvent(area, QDragLeaveEvent())
    assert not area.property("dragging")
    _enter(area, files)
    with qtbot.waitSignal(area.paths_dropped) as signal:
        _drop(area, files)
    assert signal.args == [(tmp_path / "cat",)]
    assert not area.property("dragging")


def test_that_the_area_has_buttons_and_a_text_of_its_own(qtbot: QtBot, qapp: QApplication) -> None:
    area = DropArea("Nothing here")
    qtbot.addWidget(area)
    button = QPushButton("Add folder")
    area.add_button(button)
    assert button.parent() is area
    assert area.accessibleName() == "Nothing here"
    pictures = []
    for theme in (LIGHT, DARK):
        apply_theme(qapp, theme)
        pictures.append(area.grab().toImage())
    assert pictures[0] != pictures[1]


def test_that_the_overlay_tells_what_a_drop_does_before_it_is_done(
    qtbot: QtBot, tmp_path: Path, files: QMimeData
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(300, 200)
    overlay = DropOverlay(window, lambda paths: f"{len(paths)} folder → 1 class")
    window.show()
    assert not overlay.isVisible()
    assert _enter(window, files)
    assert overlay.isVisible()
    assert overlay.text == overlay.accessibleName() == "1 folder → 1 class"
    window.resize(400, 300)
    assert overlay.size() == window.size()
    window.grab()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not overlay.isVisible()
    _enter(window, files)
    with qtbot.waitSignal(overlay.paths_dropped) as signal:
        _drop(window, files)
    assert signal.args == [(tmp_path / "cat",)]
    assert not overlay.isVisible()


def test_that_more_is_told_only_while_the_same_files_are_dragged(
    qtbot: QtBot, tmp_path: Path, files: QMimeData
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    overlay = DropOverlay(window, lambda paths: f"{len(paths)} folder")
    window.show()
    with qtbot.waitSignal(overlay.paths_dragged) as dragged:
        _enter(window, files)
    overlay.tell_more((tmp_path / "dog",), "1 folder → 2 classes")
    assert overlay.text == "1 folder"
    overlay.tell_more(dragged.args[0], "1 folder → 1 class")
    assert overlay.text == "1 folder\n1 folder → 1 class"
    QApplication.sendEvent(window, QDragLeaveEvent())
    overlay.tell_more(dragged.args[0], "too late")
    assert not overlay.isVisible()


def test_that_the_overlay_refuses_what_cannot_be_described(qtbot: QtBot, files: QMimeData) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    overlay = DropOverlay(window, lambda _: "")
    window.show()
    assert not _enter(window, files)
    assert not _enter(window, QMimeData())
    assert not overlay.isVisible()
    with qtbot.assertNotEmitted(overlay.paths_dropped):
        _drop(window, files)

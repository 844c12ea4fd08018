"""The real window with its own settings and run folder, and files dropped on it as a user drops them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PyQt5 import sip
from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import ThemeManager, ThemeName

ACTED_ON = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QAbstractSlider, QAbstractItemView)

Drop = Callable[[QWidget, Sequence[Path]], None]


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    """Return an empty window, for what is asked over one."""
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    return widget


@pytest.fixture
def themes(qapp: QApplication) -> ThemeManager:
    manager = ThemeManager(qapp)
    manager.set_theme(ThemeName.LIGHT)
    return manager


@pytest.fixture
def preferences(qapp: QApplication, tmp_path: Path) -> Preferences:
    chosen = Preferences()
    chosen.runs_folder = str(tmp_path / "runs")
    return chosen


@pytest.fixture
def window(qtbot: QtBot, themes: ThemeManager, preferences: Preferences) -> Iterator[MainWindow]:
    shown = MainWindow(themes, preferences)
    shown.show()
    yield shown
    shown.session.shut_down()
    shown.close()
    # At once: a window that waits to be deleted is polished anew with each theme of the tests to come.
    sip.delete(shown)


@pytest.fixture
def drop() -> Drop:
    """Return a function that drops files on a widget by the events that Qt sends."""

    def do(widget: QWidget, paths: Sequence[Path]) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        where = QPoint(widget.width() // 2, widget.height() // 2)
        arguments = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        enter = QDragEnterEvent(where, *arguments)
        QApplication.sendEvent(widget, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(widget, QDropEvent(where, *arguments))

    return do


@pytest.fixture
def user_widgets() -> Callable[[QWidget], list[QWidget]]:
    """Return a function that lists what a user acts on in a window, without the inner parts of Qt's own composites."""

    def find(window: QWidget) -> list[QWidget]:
        found = [widget for widget in window.findChildren(QWidget) if isinstance(widget, ACTED_ON)]
        return [
            widget
            for widget in found
            if not isinstance(widget, QScrollBar | QTabBar | QHeaderView)
            and not widget.objectName().startswith("qt_")
            and not isinstance(widget.parent(), QComboBox | QAbstractSpinBox | QTabBar | QAbstractItemView | QLineEdit)
            and not widget.window().inherits("QComboBoxPrivateContainer")
        ]

    return find

"""Every dialog: what can be acted on has names, a tooltip and a place in the order of Tab."""

import runpy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aid_desktop.errors import AidError
from aid_desktop.gui import doctor_dialog
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.theme import ThemeManager

Drop = Callable[[QWidget, Sequence[Path]], None]
UserWidgets = Callable[[QWidget], list[QWidget]]
TOOLS = runpy.run_path(str(Path(__file__).parents[1] / "gui_dialogs.py"))
# Also the names of gui_dialogs.makers; a test compares.
NAMES = (
    "shortcuts", "manual", "storage", "convert", "tile", "check", "leak", "part", "missing", "plot", "several-runs",
    "rate-finder", "comparison", "class-weights", "layers", "classify", "classify-large", "export-models",
    "inference-time", "facts", "large-image", "export-images", "settings", "doctor", "about", "crash",
    "session-settings", "running-already", "question-download", "question-trust", "question-close",
)  # fmt: skip
SMALL_SCREEN = (1366, 728)


@pytest.fixture
def makers(
    window: MainWindow, themes: ThemeManager, drop: Drop, tiny_folders: Path, measured_cells: Path, tmp_path: Path,
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Any]:  # fmt: skip
    monkeypatch.setattr(doctor_dialog, "examine_computer", examine_nothing)
    with qtbot.waitSignal(window.notifier.table_changed, timeout=30_000):
        drop(window, [tiny_folders])
    folder = tmp_path / "dialogs"
    folder.mkdir()
    return dict(TOOLS["makers"](window, themes, tmp_path / "model.keras", measured_cells, folder))


def examine_nothing(*_: object) -> None:
    raise AidError("nothing is measured in this test")


@pytest.fixture
def opened(makers: dict[str, Any], window: MainWindow, qtbot: QtBot, request: pytest.FixtureRequest) -> QDialog:
    """Return the dialog whose name is the parameter, shown and at rest."""
    dialog = makers[request.param]()
    assert isinstance(dialog, QDialog)
    dialog.show()
    qtbot.waitUntil(lambda: window.background.n_jobs == 0, timeout=60_000)
    return dialog


def test_that_every_dialog_is_walked(makers: dict[str, Any]) -> None:
    assert tuple(makers) == NAMES


@pytest.mark.parametrize("opened", NAMES, indirect=True)
def test_that_all_in_a_dialog_has_names_tooltips_and_a_tab_stop(opened: QDialog, user_widgets: UserWidgets) -> None:
    widgets = [widget for widget in user_widgets(opened) if widget.isVisibleTo(opened)]
    assert widgets
    assert opened.windowTitle()
    assert [f"{type(w).__name__} {w.accessibleName()}" for w in widgets if not w.objectName()] == []
    names = [widget.objectName() for widget in widgets]
    assert sorted({name for name in names if names.count(name) > 1}) == []
    assert [widget.objectName() for widget in widgets if not spoken(widget)] == []
    with_tips = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit)
    # The picture of a message is a button that cannot be pressed.
    widgets = [w for w in widgets if not w.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)]
    needs_tip = [w for w in widgets if isinstance(w, with_tips) and not is_plain(w)]
    assert [widget.objectName() for widget in needs_tip if not widget.toolTip()] == []
    reached = [w for w in widgets if isinstance(w, with_tips) and not w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert [widget.objectName() for widget in reached] == []
    check_order_of_tab(opened, user_widgets)


@pytest.mark.parametrize("opened", NAMES, indirect=True)
def test_that_a_dialog_fits_a_small_screen_unclipped_and_escape_closes_it(opened: QDialog, qtbot: QtBot) -> None:
    assert TOOLS["clipped"](opened) == []
    assert opened.minimumSizeHint().width() <= SMALL_SCREEN[0]
    assert opened.minimumSizeHint().height() <= SMALL_SCREEN[1]
    qtbot.keyClick(opened, Qt.Key.Key_Escape)
    QApplication.processEvents()
    assert not opened.isVisible()


def spoken(widget: QWidget) -> str:
    """Return what a screen reader says: the accessible name, or the text of a button."""
    return widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")


def is_plain(widget: QWidget) -> bool:
    """Return whether a button says with one word what everybody knows, or answers the question above it."""
    if not isinstance(widget, QAbstractButton):
        return False
    return widget.text().replace("&", "") in ("Cancel", "Close", "OK") or isinstance(widget.window(), QMessageBox)


def check_order_of_tab(opened: QDialog, user_widgets: UserWidgets) -> None:
    """Check that Tab reaches all that can be acted on, and comes round."""
    wanted = {
        widget.objectName()
        for widget in user_widgets(opened)
        if widget.isVisibleTo(opened) and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    reached: list[str] = []
    for _ in range(3 * len(wanted) + 10):
        opened.focusNextChild()
        focus = opened.focusWidget()
        if focus is not None:
            reached.append(focus.objectName())
    assert wanted - set(reached) == set()
    assert reached.count(reached[0]) > 1

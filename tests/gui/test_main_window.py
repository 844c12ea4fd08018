"""The whole window: names, keys, themes, dropping, what is never imported too early."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PyQt5 import sip
from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QCloseEvent, QDragEnterEvent
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QAction,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMenu,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aid_desktop.gui import menus
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import ThemeManager, ThemeName
from aid_desktop.gui.widgets.drop_area import DropOverlay

Drop = Callable[[QWidget, Sequence[Path]], None]
UserWidgets = Callable[[QWidget], list[QWidget]]
# fmt: off
FIXED_NAMES = [
    "mainTabs", "dataTab", "trainingTab", "historyTab", "assessmentTab", "classTable", "dropArea", "previewGrid",
    "startButton", "pauseButton", "stopButton", "applyButton", "trainingPlot", "trainingLog", "trainingProgress",
    "historyPlot", "historyTable", "assessModelPath", "assessRunButton", "exportButton", "confusionMatrix",
    "imageGallery", "metricsTable", "classifyButton", "deviceSelector", "architectureSelector", "augmentation.rotation",
    "training.learning_rate", "image.width", "image.channels", "image.normalization", "training.epochs",
]
# fmt: on


def test_that_each_fixed_name_stands_once_in_the_window(window: MainWindow) -> None:
    assert {name: len(window.findChildren(QWidget, name)) for name in FIXED_NAMES} == dict.fromkeys(FIXED_NAMES, 1)


def test_that_what_reads_images_and_trains_is_loaded_behind_the_first_tab() -> None:
    code = (
        "import sys; from aid_desktop.gui.app import make_application, make_window\n"
        "app = make_application(); window = make_window(app, in_turns=True)\n"
        "late = ('tensorflow', 'keras', 'sklearn', 'pandas', 'scipy', 'h5py', 'cv2', 'PIL', 'psutil', 'pyqtgraph')\n"
        "print([name for name in (*late, 'aid_desktop.training') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_that_the_tabs_stand_in_their_order(window: MainWindow) -> None:
    names = [window.tabs.widget(number).objectName() for number in range(window.tabs.count())]
    assert names == ["dataTab", "trainingTab", "historyTab", "assessmentTab"]


def test_that_all_that_can_be_acted_on_has_a_unique_name_and_an_accessible_one(
    window: MainWindow, user_widgets: UserWidgets
) -> None:
    widgets = user_widgets(window)
    assert len(widgets) > 80
    nameless = [f"{type(w).__name__} in {w.parent().objectName()}" for w in widgets if not w.objectName()]
    assert nameless == []
    names = [widget.objectName() for widget in widgets]
    assert sorted({name for name in names if names.count(name) > 1}) == []
    assert [w.objectName() for w in widgets if not w.accessibleName()] == []


@pytest.mark.parametrize(
    ("tab", "order"),
    [
        (0, ["addFolderButton", "tileButton", "tableSearch", "splitCheck", "data:image.width", "data:image.fit"]),
        (1, ["architectureSelector", "training.epochs", "moreSettingsButton", "newSampleButton", "deviceSelector"]),
        (2, ["historyOpenButton", "historyRecentList", "historyPlot", "historySmoothing", "historyTable"]),
        (3, ["assessModelPath", "assessBrowseButton", "assessRole", "classifyButton", "inferenceTimeButton"]),
    ],
)
def test_that_tab_goes_through_each_tab_as_it_is_read(window: MainWindow, tab: int, order: list[str]) -> None:
    window.tabs.setCurrentIndex(tab)
    window.tabs.setFocus()
    reached: list[str] = []
    for _ in range(120):
        window.focusNextChild()
        reached.append(window.focusWidget().objectName())
    assert [name for name in dict.fromkeys(reached) if name in order] == order


def test_that_buttons_and_fields_have_tooltips(window: MainWindow, user_widgets: UserWidgets) -> None:
    wanted = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit)
    without = [w.objectName() for w in user_widgets(window) if isinstance(w, wanted) and not w.toolTip()]
    assert without == []


def test_that_no_two_actions_share_a_shortcut(window: MainWindow) -> None:
    everywhere = Qt.ShortcutContext.WindowShortcut
    actions = [action for action in window.findChildren(QAction) if action.shortcutContext() == everywhere]
    keys = [action.shortcut().toString() for action in actions]
    keys += [b.shortcut().toString() for b in window.findChildren(QAbstractButton)]
    used = [key for key in keys if key]
    assert sorted({key for key in used if used.count(key) > 1}) == []


def test_that_keys_change_the_tab(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    for number, key in enumerate((Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4)):
        action = next(a for a in window.findChildren(QAction) if a.shortcut().toString() == f"Ctrl+{number + 1}")
        action.trigger()
        assert window.tabs.currentIndex() == number, key


def test_that_the_theme_changes_at_once_and_is_remembered(window: MainWindow, themes: ThemeManager) -> None:
    window.findChild(QAction, "darkThemeAction").trigger()
    assert themes.current.is_dark
    assert Preferences().theme is ThemeName.DARK


def test_that_the_shortcut_sheet_opens(window: MainWindow) -> None:
    window.findChild(QAction, "keyboard_shortcutsAction").trigger()
    sheet = window.findChild(QDialog, "shortcutsDialog")
    assert sheet.isVisible()
    sheet.close()


def test_that_the_overlay_tells_what_a_drop_will_do(window: MainWindow, tiny_folders: Path, qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tiny_folders / "train"))])
    arguments = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(5, 5), *arguments))
    overlay = window.findChild(DropOverlay)
    assert overlay.text == "1 folder"
    qtbot.waitUntil(lambda: overlay.text == "1 folder\n2 folders → 2 classes")


def test_that_closing_remembers_the_windows_place(window: MainWindow, preferences: Preferences) -> None:
    window.closeEvent(QCloseEvent())
    assert preferences.window_geometry is not None


def test_that_undo_on_another_tab_leaves_the_rows_alone(
    window: MainWindow, drop: Drop, tiny_folders: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [tiny_folders])
    window.activateWindow()
    window.tabs.setCurrentWidget(window.training)
    slider = window.findChild(QWidget, "augmentation.rotation.slider")
    window.training.side.tabs.setCurrentIndex(2)
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(window.notifier.table.rows) == 6
    window.tabs.setCurrentWidget(window.data)
    window.data.sources.view.setFocus()
    qtbot.keyClick(window.data.sources.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not window.notifier.table.rows


def test_that_the_run_menu_says_what_can_be_done(window: MainWindow) -> None:
    menu = next(menu for menu in window.menuBar().findChildren(QMenu) if menu.title() == "&Run")
    menu.aboutToShow.emit()
    states = {action.text().partition("\t")[0]: action.isEnabled() for action in menu.actions()}
    del states[""]  # the separator
    assert set(states) == {
        "Start", "Pause", "Stop", "Apply", "Keep this epoch's model", "Continue run…",
        "Write meta.xlsx after this epoch", "Add to queue", "Several runs…",
    }  # fmt: skip
    assert [text for text, can in states.items() if can] == ["Several runs…", "Continue run…"]


def test_that_only_jobs_that_allow_it_can_be_cancelled_in_the_status_bar(window: MainWindow, qtbot: QtBot) -> None:
    go_on = threading.Event()
    window.background.start("fixed", lambda context: go_on.wait(5), lambda result: None)
    job = window.background.start("free", lambda context: go_on.wait(5), lambda result: None, is_cancellable=True)
    buttons = {button.accessibleName(): button for button in window.statusBar().findChildren(QAbstractButton)}
    assert buttons["Cancel: fixed"].isHidden()
    assert not buttons["Cancel: free"].isHidden()
    buttons["Cancel: free"].click()
    assert job.context.cancelled
    go_on.set()
    qtbot.waitUntil(lambda: window.background.n_jobs == 0)


@pytest.fixture
def first_tab(qtbot: QtBot, themes: ThemeManager, preferences: Preferences) -> Iterator[MainWindow]:
    shown = MainWindow(themes, preferences, in_turns=True)
    yield shown
    shown.close()
    sip.delete(shown)


def test_that_the_other_tabs_come_behind_the_first_one(first_tab: MainWindow, qtbot: QtBot) -> None:
    assert [first_tab.tabs.tabText(place) for place in range(4)] == ["Data", "Training", "History", "Assessment"]
    assert first_tab.findChild(QWidget, "trainingTab") is None
    first_tab.tabs.setCurrentIndex(2)
    with qtbot.waitSignal(first_tab.completed, timeout=60_000):
        first_tab.show()
    names = [first_tab.tabs.widget(place).objectName() for place in range(first_tab.tabs.count())]
    assert names == ["dataTab", "trainingTab", "historyTab", "assessmentTab"]
    assert first_tab.tabs.currentWidget() is first_tab.history
    assert first_tab.menuBar().actions()[3].menu().actions()[0].text() == "Assess"


def test_that_what_is_dropped_on_a_window_without_all_tabs_is_opened_later(
    first_tab: MainWindow, qtbot: QtBot, tiny_folders: Path
) -> None:
    first_tab.open_paths([tiny_folders])
    assert not first_tab.notifier.table.rows
    with qtbot.waitSignal(first_tab.notifier.table_changed, timeout=60_000):
        first_tab.show()
    assert first_tab.notifier.table.rows


def test_that_a_window_without_all_tabs_can_be_closed(first_tab: MainWindow, qtbot: QtBot) -> None:
    first_tab.show()
    qtbot.waitExposed(first_tab)
    assert first_tab.close()
    assert not first_tab.isVisible()


def test_that_keys_change_the_size_of_text_and_it_is_remembered(window: MainWindow, themes: ThemeManager) -> None:
    size = QApplication.font().pointSizeF()
    window.findChild(QAction, "larger_textAction").trigger()
    window.findChild(QAction, "larger_textAction").trigger()
    assert QApplication.font().pointSizeF() > 1.2 * size
    assert Preferences().zoom == themes.zoom == 125
    window.findChild(QAction, "smaller_textAction").trigger()
    assert Preferences().zoom == 110
    window.findChild(QAction, "normal_textAction").trigger()
    assert QApplication.font().pointSizeF() == pytest.approx(size)
    assert Preferences().zoom == 100


@pytest.mark.parametrize(("has_file", "can_open"), [(True, True), (True, False), (False, True)])
def test_that_the_log_of_this_process_is_opened_or_else_its_folder(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_file: bool, can_open: bool
) -> None:
    file, opened = tmp_path / "own.log", []

    def open_url(url: QUrl) -> bool:
        opened.append(Path(url.toLocalFile()))
        return can_open

    monkeypatch.setattr(menus, "log_file", lambda: file if has_file else None)
    monkeypatch.setattr(menus, "log_dir", lambda: tmp_path)
    monkeypatch.setattr(menus.QDesktopServices, "openUrl", open_url)
    window.findChild(QAction, "open_the_logAction").trigger()
    assert opened == [file] * has_file + [tmp_path] * (not (has_file and can_open))

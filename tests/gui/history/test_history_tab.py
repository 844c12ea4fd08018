"""The History tab as a user has it."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PyQt5.QtCore import QSettings, Qt
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import (
    QAbstractButton,
    QFileDialog,
    QLabel,
    QListWidget,
    QPushButton,
    QSlider,
    QTabBar,
    QTableView,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aid_desktop.gui.background import Background
from aid_desktop.gui.history.history_tab import HistoryTab
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.plots.marker_lines import MarkerLines
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import append_record
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import Revision, append_revision
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings
from aid_desktop.training.events import EpochFinished, RunStarted, SettingsApplied, StorageChanged

Drop = Callable[[QWidget, Sequence[Path]], None]

ACCURACIES = (0.5, 0.7, 0.6, 0.9, 0.8, 0.85)
CHANGED = TrainingSettings(AugmentationSettings(rotation=12.0), HyperParameters(learning_rate=0.01))


def record(epoch: int, accuracy: float, model: str | None = None) -> EpochRecord:
    metrics = (("loss", 1 - accuracy), ("accuracy", accuracy), ("val_loss", 1 - accuracy), ("val_accuracy", accuracy))
    return EpochRecord(epoch, int(epoch >= 3), 0.001, metrics, 1.0, model)


def make_run(path: Path, accuracies: Sequence[float] = ACCURACIES) -> RunFolder:
    folder = RunFolder(path)
    folder.create()
    folder.run_toml.write_text("version = 1\n", encoding="utf-8")
    best = -1.0
    for epoch, accuracy in enumerate(accuracies):
        name = f"epoch_{epoch:05d}.keras" if accuracy > best else None
        best = max(best, accuracy)
        if name:
            folder.model(name).touch()
        append_record(folder.history_csv, record(epoch, accuracy, name))
    append_revision(folder.settings_jsonl, Revision.now(0, 0, TrainingSettings()))
    append_revision(folder.settings_jsonl, Revision.now(1, 3, CHANGED))
    return folder


@pytest.fixture
def tab(qtbot: QtBot, themes: ThemeManager, notifier: Notifier, background: Background) -> HistoryTab:
    tab = HistoryTab(notifier, background, themes)
    qtbot.addWidget(tab)
    tab.resize(1280, 640)
    tab.show()
    qtbot.waitExposed(tab)
    return tab


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path / "cat_vs_auto")


def wait_for(qtbot: QtBot, background: Background) -> None:
    qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=30_000)
    qtbot.wait(20)


def epoch_titles(tab: HistoryTab) -> list[str]:
    return [label.text() for label in tab.epoch.findChildren(QLabel) if label.text().startswith("Epoch ")]


def notes(tab: HistoryTab) -> str:
    return "\n".join(note.text for note in tab.messages.notes)


def markers(tab: HistoryTab) -> list[float]:
    panel = tab.curves.plot.frame.panels[0]
    lines = next(item for item in panel.plot.items if isinstance(item, MarkerLines))
    return [place for place, _ in lines.marks]


def rows(tab: HistoryTab) -> int:
    return tab.findChild(QTableView, "historyTable").model().rowCount()


def list_lines(tab: HistoryTab) -> list[str]:
    names = tab.findChild(QListWidget, "historyRecentList")
    return [names.item(row).text() for row in range(names.count())]


def test_that_an_opened_run_is_shown_at_its_best_saved_epoch(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, folder: RunFolder
) -> None:
    assert "Open the folder of a run" in tab.curves.plot.frame.empty_text
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    assert rows(tab) == 6
    assert epoch_titles(tab) == ["Epoch 3 · best"]
    assert tab.curves.plot.selected_epoch == 3
    assert markers(tab) == [2.5]
    assert notes(tab) == ""
    assert tab.curves.plot.frame.empty_text == ""


def test_that_a_clicked_epoch_is_shown_with_values_settings_and_model(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, folder: RunFolder
) -> None:
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    viewport = tab.curves.plot.frame.canvas.viewport()
    QTest.mouseClick(viewport, Qt.LeftButton, Qt.NoModifier, tab.curves.plot.pixel_of(4, "val_accuracy"))
    assert epoch_titles(tab) == ["Epoch 4"]
    assert tab.curves.table.currentIndex().row() == 4
    changes = tab.findChild(QLabel, "historySettingsChanges").text()
    assert changes == "Learning rate: 0.001 → 0.01\nRotation: 0 ° → 12 °"
    assess = tab.findChild(QPushButton, "historyAssessButton")
    assert not assess.isEnabled()
    assert "No model of this epoch is kept" in assess.toolTip()

    tab.curves.plot.epoch_clicked.emit(1)
    assert epoch_titles(tab) == ["Epoch 1"]
    assert "started with" in tab.findChild(QLabel, "historySettingsChanges").text()
    with qtbot.waitSignal(notifier.model_chosen) as chosen:
        assess.click()
    assert chosen.args == [folder.model("epoch_00001.keras")]


def test_that_the_table_chooses_epochs_too(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, folder: RunFolder
) -> None:
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    table = tab.findChild(QTableView, "historyTable")
    table.scrollToTop()
    place = table.visualRect(table.model().index(0, 2)).center()
    QTest.mouseClick(table.viewport(), Qt.LeftButton, Qt.NoModifier, place)
    assert epoch_titles(tab) == ["Epoch 0"]
    assert tab.curves.plot.selected_epoch == 0
    QTest.keyClick(table, Qt.Key_Down)
    assert epoch_titles(tab) == ["Epoch 1"]


def test_that_all_settings_are_there_on_demand(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, folder: RunFolder
) -> None:
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    details = tab.findChild(QTableWidget, "historySettings")
    assert not details.isVisible()
    tab.findChild(QPushButton, "historySettingsButton").click()
    assert details.isVisible()
    values = {details.item(row, 0).text(): details.item(row, 1).text() for row in range(details.rowCount())}
    assert values["Learning rate"] == "0.01"
    assert values["Batch size"] == "64 images"
    assert len(values) > 20


def test_that_a_model_that_is_gone_cannot_be_assessed(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, folder: RunFolder
) -> None:
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    folder.model("epoch_00003.keras").unlink()
    tab.epoch.show_epoch(tab.run, tab.run.record(3))
    for name in ("historyAssessButton", "historyRevealButton"):
        button = tab.findChild(QPushButton, name)
        assert not button.isEnabled()
        assert "epoch_00003.keras is not in" in button.toolTip()


def test_that_the_model_file_is_revealed(
    qtbot: QtBot,
    tab: HistoryTab,
    notifier: Notifier,
    background: Background,
    folder: RunFolder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []

    def refuse(url: object) -> bool:
        opened.append(url.toLocalFile())
        return False

    monkeypatch.setattr(QDesktopServices, "openUrl", refuse)
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    tab.findChild(QPushButton, "historyRevealButton").click()
    assert [Path(path) for path in opened] == [folder.models]
    assert str(folder.model("epoch_00003.keras")) in [label.text() for label in tab.epoch.findChildren(QLabel)]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no finished epoch"), ("", "no finished epoch"), ("nonsense\n", "is not a history")],
)
def test_that_a_broken_history_is_told_and_the_rest_works(
    qtbot: QtBot,
    tab: HistoryTab,
    notifier: Notifier,
    background: Background,
    tmp_path: Path,
    folder: RunFolder,
    content: str | None,
    message: str,
) -> None:
    broken = make_run(tmp_path / "broken")
    broken.history_csv.unlink()
    if content is not None:
        broken.history_csv.write_text(content, encoding="utf-8")
    notifier.open_run(broken.path)
    wait_for(qtbot, background)
    assert message in notes(tab)
    assert rows(tab) == 0
    assert "no epochs" in tab.curves.plot.frame.empty_text
    assert not tab.findChild(QPushButton, "historyAssessButton").isEnabled()
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    assert (notes(tab), rows(tab)) == ("", 6)


def test_that_a_folder_without_a_run_is_refused_and_the_shown_run_stays(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, tmp_path: Path, folder: RunFolder
) -> None:
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    notifier.open_run(tmp_path / "gone")
    wait_for(qtbot, background)
    assert "does not exist" in notes(tab)
    assert rows(tab) == 6
    assert len(list_lines(tab)) == 1


def test_that_dropped_runs_are_opened(
    qtbot: QtBot, tab: HistoryTab, background: Background, tmp_path: Path, folder: RunFolder, drop: Drop
) -> None:
    second = make_run(tmp_path / "second", (0.5, 0.6))
    drop(tab, [folder.path, second.history_csv, tmp_path])
    wait_for(qtbot, background)
    assert tab.run is not None
    assert tab.run.folder == folder.path
    assert list_lines(tab) == ["cat_vs_auto\nbest 0.900 · 6 epochs", "second\nbest 0.600 · 2 epochs"]


def test_that_what_is_no_run_cannot_be_dropped(tab: HistoryTab, tmp_path: Path, drop: Drop) -> None:
    with pytest.raises(AssertionError):
        drop(tab, [tmp_path])


def test_that_the_canvas_lets_drops_through(tab: HistoryTab) -> None:
    canvas = tab.curves.plot.frame.canvas
    assert not canvas.acceptDrops()
    assert not canvas.viewport().acceptDrops()


def test_that_recent_runs_are_remembered_and_can_be_removed(
    qtbot: QtBot,
    tab: HistoryTab,
    themes: ThemeManager,
    notifier: Notifier,
    background: Background,
    tmp_path: Path,
    folder: RunFolder,
) -> None:
    for number in range(10):
        notifier.open_run(make_run(tmp_path / f"run{number}", (0.5,)).path)
        wait_for(qtbot, background)
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    again = HistoryTab(notifier, background, themes)
    qtbot.addWidget(again)
    again.show()
    wait_for(qtbot, background)
    lines = list_lines(again)
    assert len(lines) == 10
    assert lines[:2] == ["cat_vs_auto\nbest 0.900 · 6 epochs", "run9\nbest 0.500 · 1 epoch"]
    names = again.findChild(QListWidget, "historyRecentList")
    remove = again.findChild(QPushButton, "historyRemoveButton")
    assert not remove.isEnabled()
    names.setCurrentRow(0)
    remove.click()
    assert len(list_lines(again)) == 9
    names.setCurrentRow(0)
    again.activateWindow()
    names.setFocus()
    qtbot.waitUntil(names.hasFocus)
    QTest.keyClick(names, Qt.Key_Delete)
    assert len(QSettings().value("recent_runs")) == 8
    names.setCurrentRow(1)
    names.itemActivated.emit(names.item(1))
    wait_for(qtbot, background)
    assert rows(again) == 1


def test_that_one_remembered_run_comes_back(
    qtbot: QtBot, themes: ThemeManager, notifier: Notifier, background: Background, tmp_path: Path
) -> None:
    QSettings().setValue("recent_runs", [str(tmp_path / "gone")])
    QSettings().sync()
    tab = HistoryTab(notifier, background, themes)
    qtbot.addWidget(tab)
    tab.show()
    wait_for(qtbot, background)
    assert list_lines(tab) == ["gone\nfolder not found"]


def test_that_the_open_button_asks_for_a_folder(
    qtbot: QtBot, tab: HistoryTab, background: Background, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    button = tab.findChild(QPushButton, "historyOpenButton")
    assert button.property("primary") == "true"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    button.click()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder.path))
    button.click()
    wait_for(qtbot, background)
    assert rows(tab) == 6
    assert not button.property("primary")


def test_that_refresh_reads_the_files_again_and_keeps_the_chosen_epoch(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, folder: RunFolder
) -> None:
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    tab.curves.plot.epoch_clicked.emit(2)
    append_record(folder.history_csv, record(6, 0.95, "epoch_00006.keras"))
    tab.findChild(QAbstractButton, "historyRefreshButton").click()
    wait_for(qtbot, background)
    assert rows(tab) == 7
    assert epoch_titles(tab) == ["Epoch 2"]
    assert list_lines(tab) == ["cat_vs_auto\nbest 0.950 · 7 epochs"]


def started(folder: Path) -> RunStarted:
    return RunStarted(folder, ("cat", "dog"), 10, 10, 0, 100, TrainingSettings())


def test_that_a_running_training_is_followed(
    qtbot: QtBot, tab: HistoryTab, background: Background, tmp_path: Path
) -> None:
    folder = make_run(tmp_path / "live", ())
    tab.on_run_started(started(folder.path))
    # Told before the folder is read, and in part on disk already.
    append_record(folder.history_csv, record(0, 0.5, "a.keras"))
    tab.on_epoch_finished(EpochFinished(record(0, 0.5, "a.keras"), 9))
    wait_for(qtbot, background)
    assert notes(tab) == ""
    assert rows(tab) == 1
    tab.on_epoch_finished(EpochFinished(record(1, 0.7, "b.keras"), 9))
    assert epoch_titles(tab) == ["Epoch 1 · best"]
    diff = SettingsDiff.between(TrainingSettings(), CHANGED)
    tab.on_settings_applied(SettingsApplied(2, 5, CHANGED, diff))
    tab.on_settings_applied(SettingsApplied(2, 5, CHANGED, diff))
    assert markers(tab) == [2.5, 1.5]
    tab.on_epoch_finished(EpochFinished(record(2, 0.6), 9))
    assert rows(tab) == 3
    assert epoch_titles(tab) == ["Epoch 1 · best"]
    assert list_lines(tab) == ["live\nbest 0.700 · 3 epochs"]


def test_that_epochs_of_a_run_whose_files_were_never_read_are_not_those_of_the_next(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, tmp_path: Path
) -> None:
    first, second = make_run(tmp_path / "first", ()), make_run(tmp_path / "second", ())
    go_on = threading.Event()
    for number in range(100):
        background.start(f"busy {number}", lambda context: go_on.wait(30), lambda result: None)
    tab.on_run_started(started(first.path))
    for epoch in range(5):
        tab.on_epoch_finished(EpochFinished(record(epoch, 0.99), 9))
    notifier.open_run(second.path)
    tab.on_run_started(started(second.path))
    tab.on_epoch_finished(EpochFinished(record(0, 0.5), 9))
    go_on.set()
    wait_for(qtbot, background)
    assert list_lines(tab)[0] == "second\nbest 0.500 · 1 epoch"


def test_that_a_run_is_followed_to_another_folder(
    qtbot: QtBot, tab: HistoryTab, background: Background, tmp_path: Path
) -> None:
    tab.on_run_started(started(make_run(tmp_path / "drive", ()).path))
    wait_for(qtbot, background)
    elsewhere = make_run(tmp_path / "fallback", ())
    tab.on_run_started(StorageChanged(elsewhere.path, "The drive has gone.", True))
    wait_for(qtbot, background)
    tab.on_epoch_finished(EpochFinished(record(0, 0.5), 9))
    assert rows(tab) == 1


def test_that_a_hidden_tab_shows_what_has_come_once_it_is_seen(
    qtbot: QtBot, tab: HistoryTab, background: Background, tmp_path: Path
) -> None:
    folder = make_run(tmp_path / "live", ())
    tab.on_run_started(started(folder.path))
    wait_for(qtbot, background)
    tab.hide()
    tab.on_epoch_finished(EpochFinished(record(0, 0.5, "a.keras"), 9))
    tab.on_epoch_finished(EpochFinished(record(1, 0.7, "b.keras"), 9))
    assert epoch_titles(tab) == []
    tab.show()
    assert rows(tab) == 2
    assert epoch_titles(tab) == ["Epoch 1 · best"]
    assert list_lines(tab) == ["live\nbest 0.700 · 2 epochs"]


def test_that_the_users_choice_stays_while_epochs_come(
    qtbot: QtBot, tab: HistoryTab, background: Background, folder: RunFolder
) -> None:
    tab.follow(folder.path)
    wait_for(qtbot, background)
    tab.curves.plot.epoch_clicked.emit(3)
    assert epoch_titles(tab) == ["Epoch 3 · best"]
    tab.on_epoch_finished(EpochFinished(record(6, 0.99, "x.keras"), 9))
    assert epoch_titles(tab) == ["Epoch 3"]


def test_that_epochs_of_the_running_training_do_not_reach_another_run(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, tmp_path: Path, folder: RunFolder
) -> None:
    tab.on_epoch_finished(EpochFinished(record(0, 0.5), 9))
    live = make_run(tmp_path / "live", ())
    tab.follow(live.path)
    wait_for(qtbot, background)
    notifier.open_run(folder.path)
    tab.on_epoch_finished(EpochFinished(record(0, 0.5), 9))
    wait_for(qtbot, background)
    tab.on_epoch_finished(EpochFinished(record(6, 0.5), 9))
    assert rows(tab) == 6
    for epoch in range(2):
        append_record(live.history_csv, record(epoch, 0.5))
    notifier.open_run(live.path)
    wait_for(qtbot, background)
    assert rows(tab) == 2


def test_that_smoothing_and_saved_only_reach_plot_and_table(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, folder: RunFolder
) -> None:
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    curve = tab.curves.plot.frame.panels[0].curves["validation accuracy"]
    tab.findChild(QSlider, "historySmoothing").setValue(3)
    qtbot.waitUntil(lambda: curve.getOriginalDataset()[1][1] == pytest.approx(0.6))
    tab.findChild(QSlider, "historySmoothing").setValue(1)
    tab.findChild(QAbstractButton, "historySavedOnly").click()
    qtbot.waitUntil(lambda: list(curve.getOriginalDataset()[1]) == pytest.approx([0.5, 0.7, 0.9]))
    assert rows(tab) == 3
    assert tab.curves.table.currentIndex().row() == 2
    assert epoch_titles(tab) == ["Epoch 3 · best"]


def test_that_what_can_be_used_has_a_name_and_a_tooltip(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, folder: RunFolder
) -> None:
    notifier.open_run(folder.path)
    wait_for(qtbot, background)
    buttons = tab.findChildren((QAbstractButton, QSlider, QTableView, QListWidget))
    # Qt's own are the corners of tables and the arrows beside tabs.
    of_qt = [widget for widget in buttons if type(widget.parent()) in (QTableView, QTableWidget, QTabBar)]
    own = [widget for widget in buttons if widget not in of_qt and widget.focusPolicy()]
    names = [widget.objectName() for widget in own]
    assert all(names)
    assert len(set(names)) == len(names)
    assert all(widget.accessibleName() for widget in own)
    assert all(widget.toolTip() for widget in own if not isinstance(widget, QTableView))
    fixed = {"historyPlot", "historyTable", "historyRecentList", "historyOpenButton", "historySmoothing"}
    assert fixed <= {widget.objectName() for widget in tab.findChildren(QWidget)}
    assert tab.objectName() == "historyTab"

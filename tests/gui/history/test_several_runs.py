"""The History tab with several runs."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QLabel,
    QListWidget,
    QPushButton,
    QSpinBox,
    QTableView,
    QTableWidget,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aid_desktop.gui.background import Background
from aid_desktop.gui.history.history_tab import HistoryTab
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import ThemeManager, ThemeName
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import append_record
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import Revision, append_revision
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings
from aid_desktop.training.events import EpochFinished, RunStarted, SettingsApplied

Drop = Callable[[QWidget, Sequence[Path]], None]

REAL_META = Path(__file__).parents[4] / "shared" / "data" / "legacy_aideveloper" / "M01_AutoCat_meta.xlsx"
TURNED = TrainingSettings(AugmentationSettings(rotation=12.0))


def record(epoch: int, accuracy: float, model: str | None = None) -> EpochRecord:
    metrics = (("accuracy", accuracy), ("val_loss", 1 - accuracy), ("val_accuracy", accuracy))
    return EpochRecord(epoch, 0, 0.001, metrics, 1.0, model)


def make_run(path: Path, accuracies: Sequence[float], settings: TrainingSettings | None = None) -> Path:
    folder = RunFolder(path)
    folder.create()
    folder.run_toml.write_text("version = 1\n", encoding="utf-8")
    for epoch, accuracy in enumerate(accuracies):
        folder.model(f"{epoch}.keras").touch()
        append_record(folder.history_csv, record(epoch, accuracy, f"{epoch}.keras"))
    append_revision(folder.settings_jsonl, Revision.now(0, 0, settings or TrainingSettings()))
    return path


@pytest.fixture
def tab(qtbot: QtBot, themes: ThemeManager, notifier: Notifier, background: Background) -> HistoryTab:
    tab = HistoryTab(notifier, background, themes)
    qtbot.addWidget(tab)
    tab.resize(1300, 660)
    tab.show()
    qtbot.waitExposed(tab)
    return tab


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path, Path]:
    return (
        make_run(tmp_path / "a", (0.5, 0.7, 0.6)),
        make_run(tmp_path / "b", (0.6, 0.8, 0.9, 0.85), TURNED),
        make_run(tmp_path / "c", (0.4, 0.3)),
    )


def wait_for(qtbot: QtBot, background: Background) -> None:
    qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=30_000)
    qtbot.wait(20)


def labels(tab: HistoryTab) -> set[str]:
    return set(tab.curves.plot.frame.panels[0].curves)


def shown(tab: HistoryTab) -> set[str]:
    return {run.name for run in tab.curves.plot.runs}


def ticks(tab: HistoryTab) -> dict[str, bool]:
    names = tab.findChild(QListWidget, "historyRecentList")
    items = [names.item(row) for row in range(names.count())]
    return {item.text().splitlines()[0]: item.checkState() == Qt.CheckState.Checked for item in items}


def tick(tab: HistoryTab, name: str, is_ticked: bool = True) -> None:
    names = tab.findChild(QListWidget, "historyRecentList")
    item = next(item for item in map(names.item, range(names.count())) if item.text().startswith(f"{name}\n"))
    item.setCheckState(Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked)


def title(tab: HistoryTab) -> str:
    return next(label.text() for label in tab.epoch.findChildren(QLabel) if label.text().startswith("Epoch "))


def comparison(tab: HistoryTab) -> list[dict[str, str]]:
    tab.curves.tables.setCurrentWidget(tab.curves.comparison)
    model = tab.findChild(QTableView, "historyComparison").model()
    columns = range(model.columnCount())
    headers = [model.headerData(column, Qt.Horizontal).replace("\n", " ") for column in columns]
    return [
        {header: model.index(row, column).data() for header, column in zip(headers, columns, strict=True)}
        for row in range(model.rowCount())
    ]


def test_that_dropped_runs_stand_side_by_side(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...], drop: Drop
) -> None:
    drop(tab, runs)
    wait_for(qtbot, background)
    assert tab.run.folder == runs[0]
    assert shown(tab) == {"a", "b", "c"}
    assert "b · validation accuracy" in labels(tab)
    assert ticks(tab) == {"a": True, "b": True, "c": True}
    # Of six curves it would cover most; list and boxes tell the same.
    assert not tab.curves.plot.frame.panels[0].legend.isVisible()
    tab.runs.run_ticked.emit(runs[2], False)
    wait_for(qtbot, background)
    assert tab.curves.plot.frame.panels[0].legend.isVisible()


def test_that_ticks_add_and_remove_runs(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, runs: tuple[Path, ...]
) -> None:
    for path in runs:
        notifier.open_run(path)
        wait_for(qtbot, background)
    # Those that were only looked at have gone.
    assert ticks(tab) == {"a": False, "b": False, "c": True}
    assert labels(tab) == {"accuracy", "validation accuracy"}
    tick(tab, "a")
    wait_for(qtbot, background)
    assert (shown(tab), tab.run.folder) == ({"a", "c"}, runs[2])
    tick(tab, "c", False)
    assert (shown(tab), tab.run.folder, title(tab)) == ({"a"}, runs[0], "Epoch 1 · best")
    assert ticks(tab) == {"a": True, "b": False, "c": False}
    # One run always stays.
    tick(tab, "a", False)
    assert (shown(tab), ticks(tab)["a"]) == ({"a"}, True)


def test_that_the_box_of_a_run_does_not_choose_it(
    qtbot: QtBot, tab: HistoryTab, notifier: Notifier, background: Background, runs: tuple[Path, ...]
) -> None:
    for path in runs[:2]:
        notifier.open_run(path)
        wait_for(qtbot, background)
    names = tab.findChild(QListWidget, "historyRecentList")
    place = names.visualItemRect(names.item(1))
    box = QPoint(place.left() + 12, place.center().y())
    QTest.mouseClick(names.viewport(), Qt.LeftButton, Qt.NoModifier, box)
    wait_for(qtbot, background)
    assert (shown(tab), tab.run.folder) == ({"a", "b"}, runs[1])
    QTest.mouseClick(names.viewport(), Qt.LeftButton, Qt.NoModifier, place.center())
    assert (shown(tab), tab.run.folder) == ({"a", "b"}, runs[0])


def test_that_a_point_of_another_run_leads_to_its_epoch(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...]
) -> None:
    tab.show_runs(runs)
    wait_for(qtbot, background)
    tab.curves.plot.point_clicked.emit(str(runs[1]), 3)
    assert (tab.run.folder, title(tab)) == (runs[1], "Epoch 3")
    assert tab.curves.table.model().rowCount() == 4
    assert tab.curves.plot.selected_epoch == 3
    assert shown(tab) == {"a", "b", "c"}


def test_that_the_comparison_tells_what_differs(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...]
) -> None:
    tab.show_runs(runs)
    wait_for(qtbot, background)
    rows = comparison(tab)
    assert list(rows[0])[:3] == ["run", "Rotation", "validation accuracy"]
    assert [row["Rotation"] for row in rows] == ["0 °", "12 °", "0 °"]
    assert [row["best epoch"] for row in rows] == ["1", "2", "0"]
    assert [row["last validation accuracy"] for row in rows] == ["0.6000", "0.8500", "0.3000"]
    assert [row["seconds"] for row in rows] == ["3.0", "4.0", "2.0"]


def test_that_the_comparison_is_sorted_copied_saved_and_leads_to_a_run(
    qtbot: QtBot,
    tab: HistoryTab,
    background: Background,
    runs: tuple[Path, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tab.show_runs(runs)
    wait_for(qtbot, background)
    tab.curves.tables.setCurrentWidget(tab.curves.comparison)
    table = tab.findChild(QTableView, "historyComparison")
    table.sortByColumn(2, Qt.DescendingOrder)
    assert [row["run"] for row in comparison(tab)] == ["b", "a", "c"]
    tab.findChild(QPushButton, "historyComparisonCopyButton").click()
    assert [line.split("\t")[0] for line in QGuiApplication.clipboard().text().splitlines()] == ["run", "b", "a", "c"]
    path = tmp_path / "table"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    tab.findChild(QPushButton, "historyComparisonSaveButton").click()
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        assert [row["val_accuracy"] for row in csv.DictReader(file)] == ["0.9", "0.7", "0.4"]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "gone" / "x.csv"), ""))
    tab.findChild(QPushButton, "historyComparisonSaveButton").click()
    assert "cannot be written" in tab.curves.comparison.messages.notes[0].text
    table.activated.emit(table.model().index(2, 0))
    assert tab.run.folder == runs[2]


def test_that_a_run_that_begins_stands_beside_the_ticked_ones(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...], tmp_path: Path
) -> None:
    tab.show_runs(runs[:2])
    wait_for(qtbot, background)
    live = make_run(tmp_path / "live", ())
    tab.on_run_started(RunStarted(live, ("cat", "dog"), 10, 10, 0, 100, TrainingSettings()))
    tab.on_epoch_finished(EpochFinished(record(0, 0.5, "x.keras"), 9))
    wait_for(qtbot, background)
    assert (shown(tab), tab.run.folder) == ({"a", "b", "live"}, live)
    assert tab.curves.table.model().rowCount() == 1


def test_that_a_ticked_live_run_is_told_while_another_is_looked_at(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...], tmp_path: Path
) -> None:
    live = make_run(tmp_path / "live", (0.4,))
    tab.show_runs((live, runs[0]))
    wait_for(qtbot, background)
    tab.follow(live)
    wait_for(qtbot, background)
    tab._on_run_chosen(runs[0])
    tab.on_epoch_finished(EpochFinished(record(1, 0.95, "x.keras"), 9))
    diff = SettingsDiff.between(TrainingSettings(), TURNED)
    tab.on_settings_applied(SettingsApplied(2, 1, TURNED, diff))
    assert (tab.run.folder, tab.curves.table.model().rowCount()) == (runs[0], 3)
    curve = tab.curves.plot.frame.panels[0].curves["live · validation accuracy"]
    qtbot.waitUntil(lambda: len(curve.getOriginalDataset()[0]) == 2)
    names = tab.findChild(QListWidget, "historyRecentList")
    assert "live\nbest 0.950 · 2 epochs" in [names.item(row).text() for row in range(names.count())]
    assert [row["epochs"] for row in comparison(tab)] == ["2", "3"]
    tab.on_epoch_finished(EpochFinished(record(2, 0.5), 9))
    qtbot.waitUntil(lambda: [row["epochs"] for row in comparison(tab)] == ["3", "3"])
    assert comparison(tab)[0]["Rotation"] == "0 ° → 12 °"


def test_that_what_cannot_be_read_is_told_and_the_others_are_shown(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...], tmp_path: Path
) -> None:
    (runs[2] / "history.csv").write_text("nonsense\n", encoding="utf-8")
    tab.show_runs((*runs, tmp_path / "gone"))
    wait_for(qtbot, background)
    assert tab.messages.notes[0].text == "Left out, as there is no run in them: gone"
    assert "is not a history" in tab.messages.notes[1].text
    assert len(comparison(tab)) == 3
    tab.show_runs((tmp_path / "gone",))
    assert "is no run" in tab.messages.notes[0].text


def test_that_tables_are_chosen_by_their_button(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [str(path / "history.csv") for path in runs[:2]]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (files, ""))
    tab.findChild(QToolButton, "historyOpenFileButton").click()
    wait_for(qtbot, background)
    assert shown(tab) == {"a", "b"}


def test_that_the_model_of_an_epoch_is_taken_to_the_export(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...]
) -> None:
    tab.show_runs(runs[:1])
    wait_for(qtbot, background)
    tab.findChild(QPushButton, "historyExportButton").click()
    assert tab.export.dialog is not None
    assert tab.export.dialog.models.paths == (runs[0] / "models" / "1.keras",)
    tab.export.dialog.close()


def test_that_the_stretch_of_the_fit_can_be_typed(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...]
) -> None:
    tab.show_runs(runs)
    wait_for(qtbot, background)
    assert not tab.findChild(QSpinBox, "historyFitFrom").isVisible()
    tab.findChild(QCheckBox, "historyFit").click()
    low, high = tab.findChild(QSpinBox, "historyFitFrom"), tab.findChild(QSpinBox, "historyFitTo")
    assert (low.value(), high.value()) == (0, 2)
    low.setValue(1)
    assert tab.curves.plot.stretch == (1, 2)
    assert tab.curves.plot.fits["a · validation accuracy"].slope == pytest.approx(-0.1)
    assert not tab.curves.plot.frame.panels[0].legend.isVisible()
    fits = tab.findChild(QTableWidget, "historyFits")
    assert fits.isVisible()
    row = [fits.item(row, 0).text() for row in range(fits.rowCount())].index("a · validation accuracy")
    assert [fits.item(row, column).text() for column in (1, 2, 3)] == ["-1.0000e-01", "0.8", "2"]
    tab.curves.plot._fit.region.setRegion([0, 1])
    assert (low.value(), high.value()) == (0, 1)


def test_that_the_epoch_panel_tells_the_step_from_the_epoch_before(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...]
) -> None:
    tab.show_runs(runs[:1])
    wait_for(qtbot, background)
    texts = [label.text() for label in tab.epoch.findChildren(QLabel)]
    assert "0.7000  (+0.2)" in texts
    assert "1.00  (=)" in texts


def test_that_the_samples_in_the_list_follow_the_theme(
    qtbot: QtBot, tab: HistoryTab, themes: ThemeManager, background: Background, runs: tuple[Path, ...]
) -> None:
    tab.show_runs(runs)
    wait_for(qtbot, background)
    names = tab.findChild(QListWidget, "historyRecentList")
    before = names.item(0).icon().pixmap(22, 12).toImage()
    themes.set_theme(ThemeName.DARK)
    assert names.item(0).icon().pixmap(22, 12).toImage() != before
    themes.set_theme(ThemeName.LIGHT)


@pytest.mark.skipif(not REAL_META.is_file(), reason="the example files of AIDeveloper are not here")
def test_that_a_real_run_of_aideveloper_is_shown(
    qtbot: QtBot, tab: HistoryTab, background: Background, drop: Drop
) -> None:
    drop(tab, [REAL_META])
    wait_for(qtbot, background)
    assert title(tab) == "Epoch 128 · best"
    assert tab.curves.table.model().rowCount() == 160
    assert tab.messages.notes == ()
    assert sorted(tab.curves.plot.runs[0].notes) == [30, 56, 159]
    assert "Rotation: 0 ° → 15 °" in tab.curves.plot.runs[0].notes[30]
    tab.curves.plot.epoch_clicked.emit(146)
    assert title(tab) == "Epoch 146"
    assert tab.findChild(QPushButton, "historyAssessButton").isEnabled()


def test_that_several_runs_dropped_elsewhere_stand_side_by_side(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...]
) -> None:
    tab.show_dropped(runs[:1])
    wait_for(qtbot, background)
    tab.show_dropped(runs[1:])
    wait_for(qtbot, background)
    assert (shown(tab), tab.run.folder) == ({"b", "c"}, runs[1])
    # One alone is looked at, beside those that are ticked.
    tab.show_dropped(runs[:1])
    wait_for(qtbot, background)
    assert (shown(tab), tab.run.folder) == ({"a", "b", "c"}, runs[0])
    assert [label.text() for label in tab.epoch.findChildren(QLabel)].count("a") == 1


def test_that_a_tick_taken_back_before_the_run_is_read_does_not_show_it(
    qtbot: QtBot, tab: HistoryTab, background: Background, notifier: Notifier, runs: tuple[Path, ...]
) -> None:
    notifier.open_run(runs[0])
    tab.runs.add(runs[1:])
    wait_for(qtbot, background)
    tick(tab, "b")
    tick(tab, "b", is_ticked=False)
    wait_for(qtbot, background)
    assert shown(tab) == {"a"}
    assert ticks(tab) == {"a": True, "b": False, "c": False}


def test_that_what_is_no_run_among_dropped_ones_is_told(
    qtbot: QtBot, tab: HistoryTab, background: Background, runs: tuple[Path, ...], drop: Drop, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    drop(tab, (tmp_path / "notes.txt", runs[0], tmp_path / "empty"))
    wait_for(qtbot, background)
    assert shown(tab) == {"a"}
    assert [note.text for note in tab.messages.notes] == ["Left out, as there is no run in them: notes.txt, empty"]
    drop(tab, runs[1:2])
    wait_for(qtbot, background)
    assert tab.messages.notes == ()


def test_that_nothing_is_left_of_the_only_run_once_it_is_removed(
    qtbot: QtBot, tab: HistoryTab, background: Background, notifier: Notifier, runs: tuple[Path, ...]
) -> None:
    notifier.open_run(runs[0])
    wait_for(qtbot, background)
    tab.findChild(QPushButton, "historyRemoveButton").click()
    wait_for(qtbot, background)
    assert tab.run is None
    assert tab.curves.model.rowCount() == 0
    assert comparison(tab) == []
    assert "open the folder of one" in tab.curves.plot.frame.empty_text
    assert not any(label.isVisible() for label in tab.epoch.findChildren(QLabel) if label.text().startswith("Epoch "))
    assert not tab.findChild(QToolButton, "historyRefreshButton").isEnabled()
    notifier.open_run(runs[0])
    wait_for(qtbot, background)
    assert (shown(tab), tab.curves.model.rowCount(), title(tab)) == ({"a"}, 3, "Epoch 1 · best")

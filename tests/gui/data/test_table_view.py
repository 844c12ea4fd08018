"""The view of the class table with thousands of rows: what is asked of the model is bounded."""

from pathlib import Path

import pytest
from PyQt5.QtCore import QModelIndex, QPoint, Qt
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.models.class_table_model import ClassTableModel, Column
from aid_desktop.gui.qt import required

N_ROWS = 5000


@pytest.fixture(scope="module")
def large() -> ClassTable:
    sources = (
        DataSource(Path(f"/d/donor_{i % 50}/{i}.rtdc"), SourceKind.RTDC, 9 + i % 7, ((8, 8, 1),), str(i))
        for i in range(N_ROWS)
    )
    return ClassTable().add_sources([(source, f"c{i % 20}", Role.TRAINING) for i, source in enumerate(sources)])


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by a word with each question that Qt asks the model."""
    asked: list[str] = []
    data, flags = ClassTableModel.data, ClassTableModel.flags

    def counted_data(self: ClassTableModel, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        asked.append("data")
        return data(self, index, role)

    def counted_flags(self: ClassTableModel, index: QModelIndex) -> object:
        asked.append("flags")
        return flags(self, index)

    monkeypatch.setattr(ClassTableModel, "data", counted_data)
    monkeypatch.setattr(ClassTableModel, "flags", counted_flags)
    return asked


@pytest.fixture
def filled(calls: list[str], window: MainWindow, large: ClassTable, qtbot: QtBot) -> MainWindow:
    window.data.sources.view._editor.change(large, "add")
    qtbot.wait(1)
    calls.clear()
    return window


def settle(window: MainWindow) -> None:
    """Paint what has changed."""
    window.grab()


def test_that_no_step_asks_about_each_cell(filled: MainWindow, calls: list[str]) -> None:
    view, undo = filled.data.sources.view, filled.data.sources.actions_for_menu()[3]
    steps = {
        "select all": view.selectAll,
        "role": lambda: view.set_role(Role.TEST),
        "undo": undo.trigger,
        "sort": lambda: view.sortByColumn(Column.SOURCE, Qt.SortOrder.DescendingOrder),
        "filter": lambda: view.set_filter("donor_7"),
        "no filter": lambda: view.set_filter(""),
    }
    for name, step in steps.items():
        calls.clear()
        step()
        settle(filled)
        assert len(calls) < N_ROWS, name


def test_that_filtering_far_down_the_table_does_not_measure_each_row(filled: MainWindow, calls: list[str]) -> None:
    view = filled.data.sources.view
    view.scrollToBottom()
    settle(filled)
    calls.clear()
    view.set_filter("donor_7")
    settle(filled)
    assert view.table_model.rowCount() == N_ROWS // 50
    assert len(calls) < N_ROWS // 2
    assert required(view.verticalScrollBar()).value() == 0


def test_that_a_change_of_all_rows_is_one_signal_and_one_step(filled: MainWindow, qtbot: QtBot) -> None:
    view = filled.data.sources.view
    told: list[ClassTable] = []
    filled.notifier.table_changed.connect(told.append)
    view.selectAll()
    model = required(view.model())
    model.setData(model.index(0, Column.PER_EPOCH), 4)
    assert len(told) == 1
    assert {row.images_per_epoch for row in filled.notifier.table.rows} == {4}
    filled.data.sources.actions_for_menu()[3].trigger()
    assert {row.images_per_epoch for row in filled.notifier.table.rows} == {None}


def test_that_selected_rows_stay_selected_when_sorted_and_searched(filled: MainWindow) -> None:
    view = filled.data.sources.view
    view.clearSelection()
    view.select_place(57)
    view.sortByColumn(Column.IMAGES, Qt.SortOrder.DescendingOrder)
    assert view.selected_places() == (57,)
    view.set_filter("donor_7")
    assert view.selected_places() == (57,)
    assert required(view.model()).rowCount() == N_ROWS // 50
    view.set_filter("donor_8")
    assert view.selected_places() == ()


def test_that_edits_reach_the_selected_rows_and_not_the_hidden_ones(filled: MainWindow) -> None:
    view = filled.data.sources.view
    view.sortByColumn(Column.IMAGES, Qt.SortOrder.DescendingOrder)
    view.set_filter("donor_7")
    view.selectAll()
    view.set_role(Role.VALIDATION)
    changed = [place for place, row in enumerate(filled.notifier.table.rows) if row.role is Role.VALIDATION]
    assert changed == list(range(7, N_ROWS, 50))


def test_that_the_third_click_on_a_header_brings_the_order_of_the_table_back(filled: MainWindow, qtbot: QtBot) -> None:
    view = filled.data.sources.view
    header = required(view.horizontalHeader())
    orders = []
    for _ in range(3):
        place = header.sectionViewportPosition(Column.IMAGES) + header.sectionSize(Column.IMAGES) // 2
        qtbot.mouseClick(header.viewport(), Qt.LeftButton, pos=QPoint(place, 5))
        orders.append([view.model().index(row, Column.IMAGES).data() for row in (0, N_ROWS - 1)])
    assert orders == [["9", "15"], ["15", "9"], ["9", str(9 + (N_ROWS - 1) % 7)]]
    assert view.table_model.places(0, 3) == [0, 1, 2, 3]

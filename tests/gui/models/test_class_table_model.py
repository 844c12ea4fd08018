from pathlib import Path

import pytest
from PyQt5.QtCore import QPersistentModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.gui.models.class_table_model import ClassTableModel, Column

TIP = Qt.ItemDataRole.ToolTipRole


def row(index: int, file: str, n_images: int = 10, role: Role = Role.TRAINING) -> ClassRow:
    source = DataSource(Path("/data") / file, SourceKind.RTDC, n_images, ((8, 8, 1),), f"digest of {file}")
    return ClassRow(source, index, f"c{index}", role)


TABLE = ClassTable(
    (
        row(1, "p2/b.rtdc", 30),
        row(0, "p1/a.rtdc", 10),
        row(0, "p2/c.rtdc", 20),
        row(1, "p1/a.rtdc", 5, Role.TEST),
        row(2, "p3/d.rtdc", 1000),
    )
)


@pytest.fixture
def model(qtbot: QtBot) -> ClassTableModel:
    shown = ClassTableModel()
    shown.set_table(TABLE)
    return shown


def places(model: ClassTableModel) -> list[int]:
    return model.places(0, model.rowCount() - 1)


def column(model: ClassTableModel, which: Column) -> list[str]:
    return [model.index(row, which).data() for row in range(model.rowCount())]


def test_that_sorted_and_filtered_rows_keep_the_rules_of_qt(model: ClassTableModel, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(model)
    model.sort(Column.IMAGES, Qt.SortOrder.DescendingOrder)
    model.set_filter("p2")
    model.set_table(TABLE.removed([0]))
    model.sort(-1)
    qtmodeltester.check(model)


def test_that_rows_are_sorted_and_equal_ones_stay_as_in_the_table(model: ClassTableModel) -> None:
    model.sort(Column.CLASS)
    assert places(model) == [1, 2, 0, 3, 4]
    model.sort(Column.CLASS, Qt.SortOrder.DescendingOrder)
    assert places(model) == [4, 0, 3, 1, 2]
    model.sort(Column.IMAGES)
    assert places(model) == [3, 1, 2, 0, 4]
    model.sort(-1)
    assert places(model) == [0, 1, 2, 3, 4]
    assert model.table == TABLE


def test_that_what_is_selected_moves_with_its_row(model: ClassTableModel) -> None:
    kept = [QPersistentModelIndex(model.index(row, Column.SOURCE)) for row in range(5)]
    model.sort(Column.IMAGES, Qt.SortOrder.DescendingOrder)
    assert [index.row() for index in kept] == [model.row_of(place) for place in range(5)] == [1, 3, 2, 4, 0]


def test_that_the_header_tells_what_is_sorted_by(model: ClassTableModel) -> None:
    def title() -> str:
        return model.headerData(Column.ROLE, Qt.Orientation.Horizontal)

    titles = [title()]
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        model.sort(Column.ROLE, order)
        titles.append(title())
    assert titles == ["role", "role ▴", "role ▾"]


@pytest.mark.parametrize(("text", "found"), [("P1", [1, 3]), ("c1", [0, 3]), ("test", [3]), ("", [0, 1, 2, 3, 4])])
def test_that_the_filter_looks_at_class_source_and_role(model: ClassTableModel, text: str, found: list[int]) -> None:
    model.set_filter(text)
    assert places(model) == found
    assert [model.row_of(place) for place in found] == list(range(len(found)))
    assert text == "" or model.row_of(4) is None


def test_that_an_edit_carries_the_place_in_the_table(model: ClassTableModel, qtbot: QtBot) -> None:
    model.sort(Column.IMAGES, Qt.SortOrder.DescendingOrder)
    with qtbot.waitSignal(model.edited) as told:
        model.setData(model.index(0, Column.PER_EPOCH), 7)
    assert told.args == [4, Column.PER_EPOCH, 7]


def test_that_other_values_change_no_row_but_tell_once(model: ClassTableModel, qtbot: QtBot) -> None:
    model.sort(Column.PER_EPOCH)
    before = places(model)
    n_told = 0

    def count(*_: object) -> None:
        nonlocal n_told
        n_told += 1

    for signal in (model.dataChanged, model.modelReset, model.layoutChanged):
        signal.connect(count)
    model.set_table(TABLE.set_images_per_epoch(range(5), 500))
    assert n_told == 1
    assert places(model) == before


def test_that_the_share_of_a_class_in_an_epoch_is_shown(model: ClassTableModel) -> None:
    assert column(model, Column.SHARE) == ["3 %", "3 %", "3 %", "–", "94 %"]
    model.set_table(TABLE.balanced(30))
    assert column(model, Column.SHARE) == ["33 %", "33 %", "33 %", "–", "33 %"]
    assert model.index(1, Column.SHARE).data(TIP) == "c0: 30 of the 90 images of an epoch. See Balance."
    assert model.index(1, Column.SHARE).data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight


def test_that_the_share_counts_what_a_split_leaves(model: ClassTableModel) -> None:
    model.set_available((15, 0, 15, 0, 30))
    assert column(model, Column.SHARE) == ["25 %", "25 %", "25 %", "–", "50 %"]
    assert column(model, Column.PER_EPOCH) == ["all", "–", "all", "–", "all"]
    assert "held out" in model.index(1, Column.PER_EPOCH).data(TIP)
    model.set_available(None)
    assert column(model, Column.PER_EPOCH)[1] == "all"

from pathlib import Path

from PyQt5.QtCore import Qt
from pytestqt.modeltest import ModelTester

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.gui.models.overview_model import BAR_ROLE, OverviewColumn, OverviewModel


def table(*numbers: tuple[str, Role, int]) -> ClassTable:
    sources = (
        (DataSource(Path(f"/d/{i}"), SourceKind.FOLDER, n, ((8, 8, 1),), str(i)), name, role)
        for i, (name, role, n) in enumerate(numbers)
    )
    return ClassTable().add_sources(list(sources))


def test_that_sums_stand_above_the_classes(qtmodeltester: ModelTester) -> None:
    model = OverviewModel()
    qtmodeltester.check(model)
    model.set_table(
        table(("cat", Role.TRAINING, 1200), ("dog", Role.TRAINING, 600), ("cat", Role.TEST, 7), ("owl", Role.TEST, 1))
    )
    qtmodeltester.check(model)
    rows = [[model.index(row, column).data() for column in OverviewColumn] for row in range(model.rowCount())]
    space = "\N{NO-BREAK SPACE}"
    assert rows == [
        ["3 classes", "", f"1{space}800", "–", "8"],
        ["cat", "", f"1{space}200", "–", "7"],
        ["dog", "", "600", "–", "–"],
        ["owl", "", "–", "–", "1"],
    ]
    bars = [model.index(row, OverviewColumn.BAR).data(BAR_ROLE) for row in range(4)]
    assert bars[0] is None
    assert [length for length, _ in bars[1:]] == [1, 0.5, 0]
    tip = model.index(1, OverviewColumn.CLASS).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == f"cat (class 0): 1{space}200 training, 0 validation, 7 test images"


def test_that_an_empty_table_has_no_sums() -> None:
    model = OverviewModel()
    model.set_table(ClassTable())
    assert model.rowCount() == 0

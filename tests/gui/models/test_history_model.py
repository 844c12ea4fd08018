"""The table of epochs."""

import pytest
from PyQt5.QtCore import QModelIndex, QPersistentModelIndex, Qt
from pytestqt.modeltest import ModelTester

from aid_desktop.gui.models.epoch_series import EpochSeries
from aid_desktop.gui.models.history_model import SORT_ROLE, HistoryModel, number_text
from aid_desktop.runs.history import History
from aid_desktop.runs.records import EpochRecord

ACCURACIES = (0.5, 0.9, 0.7, 0.8)


def record(epoch: int, accuracy: float, model: str | None = None) -> EpochRecord:
    metrics = (("loss", 0.25), ("accuracy", accuracy), ("val_loss", 0.00001234), ("val_accuracy", accuracy))
    return EpochRecord(epoch, 2, 0.001, metrics, 1.2345, model)


@pytest.fixture
def model(qapp: object) -> HistoryModel:
    model = HistoryModel()
    records = [record(i, value, "epoch.keras" if i % 2 else None) for i, value in enumerate(ACCURACIES)]
    model.set_history(History(tuple(records)))
    return model


def texts(model: HistoryModel, column: int) -> list[str]:
    return [model.index(row, column).data() for row in range(model.rowCount())]


def titles(model: HistoryModel) -> list[str]:
    return [str(model.headerData(column, Qt.Horizontal)).replace("\n", " ") for column in range(model.columnCount())]


def test_that_qt_finds_no_fault(qtmodeltester: ModelTester, model: HistoryModel) -> None:
    qtmodeltester.check(model)
    model.append(record(4, 0.6))
    model.sort(2)
    model.append(record(5, 0.4, "m.keras"))
    model.set_saved_only(True)
    model.append(record(6, 0.4))
    model.append(record(7, 0.95, "m.keras"))
    model.set_history(History())
    model.append(record(0, 0.5))


def test_that_each_epoch_is_a_row_with_rounded_numbers(model: HistoryModel) -> None:
    assert titles(model) == [
        "epoch", "model", "accuracy", "validation accuracy", "loss", "validation loss", "learning rate", "seconds",
        "revision",
    ]  # fmt: skip
    row = [model.index(1, column).data() for column in range(model.columnCount())]
    assert row == ["1", "✓", "0.9000", "0.9000", "0.2500", "1.234e-05", "0.001", "1.23", "2"]
    assert model.index(0, 1).data() == ""


def test_that_numbers_stand_at_the_right(model: HistoryModel) -> None:
    assert model.index(0, 2).data(Qt.TextAlignmentRole) == int(Qt.AlignRight | Qt.AlignVCenter)
    assert model.index(0, 1).data(Qt.TextAlignmentRole) == int(Qt.AlignHCenter | Qt.AlignVCenter)


def test_that_cells_tell_exact_values_and_file_names(model: HistoryModel) -> None:
    assert model.index(1, 7).data(Qt.ToolTipRole) == "seconds of epoch 1: 1.2345"
    assert model.index(1, 1).data(Qt.ToolTipRole) == "Saved as epoch.keras"
    assert "No model" in model.index(0, 1).data(Qt.ToolTipRole)
    assert model.index(1, 5).data(SORT_ROLE) == 0.00001234
    assert model.index(1, 1).data(SORT_ROLE) is True
    assert model.index(1, 1).data(Qt.AccessibleTextRole) == "model saved"
    assert "Click to sort" in model.headerData(0, Qt.Horizontal, Qt.ToolTipRole)


def test_that_a_new_epoch_is_one_inserted_row(model: HistoryModel) -> None:
    inserted: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append((first, last)))
    model.append(record(4, 0.6))
    assert inserted == [(4, 4)]
    assert texts(model, 0)[-1] == "4"


def test_that_the_first_epoch_brings_the_columns(qapp: object) -> None:
    model = HistoryModel()
    assert (model.rowCount(), model.columnCount()) == (0, 0)
    model.append(record(0, 0.5))
    assert (model.rowCount(), model.columnCount()) == (1, 9)
    model.append(EpochRecord(1, 0, 0.1, (("loss", 1.0),), 1.0))
    assert "loss" in titles(model)


def test_that_rows_sort_by_value_and_back(model: HistoryModel) -> None:
    kept = QPersistentModelIndex(model.index(1, 0))
    model.sort(2, Qt.DescendingOrder)
    assert texts(model, 0) == ["1", "3", "2", "0"]
    assert (kept.row(), kept.data()) == (0, "1")
    model.append(record(4, 0.85))
    assert texts(model, 0) == ["1", "4", "3", "2", "0"]
    assert [model.row_of(epoch) for epoch in range(6)] == [4, 0, 3, 2, 1, None]
    assert model.record(1).epoch == 4
    model.sort(-1)
    assert texts(model, 0) == ["0", "1", "2", "3", "4"]
    for column in range(model.columnCount()):
        model.sort(column, Qt.AscendingOrder)
    model.sort(1, Qt.DescendingOrder)
    assert texts(model, 0) == ["1", "3", "0", "2", "4"]


def test_that_only_saved_epochs_can_be_shown(model: HistoryModel) -> None:
    model.set_saved_only(True)
    assert texts(model, 0) == ["1", "3"]
    assert model.row_of(2) is None
    model.append(record(4, 0.1))
    model.append(record(5, 0.2, "m.keras"))
    assert texts(model, 0) == ["1", "3", "5"]
    model.set_saved_only(False)
    assert model.rowCount() == 6


def test_that_the_model_leaves_a_given_series_alone(qapp: object) -> None:
    history = History((record(0, 0.5),))
    series = EpochSeries(history.records)
    model = HistoryModel()
    model.set_history(history, series)
    model.append(record(1, 0.6))
    assert len(series) == 1


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("loss", 0.0, "0.0000"), ("loss", 12.34567, "12.3457"), ("loss", 0.0004, "4.000e-04"),
        ("loss", float("nan"), "nan"), ("learning_rate", 0.00025, "0.00025"), ("seconds", 61.239, "61.24"),
        ("epoch", 12, "12"), ("model", None, ""),
    ],
)  # fmt: skip
def test_that_numbers_are_short(name: str, value: object, text: str) -> None:
    assert number_text(name, value) == text


def test_that_nothing_is_told_of_places_that_are_not_there(model: HistoryModel) -> None:
    assert model.data(QModelIndex()) is None
    assert model.index(0, 0).data(Qt.DecorationRole) is None
    assert model.headerData(0, Qt.Vertical) is None
    assert model.headerData(99, Qt.Horizontal) is None


@pytest.mark.parametrize("is_saved_only", [False, True])
def test_that_models_that_are_not_kept_are_forgotten(model: HistoryModel, is_saved_only: bool) -> None:
    model.set_saved_only(is_saved_only)
    model.append(record(4, 0.95, "m.keras"), removed=(1,))
    saved = [model.record(row).epoch for row in range(model.rowCount()) if model.index(row, 1).data()]
    assert saved == [3, 4]
    assert model.rowCount() == (2 if is_saved_only else 5)

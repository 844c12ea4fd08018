"""From the Data tab to the plot, and from gates back to rows of the class table."""

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QLabel, QToolButton, QUndoStack, QWidget

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.event_columns import read_columns
from aid_desktop.data.formats import open_source
from aid_desktop.data.gates import FeatureRange, RangeGate
from aid_desktop.data.selection import select_images, whole_numbers
from aid_desktop.gui.data.examples import Examples
from aid_desktop.gui.data.loading import SourceLoader
from aid_desktop.gui.data.sources_panel import SourcesPanel
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.plotting.feature_plot_dialog import FeaturePlotDialog
from aid_desktop.gui.plotting.gate_rows import RowsRequest
from aid_desktop.gui.plotting.plot_texts import EMPTY_TEXT
from aid_desktop.gui.plotting.plot_tool import FeaturePlotTool


@pytest.fixture
def tool(qtbot, background, themes, preferences, cells) -> FeaturePlotTool:
    """Return the tool of a panel whose table has the cells as its only row."""
    notifier = Notifier()
    editor = TableEditor(notifier, QUndoStack())
    loader, holder = SourceLoader(editor, background), QWidget()
    qtbot.addWidget(holder)
    panel = SourcesPanel(notifier, editor, loader, preferences, Examples(notifier, loader, background, holder))
    qtbot.addWidget(panel)
    notifier.set_table(ClassTable().add_sources([(cells, "blood", Role.TRAINING)]))
    return FeaturePlotTool(notifier, editor, background, themes, panel)


@pytest.fixture
def dialog(tool, idle) -> FeaturePlotDialog:
    tool.action.trigger()
    idle()
    return tool.dialog


def test_that_gates_become_rows_of_exactly_their_events_in_one_step(tool, dialog, idle) -> None:
    source = tool._editor.table.rows[0].source
    area = read_columns(source, ["area_um"])["area_um"]
    tool.gates.add(
        [RangeGate("small", (FeatureRange("area_um", 0, 60),)), RangeGate("large", (FeatureRange("area_um", 60, 200),))]
    )
    idle()
    dialog.panel.table.select_gates((0, 1))
    dialog.panel.role_box.setCurrentText("validation")
    dialog.panel.add_button.click()
    idle()
    before, *rows = tool._editor.table.rows
    assert before.source == source
    assert [(row.class_name, row.role, row.source.n_images) for row in rows] == [
        ("small", Role.VALIDATION, 40),
        ("large", Role.VALIDATION, 20),
    ]
    for row, expected in zip(rows, (area <= 60, area >= 60), strict=True):
        np.testing.assert_array_equal(whole_numbers(row.source), np.flatnonzero(expected))
    texts = [note.text for note in dialog.messages.notes]
    assert "2 rows of gated events were added" in texts[0]
    assert "row of all events of the file (class blood) is still in the table" in texts[-1]
    assert tool._editor.stack.undoText() == "add 2 rows of gates"
    titles = [dialog.choice.source_box.itemText(i) for i in range(dialog.choice.source_box.count())]
    assert titles[1:] == ["small: cells.rtdc (40 of 60)", "large: cells.rtdc (20 of 60)"]
    assert dialog.choice.source == source
    tool._editor.stack.undo()
    assert tool._editor.table.rows == (before,)


def test_that_gates_of_gated_rows_are_numbered_in_the_file(tool, dialog, idle) -> None:
    gates = tool.gates
    gates.add([RangeGate("large", (FeatureRange("area_um", 60, 200),))])
    idle()
    dialog.panel.add_button.click()
    idle()
    dialog.choice.source_box.setCurrentIndex(1)
    idle()
    assert dialog.frame.plotted.n_events == 20
    x, y = dialog.frame.plotted.places[0]
    assert "<b>event 41</b>" in dialog.frame._read(dialog.frame.scatter, x, y).text
    assert dialog.frame._points_table().columns[0].tolist() == list(range(41, 61))
    dialog.event_view.show_event(2)
    idle()
    assert "event 43 of cells.rtdc" in dialog.findChild(QLabel, "eventValues").text()
    gates.add([RangeGate("late", (FeatureRange("time", 0.55, 1),))])
    idle()
    dialog.panel.table.select_gates((1,))
    dialog.panel.add_button.click()
    idle()
    assert whole_numbers(tool._editor.table.rows[-1].source).tolist() == [55, 56, 57, 58, 59]


def test_that_empty_and_overlapping_gates_are_told(tool, dialog, idle) -> None:
    ranges = {"none": (500, 600), "small": (0, 60), "all": (0, 200)}
    tool.gates.add([RangeGate(name, (FeatureRange("area_um", *pair),)) for name, pair in ranges.items()])
    idle()
    dialog.panel.table.clearSelection()
    dialog.panel.add_button.click()
    idle()
    assert [row.class_name for row in tool._editor.table.rows[1:]] == ["small", "all"]
    texts = " ".join(note.text for note in dialog.messages.notes)
    assert "No event is in none: no row was made of it" in texts
    assert "40 events are in more than one of the gates" in texts


def test_that_events_that_the_table_has_already_are_told(tool, dialog, idle) -> None:
    tool.gates.add([RangeGate("large", (FeatureRange("area_um", 60, 200),))])
    idle()
    for n_notes in (2, 3):
        dialog.messages.clear()
        dialog.panel.add_button.click()
        idle()
        assert len(dialog.messages.notes) == n_notes
    assert "20 events are in rows that the table had before, too" in dialog.messages.notes[-1].text
    tool._editor.change(tool._editor.table.removed((0, 1, 2)), "remove")
    dialog.messages.clear()
    tool._on_rows_wanted(RowsRequest(open_source(dialog.choice.source.path).source, (), Role.TEST))
    idle()
    assert dialog.messages.notes == ()


def test_that_the_window_opens_with_the_selected_row_once_and_keeps_its_gates(tool, dialog, idle, cells) -> None:
    some = select_images(cells, range(30))
    tool._editor.change(tool._editor.table.add_sources([(some, "some", Role.TEST)]), "add")
    view = tool.parent().view
    view.select_place(1)
    tool.action.trigger()
    idle()
    assert tool.dialog is dialog
    assert dialog.choice.source == some
    tool.gates.add([RangeGate("small", (FeatureRange("area_um", 0, 60),))])
    idle()
    dialog.reject()
    assert tool.dialog is None
    view.select_place(0)
    tool.action.trigger()
    idle()
    again = tool.dialog
    assert again is not None
    assert [again.panel.table.item(1, column).text() for column in (0, 1)] == ["small", "40"]


def test_that_rows_offer_it_in_their_menu_and_the_window_in_its_own(window) -> None:
    view = window.data.sources.view
    assert window.plots.action in view.actions()
    assert view.contextMenuPolicy() == Qt.ContextMenuPolicy.ActionsContextMenu
    assert window.plots.action in window.data.tools
    window.data.findChild(QToolButton, "plotFeaturesButton").click()
    assert window.plots.dialog.frame.empty_text == EMPTY_TEXT
    window.plots.dialog.reject()


def test_that_a_failure_to_make_rows_changes_nothing(tool, dialog, idle, expected_warnings) -> None:
    table = tool._editor.table
    request = RowsRequest(table.rows[0].source, (("odd", np.ones(61, bool)),), Role.TEST)
    dialog.rows_wanted.emit(request)
    idle()
    assert dialog.messages.notes[-1].text.startswith("Making rows of gates:")
    tool._on_rows_wanted(request)
    dialog.close()
    idle()
    assert tool.parent().messages.notes[-1].text.startswith("Making rows of gates:")
    assert tool._editor.table == table

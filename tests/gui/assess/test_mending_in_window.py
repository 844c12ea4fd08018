"""From a mistake to a run that learns from it, in the real window: both tabs share labels and undo."""

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QPushButton

from aid_desktop.data.selection import whole_numbers
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import ThemeManager, ThemeName


@pytest.fixture
def window(qtbot, tmp_path, fake_model, table, model_file):
    themes = ThemeManager(QApplication.instance())
    themes.set_theme(ThemeName.LIGHT)
    preferences = Preferences()
    preferences.runs_folder = str(tmp_path / "runs")
    made = MainWindow(themes, preferences)
    made.show()
    made.notifier.set_table(table)
    made.notifier.choose_model(model_file)
    qtbot.waitUntil(lambda: made.background.n_jobs == 0)
    made.tabs.setCurrentWidget(made.assessment)
    with qtbot.waitSignal(made.assessment.assessed, timeout=30_000):
        made.assessment.assess()
    qtbot.waitUntil(lambda: made.background.n_jobs == 0)
    yield made
    made.session.shut_down()
    made.close()


def test_that_a_mended_label_is_on_the_data_tab_and_can_be_undone_on_both(qtbot, window, table):
    gallery = window.assessment.gallery
    gallery.grid.setCurrentIndex(gallery.grid.images.index(0))
    qtbot.keyClick(gallery.grid, Qt.Key_2)
    rows = window.data.sources.view.table_model.rowCount()
    assert rows == 3
    moved = [row for row in window.notifier.table.rows if whole_numbers(row.source).tolist() == [12]]
    assert [(row.class_name, row.source.path.name) for row in moved] == [("automobile", "cat.rtdc")]
    undo = next(action for action in window.data.sources.undo_actions if action.objectName() == "undoAction")
    assert undo.text() == "Undo relabel 1 image as automobile"
    undo.trigger()
    assert window.notifier.table == table
    window.editor.stack.redo()
    qtbot.waitUntil(window.isActiveWindow)
    gallery.grid.setFocus()
    qtbot.keyClick(gallery.grid, Qt.Key_Z, Qt.ControlModifier)
    assert window.notifier.table == table
    assert window.assessment.changes.text == ""


def test_that_training_goes_on_from_the_assessed_model(qtbot, window, model_file, monkeypatch):
    used = []
    # The network itself would be read with TensorFlow.
    monkeypatch.setattr(window.training.model.start_from, "use", used.append)
    relabelling = window.assessment.relabelling
    relabelling.relabel(window.assessment.gallery.images.positions[:2], "automobile")
    qtbot.mouseClick(window.findChild(QPushButton, "changedLabels.train"), Qt.LeftButton)
    assert window.tabs.currentWidget() is window.training
    assert used == [model_file]

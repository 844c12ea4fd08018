"""The gallery as a user sees it: orders, keys, menu, display range; relabelling and its undo."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, QItemSelectionModel, QPoint, Qt, QUrl
from PyQt5.QtGui import QDesktopServices, QMouseEvent
from PyQt5.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QPushButton,
    QToolButton,
    QUndoStack,
    QWidget,
)

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.selection import whole_numbers
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.gui.assess.assess_tab import AssessTab
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.models.confusion_model import CHANGED_ROLE
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.gui.widgets.image_items import IMAGE_ROLE


@pytest.fixture
def editor(qtbot, notifier) -> TableEditor:
    return TableEditor(notifier, QUndoStack())


@pytest.fixture
def tab(qtbot, notifier, background, editor) -> AssessTab:
    made = AssessTab(notifier, background, ThemeManager(QApplication.instance()), editor=editor)
    qtbot.addWidget(made)
    made.resize(1366, 768)
    made.show()
    return made


def child(parent: QWidget, kind: type, name: str):
    found = parent.findChild(kind, name)
    assert found is not None, name
    return found


def captions(tab: AssessTab) -> list[str]:
    model = tab.gallery.grid.images
    return [model.index(row).data() for row in range(model.rowCount())]


def choose(tab: AssessTab, *rows: int) -> None:
    """Select images of the gallery; the last one becomes the current one."""
    grid = tab.gallery.grid
    grid.clearSelection()
    for row in rows:
        index = grid.images.index(row)
        grid.selectionModel().setCurrentIndex(index, QItemSelectionModel.NoUpdate)
        grid.selectionModel().select(index, QItemSelectionModel.Select)


def contents(table: ClassTable) -> dict[tuple[str, str, str], list[int]]:
    return {
        (row.source.path.stem, row.class_name, str(row.role)): whole_numbers(row.source).tolist() for row in table.rows
    }


def texts_of(actions) -> dict[str, object]:
    return {action.objectName().partition(".")[2]: action for action in actions}


@pytest.fixture
def cats_taken_for_automobiles(assessed_tab) -> AssessTab:
    """Return the tab with the four images of a cell, the most certain first: images 12, 11, 10, 9 of cat.rtdc."""
    assert len(captions(assessed_tab)) == 4
    return assessed_tab


def test_that_images_are_ordered_by_the_probability_of_a_class(qtbot, assessed_tab, idle):
    assessed_tab.confusion.table.selectAll()
    orders = child(assessed_tab, QComboBox, "gallerySort")
    orders.setCurrentText("most probably automobile first")
    probabilities = assessed_tab.assessment.predictions.probabilities[assessed_tab.gallery.images.positions, 1]
    assert len(probabilities) == 26
    assert (np.diff(probabilities) <= 0).all()
    assert child(assessed_tab, QLabel, "galleryHeading").text() == "26 × all images"
    idle()


def test_that_a_drag_over_cells_shows_their_images_together(qtbot, assessed_tab, idle):
    view = assessed_tab.confusion.table
    first, last = (view.visualRect(view.model().index(row, 0)).center() for row in (0, 1))
    qtbot.mousePress(view.viewport(), Qt.LeftButton, pos=first)
    move = QMouseEvent(QEvent.MouseMove, last, Qt.NoButton, Qt.LeftButton, Qt.NoModifier)
    QApplication.sendEvent(view.viewport(), move)
    qtbot.mouseRelease(view.viewport(), Qt.LeftButton, pos=last)
    assert child(assessed_tab, QLabel, "galleryHeading").text().startswith("11 × predicted cat")
    assert len(captions(assessed_tab)) == 11
    idle()


@pytest.mark.parametrize(("key", "text"), [(Qt.Key_2, "relabelled: cat → automobile"), (Qt.Key_X, "excluded"),
                                           (Qt.Key_T, "→ training"), (Qt.Key_E, "→ test")])  # fmt: skip
def test_that_a_key_changes_the_selected_images_and_undo_takes_it_back(
    qtbot, cats_taken_for_automobiles, notifier, editor, key, text
):
    tab, before = cats_taken_for_automobiles, notifier.table
    choose(tab, 0, 2)
    qtbot.keyClick(tab.gallery.grid, key)
    found = contents(notifier.table)
    assert found["cat", "cat", "validation"] == [*range(10), 11]
    moved = [numbers for (name, *_), numbers in found.items() if name == "cat" and len(numbers) == 2]
    assert moved == ([] if key == Qt.Key_X else [[10, 12]])
    assert [caption.partition("\n")[2] for caption in captions(tab)] == [text, "", text, ""]
    assert tab.confusion.model.index(0, 1).data(CHANGED_ROLE) == 2
    assert tab.confusion.model.index(0, 1).data() == "4"
    assert "changed since: 2" in tab.confusion.model.index(0, 1).data(Qt.ToolTipRole)
    assert tab.changes.text.startswith("2 images have another label or role")
    qtbot.mouseClick(child(tab, QPushButton, "changedLabels.undo"), Qt.LeftButton)
    assert notifier.table == before
    assert not any("\n" in caption for caption in captions(tab))
    assert tab.confusion.model.index(0, 1).data(CHANGED_ROLE) == 0
    assert tab.changes.text == ""
    editor.stack.redo()
    assert contents(notifier.table) == found


def test_that_files_stay_as_they_are(qtbot, cats_taken_for_automobiles, sources):
    before = [source.path.read_bytes() for source in sources]
    choose(cats_taken_for_automobiles, 0)
    for key in (Qt.Key_2, Qt.Key_T, Qt.Key_X):
        qtbot.keyClick(cats_taken_for_automobiles.gallery.grid, key)
    assert [source.path.read_bytes() for source in sources] == before


def test_that_the_session_key_for_undo_counts_on_this_tab(qtbot, cats_taken_for_automobiles, notifier):
    tab, before = cats_taken_for_automobiles, notifier.table
    choose(tab, 0)
    qtbot.keyClick(tab.gallery.grid, Qt.Key_X)
    assert notifier.table != before
    [undo] = [action for action in tab.actions() if action.objectName() == "assessmentTab.undo"]
    assert "Ctrl+Z" in [keys.toString() for keys in undo.shortcuts()]
    assert undo.text() == "Undo exclude 1 image"
    undo.trigger()
    assert notifier.table == before


def test_that_excluded_images_are_shown_and_included_again(qtbot, cats_taken_for_automobiles, notifier, editor):
    tab, before = cats_taken_for_automobiles, notifier.table
    show, exclude = child(tab, QPushButton, "changedLabels.excluded"), child(tab, QToolButton, "galleryExclude")
    include = child(tab, QToolButton, "galleryInclude")
    choose(tab, 0, 2)
    assert (exclude.isVisible(), include.isVisible(), show.isVisible()) == (True, False, False)
    qtbot.keyClick(tab.gallery.grid, Qt.Key_X)
    assert (exclude.isVisible(), include.isVisible(), show.isVisible()) == (False, True, True)
    assert child(tab, QToolButton, "galleryRelabel").toolTip() == (
        "These images were excluded: include them again to change them"
    )
    # Other cells are looked at meanwhile.
    tab.confusion.table.setCurrentIndex(tab.confusion.model.index(1, 1))
    qtbot.mouseClick(show, Qt.LeftButton)
    assert show.text() == "Show 2 excluded"
    assert child(tab, QLabel, "galleryHeading").text() == "2 excluded images"
    assert [caption.partition("\n")[2] for caption in captions(tab)] == ["excluded", "excluded"]
    choose(tab, 0)
    qtbot.mouseClick(include, Qt.LeftButton)
    assert contents(notifier.table)["cat", "cat", "validation"] == [*range(10), 11, 12]
    assert [caption.partition("\n")[2] for caption in captions(tab)] == ["", "excluded"]
    assert (exclude.isVisible(), include.isVisible(), show.text()) == (True, False, "Show 1 excluded")
    choose(tab, 0, 1)
    assert exclude.isVisible()
    actions = tab.gallery.actions_on_images
    actions.show_menu(QPoint(5, 5))
    again = texts_of(actions.menu.actions())["include"]
    assert again.isVisible()
    again.trigger()
    actions.menu.hide()
    assert notifier.table == before
    assert not show.isVisible()
    assert tab.changes.text == ""
    assert editor.stack.undoText() == "include 1 image again"
    editor.stack.undo()
    assert contents(notifier.table)["cat", "cat", "validation"] == [*range(10), 11, 12]


def test_that_a_row_that_was_removed_is_included_again(qtbot, cats_taken_for_automobiles, notifier):
    tab, before = cats_taken_for_automobiles, notifier.table
    notifier.set_table(before.removed([1]))
    qtbot.mouseClick(child(tab, QPushButton, "changedLabels.excluded"), Qt.LeftButton)
    assert len(captions(tab)) == 13
    tab.gallery.grid.selectAll()
    qtbot.keyClick(tab.gallery.grid, Qt.Key_I)
    assert notifier.table == before
    with qtbot.waitSignal(tab.gallery.failed) as failed:
        qtbot.keyClick(tab.gallery.grid, Qt.Key_I)
    assert failed.args[0].message == "None of these images is excluded."


def test_that_marks_last_until_the_next_assessment(qtbot, cats_taken_for_automobiles, idle):
    tab = cats_taken_for_automobiles
    choose(tab, 0)
    qtbot.keyClick(tab.gallery.grid, Qt.Key_2)
    with qtbot.waitSignal(tab.assessed):
        tab.assess()
    idle()
    assert tab.changes.text == ""
    # The image is now one of the class that was predicted.
    assert not any("\n" in caption for caption in captions(tab))
    assert tab.assessment.matrix.counts.tolist() == [[9, 3], [2, 12]]


def test_that_the_large_view_of_an_earlier_assessment_changes_nothing(
    qtbot, cats_taken_for_automobiles, notifier, idle
):
    tab = cats_taken_for_automobiles
    tab.gallery.grid.setCurrentIndex(tab.gallery.grid.images.index(3))
    tab.gallery.grid.open_current()
    idle()
    dialog = tab.gallery.findChild(QWidget, "imageDialog")
    notifier.set_table(notifier.table.removed([1]))
    with qtbot.waitSignal(tab.assessed):
        tab.assess()
    idle()
    before = notifier.table
    qtbot.keyClick(dialog, Qt.Key_X)
    assert notifier.table == before
    notifier.set_table(before.removed([0]))
    assert "\n" not in child(dialog, QLabel, "imageDialog.caption").text()


def test_that_a_change_on_the_data_tab_is_marked_too(cats_taken_for_automobiles, notifier):
    notifier.set_table(notifier.table.removed([1]))
    assert {caption.partition("\n")[2] for caption in captions(cats_taken_for_automobiles)} == {"excluded"}
    assert cats_taken_for_automobiles.changes.text.startswith("13 images have")


def test_that_the_menu_offers_classes_of_model_and_table_with_their_keys(qtbot, cats_taken_for_automobiles, notifier):
    tab = cats_taken_for_automobiles
    notifier.set_table(notifier.table.add_sources([(notifier.table.rows[0].source, "horse", Role.TEST)]))
    choose(tab, 1, 3)
    actions = tab.gallery.actions_on_images
    actions.show_menu(QPoint(5, 5))
    assert [action.text() for action in actions.classes.actions()] == ["cat\t1", "automobile\t2", "horse\t3"]
    actions.classes.actions()[2].trigger()
    actions.menu.hide()
    assert contents(notifier.table)["cat", "horse", "validation"] == [9, 11]
    assert captions(tab)[1].endswith("\nrelabelled: cat → horse")


def test_that_buttons_change_the_selected_images(qtbot, cats_taken_for_automobiles, notifier):
    tab = cats_taken_for_automobiles
    choose(tab, 0)
    actions = tab.gallery.actions_on_images
    role = child(tab, QToolButton, "galleryRole")
    texts_of(role.menu().actions())["role.training"].trigger()
    assert contents(notifier.table)["cat", "cat", "training"] == [12]
    qtbot.mouseClick(child(tab, QToolButton, "galleryExclude"), Qt.LeftButton)
    assert sum(len(numbers) for numbers in contents(notifier.table).values()) == 25
    actions.look()
    assert not child(tab, QToolButton, "galleryExclude").isEnabled()
    assert "include them again" in child(tab, QToolButton, "galleryRelabel").toolTip()


def test_that_nothing_can_be_done_without_a_selection(cats_taken_for_automobiles):
    tab = cats_taken_for_automobiles
    choose(tab)
    for name in ("galleryRelabel", "galleryRole", "galleryExclude", "galleryExport"):
        assert not child(tab, QToolButton, name).isEnabled()
    choose(tab, 2)
    assert child(tab, QToolButton, "galleryRelabel").isEnabled()
    assert child(tab, QToolButton, "galleryExport").isEnabled()


def test_that_images_outside_of_the_class_table_are_left_with_the_reason(
    qtbot, tab, notifier, model_file, fake_model, idle
):
    notifier.choose_model(model_file)
    with qtbot.waitSignal(tab.assessed):
        tab.assess()
    kept = notifier.table
    notifier.set_table(ClassTable())
    with qtbot.waitSignal(tab.relabelling.changed):
        tab.relabelling.remember_table()
        tab.relabelling.start(tab.assessment)
    choose(tab, 0)
    assert not child(tab, QToolButton, "galleryRelabel").isEnabled()
    assert "not in the class table" in child(tab, QToolButton, "galleryRelabel").toolTip()
    qtbot.keyClick(tab.gallery.grid, Qt.Key_2)
    assert notifier.table == ClassTable()
    assert "not in the class table" in tab.messages.notes[-1].text
    assert kept.rows
    idle()


def test_that_the_model_can_be_trained_on(qtbot, cats_taken_for_automobiles, model_file):
    tab = cats_taken_for_automobiles
    choose(tab, 0)
    qtbot.keyClick(tab.gallery.grid, Qt.Key_2)
    with qtbot.waitSignal(tab.changes.train_requested) as asked:
        qtbot.mouseClick(child(tab, QPushButton, "changedLabels.train"), Qt.LeftButton)
    assert asked.args == [model_file]


def test_that_paths_are_copied_and_the_file_is_revealed(qtbot, cats_taken_for_automobiles, sources, monkeypatch, idle):
    tab, opened = cats_taken_for_automobiles, []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url) or len(opened) == 1)
    choose(tab, 0, 1)
    actions = texts_of(tab.gallery.actions_on_images.menu.actions())
    actions["copyPaths"].trigger()
    idle()
    path = sources[0].path
    assert QApplication.clipboard().text().splitlines() == [f"{path}#12", f"{path}#11"]
    actions["reveal"].trigger()
    idle()
    assert opened == [QUrl.fromLocalFile(str(path.parent))]
    assert not tab.messages.notes
    actions["reveal"].trigger()
    idle()
    assert "open it in your file manager" in tab.messages.notes[0].text


def test_that_keys_in_the_large_view_change_the_image_on_show_alone(qtbot, cats_taken_for_automobiles, notifier, idle):
    tab = cats_taken_for_automobiles
    choose(tab, 0, 1, 2)
    tab.gallery.grid.open_current()
    idle()
    dialog = tab.gallery.findChild(QWidget, "imageDialog")
    qtbot.keyClick(dialog, Qt.Key_X)
    assert contents(notifier.table)["cat", "cat", "validation"] == [*range(10), 11, 12]
    assert child(dialog, QLabel, "imageDialog.caption").text().endswith("\nexcluded")
    # Other cells are chosen meanwhile: the key is for the image that is seen.
    tab.confusion.table.setCurrentIndex(tab.confusion.model.index(1, 1))
    qtbot.mouseClick(child(dialog, QPushButton, "imageDialog.back"), Qt.LeftButton)
    idle()
    qtbot.keyClick(dialog, Qt.Key_X)
    assert contents(notifier.table)["cat", "cat", "validation"] == [*range(10), 12]
    assert contents(notifier.table)["automobile", "automobile", "validation"] == [*range(13)]
    qtbot.keyClick(dialog, Qt.Key_F12)
    assert dialog.isVisible()
    qtbot.keyClick(dialog, Qt.Key_Escape)
    assert not dialog.isVisible()


def test_that_space_shows_the_image_large_and_the_keys_go_on_from_there(qtbot, cats_taken_for_automobiles, idle):
    tab = cats_taken_for_automobiles
    choose(tab, 1)
    qtbot.keyClick(tab.gallery.grid, Qt.Key_Space)
    idle()
    dialog = tab.gallery.findChild(QWidget, "imageDialog")
    assert child(dialog, QLabel, "imageDialog.origin").text().endswith("cat.rtdc#11")
    assert child(dialog, QLabel, "imageDialog.place").text() == "2 of 4"
    qtbot.mouseClick(child(dialog, QPushButton, "imageDialog.next"), Qt.LeftButton)
    idle()
    assert child(dialog, QLabel, "imageDialog.origin").text().endswith("cat.rtdc#10")
    assert tab.gallery.grid.currentIndex().row() == 2
    qtbot.mouseClick(child(dialog, QPushButton, "imageDialog.next"), Qt.LeftButton)
    idle()
    assert not child(dialog, QPushButton, "imageDialog.next").isEnabled()
    qtbot.mouseClick(child(dialog, QPushButton, "imageDialog.back"), Qt.LeftButton)
    idle()
    assert child(dialog, QLabel, "imageDialog.place").text() == "3 of 4"


def test_that_deep_images_share_a_display_range(qtbot, tab, notifier, model_file, fake_model, tmp_path, idle):
    levels = [100, 1000, 5000]
    images = np.zeros((3, 8, 10), np.uint16)
    for number, level in enumerate(levels):
        images[number, 4:] = level
    write_rtdc(tmp_path / "deep.rtdc", images)
    notifier.set_table(ClassTable().add_sources([(open_source(tmp_path / "deep.rtdc").source, "cat", Role.TEST)]))
    notifier.choose_model(model_file)
    with qtbot.waitSignal(tab.assessed):
        tab.assess()
    tab.confusion.table.selectAll()
    child(tab, QComboBox, "gallerySort").setCurrentText("as in the data")
    ways = child(tab, QComboBox, "galleryLevels")
    assert ways.isVisible()
    assert [int(one.image.max()) for one in tab.gallery.images.read([0, 1, 2])] == [255, 255, 255]
    choose(tab, 1)
    ways.setCurrentIndex(1)
    idle()
    assert tab.gallery.grid.selected_rows().tolist() == [1]
    qtbot.waitUntil(lambda: tab.gallery.levels.levels is not None)
    low, high = (child(tab, QDoubleSpinBox, f"galleryLevels.{name}") for name in ("low", "high"))
    assert (low.value(), high.value()) == (0, 5000)
    assert [int(one.image.max()) for one in tab.gallery.images.read([0, 1, 2])] == [5, 51, 255]
    high.setValue(1000)
    assert [int(one.image.max()) for one in tab.gallery.images.read([0, 1, 2])] == [26, 255, 255]
    grid = tab.gallery.grid
    qtbot.waitUntil(lambda: not grid.images.missing(grid.visible_rows()))
    assert grid.images.index(0).data(IMAGE_ROLE).max() == 26
    idle()


def test_that_keys_do_nothing_to_an_image_that_is_current_but_not_selected(qtbot, cats_taken_for_automobiles, notifier):
    tab, before = cats_taken_for_automobiles, notifier.table
    choose(tab)
    grid = tab.gallery.grid
    grid.selectionModel().setCurrentIndex(grid.images.index(0), QItemSelectionModel.NoUpdate)
    for key in (Qt.Key_X, Qt.Key_2, Qt.Key_T):
        qtbot.keyClick(grid, key)
        assert notifier.table == before
        assert tab.messages.notes[-1].text == "Choose images first."
    assert not child(tab, QToolButton, "galleryExclude").isEnabled()


def test_that_a_change_to_what_an_image_is_already_is_told(qtbot, cats_taken_for_automobiles, notifier):
    tab, before = cats_taken_for_automobiles, notifier.table
    choose(tab, 0, 1)
    qtbot.keyClick(tab.gallery.grid, Qt.Key_V)
    assert tab.messages.notes[-1].text == "These 2 images are used for validation already."
    choose(tab, 0)
    qtbot.keyClick(tab.gallery.grid, Qt.Key_1)
    assert tab.messages.notes[-1].text == "This image is of the class cat already."
    assert notifier.table is before


def test_that_what_is_held_out_of_a_training_row_is_told(qtbot, tab, notifier, model_file, fake_model):
    training = ClassTable(tuple(replace(row, role=Role.TRAINING) for row in notifier.table.rows))
    notifier.set_table(training)
    notifier.choose_model(model_file)
    with qtbot.waitSignal(tab.assessed):
        tab.assess()
    made = replace(tab.assessment, role=Role.VALIDATION)
    tab.relabelling.follow(made)
    tab.relabelling.set_role(np.array([0]), Role.TRAINING)
    assert "used for training already: the run held it out of its training rows." in tab.messages.notes[-1].text
    assert notifier.table is training


def test_that_images_stay_selected_in_another_order_and_under_a_threshold(qtbot, cats_taken_for_automobiles, idle):
    tab = cats_taken_for_automobiles
    choose(tab, 2, 0)
    chosen = tab.gallery.actions_on_images.selected.tolist()
    child(tab, QComboBox, "gallerySort").setCurrentText("as in the data")
    assert sorted(tab.gallery.actions_on_images.selected.tolist()) == sorted(chosen)
    assert tab.gallery.grid.selected_rows().tolist() == [1, 3]
    assert tab.gallery.grid.currentIndex().row() == 3
    tab.run_row.set_threshold(Threshold(1, 0.4))
    idle()
    assert sorted(tab.gallery.actions_on_images.selected.tolist()) == sorted(chosen)
    # Other cells have other images.
    tab.confusion.table.setCurrentIndex(tab.confusion.model.index(1, 1))
    assert not len(tab.gallery.actions_on_images.selected)


def test_that_images_of_8_bits_have_no_display_range(assessed_tab):
    assert not child(assessed_tab, QComboBox, "galleryLevels").isVisible()


def test_that_everything_has_a_name(assessed_tab):
    names = [widget.objectName() for widget in assessed_tab.gallery.findChildren(QToolButton) if widget.isVisible()]
    assert {"galleryRelabel", "galleryRole", "galleryExclude", "galleryExport"} <= set(names)
    assert all(
        child(assessed_tab, QToolButton, name).accessibleName() and child(assessed_tab, QToolButton, name).toolTip()
        for name in names
    )
    assert Path(assessed_tab.assessment.path).name == "epoch_00011.keras"

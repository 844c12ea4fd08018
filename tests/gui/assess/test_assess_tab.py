"""The tab as a user sees it: from a model and images to the images of a cell."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLabel,
    QPushButton,
    QTableView,
    QWidget,
)

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.errors import DataError
from aid_desktop.evaluation import assessment
from aid_desktop.gui.assess.assess_tab import AssessTab
from aid_desktop.gui.recent_models import RecentModelsMenu
from aid_desktop.gui.widgets.image_grid import ImageGrid
from aid_desktop.gui.widgets.image_items import CORRECT_ROLE
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.held_out import HeldOut, key_of, write_held_out

COUNTS = [[9, 4], [2, 11]]


def image_of(actual: int, predicted: int, number: int) -> np.ndarray:
    """Return an image as those of the data set are, see conftest.py."""
    image = np.zeros((8, 10), np.uint8)
    image[0, :3] = actual, predicted, number
    return image


def child(tab: QWidget, kind: type, name: str):
    found = tab.findChild(kind, name)
    assert found is not None, name
    return found


def gallery_of(tab: AssessTab) -> tuple[list[str], str]:
    grid, heading = child(tab, ImageGrid, "imageGallery"), child(tab, QLabel, "galleryHeading")
    model = grid.images
    return [model.index(row).data() for row in range(model.rowCount())], heading.text()


def click_cell(qtbot, tab: AssessTab, row: int, column: int) -> None:
    view = child(tab, QTableView, "confusionMatrix")
    place = view.visualRect(view.model().index(row, column)).center()
    qtbot.mouseClick(view.viewport(), Qt.LeftButton, pos=place)


def click_header(qtbot, header, section: int) -> None:
    along = header.sectionViewportPosition(section) + header.sectionSize(section) // 2
    across = header.height() // 2 if header.orientation() == Qt.Horizontal else header.width() // 2
    place = QPoint(along, across) if header.orientation() == Qt.Horizontal else QPoint(across, along)
    qtbot.mouseClick(header.viewport(), Qt.LeftButton, pos=place)


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("column", [0, 1])
def test_that_a_click_on_a_cell_shows_as_many_images_as_it_says(qtbot, assessed_tab, row, column):
    click_cell(qtbot, assessed_tab, 1 - row, column)
    click_cell(qtbot, assessed_tab, row, column)
    captions, heading = gallery_of(assessed_tab)
    names = ("cat", "automobile")
    assert str(len(captions)) == assessed_tab.confusion.model.index(row, column).data()
    assert len(captions) == COUNTS[row][column]
    assert all(caption.startswith(f"{names[row]} → {names[column]} ") for caption in captions)
    expected = f"{len(captions)} × actual {names[row]}, predicted {names[column]}"
    assert heading == expected
    assert assessed_tab.gallery.grid.images.index(0).data(CORRECT_ROLE) is (row == column)


def test_that_headers_and_corner_choose_rows_columns_and_all(qtbot, assessed_tab):
    view = child(assessed_tab, QTableView, "confusionMatrix")
    click_header(qtbot, view.verticalHeader(), 0)
    assert (len(gallery_of(assessed_tab)[0]), gallery_of(assessed_tab)[1]) == (
        13,
        "13 × actual cat",
    )
    click_header(qtbot, view.horizontalHeader(), 1)
    assert (len(gallery_of(assessed_tab)[0]), gallery_of(assessed_tab)[1]) == (
        15,
        "15 × predicted automobile",
    )
    qtbot.mouseClick(child(assessed_tab, QAbstractButton, "confusionMatrix.all"), Qt.LeftButton)
    assert (len(gallery_of(assessed_tab)[0]), gallery_of(assessed_tab)[1]) == (
        26,
        "26 × all images",
    )


def test_that_arrow_keys_choose_cells(qtbot, assessed_tab):
    click_cell(qtbot, assessed_tab, 0, 0)
    qtbot.keyClick(child(assessed_tab, QTableView, "confusionMatrix"), Qt.Key_Right)
    assert len(gallery_of(assessed_tab)[0]) == COUNTS[0][1]


def test_that_the_most_frequent_mistake_is_shown_first(assessed_tab):
    assert gallery_of(assessed_tab)[1] == "4 × actual cat, predicted automobile"


def test_that_the_gallery_shows_the_images_themselves(qtbot, assessed_tab, idle):
    click_cell(qtbot, assessed_tab, 1, 0)
    grid, images = assessed_tab.gallery.grid, assessed_tab.gallery.images
    qtbot.waitUntil(lambda: not grid.images.missing(grid.visible_rows()))
    idle()
    for row, read in enumerate(images.read([0, 1])):
        assert tuple(read.image[0, :2]) == (1, 0)
        assert read.origin.endswith("automobile.rtdc#" + str(1 - row))


def test_that_images_can_be_ordered(qtbot, assessed_tab, idle):
    click_cell(qtbot, assessed_tab, 0, 1)
    orders = child(assessed_tab, QComboBox, "gallerySort")
    found = {}
    for order in ("most certain first", "least certain first", "as in the data"):
        orders.setCurrentText(order)
        captions, _ = gallery_of(assessed_tab)
        found[order] = [caption[-4:] for caption in captions]
    assert found["most certain first"] == ["0.63", "0.62", "0.61", "0.60"]
    assert found["least certain first"] == ["0.60", "0.61", "0.62", "0.63"]
    assert found["as in the data"] == ["0.60", "0.61", "0.62", "0.63"]
    idle()


def test_that_the_modes_are_buttons_and_the_matrix_can_be_copied(qtbot, assessed_tab):
    qtbot.mouseClick(child(assessed_tab, QPushButton, "confusionMatrix.by_row"), Qt.LeftButton)
    assert assessed_tab.confusion.model.index(0, 1).data() == "30.8 %"
    qtbot.mouseClick(child(assessed_tab, QPushButton, "confusionMatrix.counts"), Qt.LeftButton)
    qtbot.mouseClick(child(assessed_tab, QPushButton, "confusionMatrix.copy"), Qt.LeftButton)
    text = QApplication.clipboard().text()
    assert text == "actual \\ predicted\tcat\tautomobile\ncat\t9\t4\nautomobile\t2\t11\n"


def test_that_the_scores_stand_beside_the_matrix(assessed_tab):
    table = child(assessed_tab, QTableView, "metricsTable")
    names = [table.model().index(row, 0).data() for row in range(4)]
    assert names == ["cat", "automobile", "macro mean", "weighted mean"]
    headline = child(assessed_tab, QLabel, "assessHeadline").text()
    assert headline.startswith("accuracy 0.7692 [0.")
    assert headline.endswith("] · 26 images")
    assert "<b>0.545</b>" in child(assessed_tab, QLabel, "assessFigure.mcc").text()
    assert child(assessed_tab, QLabel, "assessTitle").text() == "epoch_00011.keras on the validation images"


def test_that_a_threshold_changes_matrix_scores_and_gallery(qtbot, assessed_tab, idle):
    tab = assessed_tab
    click_cell(qtbot, tab, 0, 1)
    tab.run_row._class.setCurrentText("cat")
    tab.run_row._probability.setValue(0.65)
    tab.run_row._use.setChecked(True)
    idle()
    matrix = tab.assessment.matrix
    assert matrix.threshold.class_index == 0
    assert matrix.counts.tolist() == [[3, 10], [0, 13]]
    assert len(gallery_of(tab)[0]) == 10
    assert "cat above 0.65" in child(tab, QLabel, "assessTitle").text()
    tab.run_row._use.setChecked(False)
    idle()
    assert tab.assessment.matrix.counts.tolist() == COUNTS


def test_that_the_model_says_what_it_wants(qtbot, tab, notifier, model_file, idle):
    tab.model_row.edit.setText(str(model_file))
    with qtbot.waitSignal(notifier.model_chosen) as chosen:
        qtbot.keyClick(tab.model_row.edit, Qt.Key_Return)
    idle()
    assert chosen.args == [model_file]
    contract = child(tab, QLabel, "assessContract").text()
    assert contract == "6×6 gray, /255, 2 classes (cat, automobile), 8-bit · LeNet5_do epoch 11 ✓"
    menu = tab.findChild(RecentModelsMenu)
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == [str(model_file)]


def test_that_rows_the_model_cannot_take_are_told_with_what_to_do(tab, notifier, table, model_file, idle, tmp_path):
    notifier.choose_model(model_file)
    idle()
    contract = child(tab, QLabel, "assessContract")
    notifier.set_table(ClassTable((replace(table.rows[0], class_name="lorry"), table.rows[1])))
    assert contract.text().startswith("✗ The model does not know the class lorry, only cat, automobile: rename")
    assert "6×6 gray" in contract.toolTip()
    deep = tmp_path / "deep.rtdc"
    write_rtdc(deep, np.zeros((3, 8, 10), np.uint16))
    notifier.set_table(ClassTable().add_sources([(open_source(deep).source, "cat", Role.VALIDATION)]))
    assert "deep.rtdc has images of 16 bits, expected 8 bits" in contract.text()
    assert "Choose images like those of the training" in contract.text()
    # Rows of another role do not matter.
    tab.run_row.roles.setCurrentIndex(0)
    tab.run_row.roles.activated.emit(0)
    assert contract.text().endswith("epoch 11")
    notifier.set_table(table)
    tab.run_row.roles.setCurrentIndex(1)
    tab.run_row.roles.activated.emit(1)
    assert contract.text().endswith("✓")


def test_that_validation_is_proposed_where_there_is_no_test(tab, notifier, table):
    assert tab.run_row.role is Role.VALIDATION
    assert child(tab, QLabel, "assessImageCount").text() == "26 images"
    notifier.set_table(ClassTable((replace(table.rows[0], role=Role.TEST), table.rows[1])))
    assert tab.run_row.role is Role.TEST
    tab.run_row.roles.setCurrentIndex(2)
    tab.run_row.roles.activated.emit(2)
    notifier.set_table(table)
    assert (tab.run_row.role, child(tab, QLabel, "assessImageCount").text()) == (Role.TRAINING, "0 images")


def test_that_each_area_says_what_belongs_there(qtbot, tab, notifier, model_file, idle):
    texts = [stage.empty_text for stage in tab._stages]
    assert all(texts)
    assert "Choose a model" in texts[0]
    notifier.choose_model(model_file)
    idle()
    assert "Not yet assessed" in tab._stages[0].empty_text


def test_that_nothing_happens_without_a_model(qtbot, tab):
    qtbot.mouseClick(child(tab, QPushButton, "assessRunButton"), Qt.LeftButton)
    assert "No model is chosen" in tab.messages.notes[0].text
    qtbot.mouseClick(child(tab, QPushButton, "classifyButton"), Qt.LeftButton)
    assert tab.findChild(QDialog, "classifyDialog") is None


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "There is no model at"), (b"no archive", "is not a model that can be read")],
)
def test_that_a_bad_model_is_told_and_goes_when_a_good_one_comes(qtbot, tab, tmp_path, model_file, idle, content, told):
    path = tmp_path / "bad.keras"
    if content is not None:
        path.write_bytes(content)
    tab.model_row.choose(path)
    idle()
    assert told in tab.messages.notes[0].text
    tab.assess()
    idle()
    assert told in tab.messages.notes[0].text
    assert tab.run_row.run_button.isEnabled()
    tab.model_row.choose(model_file)
    idle()
    assert tab.messages.notes == ()


def test_that_a_folder_without_a_run_is_told(tab, tmp_path, idle):
    tab.model_row.choose(tmp_path)
    idle()
    assert "neither a model nor the folder of a run" in tab.messages.notes[0].text


def test_that_a_role_without_images_is_told(tab, model_file, fake_model, idle):
    tab.model_row.choose(model_file)
    idle()
    tab.run_row.roles.setCurrentIndex(0)
    tab.assess()
    idle()
    assert "There are no test images" in tab.messages.notes[0].text


def test_that_an_error_of_the_evaluation_leaves_the_result_before(assessed_tab, monkeypatch, idle):
    def fail(*_):
        raise DataError("the model knows the classes cat, automobile; row x is labelled dog")

    before = assessed_tab.assessment
    monkeypatch.setattr(assessment, "predict_rows", fail)
    assessed_tab.assess()
    idle()
    assert "labelled dog" in assessed_tab.messages.notes[0].text
    assert assessed_tab.assessment is before
    assert assessed_tab.run_row.run_button.isEnabled()


def test_that_images_which_have_gone_are_told(qtbot, assessed_tab, sources, idle):
    sources[1].path.unlink()
    with qtbot.waitSignal(assessed_tab.gallery.failed):
        assessed_tab.gallery.images._readers.clear()
        click_cell(qtbot, assessed_tab, 1, 1)
    idle()
    assert "automobile.rtdc" in assessed_tab.messages.notes[0].text


def test_that_cancel_drops_the_result_and_allows_another(qtbot, tab, model_file, fake_model, monkeypatch, idle):
    tab.model_row.choose(model_file)
    idle()
    with qtbot.assertNotEmitted(tab.assessed):
        tab.assess()
        assert not tab.run_row.run_button.isEnabled()
        qtbot.mouseClick(child(tab, QPushButton, "assessCancelButton"), Qt.LeftButton)
        idle()
    assert tab.assessment is None
    with qtbot.waitSignal(tab.assessed):
        qtbot.mouseClick(child(tab, QPushButton, "assessRunButton"), Qt.LeftButton)
    idle()


def test_that_a_model_can_be_dropped_and_images_are_left_to_the_window(qtbot, tab, notifier, model_file, idle):
    for path, taken in ((model_file, True), (model_file.parent / "cat.rtdc", False)):
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        event = QDragEnterEvent(QPoint(5, 5), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier)
        QApplication.sendEvent(tab, event)
        assert event.isAccepted() is taken
        if taken:
            QApplication.sendEvent(tab, QDropEvent(QPoint(5, 5), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier))
    idle()
    assert notifier.model == model_file


@pytest.fixture
def labelled_file(tmp_path: Path) -> Path:
    """Return images of both classes in one file: two taken for a cat, of which one is, and three for a car."""
    pairs = [(1, 1), (0, 0), (1, 0), (1, 1), (1, 1)]
    write_rtdc(tmp_path / "M_Data.rtdc", np.stack([image_of(*pair, number) for number, pair in enumerate(pairs)]))
    (tmp_path / "M_Labels.txt").write_text("1\n0\n1\n1\n1\n", "ascii")
    return tmp_path / "M_Data.rtdc"


def test_that_a_file_with_labels_is_dropped_and_assessed_on(qtbot, tab, model_file, fake_model, labelled_file, idle):
    tab.model_row.choose(model_file)
    idle()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(labelled_file))])
    event = QDragEnterEvent(QPoint(5, 5), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier)
    QApplication.sendEvent(tab, event)
    assert event.isAccepted()
    QApplication.sendEvent(tab, QDropEvent(QPoint(5, 5), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier))
    assert child(tab, QLabel, "assessImageCount").text() == "M_Data.rtdc"
    with qtbot.waitSignal(tab.assessed) as told:
        qtbot.mouseClick(child(tab, QPushButton, "assessRunButton"), Qt.LeftButton)
    idle()
    assert told.args[0].counts.tolist() == [[1, 0], [1, 3]]
    assert tab.assessment.title.endswith(" on M_Data.rtdc")
    labelled_file.with_name("M_Labels.txt").write_text("7\n" * 5, "ascii")
    tab.assess()
    idle()
    assert "has the label 7, expected 0 to 1" in tab.messages.notes[0].text


def test_that_a_file_with_labels_is_chosen_in_the_list_or_left(qtbot, tab, labelled_file, monkeypatch):
    names = ["", str(labelled_file)]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (names.pop(0), ""))
    roles, last = tab.run_row.roles, tab.run_row.roles.count() - 1
    before = roles.currentIndex()
    for expected in (before, last):
        roles.setCurrentIndex(last)
        roles.activated.emit(last)
        assert roles.currentIndex() == expected
    assert (tab.run_row.labelled, tab.run_row.role) == (labelled_file, Role.TEST)
    roles.setCurrentIndex(1)
    roles.activated.emit(1)
    assert tab.run_row.labelled is None
    assert child(tab, QLabel, "assessImageCount").text() == "26 images"


def test_that_an_image_is_shown_large_as_it_is_and_as_the_network_sees_it(qtbot, assessed_tab, idle):
    grid = assessed_tab.gallery.grid
    grid.setCurrentIndex(grid.images.index(0))
    qtbot.keyClick(grid, Qt.Key_Return)
    idle()
    dialog = child(assessed_tab, QDialog, "imageDialog")
    assert dialog.isVisible()
    assert not dialog.isModal()
    assert child(dialog, QLabel, "imageDialog.origin").text().endswith("cat.rtdc#12")
    assert child(dialog, QLabel, "imageDialog.probabilities").text() == "automobile 0.6300 · cat 0.3700"
    original, fitted = (child(dialog, QLabel, f"imageDialog.{one}") for one in ("original", "fitted"))
    assert original.pixmap().width() > original.pixmap().height() * 1.2
    assert fitted.pixmap().width() == fitted.pixmap().height()


def test_that_the_report_is_written_into_a_chosen_folder(qtbot, assessed_tab, tmp_path, monkeypatch, idle):
    folder = tmp_path / "report"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    qtbot.mouseClick(child(assessed_tab, QPushButton, "reportButton"), Qt.LeftButton)
    idle()
    assert {path.suffix for path in folder.iterdir()} == {".html", ".xlsx", ".csv", ".png", ""}
    assert (folder / "tables" / "roc.csv").is_file()
    assert "report.html" in assessed_tab.messages.notes[0].text


def test_that_every_widget_to_act_on_has_a_name_and_a_tooltip(assessed_tab):
    kinds = (QAbstractButton, QComboBox, QTableView, ImageGrid)
    for widget in (one for kind in kinds for one in assessed_tab.findChildren(kind)):
        # Those of Qt: the arrows of a row of tabs, for one.
        if widget.objectName().startswith(("qt_", "Scroll")) or not widget.isVisible():
            continue
        assert widget.objectName(), widget
        assert widget.accessibleName(), widget.objectName()
        assert widget.toolTip() or isinstance(widget, QTableView), widget.objectName()


def test_that_all_images_are_shown_when_none_is_wrong(qtbot, assessed_tab):
    perfect = replace(assessed_tab.assessment.matrix, predicted=assessed_tab.assessment.matrix.actual)
    with qtbot.waitSignal(assessed_tab.confusion.cells_selected) as selected:
        assessed_tab.confusion.set_matrix(perfect)
    np.testing.assert_array_equal(selected.args[0].positions, np.arange(26))


def test_that_the_best_model_of_a_run_is_taken(qtbot, tab, tmp_path, model_file, notifier, idle):
    run = tmp_path / "run"
    (run / "models").mkdir(parents=True)
    (run / "run.toml").write_text("")
    model_file.rename(run / "models" / "epoch_00011.keras")
    lines = ["epoch,revision,learning_rate,val_loss,val_accuracy,seconds,model"]
    lines += ["10,0,0.001,0.5,0.7,1,epoch_00010.keras", "11,0,0.001,0.4,0.9,1,epoch_00011.keras"]
    (run / "history.csv").write_text("\n".join(lines) + "\n")
    tab.model_row.choose(run)
    idle()
    assert notifier.model == Path(run / "models" / "epoch_00011.keras")


def test_that_the_images_that_the_run_held_out_are_the_validation_images(
    qtbot, tab, notifier, model_file, fake_model, idle, tmp_path
):
    run = RunFolder(tmp_path / "run")
    run.models.mkdir(parents=True)
    run.run_toml.write_text("")
    model = run.model("epoch_00011.keras")
    model.write_bytes(model_file.read_bytes())
    trained = notifier.table.set_role([0, 1], Role.TRAINING)
    notifier.set_table(trained)
    held_out = {key_of(row.source): ("0", "2", "5") for row in trained.rows}
    write_held_out(HeldOut(held_out), run.held_out)
    notifier.choose_model(model)
    idle()
    assert tab.run_row.role is Role.VALIDATION
    assert child(tab, QLabel, "assessImageCount").text() == "6 images"
    with qtbot.waitSignal(tab.assessed):
        tab.assess()
    idle()
    assert tab.assessment.predictions.n == 6
    assert set(tab.assessment.predictions.index.tolist()) == {0, 2, 5}
    child(tab, QComboBox, "assessRole").setCurrentText("training")
    with qtbot.waitSignal(tab.assessed):
        tab.assess()
    idle()
    assert tab.assessment.predictions.n == trained.images(Role.TRAINING) - 6

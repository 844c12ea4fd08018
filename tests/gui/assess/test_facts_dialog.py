"""Models without a card in the Assessment tab: the form that asks for what they do not say."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import QFileDialog, QLabel

from aid_desktop.gui.assess.facts_dialog import FactsDialog
from aid_desktop.gui.assess.model_choice import UnknownModel, may_be_model
from aid_desktop.gui.background import Background
from aid_desktop.models.facts import ModelFacts, NetworkShape
from aid_desktop.models.metadata import read_card

FILES = Path(__file__).parents[2] / "models" / "legacy_files"
# A model that AIDeveloper 0.0.3 has saved, with its table.
REAL = Path(__file__).parents[4] / "shared" / "data" / "legacy_aideveloper" / "M01_AutoCat_146.model"
needs_real = pytest.mark.skipif(not REAL.is_file(), reason="needs a file of AIDeveloper not part of the repository")


@pytest.fixture
def idle(qtbot, background: Background) -> Callable[[], None]:
    """Return a function that waits until no job is left; the first job imports TensorFlow."""
    return lambda: qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=60_000)


@pytest.fixture
def old_model(tmp_path: Path) -> Path:
    """Return a model of Keras 2 that tells three classes apart and does not say which."""
    folder = tmp_path / "old"
    folder.mkdir()
    shutil.copy(FILES / "skip.model", folder / "skip.model")
    return folder / "skip.model"


@pytest.fixture
def dialog(qtbot, tab, old_model, idle) -> FactsDialog:
    """Return the form that opens when the model is chosen."""
    tab.model_row.choose(old_model)
    idle()
    found = tab.model_row.findChild(FactsDialog, "factsDialog")
    assert found is not None
    return found


def fill(dialog: FactsDialog, classes: str = "a, b,c", method: str = "divide_by_255") -> None:
    dialog.classes.setText(classes)
    dialog.normalization.setCurrentIndex(dialog.normalization.findData(method))


@pytest.mark.keras
def test_that_a_described_model_is_saved_with_its_card_and_chosen(qtbot, tab, notifier, dialog, old_model, idle):
    assert notifier.model is None
    assert not dialog.save_button.isEnabled()
    fill(dialog)
    target = Path(dialog.target.text())
    assert target == old_model.with_suffix(".keras")
    before = old_model.read_bytes()
    qtbot.mouseClick(dialog.save_button, Qt.LeftButton)
    # Too late to leave: the file would be there all the same.
    assert not dialog.cancel_button.isEnabled()
    dialog.reject()
    assert dialog.isVisible()
    idle()
    card = read_card(target)
    assert (card.class_names, card.normalization.method) == (("a", "b", "c"), "divide_by_255")
    assert (tab.model_row.path, notifier.model) == (target, target)
    assert tab.run_row.class_names == ("a", "b", "c")
    assert "3 classes (a, b, c)" in tab.findChild(QLabel, "assessContract").toolTip()
    assert not tab.model_row.describe_button.isVisible()
    assert old_model.read_bytes() == before


@pytest.mark.keras
def test_that_a_name_that_is_taken_is_told_in_the_form_which_can_be_used_again(qtbot, dialog, old_model, idle):
    fill(dialog)
    dialog.target.setText(str(old_model))
    dialog.save()
    idle()
    assert "give a new name" in dialog.messages.notes[0].text
    assert dialog.save_button.isEnabled()
    dialog.target.setText(str(old_model.parent / "absent" / "x.keras"))
    dialog.save()
    idle()
    assert "Choose another place" in dialog.messages.notes[0].text


@pytest.mark.keras
def test_that_the_form_can_be_opened_again_and_assessing_without_it_is_told(qtbot, tab, dialog, fake_model, idle):
    dialog.reject()
    qtbot.waitUntil(lambda: tab.model_row.findChild(FactsDialog, "factsDialog") is None)
    assert "does not say" in tab.findChild(QLabel, "assessContract").text()
    qtbot.mouseClick(tab.model_row.describe_button, Qt.LeftButton)
    tab.model_row.findChild(FactsDialog, "factsDialog").reject()
    qtbot.waitUntil(lambda: tab.model_row.findChild(FactsDialog, "factsDialog") is None)
    # The form comes instead of advice on the command line.
    tab.assess()
    assert tab.model_row.findChild(FactsDialog, "factsDialog").isVisible()
    assert not tab.messages.notes


@needs_real
@pytest.mark.keras
def test_that_a_model_of_aideveloper_is_dropped_and_its_classes_can_be_named(qtbot, tab, notifier, tmp_path, idle):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(REAL))])
    event = QDragEnterEvent(QPoint(1, 1), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier)
    tab.dragEnterEvent(event)
    assert event.isAccepted()
    tab.dropEvent(QDropEvent(QPoint(1, 1), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier))
    idle()
    assert notifier.model == REAL
    contract = tab.findChild(QLabel, "assessContract")
    assert contract.toolTip().endswith("32×32 gray, /255, 2 classes (class 0, class 1), 8-bit · LeNet5_do epoch 146")
    assert contract.text().startswith("✗ The model does not know the classes automobile, cat, only class 0, class 1:")
    qtbot.mouseClick(tab.model_row.describe_button, Qt.LeftButton)
    form = tab.model_row.findChild(FactsDialog, "factsDialog")
    assert (form.classes.text(), form.facts.normalization) == ("class 0, class 1", "divide_by_255")
    assert not form.normalization.isEnabled()
    form.classes.setText("automobile, cat")
    form.target.setText(str(tmp_path / "named.keras"))
    qtbot.mouseClick(form.save_button, Qt.LeftButton)
    idle()
    assert notifier.model == tmp_path / "named.keras"
    assert read_card(notifier.model).class_names == ("automobile", "cat")
    assert read_card(notifier.model).epoch == 146
    tab.run_row.set_labelled(REAL.with_name("M01_AutoCat_Valid_Data.rtdc"))
    with qtbot.waitSignal(tab.assessed, timeout=60_000):
        tab.assess()
    idle()
    assert (tab.assessment.scores.n, tab.assessment.scores.accuracy) == (400, 0.925)


@pytest.mark.keras
def test_that_a_model_is_browsed_for_among_all_kinds(qtbot, tab, old_model, idle, monkeypatch):
    asked = []

    def choose(*arguments: object) -> tuple[str, str]:
        asked.append(arguments[-1])
        return str(old_model), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    tab.model_row.browse()
    idle()
    assert asked == ["Models (*.keras *.model *.h5 *.hdf5);;All files (*)"]
    assert tab.model_row.findChild(FactsDialog, "factsDialog") is not None


def test_that_the_form_asks_for_all_that_is_missing(qtbot, background):
    missing = ("class_names", "normalization", "size", "channels")
    model = UnknownModel(Path("x.h5"), NetworkShape((None, None, 2), 2), missing)
    form = FactsDialog(model, background)
    qtbot.addWidget(form)
    form.show()
    assert "images of any size with 2 channels and tells 2 classes apart" in model.text
    fill(form, "a,b", "standardize_training_set")
    assert form.mean.isVisible()
    assert not form.save_button.isEnabled()
    form.channels.setText("bright, dark")
    form.width_box.setValue(20)
    form.mean.setValue(0.0)
    assert not form.save_button.isEnabled()
    form.std.setValue(2.5)
    assert form.save_button.isEnabled()
    assert form.facts == ModelFacts(
        ("a", "b"), "standardize_training_set", 0.0, 2.5, (20, 32), ("bright", "dark")
    )  # fmt: skip
    fill(form, "a,b", "none")
    assert not form.mean.isVisible()
    assert form.facts.mean is None
    for wrong in ("a", "a,a", "a,b,c", ""):
        form.classes.setText(wrong)
        assert not form.save_button.isEnabled()


def test_that_hdf5_files_are_models_only_with_a_network_inside(tmp_path, sources):
    as_h5 = tmp_path / "net.h5"
    shutil.copy(FILES / "skip.model", as_h5)
    assert may_be_model(as_h5)
    images = tmp_path / "images.h5"
    shutil.copy(sources[0].path, images)
    assert not may_be_model(images)
    assert not may_be_model(sources[0].path)
    assert not may_be_model(tmp_path / "absent.h5")

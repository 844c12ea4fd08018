"""Wrong labels as a user finds them: the search, the list, the gallery, the file."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QComboBox, QFileDialog, QLabel, QPushButton, QTabWidget

from aid_desktop.data.class_table import Role
from aid_desktop.errors import DataError
from aid_desktop.evaluation import label_search as core
from aid_desktop.evaluation.label_issues import Evidence
from aid_desktop.gui.assess import label_search
from aid_desktop.gui.assess.assess_tab import AssessTab
from aid_desktop.gui.assess.label_issues_view import LabelIssuesView
from aid_desktop.gui.models.label_issue_model import Column
from aid_desktop.gui.widgets.message_strip import Level
from aid_desktop.models.files import LoadedModel


@pytest.fixture
def view(assessed_tab: AssessTab, monkeypatch: pytest.MonkeyPatch, card) -> LabelIssuesView:
    """Return the tab of an assessment with 4 cats taken for automobiles and 2 the other way round."""
    monkeypatch.setattr(label_search, "load_model", lambda path: LoadedModel(None, card, path))

    def embed(loaded, predictions, progress, stop) -> np.ndarray:
        """Let each image lie where its prediction tells."""
        progress(predictions.n, predictions.n)
        random = np.random.default_rng(0).standard_normal((predictions.n, 3))
        return (random + 20 * predictions.predicted()[:, None]).astype(np.float32)

    monkeypatch.setattr(core, "embed_rows", embed)
    tabs = assessed_tab.findChild(QTabWidget, "assessResultTabs")
    tabs.setCurrentWidget(assessed_tab.insights.labels)
    return assessed_tab.insights.labels


def press(qtbot, view: LabelIssuesView, name: str) -> None:
    button = view.findChild(QPushButton, name)
    assert button is not None, name
    qtbot.mouseClick(button, Qt.LeftButton)


def texts(view: LabelIssuesView, column: Column) -> list[str]:
    return [view.model.index(row, column).data() for row in range(view.model.rowCount())]


def test_that_suspicious_images_are_listed_and_shown_in_the_gallery(qtbot, assessed_tab, view, idle) -> None:
    press(qtbot, view, "labelIssuesFind")
    idle()
    assert view.messages.notes == ()
    assert view.found.issues.evidence is Evidence.MODEL
    found = {(issue.actual, issue.suggested) for issue in view.found.issues.issues}
    assert found <= {("cat", "automobile"), ("automobile", "cat")}
    n = view.model.rowCount()
    assert 3 <= n <= 6
    assert texts(view, Column.SCORE) == sorted(texts(view, Column.SCORE), reverse=True)
    gallery = assessed_tab.gallery
    assert gallery.heading.text().startswith(f"{n} suspicious images")
    assert set(gallery.images.positions.tolist()) == {issue.position for issue in view.found.issues.issues}
    view.table.selectRow(1)
    assert gallery.images.positions.tolist() == [view.model.issues[1].position]
    assert gallery.heading.text().startswith("1 suspicious image")


def test_that_the_gallery_keeps_the_order_of_the_list(qtbot, assessed_tab, view, idle) -> None:
    gallery = assessed_tab.gallery
    orders = gallery.findChild(QComboBox, "gallerySort")
    orders.setCurrentText("least certain first")
    press(qtbot, view, "labelIssuesFind")
    idle()
    assert orders.currentText() == "as listed"
    assert gallery.images.positions.tolist() == [issue.position for issue in view.model.issues]
    orders.setCurrentText("as in the data")
    assert gallery.images.positions.tolist() == sorted(issue.position for issue in view.model.issues)
    view.table.selectRow(1)
    assert orders.currentText() == "as in the data"
    assessed_tab.confusion.table.selectAll()
    assert orders.currentText() == "least certain first"
    assert orders.findText("as listed") < 0


def test_that_rows_have_pictures(qtbot, view, idle) -> None:
    press(qtbot, view, "labelIssuesFind")
    qtbot.waitUntil(lambda: view.model.index(0, Column.IMAGE).data(Qt.DecorationRole) is not None)
    idle()
    first = view.model.index(0, Column.IMAGE)
    assert first.data(Qt.DecorationRole).width() == 32
    issue = view.model.issues[0]
    assert first.data() == f"{issue.actual}.rtdc #{issue.index}"
    assert first.data(Qt.ToolTipRole).endswith(f"{issue.actual}.rtdc#{issue.index}")


def test_that_training_images_are_judged_by_others(qtbot, assessed_tab, view, idle, notifier) -> None:
    assert not view.findChild(QPushButton, "labelIssuesSeries").isVisible()
    notifier.set_table(notifier.table.set_role(range(2), Role.TRAINING))
    assessed_tab.run_row.findChild(QComboBox, "assessRole").setCurrentText("training")
    with qtbot.waitSignal(assessed_tab.assessed):
        assessed_tab.assess()
    idle()
    assert view.model.rowCount() == 0
    assert view.findChild(QPushButton, "labelIssuesSeries").isVisible()
    press(qtbot, view, "labelIssuesFind")
    idle()
    assert view.found.issues.evidence is Evidence.CROSS_VALIDATION
    assert "has learnt from these images" in view.findChild(QLabel, "labelIssuesEvidence").text()


def test_that_the_list_is_filtered_and_saved(qtbot, view, idle, tmp_path: Path, monkeypatch) -> None:
    save = view.findChild(QPushButton, "labelIssuesSave")
    assert not save.isEnabled()
    press(qtbot, view, "labelIssuesFind")
    idle()
    reasons = view.findChild(QComboBox, "labelIssuesReasons")
    n = view.model.rowCount()
    assert reasons.itemText(0) == f"all reasons ({n})"
    assert reasons.itemText(1) == f"looks like another class ({n})"
    reasons.setCurrentIndex(1)
    assert view.model.rowCount() == n
    path = tmp_path / "list"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    press(qtbot, view, "labelIssuesSave")
    idle()
    with path.with_suffix(".csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == n
    assert view.messages.notes[0].text == f"The list is in {path}.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "list.txt"), ""))
    press(qtbot, view, "labelIssuesSave")
    idle()
    assert view.messages.notes[-1].level is Level.ERROR


def test_that_failures_are_told_and_a_cancelled_search_finds_nothing(qtbot, view, idle, tmp_path, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DataError("the images are gone: bring them back")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    view.ask_for_series()
    idle()
    assert "holds no series of runs" in view.messages.notes[0].text
    monkeypatch.setattr(label_search, "search_labels", fail)
    press(qtbot, view, "labelIssuesFind")
    idle()
    assert view.messages.notes[0].text == "The images are gone: bring them back"
    monkeypatch.undo()
    monkeypatch.setattr(label_search, "load_model", fail)
    press(qtbot, view, "labelIssuesFind")
    view.work.cancel()
    idle()
    assert view.found is None
    assert view.messages.notes == ()

"""The curves beside the matrix: made when they are looked at, saved, and the threshold that can be dragged."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QPoint
from PyQt5.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox, QLabel

from aid_desktop.data.class_table import Role
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.calibration import store_temperature
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import score
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.gui.assess.assess_tab import AssessTab
from aid_desktop.gui.assess.result_tabs import ResultTabs
from aid_desktop.gui.theme import ThemeManager, ThemeName
from aid_desktop.models.metadata import ModelCard, read_card

SOURCE = DataSource(Path("/data/cat"), SourceKind.FOLDER, 9, ((4, 4, 1),), "digest")


def made_of(
    card: ModelCard, path: Path, n: int = 400, names: tuple[str, ...] = ("cat", "<b>dog</b>"), role: Role = Role.TEST
) -> Assessment:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, len(names), n)
    # Too certain: the power makes high probabilities higher.
    values = (generator.dirichlet(np.ones(len(names)), n) + 0.6 * np.eye(len(names))[labels]) ** 4
    values = (values / values.sum(axis=1, keepdims=True)).astype(np.float32)
    predictions = Predictions(names, (SOURCE,), (1.0,), np.zeros(n, np.intp), np.arange(n), values, labels)
    card = dataclasses.replace(card, class_names=names)
    matrix = ConfusionMatrix.from_predictions(predictions)
    return Assessment(path, card, role, predictions, matrix, score(predictions))


@pytest.fixture
def made(card: ModelCard, model_file: Path) -> Assessment:
    return made_of(card, model_file)


@pytest.fixture
def tabs(qtbot, background, made: Assessment) -> ResultTabs:
    shown = ResultTabs(ThemeManager(QApplication.instance()), background)
    qtbot.addWidget(shown)
    shown.resize(660, 380)
    shown.show()
    shown.show_assessment(made)
    return shown


def test_that_only_what_is_seen_is_computed(tabs: ResultTabs, background, idle) -> None:
    assert background.n_jobs == 0
    assert tabs.roc.panel.curves == {}
    tabs.setCurrentWidget(tabs.roc)
    idle()
    assert next(iter(tabs.roc.panel.curves)) == "chance"
    assert len(tabs.roc.panel.curves) == 3
    assert tabs.precision_recall.panel.curves == {}
    tabs.setCurrentWidget(tabs.metrics)
    tabs.setCurrentWidget(tabs.roc)
    assert background.n_jobs == 0


def test_that_every_page_draws_says_something_and_saves_its_numbers(
    tabs: ResultTabs, background, idle, tmp_path: Path
) -> None:
    for page in tabs.pages:
        tabs.setCurrentWidget(page)
        idle()
        assert page.frame.empty_text == ""
        assert page.text.text()
        for suffix in (".csv", ".svg", ".png"):
            path = tmp_path / f"{page.name}{suffix}"
            page.frame.save(path)
            assert path.stat().st_size > 100
        page.frame._save_to(tmp_path / "later.csv")
        assert background.n_jobs == 1
        idle()
        assert (tmp_path / "later.csv").read_bytes() == (tmp_path / f"{page.name}.csv").read_bytes()
        with (tmp_path / f"{page.name}.csv").open(encoding="utf-8") as file:
            rows = list(csv.reader(file))
        assert len(rows) > 5
    with (tmp_path / "threshold.csv").open(encoding="utf-8") as file:
        assert next(csv.reader(file)) == [
            "threshold of cat", "concentration", "enrichment", "yield", "images sorted out",
        ]  # fmt: skip


def test_that_everything_to_act_on_has_a_name_of_its_own_and_a_tooltip(tabs: ResultTabs, idle) -> None:
    names = []
    for page in tabs.pages:
        tabs.setCurrentWidget(page)
        idle()
        for kind in (QAbstractButton, QComboBox, QAbstractSpinBox):
            for widget in page.findChildren(kind):
                if widget.isVisible() and not widget.objectName().startswith("qt_"):
                    assert widget.accessibleName(), widget.objectName()
                    assert widget.toolTip(), widget.objectName()
                    names.append(widget.objectName())
    assert all(names)
    assert len(names) == len(set(names)) >= 20


def test_that_names_in_legend_and_crosshair_are_no_html(tabs: ResultTabs, idle) -> None:
    tabs.setCurrentWidget(tabs.roc)
    idle()
    assert any(name.startswith("&lt;b&gt;dog") for name in tabs.roc.panel.curves)
    readout = tabs.roc._read(tabs.roc.panel, 0.3, 0.5)
    assert "false positive rate 0.3" in readout.text
    assert "&lt;b&gt;dog" in readout.text


def test_that_classes_can_be_left_out_by_a_menu(tabs: ResultTabs, idle) -> None:
    tabs.setCurrentWidget(tabs.roc)
    idle()
    tabs.roc.classes._actions[1].trigger()
    idle()
    assert len(tabs.roc.panel.curves) == 2
    tabs.roc.classes._actions[0].trigger()
    idle()
    assert "No class has a curve" in tabs.roc.frame.empty_text


def test_that_of_many_classes_the_largest_are_drawn_first(tabs: ResultTabs, card, model_file, idle) -> None:
    tabs.show_assessment(made_of(card, model_file, 200, tuple(f"class {index}" for index in range(20))))
    tabs.setCurrentWidget(tabs.roc)
    idle()
    assert len(tabs.roc.classes.chosen) == 12
    assert len(tabs.roc.panel.curves) == 13


def test_that_dragging_the_line_sets_the_threshold_and_the_text_follows(tabs: ResultTabs, qtbot, idle) -> None:
    page = tabs.threshold
    tabs.setCurrentWidget(page)
    idle()
    assert "Drag the line" in page.text.text()
    with qtbot.waitSignal(tabs.threshold_moved) as moved:
        page._lines[0].setValue(0.73)
    assert moved.args == [Threshold(0, 0.73)]
    assert page.text.text().startswith("cat above 0.73: concentration ")
    assert "Drag" not in page.text.text()
    point = page.found.at(0.73)
    assert f"enrichment {point.enrichment:.3g}" in page.text.text()


def test_that_enrichment_has_a_plot_of_its_own(tabs: ResultTabs, idle) -> None:
    tabs.setCurrentWidget(tabs.threshold)
    idle()
    assert list(tabs.threshold.panel.curves) == ["concentration", "yield", "initial concentration"]
    tabs.threshold.kinds.setCurrentIndex(1)
    assert list(tabs.threshold.panel.curves) == ["enrichment", "without sorting"]


def test_that_the_legend_of_a_low_plot_stands_above_it_and_in_saved_files(
    tabs: ResultTabs, idle, tmp_path: Path
) -> None:
    page = tabs.threshold
    tabs.setCurrentWidget(page)
    idle()
    assert not page.panel.legend.isVisible()
    assert page.legend.texts == ("concentration", "yield", "initial")
    assert page.legend.mapTo(page, page.legend.rect().bottomLeft()).y() < page.frame.canvas.mapTo(page, QPoint()).y()
    page.frame.save(tmp_path / "sorting.svg")
    assert "initial concentration" in (tmp_path / "sorting.svg").read_text(encoding="utf-8")
    page.kinds.setCurrentIndex(1)
    assert page.legend.texts == ("enrichment", "without sorting")


def test_that_a_threshold_from_elsewhere_moves_the_lines_of_its_class(tabs: ResultTabs, qtbot, idle) -> None:
    tabs.setCurrentWidget(tabs.probabilities)
    idle()
    with qtbot.assertNotEmitted(tabs.threshold_moved):
        tabs.set_threshold(Threshold(1, 0.25))
        idle()
    for page in (tabs.probabilities, tabs.threshold):
        assert page.classes.currentText() == "<b>dog</b>"
        assert page._lines[0].value() == 0.25
    assert tabs.probabilities.text.text().startswith("<b>dog</b> above 0.25")
    tabs.set_threshold(None)
    assert "Drag the line" in tabs.probabilities.text.text()


def test_that_another_threshold_does_not_compute_curves_again(tabs: ResultTabs, made, background, idle) -> None:
    tabs.setCurrentWidget(tabs.threshold)
    idle()
    found = tabs.threshold.found
    matrix = ConfusionMatrix.from_predictions(made.predictions, Threshold(0, 0.4))
    tabs.show_assessment(dataclasses.replace(made, matrix=matrix))
    assert background.n_jobs == 0
    assert tabs.threshold.found is found


def test_that_the_reject_threshold_and_its_line_go_together(tabs: ResultTabs, made, idle) -> None:
    page = tabs.coverage
    tabs.setCurrentWidget(page)
    idle()
    page.reject.setValue(0.8)
    kept = made.predictions.probabilities.max(axis=1) >= 0.8
    right = (made.predictions.predicted() == made.predictions.labels)[kept].mean()
    assert page.line.value() == pytest.approx(kept.mean())
    assert f"{int(kept.sum())} of 400 images are kept" in page.text.text()
    assert f"accuracy {right:.4f};" in page.text.text()
    page.line.setValue(0.5)
    assert page._found.at(page.reject.value())[0] == pytest.approx(0.5, abs=0.01)


def test_that_calibrating_changes_the_card_and_the_probabilities_and_can_be_taken_back(
    tabs: ResultTabs, qtbot, made, model_file: Path, idle
) -> None:
    page = tabs.calibration
    tabs.setCurrentWidget(page)
    idle()
    assert page.temperature.text() == "not calibrated"
    assert not page.remove_button.isEnabled()
    assert "Better fitted on validation images" in page.text.text()
    with qtbot.waitSignal(tabs.recalibrated) as told:
        page.fit_button.click()
    changed = told.args[0]
    card = read_card(model_file)
    assert card.temperature > 1.2
    assert changed.card.temperature == card.temperature
    assert changed.scores.probability.log_loss < made.scores.probability.log_loss
    assert changed.scores.accuracy == made.scores.accuracy
    assert "calibration error" in page.messages.notes[-1].text
    tabs.show_assessment(changed)
    idle()
    assert page.temperature.text().startswith("temperature ")
    with qtbot.waitSignal(tabs.recalibrated) as told:
        page.remove_button.click()
    np.testing.assert_allclose(told.args[0].predictions.probabilities, made.predictions.probabilities, atol=1e-5)
    assert read_card(model_file) == dataclasses.replace(card, temperature=1.0)


def test_that_calibrating_again_begins_with_the_network_and_removing_brings_all_back(
    tabs: ResultTabs, qtbot, made, model_file: Path, idle
) -> None:
    page = tabs.calibration
    tabs.setCurrentWidget(page)
    temperatures = []
    for button in (page.fit_button, page.fit_button, page.remove_button):
        with qtbot.waitSignal(tabs.recalibrated) as told:
            button.click()
        idle()
        temperatures.append(told.args[0].card.temperature)
        tabs.show_assessment(told.args[0])
        assert len(page.messages.notes) == 1
    assert temperatures == [temperatures[0], temperatures[0], 1]
    np.testing.assert_array_equal(told.args[0].predictions.probabilities, made.predictions.probabilities)
    idle()


@pytest.mark.parametrize(("smallest", "is_lost"), [(0.0, True), (0.01, False)])
def test_that_probabilities_too_small_to_be_restored_are_told(
    tabs: ResultTabs, qtbot, made, model_file: Path, smallest: float, is_lost: bool, idle
) -> None:
    card = store_temperature(model_file, read_card(model_file), 0.5)
    values = np.maximum(made.predictions.probabilities, 0.02)
    values[0] = smallest, 1 - smallest
    predictions = dataclasses.replace(made.predictions, probabilities=values)
    tabs.show_assessment(dataclasses.replace(made, predictions=predictions, card=card))
    with qtbot.waitSignal(tabs.recalibrated):
        tabs.calibration.remove_button.click()
    idle()
    assert ("too small to be restored: assess it again" in tabs.calibration.messages.notes[-1].text) == is_lost


def test_that_calibrating_on_faultless_images_is_refused(tabs: ResultTabs, made, model_file: Path, idle) -> None:
    predictions = dataclasses.replace(made.predictions, labels=made.predictions.predicted())
    tabs.show_assessment(dataclasses.replace(made, predictions=predictions))
    tabs.calibration.fit_button.click()
    idle()
    assert "right for all of them" in tabs.calibration.messages.notes[-1].text
    assert read_card(model_file).temperature == 1


def test_that_calibrating_puts_no_older_result_over_a_newer_one(
    tabs: ResultTabs, qtbot, card, model_file: Path, idle
) -> None:
    with qtbot.assertNotEmitted(tabs.recalibrated):
        tabs.calibration.fit_button.click()
        assert not tabs.calibration.fit_button.isEnabled()
        tabs.show_assessment(made_of(card, model_file, 300))
        assert not tabs.calibration.fit_button.isEnabled()
        idle()
    assert "assess it again" in tabs.calibration.messages.notes[-1].text
    assert tabs.calibration.fit_button.isEnabled()


def test_that_what_was_calibrated_is_not_told_of_another_model(
    tabs: ResultTabs, qtbot, card, tmp_path: Path, idle
) -> None:
    with qtbot.waitSignal(tabs.recalibrated) as told:
        tabs.calibration.fit_button.click()
    tabs.show_assessment(told.args[0])
    assert len(tabs.calibration.messages.notes) == 1
    tabs.show_assessment(made_of(card, tmp_path / "other.keras"))
    assert tabs.calibration.messages.notes == ()


def test_that_a_hidden_page_forgets_the_classes_of_the_model_before(
    tabs: ResultTabs, card, model_file: Path, idle
) -> None:
    tabs.show_assessment(made_of(card, model_file, names=("a", "b", "c", "d")))
    for page in tabs.pages:
        tabs.setCurrentWidget(page)
        idle()
    tabs.setCurrentWidget(tabs.metrics)
    tabs.show_assessment(made_of(card, model_file))
    assert all(panel.curves == {} for page in tabs.pages for panel in page.frame.panels.values())
    themes = tabs.roc.frame._themes
    themes.set_theme(ThemeName.DARK)
    themes.set_theme(ThemeName.LIGHT)
    tabs.threshold.kinds.setCurrentIndex(1)
    assert all(panel.curves == {} for page in tabs.pages for panel in page.frame.panels.values())


def test_that_only_the_scores_in_view_are_measured_for_the_widths(tabs: ResultTabs) -> None:
    assert tabs.metrics.table.horizontalHeader().resizeContentsPrecision() == 0


def test_that_training_images_are_warned_of(tabs: ResultTabs, qtbot, card, model_file: Path, idle) -> None:
    tabs.show_assessment(made_of(card, model_file, role=Role.TRAINING))
    tabs.setCurrentWidget(tabs.calibration)
    idle()
    assert "Do not fit on training images" in tabs.calibration.text.text()
    with qtbot.waitSignal(tabs.recalibrated):
        tabs.calibration.fit_button.click()
    assert "Remove it, and calibrate on others" in tabs.calibration.messages.notes[-1].text


def test_that_a_model_that_cannot_be_calibrated_is_told(tabs: ResultTabs, made, tmp_path: Path, idle) -> None:
    path = tmp_path / "old.model"
    path.write_bytes(b"x")
    tabs.show_assessment(dataclasses.replace(made, path=path))
    tabs.setCurrentWidget(tabs.calibration)
    idle()
    tabs.calibration.fit_button.click()
    idle()
    assert "has no model card that could be changed" in tabs.calibration.messages.notes[-1].text
    assert tabs.calibration.fit_button.isEnabled()


def test_that_the_tab_shows_what_calibration_has_changed(qtbot, assessed_tab: AssessTab, idle) -> None:
    tab = assessed_tab
    before = tab.assessment
    tab.results.setCurrentWidget(tab.results.calibration)
    idle()
    with qtbot.waitSignal(tab.results.recalibrated):
        tab.results.calibration.fit_button.click()
    idle()
    assert tab.assessment.card.temperature != 1
    assert tab.assessment.matrix.counts.tolist() == before.matrix.counts.tolist()
    assert "calibrated (temperature " in tab.findChild(QLabel, "assessContract").text()
    assert len(tab.messages.notes) == 0


def test_that_a_model_is_either_assessed_or_calibrated(qtbot, assessed_tab: AssessTab, idle) -> None:
    tab = assessed_tab
    tab.assess()
    assert not tab.results.calibration.fit_button.isEnabled()
    idle()
    assert tab.results.calibration.fit_button.isEnabled()
    tab.results.calibration.fit_button.click()
    assert not tab.run_row.run_button.isEnabled()
    with qtbot.assertNotEmitted(tab.assessed):
        tab.assess()
        idle()
    assert tab.run_row.run_button.isEnabled()
    assert tab.assessment.card.temperature != 1


def test_that_a_threshold_moved_while_calibrating_is_kept(assessed_tab: AssessTab, idle) -> None:
    tab = assessed_tab
    tab.results.calibration.fit_button.click()
    tab.run_row.set_threshold(Threshold(0, 0.7))
    idle()
    assert tab.assessment.card.temperature != 1
    assert tab.assessment.matrix.threshold == Threshold(0, 0.7)


def test_that_a_line_over_an_old_result_is_no_threshold_of_the_model_chosen_since(
    assessed_tab: AssessTab, idle
) -> None:
    tab = assessed_tab
    tab.results.setCurrentWidget(tab.results.threshold)
    idle()
    tab.run_row.set_class_names(("red cell", "white cell"))
    tab.results.threshold._lines[0].setValue(0.65)
    idle()
    assert tab.run_row.threshold is None
    assert tab.assessment.matrix.threshold == Threshold(0, 0.65)
    assert "cat above 0.65" in tab.results.threshold.text.text()
    tab.run_row.set_threshold(Threshold(1, 0.3))
    idle()
    assert tab.assessment.matrix.threshold == Threshold(0, 0.65)
    assert tab.results.threshold._lines[0].value() == 0.65


def test_that_the_tab_follows_a_line_that_is_dragged(assessed_tab: AssessTab, idle) -> None:
    tab = assessed_tab
    tab.results.setCurrentWidget(tab.results.threshold)
    idle()
    for value in np.linspace(0.6, 0.65, 30):
        tab.results.threshold._lines[0].setValue(float(value))
    idle()
    assert tab.run_row.threshold == Threshold(0, 0.65)
    assert tab.assessment.matrix.threshold == Threshold(0, 0.65)
    assert "cat above 0.65: concentration" in tab.findChild(QLabel, "assessSorting").text()
    assert tab.findChild(QComboBox, "assessThresholdClass").currentText() == "cat"


def test_that_the_dark_theme_reaches_the_curves(tabs: ResultTabs, idle) -> None:
    tabs.setCurrentWidget(tabs.threshold)
    idle()
    themes = tabs.threshold.frame._themes
    before = tabs.threshold._lines[0].pen.color().name()
    themes.set_theme(ThemeName.DARK)
    assert tabs.threshold._lines[0].pen.color().name() != before
    tabs.setCurrentWidget(tabs.coverage)
    idle()
    (curve,) = tabs.coverage.panel.curves.values()
    assert curve.opts["pen"].color().name() == themes.current.correct
    themes.set_theme(ThemeName.LIGHT)
    (curve,) = tabs.coverage.panel.curves.values()
    assert curve.opts["pen"].color().name() == themes.current.correct
    themes.set_theme(ThemeName.LIGHT)

"""The Assessment tab on a screen of 1366 × 768: matrix and curves can be read, and a line of images is left."""

import dataclasses

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, Qt
from PyQt5.QtGui import QMouseEvent
from PyQt5.QtWidgets import QApplication, QSlider, QTextEdit

from aid_desktop.data.class_table import Role
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import score
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.gui.assess.assess_tab import AssessTab
from aid_desktop.gui.assess.results_splitter import ResultsSplitter
from aid_desktop.gui.theme import ThemeName

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@pytest.fixture
def of_ten_classes(card, model_file, sources) -> Assessment:
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 20)
    values = generator.dirichlet(np.ones(10), 200) + np.eye(10)[labels]
    values = (values / values.sum(axis=1, keepdims=True)).astype(np.float32)
    index = np.arange(200) % sources[0].n_images
    predictions = Predictions(NAMES, sources[:1], (1.0,), np.zeros(200, np.intp), index, values, labels)
    card = dataclasses.replace(card, class_names=NAMES)
    matrix = ConfusionMatrix.from_predictions(predictions)
    return Assessment(model_file, card, Role.TEST, predictions, matrix, score(predictions))


def wait(qtbot, window) -> None:
    qtbot.waitUntil(lambda: window.background.n_jobs == 0, timeout=30_000)
    QApplication.processEvents()


@pytest.fixture
def tab(qtbot, window, model_file, of_ten_classes) -> AssessTab:
    window.resize(1366, 768)
    made = window.assessment
    window.tabs.setCurrentWidget(made)
    made.model_row.choose(model_file)
    wait(qtbot, window)
    made._on_assessed(of_ten_classes)
    wait(qtbot, window)
    return made


@pytest.mark.parametrize("theme", [ThemeName.LIGHT, ThemeName.DARK])
def test_that_ten_classes_curves_and_a_line_of_images_can_be_read(qtbot, window, themes, tab: AssessTab, theme) -> None:
    themes.set_theme(theme)
    assert (window.width(), window.height()) == (1366, 768)
    table, grid = tab.confusion.table, tab.gallery.grid
    for bar in (table.verticalScrollBar(), table.horizontalScrollBar()):
        assert bar.maximum() == 0
    # A line of text, and the grid.
    assert min(table.rowHeight(row) for row in range(10)) >= table.fontMetrics().height() + 2
    for page in tab.results.pages:
        tab.results.setCurrentWidget(page)
        wait(qtbot, window)
        for panel in page.frame.panels.values():
            assert panel.plot.vb.height() >= 220
    last = grid.visualRect(grid.images.index(0))
    assert last.bottom() <= grid.viewport().height()
    assert grid.side >= 56


def test_that_a_large_window_has_room_for_usual_images(qtbot, window, tab: AssessTab) -> None:
    splitter = tab.findChild(ResultsSplitter)
    first = splitter.sizes()[0]
    assert tab.gallery.grid.side < 112
    window.resize(1920, 1080)
    wait(qtbot, window)
    assert tab.gallery.grid.side == 112
    above, below = splitter.sizes()
    assert above / (above + below) == pytest.approx(4 / 7, abs=0.01)
    window.resize(1366, 768)
    wait(qtbot, window)
    assert splitter.sizes()[0] == first


def test_that_what_the_user_has_chosen_stays(qtbot, window, tab: AssessTab) -> None:
    splitter, size = tab.findChild(ResultsSplitter), tab.findChild(QSlider, "gallerySize")
    handle, first = splitter.handle(1), splitter.sizes()[0]
    qtbot.mousePress(handle, Qt.LeftButton, pos=handle.rect().center())
    place = handle.rect().center()
    place.setY(place.y() - 100)
    move = QMouseEvent(QEvent.MouseMove, place, Qt.NoButton, Qt.LeftButton, Qt.NoModifier)
    QApplication.sendEvent(handle, move)
    qtbot.mouseRelease(handle, Qt.LeftButton, pos=place)
    above, _ = splitter.sizes()
    assert above < first - 50
    assert tab.gallery.grid.side == 112
    size.setFocus()
    qtbot.keyClick(size, Qt.Key_PageUp)
    assert tab.gallery.grid.side == 144
    window.resize(1366, 800)
    wait(qtbot, window)
    assert tab.gallery.grid.side == 144
    assert splitter.sizes()[0] < first


def test_that_very_little_height_is_shared_too(qtbot) -> None:
    splitter = ResultsSplitter()
    qtbot.addWidget(splitter)
    for _ in range(2):
        splitter.addWidget(QTextEdit())
    splitter.resize(400, 200)
    splitter.show()
    assert splitter.sizes()[0] == pytest.approx(4 / 7 * 192, abs=1)


def test_that_rows_of_the_matrix_are_as_high_as_large_text(qtbot, window, themes, tab: AssessTab) -> None:
    table = tab.confusion.table
    themes.set_zoom(150)
    qtbot.waitUntil(lambda: table.rowHeight(0) >= 0.85 * table.fontMetrics().height())
    themes.set_zoom(100)

"""The same with a real network."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QLabel, QProgressBar, QPushButton

from aid_desktop.gui.assess.classification import ClassifyRequest, Format, classify
from aid_desktop.gui.assess.classify_dialog import ClassifyDialog
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.widgets.work_row import CONVERTING
from aid_desktop.models import onnx_cache, predict
from aid_desktop.models.onnx_cache import OnnxCache

pytestmark = pytest.mark.keras


@pytest.fixture
def real_model(tmp_path, card):
    import keras

    from aid_desktop.models.files import save_model

    keras.utils.set_random_seed(3)
    layers = [keras.layers.Input((6, 6, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(2, activation="softmax")])
    path = tmp_path / "real.keras"
    save_model(model, replace(card, architecture="tiny"), path)
    return path


def test_that_a_model_is_assessed_again_and_again(qtbot, tab, real_model, idle):
    # TensorFlow ends the program in a reused thread of Qt: once is not enough.
    tab.model_row.choose(real_model)
    idle()
    for _ in range(4):
        with qtbot.waitSignal(tab.assessed, timeout=60_000) as told:
            tab.assess()
        idle()
    assert told.args[0].n == 26
    assert tab.assessment.predictions.labels is not None
    np.testing.assert_array_equal(np.bincount(tab.assessment.matrix.actual), [13, 13])


def test_that_files_are_classified_by_a_real_model(real_model, sources, tmp_path):
    request = ClassifyRequest(real_model, (sources[0].path,), Format.CSV, tmp_path / "out.csv")
    found = classify(request, JobContext(lambda done, total: None))
    assert found.n == sum(number for _, number in found.counts) == 13
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").count("\n") == 14


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_that_a_network_that_is_converted_is_told_and_the_wait_for_it_can_be_ended(
    qtbot, background, themes, real_model, sources, tmp_path, idle, monkeypatch, is_cancelled
):
    begun, may_go_on, is_done = (threading.Event() for _ in range(3))
    convert = onnx_cache.to_onnx

    def slow(model, shapes):
        begun.set()
        assert may_go_on.wait(60)
        try:
            return convert(model, shapes)
        finally:
            is_done.set()

    cache = OnnxCache(tmp_path / "networks")
    monkeypatch.setattr(onnx_cache, "to_onnx", slow)
    monkeypatch.setattr(predict, "users_cache", lambda: cache)
    monkeypatch.setattr(predict, "is_worth_it", lambda model, n_images: True)
    dialog = ClassifyDialog(real_model, None, background, themes)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.files.add([sources[0].path])
    dialog.formats.setCurrentText(str(Format.CSV))
    dialog.target.setText(str(tmp_path / "out.csv"))
    dialog.start()
    status = dialog.findChild(QLabel, "classifyStatus")
    try:
        qtbot.waitUntil(lambda: status.text() == CONVERTING, timeout=60_000)
        assert begun.is_set()
        assert dialog.findChild(QProgressBar, "classifyProgress").maximum() == 0
        if is_cancelled:
            qtbot.mouseClick(dialog.findChild(QPushButton, "classifyCancel"), Qt.LeftButton)
            idle()
            assert not is_done.is_set()
    finally:
        may_go_on.set()
    assert is_done.wait(60)
    qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=60_000)
    assert (tmp_path / "out.csv").exists() is not is_cancelled
    result = dialog.findChild(QLabel, "classifyResult").text()
    assert result.startswith("" if is_cancelled else "13 images: ")
    assert dialog.messages.notes == ()


def test_that_a_real_model_is_mapped_and_searched_for_wrong_labels(qtbot, tab, real_model, idle):
    tab.model_row.choose(real_model)
    idle()
    with qtbot.waitSignal(tab.assessed, timeout=60_000):
        tab.assess()
    tab.insights.map.start()
    tab.insights.labels.start()
    qtbot.waitUntil(lambda: tab.insights.map.work.job is None and tab.insights.labels.work.job is None, timeout=60_000)
    assert tab.insights.map.messages.notes == tab.insights.labels.messages.notes == ()
    # 4 x 4 places of 2 filters; what tells the images apart is outside of what the network takes.
    assert tab.insights.map.shown_map.sample.embedding.shape == (26, 32)
    assert np.array_equal(tab.insights.map.plot.places, np.zeros((26, 2)))
    assert tab.insights.labels.found.issues.predictions is tab.assessment.predictions

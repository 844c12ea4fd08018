"""The same with a real network."""

from dataclasses import replace

import numpy as np
import pytest

from aid_desktop.gui.assess.classification import ClassifyRequest, Format, classify
from aid_desktop.gui.background import JobContext

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

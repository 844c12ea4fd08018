from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aid_desktop.models import predict
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.predict import Predictor

pytestmark = pytest.mark.keras
Build = Callable[..., Any]
IMAGES = np.random.default_rng(5).integers(0, 256, (600, 12, 12, 1), np.uint8)


def test_that_predictions_are_those_of_keras(tiny_net: Build, card: ModelCard) -> None:
    model = tiny_net()
    result = Predictor(model, card).predict(IMAGES)
    assert (result.shape, result.dtype) == ((600, 2), np.float32)
    assert np.allclose(result, model(card.normalization.apply(IMAGES), training=False), atol=1e-6)
    assert np.allclose(result.sum(axis=1), 1, atol=1e-5)


def test_that_predictions_do_not_depend_on_the_neighbours_in_a_batch(
    tiny_net: Build, card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = Predictor(tiny_net(), card)
    together = predictor.predict(IMAGES)
    assert np.allclose(predictor.predict(IMAGES[255:258]), together[255:258], atol=1e-6)
    assert np.allclose(predictor.predict(IMAGES[::-1])[::-1], together, atol=1e-6)
    monkeypatch.setattr(predict, "BATCH_SIZE", 37)
    assert np.allclose(predictor.predict(IMAGES), together, atol=1e-6)


def test_that_no_images_give_no_rows(tiny_net: Build, card: ModelCard) -> None:
    assert Predictor(tiny_net(), card).predict(IMAGES[:0]).shape == (0, 2)


def test_that_dropout_does_not_act_in_predictions(dropout_net: Build, card: ModelCard) -> None:
    predictor = Predictor(dropout_net(0.5), card)
    assert np.array_equal(predictor.predict(IMAGES), predictor.predict(IMAGES))


def test_that_a_stop_leaves_the_rows_computed_so_far(
    tiny_net: Build, card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "BATCH_SIZE", 100)
    answers = iter([False, False, True])
    predictor = Predictor(tiny_net(), card)
    result = predictor.predict(IMAGES, lambda: next(answers))
    assert result.shape == (200, 2)
    assert np.allclose(result, predictor.predict(IMAGES)[:200], atol=1e-6)

"""The embedding of predicted images: order, preparation, bounded memory, stopping."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.formats import open_source
from aid_desktop.data.normalize import Normalization
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.evaluation import embedding
from aid_desktop.evaluation.embedding import PROJECTED, embed_rows
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.settings.image import ImageSettings

CARD = ModelCard(
    class_names=("dark", "bright"),
    image=ImageSettings(width=4, height=4),
    normalization=Normalization("divide_by_255"),
    architecture="None",
    epoch=0,
    revision=0,
)


class FakeEmbedder:
    """Gives the grey levels themselves."""

    def __init__(self, model: SimpleNamespace, card: ModelCard) -> None:
        self.size = 16

    def embed(self, images: np.ndarray, should_stop: Any = None, features: Any = None) -> np.ndarray:
        assert len(features) == len(images)
        return images.reshape(len(images), 16).astype(np.float32)


@pytest.fixture
def predictions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Predictions:
    """Return predictions of images that are, all over, 100 × their source + their number."""
    monkeypatch.setattr(embedding, "Embedder", FakeEmbedder)
    sources = []
    for number in (0, 1):
        levels = np.arange(50, dtype=np.uint8) + 100 * number
        write_rtdc(tmp_path / f"{number}.rtdc", np.repeat(levels, 36).astype(np.uint8).reshape(50, 6, 6))
        sources.append(open_source(tmp_path / f"{number}.rtdc").source)
    source = np.array([1, 0, 1, 0, 0])
    index = np.array([4, 3, 2, 49, 0])
    half = np.full((5, 2), 0.5, np.float32)
    return Predictions(CARD.class_names, tuple(sources), (1.0, 2.0), source, index, half, source)


def test_that_rows_are_in_the_order_of_the_predictions(predictions: Predictions) -> None:
    told: list[tuple[int, int]] = []
    values = embed_rows(LoadedModel(None, CARD, Path("m.keras")), predictions, lambda *step: told.append(step))
    assert (values.shape, values.dtype) == ((5, 16), np.float32)
    assert values[:, 0].tolist() == [104, 3, 102, 49, 0]
    assert (values == values[:, :1]).all()
    assert told == [(0, 5), (3, 5), (5, 5)]


def test_that_long_vectors_are_projected_and_keep_their_distances(
    predictions: Predictions, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = LoadedModel(None, CARD, Path("m.keras"))
    plain = embed_rows(loaded, predictions)
    monkeypatch.setattr(embedding, "MOST_VALUES", 10)
    values = embed_rows(loaded, predictions)
    assert values.shape == (5, PROJECTED)
    assert np.array_equal(values, embed_rows(loaded, predictions))
    before, after = (np.linalg.norm(each[:, None] - each[None], axis=2) for each in (plain, values))
    assert np.allclose(after, before, rtol=0.2)


def test_that_a_stop_leaves_the_rest_at_0(predictions: Predictions) -> None:
    answers = iter([False, True])
    values = embed_rows(LoadedModel(None, CARD, Path("m.keras")), predictions, should_stop=lambda: next(answers))
    assert values[:, 0].tolist() == [0, 3, 0, 49, 0]

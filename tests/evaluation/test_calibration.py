"""Temperature scaling: the fit finds what was done to the probabilities, and the card keeps it."""

import dataclasses
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.normalize import Normalization
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError, ModelError
from aid_desktop.evaluation.calibration import fit_temperature, store_temperature, with_temperature
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.models.calibration import calibrated
from aid_desktop.models.files import rewrite_card
from aid_desktop.models.metadata import CARD_NAME, ModelCard, read_card
from aid_desktop.settings.image import ImageSettings

SOURCE = DataSource(Path("/data/cat"), SourceKind.FOLDER, 9, ((4, 4, 1),), "digest")
CARD = ModelCard(("cat", "dog"), ImageSettings(), Normalization("divide_by_255"), "LeNet5", 3, 0)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def overconfident(temperature: float, n: int = 4000) -> Predictions:
    """Return predictions whose probabilities would be true at this temperature."""
    generator = np.random.default_rng(2)
    logits = generator.normal(0, 1.5, (n, 3))
    true = softmax(logits)
    labels = np.array([generator.choice(3, p=row / row.sum()) for row in true.astype(np.float64)])
    values = softmax(logits * temperature)
    return Predictions(("a", "b", "c"), (SOURCE,), (1.0,), np.zeros(n, np.intp), np.arange(n), values, labels)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_that_the_fit_finds_the_temperature(temperature: float) -> None:
    predictions = overconfident(temperature)
    found = fit_temperature(predictions)
    assert found.temperature == pytest.approx(temperature, rel=0.1)
    assert found.log_loss[1] <= found.log_loss[0]
    assert found.ece[1] < 0.03
    again = fit_temperature(with_temperature(predictions, found.temperature))
    assert again.temperature == pytest.approx(1.0, abs=1e-3)


@given(st.floats(0.1, 10), st.integers(0, 1000))
def test_that_a_temperature_divides_the_logits(temperature: float, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(0, 2, (5, 4))
    values = softmax(logits)
    found = calibrated(values, temperature)
    np.testing.assert_allclose(found, softmax(logits / temperature), atol=2e-4)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(found.argmax(axis=1), values.argmax(axis=1))


def test_that_a_temperature_of_one_changes_nothing_and_certainty_is_no_trouble() -> None:
    values = np.array([[1.0, 0.0], [0.25, 0.75]], np.float32)
    assert calibrated(values, 1.0) is values
    assert np.isfinite(calibrated(values, 5.0)).all()
    assert calibrated(values[:0], 2.0).shape == (0, 2)


def test_that_too_little_to_fit_on_is_refused() -> None:
    with pytest.raises(DataError, match="add validation images"):
        fit_temperature(overconfident(1.0, 9))
    with pytest.raises(DataError, match="not known"):
        fit_temperature(dataclasses.replace(overconfident(1.0, 30), labels=None))


def test_that_images_that_tell_no_temperature_are_refused() -> None:
    predictions = overconfident(1.0, 60)
    with pytest.raises(DataError, match="right for all of them"):
        fit_temperature(dataclasses.replace(predictions, labels=predictions.predicted()))
    # Worse than chance, and the more certain the worse: only a temperature without end would help.
    with pytest.raises(DataError, match=r"leave the range of 0\.05 to 20"):
        fit_temperature(dataclasses.replace(predictions, labels=predictions.probabilities.argmin(axis=1)))


def test_that_the_card_keeps_a_temperature_and_old_cards_have_none() -> None:
    card = dataclasses.replace(CARD, temperature=1.7)
    assert ModelCard.from_json(json.loads(json.dumps(card.to_json()))) == card
    assert "temperature" not in CARD.to_json()
    assert ModelCard.from_json(CARD.to_json()).temperature == 1.0
    for wrong in (0, -1, float("nan"), "hot"):
        with pytest.raises(ModelError):
            ModelCard.from_json(CARD.to_json() | {"temperature": wrong})


def test_that_a_new_card_leaves_the_network_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(range(256)) * 400)
        archive.writestr(CARD_NAME, json.dumps(CARD.to_json()))
    rewrite_card(path, dataclasses.replace(CARD, temperature=2.0))
    assert read_card(path).temperature == 2.0
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == [CARD_NAME, "config.json", "model.weights.h5"]
        assert archive.read("model.weights.h5") == bytes(range(256)) * 400
    rewrite_card(path, CARD)
    assert read_card(path) == CARD
    assert list(tmp_path.iterdir()) == [path]


def test_that_a_model_without_a_card_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "old.model"
    path.write_bytes(b"weights")
    with pytest.raises(ModelError, match=r"export the model as a \.keras file"):
        rewrite_card(path, CARD)
    assert path.read_bytes() == b"weights"


def test_that_a_calibration_by_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(CARD_NAME, json.dumps(CARD.to_json()))
    card = store_temperature(path, CARD, 1.5)
    assert read_card(path) == card
    with pytest.raises(ModelError, match="in the meantime"):
        store_temperature(path, CARD, 3.0)
    assert store_temperature(path, card, 1.0) == CARD

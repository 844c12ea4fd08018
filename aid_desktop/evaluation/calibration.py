"""Find the temperature that makes a model's probabilities true, and keep it in the model's card."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError, ExportError, ModelError
from aid_desktop.evaluation.curves import reliability
from aid_desktop.evaluation.metrics import image_losses
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.models.calibration import calibrated, log_probabilities
from aid_desktop.models.files import rewrite_card
from aid_desktop.models.metadata import ModelCard, has_card, read_card

COLDEST, HOTTEST = 0.05, 20.0
FEWEST_IMAGES = 10
_NEAR = 1.01


@dataclass(frozen=True, slots=True)
class Calibration:
    """A temperature, and log loss and expected calibration error of the images it was fitted on, before and after."""

    temperature: float
    n: int
    log_loss: tuple[float, float]
    ece: tuple[float, float]


def fit_temperature(predictions: Predictions) -> Calibration:
    """Return the temperature T, 0.05 to 20, of the lowest log loss of labelled predictions, see `calibrated`.

    T is to be multiplied with the one that made the predictions, if any. Raises DataError without labels, for
    fewer than 10 images, for images of a single class, and where there is no best T: no image is wrong, or the log
    loss falls to the end of the range.
    """
    labels = predictions.labels
    if labels is None:
        raise DataError("the true classes of these images are not known: give each source its class")
    if len(labels) < FEWEST_IMAGES or len(np.unique(labels)) < 2:
        raise DataError(
            f"the probabilities cannot be calibrated with {len(labels)} images of {len(np.unique(labels))} classes: "
            f"{FEWEST_IMAGES} images of two classes are the least; add validation images"
        )
    if (predictions.predicted() == labels).all():
        raise DataError(
            f"the probabilities cannot be calibrated with these {len(labels)} images: the model is right for all of "
            "them, so that they do not tell how often it errs; take more or harder validation images"
        )
    temperature = check_range(_best_temperature(predictions.probabilities, labels))
    after = with_temperature(predictions, temperature)
    return Calibration(
        temperature,
        len(labels),
        (float(image_losses(predictions).mean()), float(image_losses(after).mean())),
        (reliability(predictions).ece, reliability(after).ece),
    )


def check_range(temperature: float) -> float:
    """Return a temperature that lies within 0.05 to 20. Raises DataError for one at an end or outside."""
    if not COLDEST * _NEAR < temperature < HOTTEST / _NEAR:
        raise DataError(
            f"the probabilities cannot be calibrated with these images: the temperature would leave the range of "
            f"{COLDEST:g} to {HOTTEST:g}; look whether their classes are right, or take more validation images"
        )
    return temperature


def store_temperature(path: Path, card: ModelCard, temperature: float) -> ModelCard:
    """Put a temperature into the card of a model file, 1 for none; return the new card. The network stays as it is.

    `card` is the one that is known: raises ModelError if the file has no card, or another temperature by now, and
    ExportError if the file cannot be written.
    """
    if has_card(path):
        stored = read_card(path)
        if stored.temperature != card.temperature:
            raise ModelError(f"{path.name} was calibrated by somebody else in the meantime: assess it again first")
        card = stored
    card = replace(card, temperature=temperature)
    try:
        rewrite_card(path, card)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ExportError(f"{path} cannot be written: {reason}. Export the model to another place.") from error
    return card


def with_temperature(predictions: Predictions, temperature: float) -> Predictions:
    """Return the same predictions with other probabilities; the classes predicted stay as they are."""
    return replace(predictions, probabilities=calibrated(predictions.probabilities, temperature))


def _best_temperature(probabilities: NDArray[np.float32], labels: NDArray[np.intp]) -> float:
    from scipy.optimize import minimize_scalar

    # Log probabilities serve as logits: they differ by a number for each image, which the softmax takes away.
    logits = log_probabilities(probabilities)
    actual = logits[np.arange(len(labels)), labels]
    highest = logits.max(axis=1, keepdims=True)

    def loss(log_temperature: float) -> float:
        cold = np.exp(-log_temperature)
        total = np.log(np.exp((logits - highest) * cold).sum(axis=1)) + highest[:, 0] * cold
        return float((total - actual * cold).mean())

    # Convex in 1/T, so that it has one minimum in log T too.
    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))

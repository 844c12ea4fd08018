"""Models to start from, read and fitted in background jobs, never beside the first steps of a run."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aid_desktop.gui.assess.model_choice import ChosenModel, UnknownModel, identify
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.models.facts import ModelFacts, NetworkShape
from aid_desktop.models.files import find_card
from aid_desktop.models.metadata import has_card
from aid_desktop.models.seeding import making_network
from aid_desktop.models.transfer import MisfitError
from aid_desktop.runs.best import find_model
from aid_desktop.runs.config import ModelChoice
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.origin import Origin, load_origin, started_from

if TYPE_CHECKING:
    import keras

RENEW = "Let layers that do not fit begin anew"
_RESTART = "start from the model's architecture alone"


@dataclass(frozen=True, slots=True)
class Wish:
    """A model and what it is to be used for: `choice.start_from` is its file or run folder."""

    choice: ModelChoice
    image: ImageSettings
    class_names: tuple[str, ...]
    pixel_type: str


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a model does not fit, and what to do in the window; `has_tied_layers` if layers could begin anew."""

    text: str
    has_tied_layers: bool


def fitted(wish: Wish) -> tuple["keras.Model", Origin]:
    """Return the network that the model becomes, and what is kept of it. Raises AidError."""
    with making_network():
        loaded = load_origin(wish.choice, wish.image, wish.class_names)
        return started_from(loaded, wish.choice, wish.image, wish.class_names, wish.pixel_type)


class Origins:
    """Work for background jobs: each returns None, without a result, where a run has begun meanwhile."""

    def __init__(self, session: TrainingSession) -> None:
        self._session = session

    def identified(
        self, path: Path, facts: ModelFacts | None, context: JobContext
    ) -> ChosenModel | UnknownModel | None:
        """Find a model and read its card. Raises AidError.

        `facts` is what a run would say of a network whose architecture alone is wanted; None if its weights are too.
        """
        file = find_model(path)
        if has_card(file):
            return identify(file, context)
        # Without a card the network is made to see what it takes.
        with making_network():
            if self._session.is_running or context.cancelled:
                return None
            if facts is None:
                return identify(file, context)
            card = find_card(file, facts)
            return ChosenModel(file, card, shape=NetworkShape(card.image.input_shape, len(card.class_names)))

    def looked_at(self, wish: Wish, context: JobContext) -> Origin | Misfit | None:
        """Find out what becomes of a model. Raises AidError for one that cannot be used at all."""
        with making_network():
            if self._session.is_running or context.cancelled:
                return None
            try:
                return fitted(wish)[1]
            except MisfitError as error:
                is_tied = bool(error.tied_layers)
                advice = f"choose that size, tick “{RENEW}”" if is_tied else "choose the channels of the model"
                return Misfit(f"{error.why}: {advice}, or {_RESTART}", is_tied)

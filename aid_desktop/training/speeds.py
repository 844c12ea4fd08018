"""How long an image took in earlier runs on this computer, by network, image size and device, and beside guesses."""

import json
import logging
import os
import statistics
from collections.abc import Sequence
from pathlib import Path

from aid_desktop.models.cost import cost_of
from aid_desktop.models.devices import n_usable_gpus
from aid_desktop.models.strategies import device_in_use
from aid_desktop.paths import write_atomically
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.estimate import cores_of, guess_epoch
from aid_desktop.training.state import RunState

logger = logging.getLogger(__name__)

FORMAT_VERSION = 1
_MOST_ENTRIES = 500
_POSSIBLE = (1e-9, 1e6)
"""Seconds per image; a damaged file may hold others."""
_TELLING_S = 1.0
"""Epochs that are expected to be shorter tell more of what is around the network than of the computer's pace."""


class SpeedBook:
    """A JSON file of seconds per image; what is wrong with it is as if it was not there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, architecture: str, image: ImageSettings, device: DeviceSettings, n_gpus: int) -> float | None:
        """Return the seconds that an image, to train or to validate on, took in the last such run; None without one."""
        return self._read()[0].get(_key(architecture, image, device, n_gpus))

    def pace(self, device: DeviceSettings, n_gpus: int) -> float:
        """Return how many times as long as guessed the networks took that were trained on the device; 1 without any.

        It is the median over all networks and image sizes, so that one run beside other work does not decide.
        """
        seconds, guesses = self._read()
        ending = f" {_place(device, n_gpus)}"
        ratios = [seconds[key] / guess for key, guess in guesses.items() if key.endswith(ending) and key in seconds]
        return statistics.median(ratios) if ratios else 1.0

    def note(
        self,
        architecture: str,
        image: ImageSettings,
        device: DeviceSettings,
        n_gpus: int,
        epochs: Sequence[float],
        guess: float | None = None,
    ) -> None:
        """Remember the seconds per image of a run's epochs, the images that it validates on counted in.

        The first epoch does not count: the step is traced in it. `guess` is what would have been said of an image
        without any earlier run, None if nothing. A file that cannot be written is told in the log alone, since no run
        is to fail for it.
        """
        counted = epochs[1:]
        if not counted:
            return
        speeds, guesses = self._read()
        key = _key(architecture, image, device, n_gpus)
        # The last one goes to the end, the oldest ones leave.
        speeds.pop(key, None)
        speeds[key] = statistics.median(counted)
        guesses.pop(key, None)
        if guess is not None:
            guesses[key] = guess
        kept = {"version": FORMAT_VERSION, "seconds": _newest(speeds), "guesses": _newest(guesses)}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with write_atomically(self._path) as temporary:
                temporary.write_text(json.dumps(kept, indent=1), "utf-8")
        except OSError as error:
            logger.info("the speed of the run is not kept: %s", error)

    def _read(self) -> tuple[dict[str, float], dict[str, float]]:
        """Return the seconds per image, and the guesses of them."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}, {}
        if not isinstance(found, dict) or found.get("version") != FORMAT_VERSION:
            return {}, {}
        return _possible(found.get("seconds")), _possible(found.get("guesses"))


def note_speed(book: SpeedBook, state: RunState, seconds_per_image: Sequence[float]) -> None:
    """Remember the seconds per image of the epochs of a run that has ended, and what would have been guessed."""
    config, n_gpus, batch_size = state.config, n_usable_gpus(), state.settings.hyperparameters.batch_size
    n_trained, n_validated = state.data.images_per_epoch, len(state.data.validation_labels)
    cores = cores_of(config.device, n_gpus, os.cpu_count() or 1)
    guess = guess_epoch(cost_of(state.model), batch_size, cores, n_trained, n_validated)
    per_image = guess / (n_trained + n_validated) if guess is not None and guess >= _TELLING_S else None
    book.note(state.origin.architecture, config.image, config.device, n_gpus, seconds_per_image, per_image)


def _possible(values: object) -> dict[str, float]:
    if not isinstance(values, dict):
        return {}
    low, high = _POSSIBLE
    return {
        str(key): float(value) for key, value in values.items() if isinstance(value, int | float) and low < value < high
    }


def _newest(values: dict[str, float]) -> dict[str, float]:
    return dict(list(values.items())[-_MOST_ENTRIES:])


def _key(architecture: str, image: ImageSettings, device: DeviceSettings, n_gpus: int) -> str:
    size = "x".join(map(str, image.input_shape))
    return f"{architecture} {size} {_place(device, n_gpus)}"


def _place(device: DeviceSettings, n_gpus: int) -> str:
    return f"{device_in_use(device.strategy, n_gpus)} {device.threads}"

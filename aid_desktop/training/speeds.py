"""How long an image took in earlier runs on this computer, by network, image size and device, and beside guesses."""

import json
import logging
import statistics
from collections.abc import Sequence
from pathlib import Path

from aid_desktop.models.strategies import device_in_use
from aid_desktop.paths import write_atomically
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.image import ImageSettings

logger = logging.getLogger(__name__)

FORMAT_VERSION = 1
_MOST_ENTRIES = 500
_TELLING_S = 1.0
"""Epochs that are expected to be shorter tell more of what is around the network than of the computer's pace."""


class SpeedBook:
    """A JSON file of seconds per image; what is wrong with it is as if it was not there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, architecture: str, image: ImageSettings, device: DeviceSettings, n_gpus: int) -> float | None:
        """Return the seconds that an image, to train or to validate on, took in the last such run; None without one."""
        return self._read("seconds").get(_key(architecture, image, device, n_gpus))

    def pace(self, device: DeviceSettings, n_gpus: int) -> float:
        """Return how many times as long as guessed the networks took that were trained on the device; 1 without any.

        It is the median over all networks and image sizes, so that one run beside other work does not decide.
        """
        seconds, guesses = self._read("seconds"), self._read("guesses")
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
        n_images: int,
        guess: float | None = None,
    ) -> None:
        """Remember the seconds of a run's epochs, each with so many images to train and to validate on.

        The first epoch counts only if it is the only one: the step is traced in it. `guess` is what would have been
        said of an epoch without any earlier run, None if nothing. A file that cannot be written is told in the log
        alone, since no run is to fail for it.
        """
        if not epochs or not n_images:
            return
        speeds, guesses = self._read("seconds"), self._read("guesses")
        key = _key(architecture, image, device, n_gpus)
        # The last one goes to the end, the oldest ones leave.
        speeds.pop(key, None)
        speeds[key] = statistics.median(epochs[1:] or epochs) / n_images
        guesses.pop(key, None)
        if guess is not None and guess >= _TELLING_S and len(epochs) > 1:
            guesses[key] = guess / n_images
        kept = {"version": FORMAT_VERSION, "seconds": _newest(speeds), "guesses": _newest(guesses)}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with write_atomically(self._path) as temporary:
                temporary.write_text(json.dumps(kept, indent=1), "utf-8")
        except OSError as error:
            logger.info("the speed of the run is not kept: %s", error)

    def _read(self, name: str) -> dict[str, float]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        values = found.get(name) if isinstance(found, dict) and found.get("version") == FORMAT_VERSION else None
        if not isinstance(values, dict):
            return {}
        return {str(key): float(value) for key, value in values.items() if isinstance(value, int | float) and value > 0}


def _newest(values: dict[str, float]) -> dict[str, float]:
    return dict(list(values.items())[-_MOST_ENTRIES:])


def _key(architecture: str, image: ImageSettings, device: DeviceSettings, n_gpus: int) -> str:
    size = "x".join(map(str, image.input_shape))
    return f"{architecture} {size} {_place(device, n_gpus)}"


def _place(device: DeviceSettings, n_gpus: int) -> str:
    return f"{device_in_use(device.strategy, n_gpus)} {device.threads}"

"""How long an image took in earlier runs on this computer, by network, image size and device."""

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


class SpeedBook:
    """A JSON file of seconds per image; what is wrong with it is as if it was not there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, architecture: str, image: ImageSettings, device: DeviceSettings, n_gpus: int) -> float | None:
        """Return the seconds that an image, to train or to validate on, took in the last such run; None without one."""
        return self._read().get(_key(architecture, image, device, n_gpus))

    def note(
        self,
        architecture: str,
        image: ImageSettings,
        device: DeviceSettings,
        n_gpus: int,
        epochs: Sequence[float],
    ) -> None:
        """Remember the seconds per image of a run's epochs, the images that it validates on counted in.

        The first epoch counts only if it is the only one: the step is traced in it. A file that cannot be written is
        told in the log alone, since no run is to fail for it.
        """
        if not epochs:
            return
        speeds = self._read()
        key = _key(architecture, image, device, n_gpus)
        # The last one goes to the end, the oldest ones leave.
        speeds.pop(key, None)
        speeds[key] = statistics.median(epochs[1:] or epochs)
        kept = dict(list(speeds.items())[-_MOST_ENTRIES:])
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with write_atomically(self._path) as temporary:
                temporary.write_text(json.dumps({"version": FORMAT_VERSION, "seconds": kept}, indent=1), "utf-8")
        except OSError as error:
            logger.info("the speed of the run is not kept: %s", error)

    def _read(self) -> dict[str, float]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        seconds = found.get("seconds") if isinstance(found, dict) and found.get("version") == FORMAT_VERSION else None
        if not isinstance(seconds, dict):
            return {}
        return {
            str(key): float(value) for key, value in seconds.items() if isinstance(value, int | float) and value > 0
        }


def _key(architecture: str, image: ImageSettings, device: DeviceSettings, n_gpus: int) -> str:
    size = "x".join(map(str, image.input_shape))
    return f"{architecture} {size} {device_in_use(device.strategy, n_gpus)} {device.threads}"

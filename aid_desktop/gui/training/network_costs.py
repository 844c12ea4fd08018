"""What the chosen network costs, counted in the background; and whether it can be built at all."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from aid_desktop.errors import ModelZooError, SettingsError, TrainingError
from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.models.cost import Cost
from aid_desktop.models.devices import device_scope
from aid_desktop.models.seeding import making_network
from aid_desktop.models.zoo import InputShape, load_zoo
from aid_desktop.settings.device import DeviceSettings

logger = logging.getLogger(__name__)

_PAUSE_MS = 300


@dataclass(frozen=True, slots=True)
class Network:
    """One network of a model_zoo.py, which is told apart from later ones by its `digest`."""

    zoo: Path
    digest: str
    name: str
    shape: InputShape
    n_classes: int
    n_features: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """The cost, or why the network cannot be built."""

    cost: Cost | None
    problem: str = ""


class NetworkCosts(QObject):
    """Counts one network at a time and remembers the results. `counted` says that there is a new one.

    Nothing is counted before `allow`, that is before TensorFlow is loaded, nor while a run goes on: making a network
    draws from Python's random numbers, from which a run draws its first weights.
    """

    counted = pyqtSignal()

    def __init__(
        self,
        background: Background,
        session: TrainingSession,
        device: Callable[[], DeviceSettings],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._session = session
        self._device = device
        self._results: dict[Network, Counted] = {}
        self._wanted: Network | None = None
        self._is_allowed = False
        self._is_busy = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._begin)
        session.running_changed.connect(self._on_running_changed)

    def allow(self) -> None:
        """Begin to count."""
        self._is_allowed = True
        self._timer.start()

    def of(self, network: Network | None) -> Counted | None:
        """Return the cost if it is known; else let it be counted, in place of what was asked for before."""
        self._wanted = network
        found = self._results.get(network) if network else None
        if network is not None and found is None:
            self._timer.start()
        return found

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        if not running:
            self._timer.start()

    @pyqtSlot()
    def _begin(self) -> None:
        network, session = self._wanted, self._session
        if not self._is_allowed or self._is_busy or session.is_running:
            return
        if network is None or network in self._results:
            return
        device = self._cpu()

        def count(context: JobContext) -> Counted | None:
            with making_network():
                # A run may have begun while this waited for a thread.
                is_late = session.is_running or context.cancelled
            # In a thread of its own, which waits for its turn like any other.
            return None if is_late else counted(network, device)

        self._is_busy = True
        self._background.start(
            "Counting parameters", count, lambda result: self._on_counted(network, result), self._on_failure
        )

    def _cpu(self) -> DeviceSettings:
        try:
            return replace(self._device(), strategy="cpu")
        except SettingsError as error:
            logger.debug("a field is not valid, so TensorFlow starts with what it has: %s", error)
            return DeviceSettings(strategy="cpu")

    def _on_counted(self, network: Network, result: Counted | None) -> None:
        self._is_busy = False
        if result is not None:
            self._results[network] = result
            self.counted.emit()
        self._timer.start()

    def _on_failure(self, failure: Failure) -> None:
        self._is_busy = False
        self._background.failed.emit(failure)


def counted(network: Network, device: DeviceSettings) -> Counted:
    """Return the cost of a network, or why it cannot be built.

    `device` is what a run would be started with, should TensorFlow have to start for this.
    """
    try:
        # For most networks TensorFlow computes nothing; where it does, it takes no other memory and threads later.
        device_scope(device)
    except TrainingError as error:
        logger.debug("a run will refuse to start for this: %s", error)
    try:
        zoo = load_zoo(network.zoo)
        return Counted(zoo.cost(network.name, network.shape, network.n_classes, network.n_features))
    except ModelZooError as error:
        return Counted(None, str(error))

"""What a run with the settings on show will take, beside Start."""

import logging
from collections.abc import Callable

from PyQt5.QtCore import QTimer, pyqtSlot
from PyQt5.QtWidgets import QLabel, QWidget

from aid_desktop.errors import SettingsError, TrainingError
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import set_role
from aid_desktop.gui.training.model_panel import ModelPanel
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.training.session_settings import WindowSettings
from aid_desktop.paths import speeds_file
from aid_desktop.runs.config import RunConfig
from aid_desktop.training.estimate import Estimate, estimate_run, this_computer
from aid_desktop.training.speeds import SpeedBook

logger = logging.getLogger(__name__)

_PAUSE_MS = 300
_MEASURED = "The time is that of the last run of this network, with images of this size, on this device."
_GUESSED = (
    "The time follows from what the network computes and from other runs here; it may be half as long, or twice. Once "
    "such a run has been made here, it is measured."
)
_MEMORY = "The memory comes on top of what the program has; it may be half as much, or twice."


class RunEstimate(QLabel):
    """Follows the settings a moment later; hidden while something trains, and while there is nothing to say.

    `config` returns the run that the window describes, or raises SettingsError; `model` knows what its network costs.
    """

    def __init__(
        self,
        notifier: Notifier,
        session: TrainingSession,
        config: Callable[[], RunConfig],
        model: ModelPanel,
        settings: WindowSettings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("runEstimate")
        self.setAccessibleName("Memory and time that a run will take")
        self._notifier = notifier
        self._session = session
        self._config = config
        self._model = model
        self._n_gpus = self._gpu_memory = 0
        self._speeds = SpeedBook(speeds_file())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._show)
        session.running_changed.connect(self._on_running_changed)
        notifier.table_changed.connect(self.renew)
        settings.changed.connect(self.renew)
        self.hide()

    def set_gpus(self, n_gpus: int, memory: int) -> None:
        """Take note of the GPUs that TensorFlow can use, and of the bytes that the smallest of them has."""
        self._n_gpus, self._gpu_memory = n_gpus, memory
        self.renew()

    @pyqtSlot()
    def renew(self) -> None:
        """Estimate anew, once no setting has changed for a moment."""
        self._timer.start()

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        self.setVisible(False)
        if not running:
            self.renew()

    @pyqtSlot()
    def _show(self) -> None:
        estimate = None if self._session.is_running else self._estimate()
        if estimate is None or not estimate.text:
            self.hide()
            return
        how = _MEASURED if estimate.is_measured else _GUESSED
        self.setText(estimate.warning or f"A run: {estimate.text}")
        self.setToolTip("\n".join(filter(None, (estimate.text if estimate.warning else "", how, _MEMORY))))
        set_role(self, "warning" if estimate.warning else "muted")
        self.show()

    def _estimate(self) -> Estimate | None:
        try:
            config = self._config()
            name = config.model.architecture or ""
            speed = self._speeds.find(name, config.image, config.device, self._n_gpus)
            here = this_computer(self._n_gpus, self._gpu_memory)
            pace = self._speeds.pace(config.device, self._n_gpus)
            return estimate_run(self._notifier.table, config, self._model.cost, here, speed, pace)
        except (SettingsError, TrainingError) as error:
            # What is not valid is marked where it stands.
            logger.debug("there is no estimate: %s", error)
            return None

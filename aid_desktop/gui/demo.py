"""The main job with the built-in sample, driven in the real window by the widgets that a user would use."""

import logging
from collections.abc import Iterator
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSlot
from PyQt5.QtWidgets import QApplication

from aid_desktop.data.sample import write_digits_sample
from aid_desktop.errors import TrainingError
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.gui.app import make_application, make_window
from aid_desktop.gui.background import Failure
from aid_desktop.gui.crash import CrashHook
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.paths import samples_dir
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.events import EpochFinished, RunFailed, RunFinished

logger = logging.getLogger(__name__)

_SIDE = 16
_PAUSE_MS = 400
_START_SETTINGS = AugmentationSettings(rotation=8, width_shift=1, height_shift=1)
# What a user might do while the network trains: the marker on the curves shows it.
_LATER_ZOOM = 0.1


def run_demo(epochs: int, screenshots: Path | None) -> float | None:
    """Run the demo; with a folder for screenshots the window closes by itself at the end.

    Returns the best validation accuracy so far, or None when the window was closed before the first epoch. Raises
    TrainingError when the training failed.
    """
    app = make_application()
    hook = CrashHook(app)
    hook.install()
    window = make_window(app)
    window.show()
    window.warm_up()
    driver = DemoDriver(window, epochs, screenshots)
    hook.caught.connect(driver.give_up)
    QTimer.singleShot(0, driver.begin)
    app.exec()
    hook.uninstall()
    if driver.failure:
        raise TrainingError(driver.failure)
    return driver.accuracy


class DemoDriver(QObject):
    """Walks through the tabs; each step waits for what the window tells."""

    def __init__(self, window: MainWindow, epochs: int, screenshots: Path | None) -> None:
        super().__init__(window)
        self.accuracy: float | None = None
        self.failure = ""
        self._window = window
        self._epochs = epochs
        self._screenshots = screenshots
        self._steps: Iterator[None] | None = None
        window.session.epoch_finished.connect(self._on_epoch)
        window.session.finished.connect(self._on_finished)
        window.session.failed.connect(self._on_failed)
        window.assessment.assessed.connect(self._on_assessed)

    @pyqtSlot()
    def begin(self) -> None:
        """Write the sample and drop it on the window."""
        self._window.background.start(
            "Writing the sample",
            lambda context: write_digits_sample(samples_dir() / "digits"),
            self._on_sample,
            self._on_job_failed,
        )

    def _on_sample(self, folder: Path) -> None:
        self._window.notifier.table_changed.connect(self._on_table)
        self._window.open_paths([folder])

    @pyqtSlot()
    def _on_table(self) -> None:
        self._window.notifier.table_changed.disconnect(self._on_table)
        self._window.notifier.set_image_settings(ImageSettings(width=_SIDE, height=_SIDE))
        self._window.training.model.choose("LeNet5_do")
        self._window.training.settings.set_values(
            TrainingSettings(_START_SETTINGS, HyperParameters(epochs=self._epochs, batch_size=32))
        )
        QTimer.singleShot(5 * _PAUSE_MS, self._start)

    @pyqtSlot()
    def _start(self) -> None:
        self._take_screenshot("1-data")
        self._window.tabs.setCurrentWidget(self._window.training)
        self._window.training.run.start_button.click()

    @pyqtSlot(EpochFinished)
    def _on_epoch(self, event: EpochFinished) -> None:
        self.accuracy = max(self.accuracy or 0.0, event.record.metric("val_accuracy"))
        if event.record.epoch == self._epochs // 3:
            editor = self._window.training.augmentation.form.editor("zoom")
            editor.set_value(_LATER_ZOOM)
            editor.value_changed.emit()

    @pyqtSlot(RunFinished)
    def _on_finished(self, event: RunFinished) -> None:
        QTimer.singleShot(_PAUSE_MS, self._show_history)

    @pyqtSlot()
    def _show_history(self) -> None:
        self._take_screenshot("2-training")
        self._window.tabs.setCurrentWidget(self._window.history)
        QTimer.singleShot(3 * _PAUSE_MS, self._assess)

    @pyqtSlot()
    def _assess(self) -> None:
        self._take_screenshot("3-history")
        self._window.tabs.setCurrentWidget(self._window.assessment)
        self._window.assessment.assess()

    @pyqtSlot(ConfusionMatrix)
    def _on_assessed(self, matrix: ConfusionMatrix) -> None:
        QTimer.singleShot(3 * _PAUSE_MS, self._finish)

    @pyqtSlot()
    def _finish(self) -> None:
        self._take_screenshot("4-assessment")
        if self._screenshots is not None:
            self._window.close()
            QApplication.quit()

    @pyqtSlot(RunFailed)
    def _on_failed(self, event: RunFailed) -> None:
        self.give_up(event.message)

    def _on_job_failed(self, failure: Failure) -> None:
        self.give_up(failure.message)

    @pyqtSlot(str)
    def give_up(self, message: str) -> None:
        """End the demo with an error; a window on a display stays open and shows it."""
        self.failure = message
        if self._screenshots is not None:
            self._window.close()
            QApplication.quit()

    def _take_screenshot(self, name: str) -> None:
        if self._screenshots is None:
            return
        self._screenshots.mkdir(parents=True, exist_ok=True)
        path = self._screenshots / f"{name}.png"
        if not self._window.grab().save(str(path)):
            logger.warning("the screenshot %s could not be saved", path)

"""The real window of a benchmark, and how late it reacts."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt5.QtCore import QEventLoop, QObject, QSettings, Qt, QTimer, pyqtSlot
from PyQt5.QtWidgets import QSlider, QWidget

from aid_desktop.data.sample import write_digits_sample
from aid_desktop.environment import set_defaults
from aid_desktop.gui.app import make_application
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import ThemeManager, ThemeName
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

INTERVAL_MS = 10
SIDE = 32
FULL = AugmentationSettings(
    horizontal_flip=True, rotation=10, width_shift=1, height_shift=1, zoom=0.35, shear=5,
    brightness_multiply=(0.7, 1.3), brightness_add=(-15, 15), noise_std=10, gaussian_blur=(0, 2),
)  # fmt: skip

Lags = list[float]


class LagMeter(QObject):
    """Notes in milliseconds how much later than asked for each call of a precise timer comes."""

    def __init__(self) -> None:
        super().__init__()
        self._lags: Lags = []
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._on_timeout)
        self._timer.start()

    def take(self) -> Lags:
        """Return the lags since the last time this was called."""
        lags, self._lags = self._lags, []
        return lags

    @pyqtSlot()
    def _on_timeout(self) -> None:
        now = time.perf_counter()
        self._lags.append(max(0.0, 1000 * (now - self._last) - INTERVAL_MS))
        self._last = now


class SliderMover(QObject):
    """Moves a slider to and fro, `steps` steps each time that its timer of so many milliseconds calls."""

    def __init__(self, slider: QSlider, interval_ms: int, steps: int = 1) -> None:
        super().__init__()
        self.n_moves = 0
        self._slider = slider
        self._steps = steps
        self._step = 1
        self.timer = QTimer(self)
        self.timer.setInterval(interval_ms)
        self.timer.timeout.connect(self._on_timeout)

    @pyqtSlot()
    def _on_timeout(self) -> None:
        for _ in range(self._steps):
            self._move()

    def _move(self) -> None:
        self.n_moves += 1
        if self._slider.value() in (self._slider.minimum(), self._slider.maximum()):
            self._step = 1 if self._slider.value() == self._slider.minimum() else -1
        self._slider.setValue(self._slider.value() + self._step)


def wait(seconds: float) -> None:
    """Let the event loop run for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait_for(signal: Any, begin: Callable[[], object], limit: float = 120.0) -> None:
    """Begin something and let the event loop run until it gives a signal. Raises TimeoutError."""
    loop = QEventLoop()
    timer = QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(loop.quit)
    signal.connect(loop.quit)
    timer.start(round(1000 * limit))
    begin()
    loop.exec()
    signal.disconnect(loop.quit)
    if not timer.isActive():
        raise TimeoutError(f"nothing has come for {limit:g} s")


def slider_of(window: QWidget, name: str) -> QSlider:
    """Return a slider by its object name."""
    slider = window.findChild(QSlider, name)
    if slider is None:
        raise LookupError(f"the window has no slider {name}")
    return slider


def open_digits(window: MainWindow, folder: Path) -> None:
    """Fill the window with the sample and settings that train for a long time."""
    sample = write_digits_sample(folder / "digits")
    wait_for(window.notifier.table_changed, lambda: window.open_paths([sample]))
    window.notifier.set_image_settings(ImageSettings(width=SIDE, height=SIDE))
    window.training.model.choose("LeNet5_do")
    settings = TrainingSettings(FULL, HyperParameters(epochs=100_000, batch_size=32))
    window.training.settings.set_values(settings)
    window.tabs.setCurrentWidget(window.training)


def wait_until_idle(window: MainWindow) -> None:
    """Wait for the background jobs."""
    while window.background.n_jobs:
        wait(0.1)


@contextmanager
def shown_window() -> Iterator[tuple[MainWindow, ThemeManager, Path]]:
    """Yield the window, shown for a moment already, with settings and runs of its own in a temporary folder."""
    set_defaults()
    application = make_application()
    themes = ThemeManager(application)
    themes.set_theme(ThemeName.LIGHT)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        preferences = Preferences(settings)
        preferences.runs_folder = str(folder / "runs")
        window = MainWindow(themes, preferences)
        window.show()
        wait(1.0)
        yield window, themes, folder
        window.close()
        settings.sync()

"""How late the window reacts while a network trains in it: the lag of a precise 10 ms timer of its event loop.

The real window trains LeNet-5 on the built-in digits at 32 × 32 pixels with full augmentation, curves on the screen,
models saved; then the same while a slider moves and its settings are posted; in the end the run's last files are
written. Lag is the time between two calls of the timer less 10 ms. Each phase is repeated, and each figure is the
median of the repeats, with the best and the worst one beside it; the rival is the same window doing nothing.
Loading TensorFlow and building the first network are phases of their own. Prints JSON lines.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import QEventLoop, QObject, QSettings, Qt, QTimer, pyqtSlot
from PyQt5.QtWidgets import QApplication, QSlider, QWidget

from aid_desktop.data.sample import write_digits_sample
from aid_desktop.environment import set_defaults
from aid_desktop.gui.app import make_application
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.plots.history_plot import HistoryPlot
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import ThemeManager, ThemeName
from aid_desktop.runs.history import History
from aid_desktop.runs.records import EpochRecord
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

INTERVAL_MS = 10
SIDE = 32
SLIDER_MS = 50
N_POINTS = 100_000
COLUMNS = ("accuracy", "val_accuracy", "loss", "val_loss")
PLOT_SIZE = (900, 500)
REDRAWS = 15
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
    """Moves a slider of the augmentation to and fro as a hand does."""

    def __init__(self, slider: QSlider) -> None:
        super().__init__()
        self._slider = slider
        self._step = 1
        self.timer = QTimer(self)
        self.timer.setInterval(SLIDER_MS)
        self.timer.timeout.connect(self._on_timeout)

    @pyqtSlot()
    def _on_timeout(self) -> None:
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


def measure_runs(window: MainWindow, meter: LagMeter, n_runs: int, seconds: float) -> dict[str, list[Lags]]:
    """Train several times; return the lags of each phase of each run."""
    phases: dict[str, list[Lags]] = {}
    mover = SliderMover(slider_of(window, "augmentation.rotation.slider"))
    session = window.session

    def note(phase: str) -> None:
        phases.setdefault(phase, []).append(meter.take())

    for number in range(n_runs):
        meter.take()
        wait(seconds / 2)
        note("idle")
        wait_for(session.epoch_finished, window.training.run.start_button.click)
        note("checking, building, first epoch" if number == 0 else "building again, first epoch")
        wait(seconds)
        note("training")
        mover.timer.start()
        wait(seconds)
        mover.timer.stop()
        note("training with a moving slider")
        wait_for(session.running_changed, window.training.run.stop_button.click)
        note("last files")
    return phases


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


def show(name: str, values: Sequence[float], rival: str, rival_value: float) -> None:
    """Print one figure in milliseconds."""
    value = statistics.median(values)
    document = {
        "name": f"gui lag/{name}",
        "unit": "ms",
        "value": round(value, 2),
        "rival": rival,
        "rival_value": round(rival_value, 2),
        "ratio": round(value / max(rival_value, 0.01), 3),
        "best": round(min(values), 2),
        "worst": round(max(values), 2),
    }
    print(json.dumps(document), flush=True)


def show_phases(phases: dict[str, list[Lags]]) -> None:
    """Print the percentiles of each phase."""
    for percentile, title in ((50, "p50"), (95, "p95"), (99, "p99"), (100, "maximum")):
        of_phase = {
            name: [float(np.percentile(lags, percentile)) for lags in runs if lags] for name, runs in phases.items()
        }
        idle = statistics.median(of_phase["idle"])
        for name, values in of_phase.items():
            show(f"{name}/{title}", values, "the same window, idle", idle)


def measure_plot(themes: ThemeManager) -> None:
    """Print the time of drawing four long curves after one more epoch, against plain curves of pyqtgraph."""
    rng = np.random.default_rng(0)
    curves = 1 - np.exp(-np.linspace(0, 6, N_POINTS)) + rng.normal(0, 0.03, (len(COLUMNS), N_POINTS))
    records = tuple(
        EpochRecord(epoch, 0, 0.001, tuple(zip(COLUMNS, values, strict=True)), 0.1)
        for epoch, values in enumerate(curves.T.tolist())
    )
    plot = HistoryPlot("lagPlot", themes)
    plain = pg.PlotWidget(antialias=True)
    lines = [plain.plot(curve, pen=pg.mkPen(number, width=1)) for number, curve in enumerate(curves)]
    for widget in (plot, plain):
        widget.resize(*PLOT_SIZE)
        widget.show()
    plot.set_history(History(records))

    def redraw() -> None:
        plot.append(EpochRecord(len(records), 0, 0.001, records[-1].metrics, 0.1))
        plot.refresh()
        plot.frame.canvas.viewport().repaint()

    def redraw_plain() -> None:
        for line, curve in zip(lines, curves, strict=True):
            line.setData(curve)
        plain.viewport().repaint()

    times: tuple[Lags, Lags] = ([], [])
    for _ in range(REDRAWS):
        for work, taken in zip((redraw, redraw_plain), times, strict=True):
            QApplication.processEvents()
            start = time.perf_counter()
            work()
            taken.append(1000 * (time.perf_counter() - start))
    title = f"redraw of {len(COLUMNS)} curves of {N_POINTS} epochs"
    show(title, times[0], "plain curves of pyqtgraph", statistics.median(times[1]))
    plot.close()
    plain.close()


def main() -> None:
    """Measure one window from its start to its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each phase of a run")
    chosen = parser.parse_args()
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
        meter = LagMeter()
        wait(0.5)
        meter.take()
        window.warm_up()
        wait_until_idle(window)
        loading = meter.take()
        open_digits(window, folder)
        wait_until_idle(window)
        show_phases({"loading TensorFlow": [loading], **measure_runs(window, meter, chosen.runs, chosen.seconds)})
        window.close()
        measure_plot(themes)
        settings.sync()


if __name__ == "__main__":
    main()

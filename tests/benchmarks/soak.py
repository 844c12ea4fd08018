"""A very long run of tiny epochs: does memory grow, do epochs get slower, can the history still be read quickly?

`training.loop.train` trains a tiny network with all the files of a real run. With `--window` the real window does it,
with its curves, log and history on. Prints JSON lines: memory and time per epoch at the end against the same after
warm-up.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil
from _figures import show

from aid_desktop.data.class_table import Role
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.environment import set_defaults
from aid_desktop.models.zoo import find_zoo
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.events import EpochFinished, RunFailed, TrainingEvent
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

SIDE = 12
CLASSES = ("a", "b")
N_IMAGES = 16
# Parts of the run: after the first tenth everything is warm.
PARTS = 10
PATIENCE = 1000


# Qt keeps weak references to methods that it is connected to.
@dataclass(slots=True, weakref_slot=True)
class Watch:
    """Times and resident memory after each epoch, in seconds and bytes."""

    process: psutil.Process = field(default_factory=psutil.Process)
    times: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    def note(self) -> None:
        """Note the end of an epoch."""
        self.times.append(time.perf_counter())
        self.memory.append(self.process.memory_info().rss)


def make_config(folder: Path, epochs: int) -> RunConfig:
    """Write a few images of two classes and return a run of a tiny network on them."""
    rng = np.random.default_rng(0)
    rows = []
    for label, name in enumerate(CLASSES):
        for role in (Role.TRAINING, Role.VALIDATION):
            path = folder / f"{name}_{role}.rtdc"
            write_rtdc(path, rng.integers(60 * label, 60 * label + 150, (N_IMAGES, SIDE, SIDE), np.uint8))
            rows.append(DataRow(path, name, role))
    # The schedule that looks at the whole history.
    hyperparameters = HyperParameters(
        epochs=epochs, batch_size=N_IMAGES, learning_rate=0.01, schedule="reduce_on_plateau", schedule_epochs=PATIENCE
    )
    return RunConfig(
        data=tuple(rows),
        image=ImageSettings(width=SIDE, height=SIDE),
        model=ModelChoice("MLP_8_8_8"),
        training=TrainingSettings(AugmentationSettings(rotation=10, noise_std=5), hyperparameters),
        seed=1,
    )


def soak_loop(folder: Path, epochs: int, watch: Watch) -> RunFolder:
    """Train without a window."""
    run = TrainingRun(make_config(folder, epochs), RunFolder(folder / "run"), find_zoo())

    def take(event: TrainingEvent) -> None:
        if isinstance(event, EpochFinished):
            watch.note()
        elif isinstance(event, RunFailed):
            raise SystemExit(event.message)

    train(run, take)
    return run.folder


def soak_window(folder: Path, epochs: int, watch: Watch) -> RunFolder:
    """Train in the window, its Training tab on the screen."""
    from PyQt5.QtCore import QEventLoop, QSettings, QTimer

    from aid_desktop.gui.app import make_application
    from aid_desktop.gui.main_window import MainWindow
    from aid_desktop.gui.preferences import Preferences
    from aid_desktop.gui.theme import ThemeManager, ThemeName

    application = make_application()
    themes = ThemeManager(application)
    themes.set_theme(ThemeName.LIGHT)
    settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    window = MainWindow(themes, Preferences(settings))
    window.tabs.setCurrentWidget(window.training)
    window.show()
    window.session.epoch_finished.connect(watch.note)
    loop = QEventLoop()
    window.session.running_changed.connect(loop.quit)
    run = RunFolder(folder / "run")
    config = make_config(folder, epochs)
    # The window posts what its forms show.
    window.training.settings.set_values(config.training)
    QTimer.singleShot(0, lambda: window.session.start(config, run.path, find_zoo()))
    # Once when it begins, once when it has ended.
    loop.exec()
    loop.exec()
    window.close()
    settings.sync()
    return run


def show_all(title: str, watch: Watch, folder: RunFolder) -> None:
    """Print what has become of memory, time and files."""
    n = len(watch.times)
    part = n // PARTS
    seconds = np.diff(watch.times)
    later, early = (1000 * statistics.median(some.tolist()) for some in (seconds[-part:], seconds[part : 2 * part]))
    show(f"{title}, time per epoch, last tenth", later, "ms", "second tenth", early)
    now, warm = (statistics.median(some) / 2**20 for some in (watch.memory[-part:], watch.memory[part : 2 * part]))
    show(f"{title}, resident memory, last tenth", now, "MB", "second tenth", warm)
    size = folder.history_csv.stat().st_size
    start = time.perf_counter()
    history = read_history(folder.history_csv)
    taken = time.perf_counter() - start
    show(f"{title}, reading the history of {n} epochs", 1000 * taken, "ms", "the same bytes", 1000 * read_bytes(folder))
    show(f"{title}, size of an epoch in history.csv", size / len(history), "bytes", "in run.log", log_size(folder, n))


def read_bytes(folder: RunFolder) -> float:
    """Return the seconds that reading the bytes of history.csv takes."""
    start = time.perf_counter()
    folder.history_csv.read_bytes()
    return time.perf_counter() - start


def log_size(folder: RunFolder, n_epochs: int) -> float:
    """Return the bytes of run.log per epoch."""
    return folder.log.stat().st_size / n_epochs


def main() -> None:
    """Train for so many epochs and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=20_000)
    parser.add_argument("--window", action="store_true", help="in the real window")
    chosen = parser.parse_args()
    set_defaults()
    soak: Callable[[Path, int, Watch], RunFolder] = soak_window if chosen.window else soak_loop
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        run = soak(Path(folder), chosen.epochs, watch)
        show_all("soak in the window" if chosen.window else "soak", watch, run)


if __name__ == "__main__":
    main()

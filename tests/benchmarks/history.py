"""How long the window is kept busy by History with several runs of 100 000 epochs, against plain curves of pyqtgraph.

The tab shows accuracy and loss of training and validation of each run. Each update is measured from its beginning until
all that it leads to is painted: an epoch more, a column shown or hidden, one step of the dragged fit, another epoch
chosen, and smoothing, whose medians are found in the background: only the longest step in the window counts. The rival
is as many plain curves of pyqtgraph that are given all points and painted. `cpu` is the time that the window's thread
itself has worked, which other programs do not lengthen much. Prints JSON lines.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import QSettings
from PyQt5.QtWidgets import QApplication

from aid_desktop.environment import set_defaults
from aid_desktop.gui.app import make_application
from aid_desktop.gui.background import Background
from aid_desktop.gui.history.history_tab import HistoryTab
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import ThemeManager, ThemeName
from aid_desktop.runs.records import EpochRecord
from aid_desktop.training.events import EpochFinished

COLUMNS = ("accuracy", "val_accuracy", "loss", "val_loss")
SIZE = (1366, 700)
PLOT_SIZE = (800, 350)
LIMIT = 50.0  # milliseconds

Times = list[tuple[float, float]]
"""Milliseconds by the clock, and of the processor."""


def write_history(path: Path, n_epochs: int, seed: int) -> None:
    """Write a history.csv with noisy curves; a model was saved after each hundredth epoch."""
    rng = np.random.default_rng(seed)
    values = 1 - np.exp(-np.linspace(0, 6, n_epochs)) + rng.normal(0, 0.03, (len(COLUMNS), n_epochs))
    lines = [f"epoch,revision,learning_rate,{','.join(COLUMNS)},seconds,model"]
    for epoch, row in enumerate(values.T.tolist()):
        model = f"epoch_{epoch:05d}.keras" if epoch % 100 == 0 else ""
        lines.append(f"{epoch},0,0.001,{','.join(f'{value:.6f}' for value in row)},0.5,{model}")
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def busy(work: Callable[[], object]) -> tuple[float, float]:
    """Return the milliseconds until some work and the painting that it leads to are done, by clock and processor."""
    QApplication.processEvents()
    return step(work)


def step(work: Callable[[], object] = lambda: None) -> tuple[float, float]:
    """Return what `busy` does, with all that has waited already."""
    start, worked = time.perf_counter(), time.thread_time()
    work()
    QApplication.processEvents()
    return 1000 * (time.perf_counter() - start), 1000 * (time.thread_time() - worked)


def wait_for(background: Background) -> tuple[float, float]:
    """Wait for the background; return what the longest step in the window took meanwhile."""
    longest = (0.0, 0.0)
    while background.n_jobs:
        longest = max(longest, step())
        time.sleep(0.002)
    # What the last job has left to be painted.
    return max(longest, step())


def measure(tab: HistoryTab, background: Background, live: Path, n_epochs: int, repeats: int) -> dict[str, Times]:
    """Return the times of each kind of update of a tab that shows its runs."""
    plot = tab.curves.plot
    metrics = tuple((name, 0.5) for name in COLUMNS)
    numbers = iter(range(n_epochs, n_epochs + 100 * repeats))

    def grow() -> None:
        tab.on_epoch_finished(EpochFinished(EpochRecord(next(numbers), 0, 0.001, metrics, 0.5), 1))
        plot.refresh()

    def smooth(window: int) -> tuple[float, float]:
        return max(busy(lambda: plot.set_rolling_median(window)), wait_for(background))

    tab.follow(live)
    wait_for(background)
    times: dict[str, Times] = {"an epoch more": [busy(grow) for _ in range(repeats)]}
    shown = [COLUMNS[: 3 + place % 2] for place in range(repeats)]
    times["a column shown or hidden"] = [busy(lambda names=names: plot.set_columns(names)) for names in shown]
    plot.set_columns(COLUMNS)
    places = [n_epochs * place // repeats for place in range(repeats)]
    times["another epoch chosen"] = [
        busy(lambda epoch=epoch: (tab.curves.select(epoch), tab.curves.epoch_chosen.emit(epoch))) for epoch in places
    ]
    times["smoothing changed"] = [smooth(10 + place) for place in range(repeats)]
    plot.set_rolling_median(1)
    plot.set_fit_shown(True)
    plot.frame.set_legend_shown(True)
    region = plot._fit.region
    times["a step of the dragged fit"] = [
        busy(lambda low=low: region.setRegion([0.5 * low, 0.5 * low + n_epochs / 4])) for low in places
    ]
    return times


def measure_rival(n_curves: int, n_epochs: int, repeats: int) -> Times:
    """Return the times in which plain curves of pyqtgraph are given all their points and painted."""
    rng = np.random.default_rng(0)
    curves = 1 - np.exp(-np.linspace(0, 6, n_epochs)) + rng.normal(0, 0.03, (n_curves, n_epochs))
    plain = pg.PlotWidget(antialias=True)
    plain.resize(*PLOT_SIZE)
    lines = [plain.plot(curve, pen=pg.mkPen(number, width=1)) for number, curve in enumerate(curves)]
    plain.show()

    def redraw() -> None:
        for line, curve in zip(lines, curves, strict=True):
            line.setData(curve)

    times = [busy(redraw) for _ in range(repeats)]
    plain.close()
    return times


def show(name: str, times: Sequence[tuple[float, float]], rival: float) -> None:
    """Print one figure in milliseconds."""
    values = [by_clock for by_clock, _ in times]
    value = statistics.median(values)
    document = {
        "name": f"history/{name}",
        "unit": "ms",
        "value": round(value, 2),
        "rival": "plain curves of pyqtgraph, redrawn",
        "rival_value": round(rival, 2),
        "ratio": round(value / rival, 3),
        "best": round(min(values), 2),
        "worst": round(max(values), 2),
        "cpu": round(statistics.median(worked for _, worked in times), 2),
        "limit": LIMIT,
    }
    print(json.dumps(document), flush=True)


def main() -> None:
    """Measure one tab from the reading of its runs on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=15)
    chosen = parser.parse_args()
    set_defaults()
    application = make_application()
    themes = ThemeManager(application)
    themes.set_theme(ThemeName.LIGHT)
    with tempfile.TemporaryDirectory() as name:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, name)
        folders = [Path(name) / "runs" / f"run{number}" for number in range(chosen.runs)]
        for number, folder in enumerate(folders):
            write_history(folder / "history.csv", chosen.epochs, number)
        background = Background()
        tab = HistoryTab(Notifier(), background, themes)
        tab.resize(*SIZE)
        tab.show()
        tab.curves.plot.set_columns(COLUMNS)
        started = busy(lambda: tab.show_runs(tuple(folders)))
        times = {"runs read in the background": [max(started, wait_for(background))]}
        times |= measure(tab, background, folders[0], chosen.epochs, chosen.repeats)
        rival_times = measure_rival(chosen.runs * len(COLUMNS), chosen.epochs, chosen.repeats)
        rival = statistics.median(by_clock for by_clock, _ in rival_times)
        for title, values in times.items():
            show(f"{title}, {chosen.runs} runs of {chosen.epochs} epochs", values, rival)
        tab.close()
        background.shut_down()


if __name__ == "__main__":
    main()

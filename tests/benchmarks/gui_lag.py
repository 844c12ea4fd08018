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
import time
from collections.abc import Sequence

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pyqtgraph as pg
from _window import LagMeter, Lags, SliderMover, open_digits, shown_window, slider_of, wait, wait_for, wait_until_idle
from PyQt5.QtWidgets import QApplication

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.plots.history_plot import HistoryPlot
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.runs.history import History
from aid_desktop.runs.records import EpochRecord

SLIDER_MS = 50
N_POINTS = 100_000
COLUMNS = ("accuracy", "val_accuracy", "loss", "val_loss")
PLOT_SIZE = (900, 500)
REDRAWS = 15


def measure_runs(window: MainWindow, meter: LagMeter, n_runs: int, seconds: float) -> dict[str, list[Lags]]:
    """Train several times; return the lags of each phase of each run."""
    phases: dict[str, list[Lags]] = {}
    mover = SliderMover(slider_of(window, "augmentation.rotation.slider"), SLIDER_MS)
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
    with shown_window() as (window, themes, folder):
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


if __name__ == "__main__":
    main()

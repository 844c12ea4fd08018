"""A window that gets no rest: a slider moved a thousand times a second while it trains, then many starts and stops.

The real window trains on the built-in digits. Afterwards it must still train, every run's folder must be whole, each
setting in force must be one that was set, and neither memory nor threads may grow. Prints JSON lines.
"""

import argparse
import threading

import psutil
from _figures import show
from _window import LagMeter, Lags, SliderMover, open_digits, shown_window, slider_of, wait, wait_for, wait_until_idle

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history
from aid_desktop.runs.settings_log import read_revisions

MOVES_EACH = 10
"""Steps of the slider in each call of a timer of 10 ms: a thousand a second."""
WARM_CYCLES = 10


def show_lags(name: str, lags: Lags) -> None:
    """Print the 99th percentile and the maximum beside what is wanted."""
    ordered = sorted(lags)
    show(f"storm/{name}/lag p99", ordered[int(0.99 * (len(ordered) - 1))], "ms", "wanted", 10)
    show(f"storm/{name}/lag maximum", ordered[-1], "ms", "wanted", 50)


def start(window: MainWindow) -> None:
    """Start a run and wait for its first epoch."""
    wait_for(window.session.epoch_finished, window.training.run.start_button.click)


def stop(window: MainWindow) -> RunFolder:
    """Stop the run and wait for its end; return its folder."""
    path = window.session.folder
    assert path is not None
    folder = RunFolder(path)
    wait_for(window.session.running_changed, window.training.run.stop_button.click)
    return folder


def check(folder: RunFolder) -> int:
    """Raise RunError, AidError or AssertionError if a run is not whole; return the number of its revisions."""
    records = read_history(folder.history_csv).records
    revisions = read_revisions(folder.settings_jsonl)
    assert [record.epoch for record in records] == list(range(len(records)))
    numbers = [item.revision for item in revisions]
    # Those that were never in force, because others came in the same epoch, are not there.
    assert numbers == sorted(set(numbers))
    assert {record.revision for record in records} <= set(numbers)
    assert folder.last_model.is_file()
    return len(revisions)


def measure_slider(window: MainWindow, meter: LagMeter, seconds: float) -> None:
    """Move a slider while a run goes on."""
    start(window)
    slider = slider_of(window, "augmentation.rotation.slider")
    mover = SliderMover(slider, 10, MOVES_EACH)
    meter.take()
    mover.timer.start()
    wait(seconds)
    mover.timer.stop()
    lags = meter.take()
    wait_for(window.session.epoch_finished, lambda: None)
    wait_for(window.session.epoch_finished, lambda: None)
    value = window.training.settings.values().augmentation.rotation
    folder = stop(window)
    n_revisions = check(folder)
    last = read_revisions(folder.settings_jsonl)[-1].settings.augmentation.rotation
    assert last == value, f"the slider stands at {value}, the run trains with {last}"
    show("storm/a slider/moves", mover.n_moves / seconds, "1/s", "wanted", 1000)
    show("storm/a slider/revisions", n_revisions, "1", "epochs", len(read_history(folder.history_csv)))
    show_lags("a slider", lags)


def measure_cycles(window: MainWindow, meter: LagMeter, n_cycles: int) -> None:
    """Start and stop runs."""
    process = psutil.Process()
    folders = []
    memory = threads = 0.0
    for number in range(n_cycles):
        if number == min(WARM_CYCLES, n_cycles - 1):
            memory, threads = process.memory_info().rss / 1e6, threading.active_count()
            meter.take()
        start(window)
        folders.append(stop(window))
    lags = meter.take()
    wait_until_idle(window)
    for folder in folders:
        check(folder)
    rival = f"after {WARM_CYCLES} cycles"
    show(f"storm/{n_cycles} starts and stops/memory", process.memory_info().rss / 1e6, "MB", rival, memory)
    show(f"storm/{n_cycles} starts and stops/threads", threading.active_count(), "1", rival, threads)
    show_lags(f"{n_cycles} starts and stops", lags)


def main() -> None:
    """Storm one window."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of moving the slider")
    parser.add_argument("--cycles", type=int, default=200)
    chosen = parser.parse_args()
    with shown_window() as (window, _, folder):
        meter = LagMeter()
        window.warm_up()
        wait_until_idle(window)
        open_digits(window, folder)
        wait_until_idle(window)
        measure_slider(window, meter, chosen.seconds)
        measure_cycles(window, meter, chosen.cycles)


if __name__ == "__main__":
    main()

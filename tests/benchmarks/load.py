"""Ten thousand files dropped on the window at once: how long it takes, and how late the window reacts meanwhile.

The files are images, loose or in a folder of classes, and .rtdc files. The rival is the same window doing nothing.
Prints JSON lines. Galleries of 100 000 images, tables of thousands of classes and histories of 100 000 epochs have
benchmarks of their own: gallery, table, history.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from _figures import show
from _window import LagMeter, Lags, shown_window, wait, wait_for, wait_until_idle

from aid_desktop.data.class_table import ClassTable
from aid_desktop.data.rtdc_writing import write_rtdc

SIDE = 32
N_CLASSES = 10


def write_images(folder: Path, n: int) -> list[Path]:
    """Write images in a folder for each class; return their paths."""
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), np.uint8)
    _, content = cv2.imencode(".png", image)
    paths = [folder / f"class_{number % N_CLASSES}" / f"{number:06d}.png" for number in range(n)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.tobytes())
    return paths


def write_measurements(folder: Path, n: int) -> list[Path]:
    """Write .rtdc files of a few images; return their paths."""
    folder.mkdir()
    first = folder / "000000.rtdc"
    write_rtdc(first, np.random.default_rng(0).integers(0, 256, (8, SIDE, SIDE), np.uint8))
    paths = [folder / f"{number:06d}.rtdc" for number in range(n)]
    for path in paths[1:]:
        path.write_bytes(first.read_bytes())
    return paths


def show_lags(name: str, lags: Lags, idle: Lags) -> None:
    """Print percentiles of the lag."""
    for title, percentile in (("p99", 99), ("maximum", 100)):
        value, rival = float(np.percentile(lags, percentile)), float(np.percentile(idle, percentile))
        show(f"load/{name}/lag {title}", value, "ms", "the same window, idle", rival)


def main() -> None:
    """Drop files in several ways on one window."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    chosen = parser.parse_args()
    n = chosen.files
    with shown_window() as (window, _, folder):
        meter = LagMeter()
        wait(3.0)
        idle = meter.take()
        window.tabs.setCurrentWidget(window.data)
        images = write_images(folder / "images", n)
        ways: dict[str, Callable[[], list[Path]]] = {
            "a folder of classes": lambda: [folder / "images"],
            "loose images": lambda: images,
            ".rtdc files": lambda: write_measurements(folder / "measurements", n),
        }
        for name, make in ways.items():
            paths = make()
            # The window stood still while they were written.
            wait(0.5)
            meter.take()
            start = time.perf_counter()
            wait_for(window.notifier.table_changed, partial(window.open_paths, paths), 600)
            wait_until_idle(window)
            seconds = time.perf_counter() - start
            wait(1.0)
            table = window.notifier.table
            found = sum(row.source.n_images for row in table.rows)
            show(f"load/{n} files, {name}/time", seconds, "s", "wanted at most", 60)
            show(f"load/{n} files, {name}/images", found, "1", "in the files", n * (8 if name == ".rtdc files" else 1))
            show_lags(f"{n} files, {name}", meter.take(), idle)
            window.editor.change(ClassTable(), "Remove all rows")
            wait(1.0)


if __name__ == "__main__":
    main()

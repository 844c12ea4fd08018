"""How long it takes from the start of the process until the window has been painted, and what loads behind it.

Starts `aid-desktop` anew for each measurement, with a user's folders of its own, in turn with a rival: the same
program that imports TensorFlow before it opens its window. A first start of each fills the disk's cache and is not
counted. The longest stall is that of a 10 ms timer of the event loop from the first paint until TensorFlow is loaded.
Prints JSON lines.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _figures import show

WANTED_S = 0.5
WANTED_RATIO = 0.2
LIMIT_S = 120


def run_child(imports_first: bool) -> None:
    """Open the program's window in this process; print when it was painted, and the longest stall behind it."""
    if imports_first:
        import keras  # noqa: F401
    from PyQt5.QtCore import QEvent, QObject, QTimer

    from aid_desktop.gui import app as program

    class Watcher(QObject):
        """Notes the first paint of the window, then the lag of the event loop until the background jobs are done."""

        def __init__(self, window: program.MainWindow) -> None:
            super().__init__(window)
            self.window = window
            self.painted = 0.0
            window.tabs.installEventFilter(self)

        def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
            if event is not None and event.type() == QEvent.Type.Paint and not self.painted:
                # The children are painted in the same turn of the event loop, before this timer.
                self.painted = -1.0
                QTimer.singleShot(0, self.on_painted)
            return False

        def on_painted(self) -> None:
            self.painted = time.monotonic()
            from _window import LagMeter

            self.meter = LagMeter()
            self.timer = QTimer(self)
            self.timer.timeout.connect(self.on_timeout)
            self.timer.start(50)

        def on_timeout(self) -> None:
            if "tensorflow" not in sys.modules or self.window.background.n_jobs:
                return
            self.timer.stop()
            figures = {"painted": self.painted, "loaded": time.monotonic(), "stall": max(self.meter.take())}
            print(json.dumps(figures), flush=True)
            self.window.close()

    make_window = program.make_window

    def make_watched(*arguments: Any, **options: Any) -> program.MainWindow:
        window = make_window(*arguments, **options)
        Watcher(window)
        return window

    program.make_window = make_watched
    from aid_desktop.__main__ import main

    sys.argv = ["aid-desktop"]
    sys.exit(main())


def measure(imports_first: bool, folder: Path) -> dict[str, float]:
    """Start the program once; return seconds from the start of the process."""
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    environment |= {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    command = [sys.executable, __file__, "--child", *(["--imports-first"] if imports_first else [])]
    start = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode:
        raise SystemExit(f"the program ended with {done.returncode}: {done.stderr}")
    figures = json.loads(done.stdout.splitlines()[-1])
    return {"painted": figures["painted"] - start, "loaded": figures["loaded"] - start, "stall": figures["stall"]}


def main() -> None:
    """Measure both programs in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=7, help="of each program; default %(default)s")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--imports-first", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        run_child(chosen.imports_first)
    with tempfile.TemporaryDirectory() as name:
        rounds = [[measure(first, Path(name)) for first in (False, True)] for _ in range(chosen.starts + 1)][1:]
    own, rival = ([one[place] for one in rounds] for place in (0, 1))
    painted, rival_painted = (statistics.median(one["painted"] for one in each) for each in (own, rival))
    show("startup/window painted", painted, "s", "importing TensorFlow first", rival_painted)
    show("startup/window painted, of what is wanted", painted, "s", "wanted", WANTED_S)
    show("startup/part of the rival's time, of what is wanted", painted / rival_painted, "1", "wanted", WANTED_RATIO)
    loaded = statistics.median(one["loaded"] for one in own)
    show("startup/TensorFlow loaded behind the window", loaded, "s", "painted by importing it first", rival_painted)
    stalls = [one["stall"] for one in own]
    median = statistics.median(stalls)
    show("startup/longest stall while it loads, median", median, "ms", "the worst of all starts", max(stalls))


if __name__ == "__main__":
    main()

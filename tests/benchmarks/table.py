"""The class table with thousands of rows: the longest time for which the window does not react.

Prints one JSON line per figure: the time of one turn of the event loop, with the painting after it as its own turn.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt5.QtCore import QSettings
from PyQt5.QtWidgets import QApplication

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.gui.app import make_application
from aid_desktop.gui.data.balance import Balance
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import ThemeManager, ThemeName

LIMIT_MS = 50.0
SIZES = ((5_000, 20), (5_000, 5_000), (10_000, 10_000))
ROUNDS = 5
_TURNS = 60


def table_of(n_rows: int, n_classes: int) -> ClassTable:
    """Return a table whose sources need not exist."""
    items = []
    for i in range(n_rows):
        path = Path(f"/data/{i}.rtdc")
        source = DataSource(path, SourceKind.RTDC, 100, ((80, 250, 1),), str(i), channels=("image",))
        items.append((source, f"class {i % n_classes}", Role.TRAINING))
    return ClassTable().add_sources(items)


def longest_turn() -> float:
    """Run the event loop for a while; return its longest turn in ms."""
    longest = 0.0
    for _ in range(_TURNS):
        start = time.perf_counter()
        QApplication.processEvents()
        longest = max(longest, time.perf_counter() - start)
        time.sleep(0.002)
    return 1000 * longest


def steps_of(window: MainWindow, table: ClassTable) -> dict[str, Callable[[], object]]:
    """Return what a user does to a large table, in order."""
    editor = window.editor
    everything = range(len(table.rows))
    return {
        "fill": lambda: editor.change(table, "fill"),
        "role of all": lambda: editor.change(editor.table.set_role(everything, Role.TEST), "role"),
        "undo": editor.stack.undo,
        "role of one": lambda: editor.change(editor.table.set_role([3], Role.VALIDATION), "role"),
        "rename five": lambda: editor.change(editor.table.assign_class_name(range(5), "other"), "rename"),
        "balance": lambda: window.data.balance.balance(Balance.LARGEST),
        "sort": lambda: window.data.sources.view.sortByColumn(0, 1),
        "filter": lambda: window.data.sources.view.set_filter("class 1"),
        "show all": lambda: window.data.sources.view.set_filter(""),
    }


def measure(window: MainWindow, n_rows: int, n_classes: int) -> None:
    """Print the time of each step and the longest turn of the event loop after it."""
    table = table_of(n_rows, n_classes)
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, step in steps_of(window, table).items():
            start = time.perf_counter()
            step()
            taken = 1000 * (time.perf_counter() - start)
            times.setdefault(name, []).append(max(taken, longest_turn()))
        window.editor.change(ClassTable(), "empty")
        longest_turn()
    for name, values in times.items():
        value = statistics.median(values)
        document = {
            "name": f"table/{n_rows} rows/{n_classes} classes/{name}",
            "unit": "ms",
            "value": round(value, 1),
            "rival": "limit",
            "rival_value": LIMIT_MS,
            "ratio": round(value / LIMIT_MS, 3),
        }
        print(json.dumps(document), flush=True)


def main() -> None:
    """Measure all sizes in one window."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    application = make_application()
    themes = ThemeManager(application)
    themes.set_theme(ThemeName.LIGHT)
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
        window = MainWindow(themes, Preferences(settings))
        window.show()
        window.warm_up()
        while window.background.n_jobs:
            longest_turn()
        for n_rows, n_classes in SIZES:
            measure(window, n_rows, n_classes)
        settings.sync()


if __name__ == "__main__":
    main()

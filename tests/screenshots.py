"""Pictures of every tab and dialog in both themes; `python tests/screenshots.py FOLDER` writes them, to be looked at.

Each screen is a process of its own, because Qt scales once: 1366 × 768, and 2560 × 1440 at 200 %. `--data` names a
user data folder in which `aid-desktop demo` has left its sample and a run; without it the tabs stay empty.
"""

import argparse
import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCREENS = {"1366x768": ((1366, 768), "1"), "2560x1440-200": ((1280, 720), "2")}
"""Size of the screen in Qt's pixels, and how many of the screen's are one of them."""
TASKBAR = 40
MOST_SECONDS = 90


def main() -> int:
    """Write the pictures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--zoom", type=int, default=100)
    parser.add_argument("--screen", choices=SCREENS)
    parser.add_argument("--theme", choices=("light", "dark"))
    parser.add_argument("--only", default="", help="names of pictures must contain this")
    options = parser.parse_args()
    if options.screen and options.theme:
        _Shoot(options).run()
        return 0
    done = 0
    for screen, (_, factor) in SCREENS.items():
        for theme in ("light", "dark"):
            arguments = [*sys.argv, "--screen", screen, "--theme", theme]
            environment = os.environ | {"QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"}
            done |= subprocess.run([sys.executable, *arguments], env=environment, check=False).returncode
    return done


class _Shoot:
    """All pictures of one screen and theme."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._user = tempfile.TemporaryDirectory()
        for name in ("CONFIG", "CACHE", "STATE", "DATA"):
            os.environ[f"XDG_{name}_HOME"] = self._user.name
        from aid_desktop.gui.app import make_application, make_window
        from aid_desktop.gui.preferences import Preferences
        from aid_desktop.gui.theme import ThemeName

        self._options = options
        self._folder = options.folder / f"{options.screen}-{options.theme}"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._app = make_application()
        preferences = Preferences()
        preferences.theme = ThemeName(options.theme)
        preferences.zoom = options.zoom
        self._window = make_window(self._app)
        width, height = SCREENS[options.screen][0]
        self._window.resize(width, height - TASKBAR)
        self._window.show()

    def run(self) -> None:
        """Take them."""
        self._tabs("empty")
        if self._options.data is None:
            return
        self._fill()
        self._tabs("filled")
        self._window.training.side.toggle()
        self._all_settings()
        self._dialogs()
        self._window.close()

    def _fill(self) -> None:
        from aid_desktop.settings.image import ImageSettings

        window = self._window
        data = self._options.data / "AID Desktop"
        run = max((data / "runs").iterdir())
        window.notifier.set_image_settings(ImageSettings(width=16, height=16))
        window.open_paths([data / "samples" / "digits"])
        self._wait(lambda: bool(window.notifier.table.rows))
        window.notifier.open_run(run)
        from aid_desktop.runs.history import read_history

        window.training.plot.set_history(read_history(run / "history.csv"))
        self._wait()
        self._model = max((run / "models").glob("*.keras"))
        window.notifier.choose_model(self._model)
        self._wait()
        window.assessment.assess()
        self._wait(lambda: window.assessment.assessment is not None)
        self._wait()

    def _tabs(self, state: str) -> None:
        for number in range(self._window.tabs.count()):
            self._window.tabs.setCurrentIndex(number)
            self._wait()
            self._take(f"tab-{number + 1}-{self._window.tabs.tabText(number).lower()}-{state}")

    def _all_settings(self) -> None:
        window = self._window
        window.tabs.setCurrentWidget(window.training)
        for number, name in enumerate(("model", "learning", "augmentation")):
            window.training.side.tabs.setCurrentIndex(number)
            self._wait()
            self._take(f"training-{name}")
        lower = window.training.findChild(type(window.training.side.tabs), "examplesTabs")
        for number in range(lower.count()):
            lower.setCurrentIndex(number)
            self._take(f"training-{lower.tabText(number).lower()}")
        window.tabs.setCurrentWidget(window.assessment)
        pages = window.assessment.findChild(type(window.training.side.tabs), "assessResultTabs")
        for number in range(pages.count()):
            pages.setCurrentIndex(number)
            self._wait()
            self._take(f"assessment-{pages.tabText(number).lower().replace(' ', '-')}")

    def _dialogs(self) -> None:
        window, folder = self._window, Path(self._user.name)
        cells = runpy.run_path(str(ROOT / "tests" / "conftest.py"))["write_measured_cells"](folder)
        made = runpy.run_path(str(ROOT / "tests" / "gui_dialogs.py"))["makers"](
            window, window._themes, self._model, cells, folder
        )
        window.assessment.gallery.grid.selectAll()
        self._dialog("large-image", lambda: window.assessment.gallery._on_opened(0))
        self._dialog("export-images", window.assessment.gallery.actions_on_images.export)
        for name, make in made.items():
            self._dialog(name, make)
        window.data.examples.open_fashion()
        self._dialog("question", lambda: None)

    def _dialog(self, name: str, make: Callable[[], object]) -> None:
        if self._options.only not in f"dialog-{name}":
            return
        from PyQt5.QtWidgets import QDialog

        dialog = make()
        if isinstance(dialog, QDialog):
            dialog.show()
        self._wait()
        for shown in [w for w in self._app.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]:
            self._save(shown, f"dialog-{name}")
            shown.close()
        self._wait()

    def _take(self, name: str) -> None:
        if self._options.only in name:
            self._save(self._window, name)

    def _save(self, widget: "QWidget", name: str) -> None:  # noqa: F821
        self._app.processEvents()
        path = self._folder / f"{name}.png"
        assert widget.grab().save(str(path)), path
        sys.stdout.write(f"{path} {widget.width()} x {widget.height()}\n")

    def _wait(self, until: Callable[[], bool] = lambda: True) -> None:
        """Let the window work until its jobs are done and something is true."""
        end = time.monotonic() + MOST_SECONDS
        quiet = 0
        while quiet < 8 and time.monotonic() < end:
            self._app.processEvents()
            time.sleep(0.02)
            quiet = quiet + 1 if self._window.background.n_jobs == 0 and until() else 0


if __name__ == "__main__":
    raise SystemExit(main())

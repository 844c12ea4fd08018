"""Pictures of every tab and dialog in both themes; `python tests/screenshots.py FOLDER` writes them, to be looked at.

Each screen is a process of its own, because Qt scales once: 1366 × 768, and 2560 × 1440 at 200 %. `--data` names the
user data folder that an earlier call has made; without it the demo and two more runs are trained first. `--docs`
also makes the pictures of the manual and the README anew. What has too little room for its text is printed.
"""

import argparse
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SCREENS = {"1366x768": ((1366, 768), "0.96"), "2560x1440-200": ((1280, 720), "1.92")}
"""Size of the screen in Qt's pixels, and how many of the screen's are one of them; offscreen adds 1/0.96 itself."""
TASKBAR = 40
MOST_SECONDS = 90
HOME = Path(tempfile.gettempdir(), "ann")
"""Whose data are in the pictures: the same path each time."""
EPOCHS = 15
MORE_RUNS = ("LeNet5_bn_do", "TinyCNN")
DOCS = {
    "welcome": "tab-1-data-empty",
    "data": "tab-1-data-filled",
    "training": "tab-2-training-filled",
    "training_all": "training-model",
    "training_augmentation": "training-augmentation",
    "history": "history-comparison",
    "assessment": "tab-4-assessment-filled",
}
"""Pictures of the manual, and which of the small screen in the light theme they are."""
AUGMENTATION_STEPS = {
    "original": {},
    "1. geometry": {"horizontal_flip": True, "rotation": 15.0, "zoom": 0.2, "shear": 8.0},
    "2. contrast": {"contrast": (0.6, 1.5)},
    "3. colour": {"saturation": (0.5, 2.0), "hue": 0.1},
    "4. blur": {"motion_blur": (5, 5)},
    "5. brightness, noise": {"brightness_multiply": (0.8, 1.3), "noise_std": 25.0},
    "6. erasing": {"random_erasing": 0.9},
    "7. mixing": {"cutmix": 1.0},
}


def main() -> int:
    """Write the pictures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--zoom", type=int, default=100)
    parser.add_argument("--screen", choices=SCREENS)
    parser.add_argument("--theme", choices=("light", "dark"))
    parser.add_argument("--only", default="", help="names of pictures must contain this")
    parser.add_argument("--docs", action="store_true", help="write docs/images, too")
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner:
        _Shoot(options).run()
        return 0
    data = options.data or make_data()
    done = 0
    for screen in [options.screen] if options.screen else SCREENS:
        for theme in [options.theme] if options.theme else ("light", "dark"):
            more = ["--inner", "--data", str(data), "--screen", screen, "--theme", theme]
            environment = os.environ | {"QT_SCALE_FACTOR": SCREENS[screen][1], "QT_QPA_PLATFORM": "offscreen"}
            done |= subprocess.run([sys.executable, *sys.argv, *more], env=environment, check=False).returncode
    if options.docs:
        write_docs(options.folder / "1366x768-light")
    return done


def make_data() -> Path:
    """Train three runs with the built-in sample as a user called ann, and return her data folder."""
    shutil.rmtree(HOME, ignore_errors=True)
    environment = os.environ | {f"XDG_{name}_HOME": str(HOME) for name in ("CONFIG", "CACHE", "STATE", "DATA")}
    program = [sys.executable, "-m", "aid_desktop"]
    demo = ["demo", "--offscreen", "--epochs", str(EPOCHS), "--screenshots", str(HOME / "demo")]
    subprocess.run([*program, *demo], env=environment, check=True)
    [run] = (HOME / "AID Desktop" / "runs").iterdir()
    for name in MORE_RUNS:
        more = ["train", str(run / "run.toml"), "--architecture", name, "--out", str(run.with_name(f"digits_{name}"))]
        subprocess.run([*program, *more], env=environment, check=True)
    return HOME


def write_docs(shots: Path) -> None:
    """Copy the pictures of DOCS to docs/images, and draw that of the augmentation with 256 colours."""
    from PIL import Image

    pictures = {name: Image.open(shots / f"{shot}.png").convert("RGB") for name, shot in DOCS.items()}
    pictures["augmentation"] = augmentation_steps().quantize(256, dither=Image.Dither.NONE)
    for name, picture in pictures.items():
        path = ROOT / "docs" / "images" / f"{name}.png"
        picture.save(path, optimize=True)
        sys.stdout.write(f"{path} {picture.width} x {picture.height}, {path.stat().st_size / 1024:.0f} KB\n")


def augmentation_steps() -> "Image":  # noqa: F821
    """Return four cuts of photographs, each after one more step of docs/augmentation.md."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont
    from sklearn.datasets import load_sample_images

    from aid_desktop.augment.pipeline import Randomness, augment_labelled
    from aid_desktop.settings.augmentation import AugmentationSettings
    from aid_desktop.settings.image import ImageSettings

    side, gap, head = 112, 16, 28
    china, flower = (np.asarray(Image.fromarray(one).resize((320, 214))) for one in load_sample_images().images)
    cuts = [flower[27:187, 70:230], china[0:160, 10:170], flower[10:170, 110:270], china[50:210, 150:310]]
    picture = Image.new("RGB", (8 * (side + gap) + gap, head + 4 * (side + gap)), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    amounts: dict[str, object] = {}
    for column, (title, more) in enumerate(AUGMENTATION_STEPS.items()):
        amounts |= more
        randomness = Randomness(*(np.random.default_rng(seed) for seed in (4, 9, 6)))
        settings, image = AugmentationSettings(**amounts), ImageSettings(width=side, height=side, channels="rgb")
        made, _ = augment_labelled(np.stack(cuts), np.eye(4, dtype=np.float32), settings, image, randomness)
        left = gap + column * (side + gap)
        draw.text((left, 8), title, "black", font)
        for row, one in enumerate(made):
            picture.paste(Image.fromarray(one), (left, head + row * (side + gap)))
    return picture


def _dialog_tools() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "tests" / "gui_dialogs.py"))


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
        self._clipped = _dialog_tools()["clipped"]
        preferences = Preferences()
        preferences.theme = ThemeName(options.theme)
        preferences.zoom = options.zoom
        self._window = make_window(self._app)
        width, height = SCREENS[options.screen][0]
        self._window.resize(width, height - TASKBAR)
        self._window.show()
        self._window.warm_up()

    def run(self) -> None:
        """Take them."""
        self._tabs("empty")
        self._fill()
        self._tabs("filled")
        self._window.training.side.toggle()
        self._inner_tabs()
        self._menus()
        self._dialogs()
        self._console()
        self._window.close()

    def _fill(self) -> None:
        from aid_desktop.runs.history import read_history
        from aid_desktop.settings.augmentation import AugmentationSettings
        from aid_desktop.settings.image import ImageSettings
        from aid_desktop.settings.snapshot import TrainingSettings

        window = self._window
        data = self._options.data / "AID Desktop"
        runs = sorted((data / "runs").iterdir())
        window.notifier.set_image_settings(ImageSettings(width=16, height=16))
        augmentation = AugmentationSettings(rotation=15.0, width_shift=1.0, height_shift=1.0, zoom=0.1, shear=5.0)
        window.training.settings.set_values(TrainingSettings(augmentation))
        window.open_paths([data / "samples" / "digits"])
        self._wait(lambda: bool(window.notifier.table.rows))
        window.history.curves.plot.set_columns(["val_accuracy"])
        window.history.show_dropped(tuple(runs))
        window.training.plot.set_history(read_history(runs[0] / "history.csv"))
        self._wait()
        self._model = max((runs[0] / "models").glob("*.keras"))
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

    def _inner_tabs(self) -> None:
        from PyQt5.QtWidgets import QTabWidget

        window = self._window
        for tab, name, pages in (
            (window.training, "training", window.training.side.tabs),
            (window.training, "training", window.training.findChild(QTabWidget, "examplesTabs")),
            (window.history, "history", window.history.curves.tables),
            (window.assessment, "assessment", window.assessment.findChild(QTabWidget, "assessResultTabs")),
        ):
            window.tabs.setCurrentWidget(tab)
            for number in filter(pages.isTabVisible, range(pages.count())):
                pages.setCurrentIndex(number)
                self._wait()
                self._take(f"{name}-{pages.tabText(number).lower().replace(' ', '-')}")
            pages.setCurrentIndex(0)

    def _console(self) -> None:
        self._window._preferences.console = True
        self._wait()
        self._window.tabs.setCurrentIndex(self._window.tabs.count() - 1)
        self._wait()
        self._take("tab-5-console")

    def _menus(self) -> None:
        for action in self._window.menuBar().actions():
            menu = action.menu()
            menu.popup(self._window.mapToGlobal(self._window.rect().topLeft()))
            self._save(menu, f"menu-{action.text().replace('&', '').lower()}")
            menu.close()

    def _dialogs(self) -> None:
        window, folder = self._window, Path(self._user.name)
        cells = runpy.run_path(str(ROOT / "tests" / "conftest.py"))["write_measured_cells"](folder)
        made = _dialog_tools()["makers"](window, window._themes, self._model, cells, folder)
        for name, make in made.items():
            self._dialog(name, make)

    def _dialog(self, name: str, make: Callable[[], "QDialog"]) -> None:  # noqa: F821
        if self._options.only not in f"dialog-{name}":
            return
        dialog = make()
        dialog.show()
        self._wait()
        self._save(dialog, f"dialog-{name}")
        dialog.close()
        self._wait()

    def _take(self, name: str) -> None:
        self._save(self._window, name)

    def _save(self, widget: "QWidget", name: str) -> None:  # noqa: F821
        if self._options.only not in name:
            return
        self._app.processEvents()
        for text in self._clipped(widget):
            sys.stdout.write(f"{name}: clipped {text}\n")
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

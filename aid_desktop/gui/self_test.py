"""Does Qt open and paint the window? For the self test of a program that was installed."""

from pathlib import Path

from PyQt5.QtCore import QSettings

from aid_desktop.errors import AidError
from aid_desktop.gui.app import make_application
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import ThemeManager, ThemeName

_FEWEST_COLOURS = 16
_STEP = 4


def paint_window(folder: Path) -> tuple[int, int]:
    """Open the window with all its tabs, paint it, close it; return its width and height in pixels.

    The user's settings stay as they are: those of the window lie in `folder`. Raises AidError if what was painted has
    hardly a colour, as it has without fonts, icons and style sheet.
    """
    app = make_application()
    preferences = Preferences(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    themes = ThemeManager(app, app)
    themes.set_theme(ThemeName.LIGHT)
    window = MainWindow(themes, preferences)
    window.show()
    for number in range(window.tabs.count()):
        window.tabs.setCurrentIndex(number)
        image = window.grab().toImage()
        colours = {image.pixel(x, y) for x in range(0, image.width(), _STEP) for y in range(0, image.height(), _STEP)}
        if len(colours) < _FEWEST_COLOURS:
            raise AidError(f"{window.tabs.tabText(number)}: painted in {len(colours)} colours only")
    window.close()
    return image.width(), image.height()

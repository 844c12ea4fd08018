"""Colours, palette, style sheet and icons; light, dark, or as the system has it."""

import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from enum import StrEnum

from PyQt5.QtCore import QByteArray, QObject, QRect, QRectF, QSettings, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor, QFont, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PyQt5.QtSvg import QSvgRenderer
from PyQt5.QtWidgets import QApplication, QWidget

from aid_desktop.evaluation.class_colors import class_hex
from aid_desktop.gui.qt import required
from aid_desktop.paths import assets_dir

GRID = 8
"""Distance in pixels of which all margins and spaces are multiples or halves."""

_OFFSCREEN_FONT = 9.5

SMALLEST_FONT = 9.0
"""Size in points below which no text is set."""

LINE_STYLES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DashDotDotLine,
)
"""Lines of a plot differ in dash as well as in colour; the n-th line takes the n-th style, in turn."""


class ThemeName(StrEnum):
    """What the user can choose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Theme:
    """All colours of the window, as `#rrggbb`.

    `window` is the ground, `base` that of fields and tables, `selection` marks chosen rows. `correct` and
    `wrong` are for predictions and never red and green.
    """

    is_dark: bool
    window: str
    base: str
    alternate: str
    button: str
    button_hover: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    accent_text: str
    selection: str
    border: str
    control_border: str
    correct: str
    wrong: str
    warning: str
    error: str
    tooltip: str
    plot_background: str
    plot_grid: str


LIGHT = Theme(
    is_dark=False,
    window="#f5f6f7", base="#ffffff", alternate="#f4f6f7", button="#ffffff", button_hover="#eceff1",
    text="#1d2429", muted="#58636b", disabled="#98a2a9",
    accent="#0f6f72", accent_hover="#0b595c", accent_text="#ffffff", selection="#cfe6e5",
    border="#dce1e4", control_border="#aab4ba",
    correct="#0072b2", wrong="#d55e00", warning="#8a5a00", error="#b3261e",
    tooltip="#ffffff", plot_background="#ffffff", plot_grid="#d5dade",
)  # fmt: skip

DARK = Theme(
    is_dark=True,
    window="#1f2427", base="#181c1f", alternate="#1d2225", button="#2c3338", button_hover="#384147",
    text="#e7eaec", muted="#a6b0b7", disabled="#6b767d",
    accent="#4fb8b4", accent_hover="#74cbc8", accent_text="#08201f", selection="#24504f",
    border="#343c41", control_border="#566067",
    correct="#56b4e9", wrong="#e69f00", warning="#e3b341", error="#ff8f85",
    tooltip="#2c3338", plot_background="#181c1f", plot_grid="#3a4349",
)  # fmt: skip


ZOOMS = (90, 100, 110, 125, 150, 175, 200)
"""Sizes of all text in percent of the system's."""


class ThemeManager(QObject):
    """Apply themes to the application and tell plots, which style sheets do not reach, about it."""

    changed = pyqtSignal(Theme)

    def __init__(self, app: QApplication, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app = app
        # Once a theme is applied, the palette no longer tells what the system has.
        self._system_palette = QPalette(app.palette())
        self._system_font = _system_font()
        self._zoom = 100
        self._name = ThemeName.SYSTEM
        self._current: Theme | None = None
        app.applicationStateChanged.connect(self._on_application_state)

    @property
    def name(self) -> ThemeName:
        """What was chosen."""
        return self._name

    @property
    def current(self) -> Theme:
        """The theme in force."""
        return self._current or current_theme()

    @property
    def zoom(self) -> int:
        """Size of all text in percent of the system's."""
        return self._zoom

    def set_zoom(self, percent: int) -> None:
        """Let all text have another size, from the smallest of ZOOMS to the largest; `changed` follows."""
        percent = min(max(percent, ZOOMS[0]), ZOOMS[-1])
        if percent == self._zoom:
            return
        self._zoom = percent
        if self._current is not None:
            self._apply(self._current)

    def zoom_by(self, steps: int) -> None:
        """Take the next size, or one further off, larger for positive `steps`."""
        nearest = min(range(len(ZOOMS)), key=lambda place: abs(ZOOMS[place] - self._zoom))
        self.set_zoom(ZOOMS[min(max(nearest + steps, 0), len(ZOOMS) - 1)])

    @pyqtSlot(Qt.ApplicationState)
    def _on_application_state(self, state: Qt.ApplicationState) -> None:
        # Qt 5 does not tell when the system's choice changes: it is asked when the user comes back from elsewhere.
        if state == Qt.ApplicationState.ApplicationActive and self._name is ThemeName.SYSTEM and self._current:
            self.set_theme(ThemeName.SYSTEM)

    def set_theme(self, name: ThemeName) -> None:
        """Apply a theme, whole windows at once; `changed` follows if it is another one than before."""
        self._name = name
        dark = name is ThemeName.DARK or (name is ThemeName.SYSTEM and system_prefers_dark(self._system_palette))
        theme = DARK if dark else LIGHT
        if theme is self._current:
            return
        self._apply(theme)

    def _apply(self, theme: Theme) -> None:
        self._current = theme
        font = QFont(self._system_font)
        font.setPointSizeF(max(SMALLEST_FONT, font.pointSizeF() * self._zoom / 100))
        apply_theme(self._app, theme, font)
        self.changed.emit(theme)


def apply_theme(app: QApplication, theme: Theme, font: QFont | None = None) -> None:
    """Set style, palette, font (the system's if None) and style sheet of the whole application."""
    # Each of these polishes every widget anew, so only what changes is set.
    style = app.style()
    if style is None or (style.objectName() != "fusion" and not app.styleSheet()):
        app.setStyle("Fusion")
    font = font or _system_font()
    if app.font() != font:
        app.setFont(font)
    app.setPalette(_palette(theme))
    app.setStyleSheet(_style_sheet(theme, font.pointSizeF()))


def current_theme() -> Theme:
    """Return the theme that fits the application's palette."""
    return DARK if _is_dark(QApplication.palette()) else LIGHT


def system_prefers_dark(palette: QPalette) -> bool:
    """Return whether the system asks for dark windows.

    `palette` is the one that Qt made at the start; it decides where the system cannot be asked.
    """
    if sys.platform == "win32":
        key = r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
        return str(QSettings(key, QSettings.NativeFormat).value("AppsUseLightTheme", 1)) == "0"
    if QApplication.platformName() == "cocoa":
        return "Dark" in _answer_of("defaults", "read", "-g", "AppleInterfaceStyle")
    if QApplication.platformName() in ("xcb", "wayland"):
        scheme = _answer_of("gsettings", "get", "org.gnome.desktop.interface", "color-scheme")
        if "prefer-dark" in scheme or "prefer-light" in scheme:
            return "prefer-dark" in scheme
    return _is_dark(palette)


def set_role(widget: QWidget, role: str) -> None:
    """Give a label the look of `title`, `heading`, `muted`, `warning`, `error` or `` (plain)."""
    if widget.property("role") != role:
        _set_style_property(widget, "role", role)


def set_primary(button: QWidget) -> None:
    """Mark the one next sensible action of a tab with the accent colour."""
    _set_style_property(button, "primary", "true")


def _set_style_property(widget: QWidget, name: str, value: str) -> None:
    """Set what the style sheet asks for, also of a widget that has its style already."""
    widget.setProperty(name, value)
    style = required(widget.style())
    style.unpolish(widget)
    style.polish(widget)


def line_style(index: int) -> Qt.PenStyle:
    """Return the dash of the `index`-th line of a plot."""
    return LINE_STYLES[index % len(LINE_STYLES)]


def class_color(index: int) -> QColor:
    """Return the colour of a class by its index (from 0), the same in every tab, plot and report."""
    return QColor(class_hex(index))


def icon(name: str, ink: str = "text") -> QIcon:
    """Return `assets/icons/<name>.svg`, drawn sharp at every size in the theme's colour named `ink`.

    The colour is looked up while drawing, so that icons follow a change of theme. On primary buttons use
    the ink `accent_text`. Raises FileNotFoundError for an unknown name, AttributeError for an unknown ink.
    """
    getattr(LIGHT, ink)
    return QIcon(_InkedSvg((assets_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8"), ink))


class _InkedSvg(QIconEngine):
    """Draw an SVG image with `currentColor` replaced by a colour of the theme."""

    def __init__(self, source: str, ink: str) -> None:
        super().__init__()
        self._source = source
        self._ink = ink
        self._drawn: dict[tuple[str, int], QPixmap] = {}

    def paint(self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ink = "disabled" if mode == QIcon.Mode.Disabled else self._ink
        color = str(getattr(current_theme(), ink))
        painter = required(painter)
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(QRectF(rect).center())
        drawn = self._draw(color, round(side * required(painter.device()).devicePixelRatioF()))
        painter.drawPixmap(square, drawn, QRectF(drawn.rect()))

    def _draw(self, color: str, side: int) -> QPixmap:
        """Return the picture with so many pixels; kept, since buttons are painted over and over while a run goes on."""
        if (color, side) not in self._drawn:
            source = self._source.replace("currentColor", color).encode()
            pixmap = QPixmap(side, side)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            QSvgRenderer(QByteArray(source)).render(painter)
            painter.end()
            self._drawn[color, side] = pixmap
        return self._drawn[color, side]

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _InkedSvg(self._source, self._ink)


def _is_dark(palette: QPalette) -> bool:
    return palette.color(QPalette.Window).lightness() < 128


def _answer_of(*command: str) -> str:
    program = shutil.which(command[0])
    if program is None:
        return ""
    words = [program, *command[1:]]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=0.5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _system_font() -> QFont:
    # Qt 5 takes Windows' font of 1995 for general text, but the modern one for menus.
    font = QFont(QApplication.font("QMenu") if sys.platform == "win32" else QApplication.font())
    # Without a screen Qt makes up 12 points, which no desktop has.
    size = _OFFSCREEN_FONT if QApplication.platformName() == "offscreen" else font.pointSizeF()
    font.setPointSizeF(max(SMALLEST_FONT, size))
    return font


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.Window: theme.window,
        QPalette.WindowText: theme.text,
        QPalette.Base: theme.base,
        QPalette.AlternateBase: theme.alternate,
        QPalette.ToolTipBase: theme.tooltip,
        QPalette.ToolTipText: theme.text,
        QPalette.PlaceholderText: theme.muted,
        QPalette.Text: theme.text,
        QPalette.Button: theme.button,
        QPalette.ButtonText: theme.text,
        QPalette.BrightText: theme.error,
        QPalette.Link: theme.accent,
        QPalette.LinkVisited: theme.accent,
        QPalette.Highlight: theme.accent,
        QPalette.HighlightedText: theme.accent_text,
        QPalette.Light: theme.button_hover,
        QPalette.Midlight: theme.border,
        QPalette.Mid: theme.control_border,
        QPalette.Dark: theme.control_border,
        QPalette.Shadow: "#000000",
    }
    for role, color in roles.items():
        palette.setColor(role, QColor(color))
    for role in (QPalette.WindowText, QPalette.Text, QPalette.ButtonText, QPalette.HighlightedText):
        palette.setColor(QPalette.Disabled, role, QColor(theme.disabled))
    palette.setColor(QPalette.Disabled, QPalette.Base, QColor(theme.window))
    palette.setColor(QPalette.Disabled, QPalette.Button, QColor(theme.window))
    palette.setColor(QPalette.Disabled, QPalette.Highlight, QColor(theme.border))
    return palette


def _style_sheet(theme: Theme, point_size: float) -> str:
    words = {name: str(value) for name, value in asdict(theme).items()}
    words |= {
        "controls": (assets_dir() / "controls").as_posix(),
        "mark": "black" if theme.is_dark else "white",
        "small": f"{max(SMALLEST_FONT, point_size - 1):g}pt",
        "title": f"{point_size * 1.25:g}pt",
    }
    text = (assets_dir() / "style.qss").read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda match: words[match[1]], text)

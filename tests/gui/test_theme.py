"""Colours, palette and icons."""

import dataclasses
import re
from itertools import pairwise

import pytest
from PyQt5.QtCore import QSize, Qt
from PyQt5.QtGui import QColor, QIcon, QPalette
from PyQt5.QtWidgets import QApplication, QLabel, QPushButton

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import (
    DARK,
    LIGHT,
    SMALLEST_FONT,
    ZOOMS,
    Theme,
    ThemeManager,
    ThemeName,
    apply_theme,
    class_color,
    current_theme,
    icon,
    line_style,
    set_role,
    system_prefers_dark,
)
from aid_desktop.paths import assets_dir

ICONS = [
    "add-folder",
    "add-file",
    "remove",
    "undo",
    "redo",
    "data",
    "training",
    "history",
    "assessment",
    "start",
    "pause",
    "resume",
    "stop",
    "apply",
    "save",
    "check",
    "warning",
    "error",
    "info",
    "export",
    "classify",
    "folder",
    "open",
    "refresh",
    "zoom-in",
    "search",
    "settings",
    "more",
    "close",
    "console",
    "copy",
    "image",
    "chart",
    "matrix",
    "gallery",
    "light",
    "dark",
    "help",
    "app",
    "drop",
    "up",
    "down",
    "queue",
]


def _luminance(color: str) -> float:
    parts = (QColor(color).redF(), QColor(color).greenF(), QColor(color).blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["window", "base", "alternate", "button", "button_hover", "selection", "tooltip"])
def test_that_text_stands_out_from_every_ground(theme: Theme, ground: str) -> None:
    assert _contrast(theme.text, getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["muted", "warning", "error", "accent"])
@pytest.mark.parametrize("ground", ["window", "base"])
def test_that_coloured_text_stands_out(theme: Theme, ink: str, ground: str) -> None:
    assert _contrast(getattr(theme, ink), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_that_primary_buttons_can_be_read(theme: Theme) -> None:
    assert _contrast(theme.accent_text, theme.accent) >= 4.5
    assert _contrast(theme.accent_text, theme.accent_hover) >= 4.5


def test_that_a_theme_reaches_palette_and_style_sheet(qapp: QApplication) -> None:
    for theme in (DARK, LIGHT):
        apply_theme(qapp, theme)
        assert qapp.palette().color(QPalette.Window).name() == theme.window
        assert qapp.palette().color(QPalette.Disabled, QPalette.Text).name() == theme.disabled
        assert theme.accent in qapp.styleSheet()
        assert current_theme() is theme


def test_that_the_style_sheet_has_no_open_words_and_no_tiny_text(qapp: QApplication) -> None:
    apply_theme(qapp, LIGHT)
    sheet = re.sub(r"/\*.*?\*/", "", qapp.styleSheet(), flags=re.DOTALL)
    assert "@" not in sheet
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)pt", sheet)]
    assert sizes
    assert min(sizes) >= SMALLEST_FONT
    assert qapp.font().pointSizeF() >= SMALLEST_FONT
    for file in re.findall(r'url\("([^"]+)"\)', sheet):
        assert QIcon(file).availableSizes() is not None
        assert (assets_dir() / "controls" / file.rsplit("/", 1)[1]).is_file()


def test_that_the_manager_tells_about_another_theme_only(qapp: QApplication) -> None:
    manager = ThemeManager(qapp)
    told: list[Theme] = []
    manager.changed.connect(told.append)
    for name in (ThemeName.LIGHT, ThemeName.DARK, ThemeName.DARK, ThemeName.LIGHT):
        manager.set_theme(name)
    assert told == [LIGHT, DARK, LIGHT]
    assert manager.current is LIGHT
    assert manager.name is ThemeName.LIGHT


def test_that_the_system_theme_follows_the_palette_qt_had_at_the_start(qapp: QApplication) -> None:
    qapp.setPalette(QPalette(QColor("#202020")))
    manager = ThemeManager(qapp)
    manager.set_theme(ThemeName.LIGHT)
    manager.set_theme(ThemeName.SYSTEM)
    assert manager.current is DARK
    assert not system_prefers_dark(QPalette(QColor("#f0f0f0")))
    apply_theme(qapp, LIGHT)


def test_that_all_icons_exist_and_no_others() -> None:
    assert sorted(path.stem for path in (assets_dir() / "icons").glob("*.svg")) == sorted(ICONS)


@pytest.mark.parametrize("name", ICONS)
def test_that_an_icon_draws_something_at_every_size(qapp: QApplication, name: str) -> None:
    apply_theme(qapp, LIGHT)
    for side in (16, 24, 64):
        image = icon(name).pixmap(QSize(side, side)).toImage()
        inked = sum(image.pixelColor(x, y).alpha() > 64 for x in range(image.width()) for y in range(image.height()))
        assert 0.03 < inked / (image.width() * image.height()) < 0.99


def _inks(picture: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal) -> set[str]:
    image = picture.pixmap(QSize(32, 32), mode).toImage()
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


def test_that_icons_follow_the_theme_and_pale_when_disabled(qapp: QApplication) -> None:
    picture = icon("stop")
    for theme in (LIGHT, DARK, LIGHT):
        apply_theme(qapp, theme)
        assert _inks(picture) == {theme.text}
        assert _inks(picture, QIcon.Mode.Disabled) == {theme.disabled}
        assert _inks(icon("stop", "accent_text")) == {theme.accent_text}


def test_that_unknown_icons_and_inks_are_errors(qapp: QApplication) -> None:
    with pytest.raises(FileNotFoundError):
        icon("unicorn")
    with pytest.raises(AttributeError):
        icon("stop", "glitter")


def test_that_classes_have_okabe_itos_colours_first_and_then_distinct_ones() -> None:
    names = [class_color(index).name() for index in range(60)]
    assert names[:3] == ["#e69f00", "#56b4e9", "#009e73"]
    assert len(set(names)) == len(names)
    for theme in (LIGHT, DARK):
        assert all(_contrast(name, theme.plot_background) > 1.25 for name in names)
    for one, other in pairwise(names):
        differences = [
            abs(getattr(QColor(one), part)() - getattr(QColor(other), part)()) for part in ("red", "green", "blue")
        ]
        assert max(differences) > 40


def test_that_line_styles_repeat() -> None:
    assert line_style(0) == Qt.PenStyle.SolidLine
    assert line_style(1) != line_style(0)
    assert line_style(5) == line_style(0)


def test_that_themes_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        LIGHT.window = "#000000"  # type: ignore[misc]


def test_that_a_role_can_change_while_a_label_is_shown(qapp: QApplication, qtbot: object) -> None:
    apply_theme(qapp, LIGHT)
    label = QLabel("text")
    qtbot.addWidget(label)  # type: ignore[attr-defined]
    set_role(label, "error")
    label.ensurePolished()
    assert label.palette().color(QPalette.WindowText).name() == LIGHT.error
    set_role(label, "")
    assert label.palette().color(QPalette.WindowText).name() == LIGHT.text


def test_that_required_returns_what_is_there_and_names_what_is_not(qapp: QApplication) -> None:
    assert required(QPushButton().style()) is not None
    with pytest.raises(RuntimeError, match="deleted"):
        required(None)


def test_that_zoom_scales_all_text_and_ends_at_its_limits(qapp: QApplication) -> None:
    manager = ThemeManager(qapp)
    manager.set_theme(ThemeName.LIGHT)
    size = qapp.font().pointSizeF()
    told: list[Theme] = []
    manager.changed.connect(told.append)
    manager.set_zoom(150)
    assert qapp.font().pointSizeF() == pytest.approx(1.5 * size)
    assert f"font-size: {1.5 * size * 1.25:g}pt" in qapp.styleSheet()
    assert told == [LIGHT]
    manager.zoom_by(1)
    assert manager.zoom == 175
    manager.zoom_by(9)
    assert manager.zoom == ZOOMS[-1]
    manager.zoom_by(-9)
    assert manager.zoom == ZOOMS[0]
    assert qapp.font().pointSizeF() >= SMALLEST_FONT
    manager.set_zoom(100)
    assert qapp.font().pointSizeF() == pytest.approx(size)


def test_that_a_zoom_before_the_first_theme_counts(qapp: QApplication) -> None:
    manager = ThemeManager(qapp)
    size = qapp.font().pointSizeF()
    manager.set_zoom(200)
    manager.set_theme(ThemeName.LIGHT)
    assert qapp.font().pointSizeF() == pytest.approx(2 * size)
    manager.set_zoom(100)


def test_that_the_system_is_asked_again_when_the_user_comes_back(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = ThemeManager(qapp)
    asked = {"dark": False}
    monkeypatch.setattr("aid_desktop.gui.theme.system_prefers_dark", lambda palette: asked["dark"])
    manager.set_theme(ThemeName.SYSTEM)
    asked["dark"] = True
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert manager.current is LIGHT
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    assert manager.current is DARK
    manager.set_theme(ThemeName.LIGHT)
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    assert manager.current is LIGHT


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_that_right_and_wrong_differ_in_blue_which_no_common_colour_blindness_hides(theme: Theme) -> None:
    correct, wrong = QColor(theme.correct), QColor(theme.wrong)
    assert correct.blueF() - wrong.blueF() > 0.6

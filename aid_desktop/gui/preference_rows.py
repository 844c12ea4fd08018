"""All that can be set for the program as a whole, each with a label, an explanation, and what it is at first."""

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import GRID, ZOOMS, ThemeName, set_role
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.naming import name_widget, named_button

_LABEL_WIDTH = 24 * GRID


@dataclass(frozen=True, slots=True)
class Preference:
    """A setting of the program: its `keys` in the user's settings, and the attribute of Preferences, if it has one.

    `choices` are its values, shown with `unit`; without them it is a folder, or a switch if `is_switch`. What has no
    attribute is only remembered, and can be forgotten.
    """

    label: str
    help: str
    keys: tuple[str, ...]
    attribute: str = ""
    choices: tuple[object, ...] = ()
    unit: str = ""
    is_switch: bool = False


PREFERENCES = (
    Preference(
        "Theme",
        "Colours of the window: light, dark, or as the system has them.",
        ("theme",),
        "theme",
        choices=tuple(ThemeName),
    ),
    Preference("Size of text", "In percent of the system's size.", ("zoom",), "zoom", choices=ZOOMS, unit=" %"),
    Preference(
        "All settings of a training",
        "The Training tab shows all settings, not only those that a first run needs.",
        ("all_settings",),
        "all_settings",
        is_switch=True,
    ),
    Preference("Folder for runs", "New runs are made here.", ("runs_folder",), "runs_folder"),
    Preference("Folder of images", "Dialogs that ask for images open here.", ("data_folder",), "data_folder"),
    Preference(
        "Apply changes at the next epoch",
        "Settings that are changed while a network trains are used from the next epoch on, without pressing Apply.",
        ("auto_apply",),
        "auto_apply",
        is_switch=True,
    ),
    Preference(
        "Python console",
        "A tab with a Python console that reaches the table, settings, runs and assessments of the window.",
        ("console",),
        "console",
        is_switch=True,
    ),
    Preference(
        "Recent files",
        "Data, sessions, runs and models opened last. Lists that are on show stay until the program is closed.",
        ("recent_data", "recent_sessions", "recent_runs", "recent_models"),
    ),
    Preference(
        "Choices of Classify and Export",
        "What was chosen in these dialogs the last time; they begin with it.",
        ("classify_choices", "export_choices"),
    ),
    Preference("Place of the window", "Size and place of the window at the next start.", ("window_geometry",)),
)


class PreferenceRow(QWidget):
    """One preference; what is chosen acts at once. Its parts are named settings.<first key> and …reset."""

    def __init__(self, preference: Preference, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.preference = preference
        self._preferences = preferences
        title = QLabel(preference.label, self)
        title.setFixedWidth(_LABEL_WIDTH)
        title.setWordWrap(True)
        about = QLabel(preference.help, self)
        about.setWordWrap(True)
        set_role(about, "muted")
        self.reset_button = self._make_reset()
        self._editor = self._make_editor()
        line = QHBoxLayout()
        line.setSpacing(GRID)
        line.addWidget(title)
        if self._editor is not None:
            name_widget(self._editor, f"settings.{preference.keys[0]}", preference.label, preference.help)
            line.addWidget(self._editor, 1)
        if isinstance(self._editor, QLineEdit):
            line.addWidget(self._make_choose())
        line.addStretch(0 if preference.attribute else 1)
        line.addWidget(self.reset_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, GRID)
        column.setSpacing(GRID // 2)
        column.addLayout(line)
        column.addWidget(about)
        preferences.changed.connect(self.show_value)
        self.show_value()

    def matches(self, words: Sequence[str]) -> bool:
        """Return whether all words, in small letters, are in the label or the explanation."""
        text = f"{self.preference.label} {self.preference.help}".lower()
        return all(word in text for word in words)

    @pyqtSlot()
    def show_value(self) -> None:
        """Show what is in force."""
        editor, value = self._editor, self._value()
        if isinstance(editor, QCheckBox):
            editor.setChecked(bool(value))
        elif isinstance(editor, QComboBox):
            editor.setCurrentText(f"{value}{self.preference.unit}")
        elif isinstance(editor, QLineEdit):
            editor.setText(str(value))
        self.reset_button.setEnabled(self._preferences.is_set(*self.preference.keys))

    def _make_reset(self) -> QPushButton:
        preference = self.preference
        text, tip = ("Reset", "Make it what it is at first") if preference.attribute else ("Forget", "Forget all of it")
        button = named_button(self, text, f"settings.{preference.keys[0]}.reset", tip)
        button.setAccessibleName(f"{text}: {preference.label}")
        button.clicked.connect(self._on_reset)
        return button

    def _make_editor(self) -> QCheckBox | QComboBox | QLineEdit | None:
        preference = self.preference
        if not preference.attribute:
            return None
        if preference.is_switch:
            switch = QCheckBox("on", self)
            switch.toggled.connect(self._set)
            return switch
        if preference.choices:
            box = QComboBox(self)
            guard_wheel(box)
            for value in preference.choices:
                box.addItem(f"{value}{preference.unit}", value)
            box.activated[int].connect(self._on_activated)
            return box
        field = QLineEdit(self)
        field.setReadOnly(True)
        return field

    def _make_choose(self) -> QPushButton:
        choose = named_button(self, "Choose…", f"settings.{self.preference.keys[0]}.choose", "Choose another folder")
        choose.setAccessibleName(f"Choose: {self.preference.label}")
        choose.clicked.connect(self._on_choose)
        return choose

    def _value(self) -> object:
        return getattr(self._preferences, self.preference.attribute) if self.preference.attribute else None

    @pyqtSlot(bool)
    def _set(self, value: object) -> None:
        setattr(self._preferences, self.preference.attribute, value)

    @pyqtSlot(int)
    def _on_activated(self, number: int) -> None:
        self._set(self.preference.choices[number])

    @pyqtSlot()
    def _on_choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.preference.label, str(self._value()))
        if folder:
            self._set(folder)

    @pyqtSlot()
    def _on_reset(self) -> None:
        self._preferences.reset(*self.preference.keys)


def all_keys() -> tuple[str, ...]:
    """Return the keys of all preferences."""
    return tuple(key for preference in PREFERENCES for key in preference.keys)


class PortableRow(QWidget):
    """Whether the standalone program keeps settings, logs and caches beside itself."""

    HELP = (
        "Settings, logs, caches and runs lie in a folder beside the program, so that it can be carried along on a "
        "drive. It acts from the next start on; the settings of now are copied."
    )

    def __init__(self, is_portable: bool, reason: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QCheckBox("Portable", self)
        name_widget(self.box, "settings.portable", "Portable", reason or self.HELP)
        self.box.setChecked(is_portable)
        self.box.setDisabled(bool(reason))
        about = QLabel(f"{self.HELP} {reason}".strip(), self)
        about.setWordWrap(True)
        about.setAlignment(Qt.AlignmentFlag.AlignTop)
        set_role(about, "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, GRID)
        column.setSpacing(GRID // 2)
        column.addWidget(self.box)
        column.addWidget(about)

    def matches(self, words: Sequence[str]) -> bool:
        """Return whether all words, in small letters, are in the explanation."""
        return all(word in f"portable {self.HELP}".lower() for word in words)

"""The left side of the Training tab: presets, and below them few settings on a page, or all of them by kind."""

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtBoundSignal, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.naming import named_button

_TIP = "Show all settings, or only those that a first run needs; what is not shown stays as it is (Ctrl+M)"


class SettingsPanel(QWidget):
    """A panel that can show its few essential settings alone."""

    def set_brief(self, is_brief: bool) -> None:
        """Show the essential settings alone, or all of them."""
        raise NotImplementedError

    def n_hidden_changes(self) -> int:
        """Return how many settings that are not shown differ from their defaults."""
        raise NotImplementedError


class SettingsSide(QWidget):
    """`top` above the panels, one for each (panel, title): in tabs, or briefly on one page.

    `brief_changed` tells that the user has chosen the other way.
    """

    brief_changed = pyqtSignal(bool)

    def __init__(
        self,
        top: QWidget,
        panels: Sequence[tuple[SettingsPanel, str]],
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._panels = [panel for panel, _ in panels]
        self._is_brief = False
        self.tabs = QTabWidget(self)
        self.tabs.setObjectName("settingsTabs")
        self.tabs.setAccessibleName("Settings")
        self._scrolls = [_scroll_area(self.tabs) for _ in panels]
        for scroll, (_, title) in zip(self._scrolls, panels, strict=True):
            self.tabs.addTab(scroll, title)
        self._page = _scroll_area(self)
        self._page.setObjectName("briefSettings")
        self._page.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stack = QVBoxLayout()
        self._stack.setContentsMargins(0, 0, 0, 0)
        holder = QWidget(self._page)
        holder.setLayout(self._stack)
        self._stack.addStretch(1)
        self._page.setWidget(holder)
        self.more_button = named_button(self, "", "moreSettingsButton", _TIP)
        self.more_button.setFlat(True)
        self.more_button.clicked.connect(self.toggle)
        foot = QHBoxLayout()
        foot.addWidget(self.more_button)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(top)
        column.addWidget(self.tabs, 1)
        column.addWidget(self._page, 1)
        column.addLayout(foot)
        self._arrange(not preferences.all_settings)
        preferences.changed.connect(self._on_preferences_changed)

    @property
    def is_brief(self) -> bool:
        """Whether only the essential settings are shown."""
        return self._is_brief

    def follow(self, *signals: pyqtBoundSignal) -> None:
        """Count the settings that are changed but not shown anew whenever one of these signals is emitted."""
        for signal in signals:
            signal.connect(self._show_state)
        self._show_state()

    @pyqtSlot()
    def toggle(self) -> None:
        """Show more settings, or fewer."""
        self._preferences.all_settings = self._is_brief

    @pyqtSlot()
    def _on_preferences_changed(self) -> None:
        if self._is_brief == self._preferences.all_settings:
            self._arrange(not self._is_brief)
            self.brief_changed.emit(self._is_brief)

    def show_panel(self, number: int) -> None:
        """Bring a panel into view."""
        self.tabs.setCurrentIndex(number)
        if self._is_brief:
            self._page.ensureWidgetVisible(self._panels[number], 0, 0)

    def _arrange(self, is_brief: bool) -> None:
        self._is_brief = is_brief
        for number, (panel, scroll) in enumerate(zip(self._panels, self._scrolls, strict=True)):
            if is_brief:
                scroll.takeWidget()
                self._stack.insertWidget(number, panel)
            else:
                self._stack.removeWidget(panel)
                scroll.setWidget(panel)
            panel.set_brief(is_brief)
            panel.show()
        self.tabs.setVisible(not is_brief)
        self._page.setVisible(is_brief)
        self._show_state()

    @pyqtSlot()
    def _show_state(self) -> None:
        n_changed = sum(panel.n_hidden_changes() for panel in self._panels) if self._is_brief else 0
        text = "More settings ▸" if self._is_brief else "◂ Fewer settings"
        self.more_button.setText(f"{text}  ({n_changed} changed)" if n_changed else text)
        self.more_button.setAccessibleName(self.more_button.text().strip("▸◂ "))


def brief_title(text: str, parent: QWidget) -> QLabel:
    """Return the heading of a panel among the others, hidden at first."""
    label = QLabel(text, parent)
    set_role(label, "heading")
    label.hide()
    return label


def _scroll_area(parent: QWidget) -> QScrollArea:
    scroll = QScrollArea(parent)
    scroll.setWidgetResizable(True)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return scroll

"""The left side of the Training tab: presets, and below them the settings by kind."""

from collections.abc import Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QScrollArea, QTabWidget, QVBoxLayout, QWidget

from aid_desktop.gui.theme import GRID


class SettingsSide(QWidget):
    """`top` above tabs that scroll, one for each (panel, title)."""

    def __init__(self, top: QWidget, panels: Sequence[tuple[QWidget, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tabs = QTabWidget(self)
        self.tabs.setObjectName("settingsTabs")
        self.tabs.setAccessibleName("Settings")
        for panel, title in panels:
            scroll = QScrollArea(self.tabs)
            scroll.setWidget(panel)
            scroll.setWidgetResizable(True)
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            self.tabs.addTab(scroll, title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(top)
        column.addWidget(self.tabs, 1)

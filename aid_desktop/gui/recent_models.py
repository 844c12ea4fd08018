"""A menu of the models that were used last, the same in every place that takes a model."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QMenu, QPushButton

from aid_desktop.gui.recent_paths import RecentPaths


class RecentModelsMenu(QMenu):
    """Opens from `button`; `chosen` carries the path of a model."""

    chosen = pyqtSignal(Path)

    def __init__(self, button: QPushButton) -> None:
        super().__init__(button)
        self._recent = RecentPaths("recent_models")
        self.aboutToShow.connect(self._fill)
        button.setMenu(self)

    @property
    def latest(self) -> Path | None:
        """The model that was used last."""
        return next(iter(self._recent.paths()), None)

    def remember(self, path: Path) -> None:
        """Put a model first."""
        self._recent.add(path)

    @pyqtSlot()
    def _fill(self) -> None:
        self.clear()
        for path in self._recent.paths():
            action = self.addAction(str(path))
            if action is not None:
                action.triggered.connect(partial(self._choose, path))
        if self.isEmpty() and (action := self.addAction("No model was used yet")) is not None:
            action.setEnabled(False)

    def _choose(self, path: Path) -> None:
        self.chosen.emit(path)

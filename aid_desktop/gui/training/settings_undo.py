"""Undo for the settings on the Training tab: each step holds all of them before and after."""

from collections.abc import Callable

from PyQt5.QtCore import QObject, QTimer, pyqtSlot
from PyQt5.QtWidgets import QUndoCommand, QUndoStack

from aid_desktop.errors import SettingsError
from aid_desktop.gui.training.live_settings import LiveSettings
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings

# One drag of a slider is one step.
_DELAY_MS = 400


class SettingsUndo(QObject):
    """Watches what the user changes and offers `stack` for undo and redo."""

    def __init__(self, settings: LiveSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self._settings = settings
        self._known = settings.values()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._take)
        settings.edited.connect(self._timer.start)

    @property
    def settings(self) -> TrainingSettings:
        """The settings that were valid last."""
        return self._known

    def show(self, settings: TrainingSettings) -> None:
        """Show other settings without making a step of it."""
        self._known = settings
        self._settings.set_values(settings)

    @pyqtSlot()
    def _take(self) -> None:
        """Make a step of what has changed since the last one; nothing while a field is not valid."""
        try:
            now = self._settings.values()
        except SettingsError:
            return
        diff = SettingsDiff.between(self._known, now)
        if diff:
            before, self._known = self._known, now
            self.stack.push(_Restore(self._restore, before, now, str(diff)))

    def _restore(self, settings: TrainingSettings) -> None:
        # What was just made a step of is shown already.
        if settings != self._known:
            self.show(settings)


class _Restore(QUndoCommand):
    def __init__(
        self,
        restore: Callable[[TrainingSettings], None],
        before: TrainingSettings,
        after: TrainingSettings,
        text: str,
    ) -> None:
        super().__init__(text)
        self._do = restore
        self._before = before
        self._after = after

    def redo(self) -> None:
        self._do(self._after)

    def undo(self) -> None:
        self._do(self._before)

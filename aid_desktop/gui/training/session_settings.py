"""All settings of the window as one value: for sessions, which save and restore them."""

from collections.abc import Callable
from dataclasses import replace

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QUndoCommand

from aid_desktop.errors import SettingsError
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.training.live_settings import LiveSettings
from aid_desktop.gui.training.model_panel import ModelPanel
from aid_desktop.gui.training.run_panel import RunPanel
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.training.settings_undo import SettingsUndo
from aid_desktop.runs.config import ModelChoice, RunSettings
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.snapshot import TrainingSettings

_RUNNING = "Only the settings of the training were changed: network and images stay while a network is being trained."


class WindowSettings(QObject):
    """Reads and shows the settings of both tabs.

    `changed` tells of any change, by hand or by a step of undo; `shown` of a step that shows many settings at once,
    `left_out` carries a sentence on what it could not show.
    """

    changed = pyqtSignal()
    shown = pyqtSignal()
    left_out = pyqtSignal(str)

    def __init__(
        self,
        notifier: Notifier,
        model: ModelPanel,
        live: LiveSettings,
        undo: SettingsUndo,
        run: RunPanel,
        session: TrainingSession,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._notifier = notifier
        self._model = model
        self._live = live
        self._undo = undo
        self._run = run
        for signal in (notifier.image_settings_changed, notifier.split_changed, live.edited, model.changed):
            signal.connect(self.changed)
        run.device.currentTextChanged.connect(self.changed)
        run.device.missed.connect(self._on_device_missed)

    @property
    def seed(self) -> int:
        """What everything random in a run follows from."""
        return self._notifier.seed

    @property
    def device(self) -> DeviceSettings:
        """The device and its memory as chosen."""
        return replace(self._model.memory.values(), strategy=self._run.device.currentText())

    def values(self) -> RunSettings:
        """Return what is shown; where a field is not valid, the training settings that were valid last."""
        try:
            training = self._live.values()
        except SettingsError:
            training = self._undo.settings
        return RunSettings(
            image=self._notifier.image_settings,
            model=self._model.choice,
            training=training,
            split=self._notifier.split,
            device=self.device,
            seed=self.seed,
        )

    def change(self, settings: RunSettings, text: str) -> tuple[str, ...]:
        """Show other settings as one step of undo, named `text`; return sentences for what could not be shown."""
        self._undo.stack.push(_ShowSettings(self._show, self.values(), settings, text))
        return tuple(self._not_shown(settings))

    def change_training(self, model: ModelChoice, training: TrainingSettings, text: str) -> None:
        """Show another network and how it learns as one step of undo, which leaves all else as it is."""
        now = self.values()
        self._undo.stack.push(
            _ShowSettings(self._show_training, now, replace(now, model=model, training=training), text)
        )

    def _show_training(self, settings: RunSettings) -> None:
        # What trains cannot be exchanged: the forms would show another network.
        if self._session.is_running:
            self.left_out.emit(_RUNNING)
        else:
            self._model.show_choice(settings.model)
        self._undo.show(settings.training)
        self.shown.emit()

    def _show(self, settings: RunSettings) -> None:
        if self._session.is_running:
            self._show_training(settings)
            return
        self._model.memory.set_values(settings.device)
        self._notifier.set_seed(settings.seed)
        self._notifier.set_image_settings(settings.image)
        self._notifier.set_split(settings.split)
        self._run.device.choose(settings.device.strategy)
        self._show_training(settings)

    def _not_shown(self, settings: RunSettings) -> list[str]:
        texts = []
        model, device = settings.model, settings.device.strategy
        if model.start_from is None and model.architecture not in ("", self._model.architecture):
            texts.append(f"There is no architecture {model.architecture!r} here, so {self._model.architecture} stays.")
        if device != self._run.device.currentText():
            texts.append(self._no_device(device))
        return texts

    def _no_device(self, name: str) -> str:
        return f"There is no device {name} here, so {self._run.device.currentText()} stays."

    @pyqtSlot(str)
    def _on_device_missed(self, name: str) -> None:
        self.left_out.emit(self._no_device(name))


class _ShowSettings(QUndoCommand):
    def __init__(self, show: Callable[[RunSettings], None], before: RunSettings, after: RunSettings, text: str) -> None:
        super().__init__(text)
        self._show = show
        self._before = before
        self._after = after

    def redo(self) -> None:
        self._show(self._after)

    def undo(self) -> None:
        self._show(self._before)

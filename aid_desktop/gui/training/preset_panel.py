"""The row of presets above the settings, and why a preset has chosen what it has chosen."""

import html
import os
from collections.abc import Sequence
from functools import partial

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from aid_desktop.data.class_table import Role
from aid_desktop.errors import TrainingError
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.gui.training.device_selector import DeviceSelector
from aid_desktop.gui.training.model_panel import ModelPanel
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.training.session_settings import WindowSettings
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.runs.config import ModelChoice
from aid_desktop.training.presets import Preset, Reason, recommend
from aid_desktop.training.speed_model import situation_of

_TIPS = {
    Preset.QUICK: "Fill in settings for a first answer within about 5 minutes",
    Preset.BALANCED: "Fill in settings for a good result within about 20 minutes",
    Preset.BEST: "Fill in settings for the best result within about an hour",
}
_NO_IMAGES = "Add training images on the Data tab first."
_RUNNING = "Wait for the run to end, or stop it."
_REASONS_HEIGHT = 22 * GRID


class PresetPanel(QWidget):
    """Three buttons that fill architecture and settings as one step of undo, and a list of reasons below them."""

    def __init__(
        self,
        notifier: Notifier,
        session: TrainingSession,
        model: ModelPanel,
        settings: WindowSettings,
        device: DeviceSelector,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._session = session
        self._model = model
        self._settings = settings
        self._device = device
        self._buttons = {
            preset: named_button(self, preset.capitalize(), f"preset.{preset}", tip) for preset, tip in _TIPS.items()
        }
        self._note = QLabel(self)
        self._reasons = QLabel(self)
        self._area = QScrollArea(self)
        self._hide = QPushButton(icon("close"), "", self)
        self._lay_out()
        for preset, button in self._buttons.items():
            button.clicked.connect(partial(self.use, preset))
        self._hide.clicked.connect(self._on_hide)
        # The reasons are those of one step, and of these images.
        settings.shown.connect(self._on_hide)
        notifier.table_changed.connect(self._on_hide)
        notifier.table_changed.connect(self._check)
        session.running_changed.connect(self._check)
        self._check()

    @property
    def note(self) -> str:
        """Why the buttons cannot be used, or a preset could not be; empty otherwise."""
        return self._note.text()

    def use(self, preset: Preset, checked: bool = False) -> None:
        """Fill in what this preset recommends for the images and the device, and show why."""
        device = self._settings.device
        try:
            situation = situation_of(
                self._notifier.table,
                self._notifier.split,
                self._notifier.image_settings,
                device.threads or os.cpu_count() or 1,
                self._device.means_gpu,
            )
            chosen = recommend(preset, situation, self._model.architectures)
        except TrainingError as error:
            self._on_hide()
            self._show_note(str(error))
            return
        self._show_note("")
        reasons = chosen.reasons
        if self._model.start_from.choice is not None:
            text = f"A new network is trained; the model {self._model.name} is not used."
            reasons = (Reason("Start from", "a new network", text), *reasons)
        model = ModelChoice(architecture=chosen.architecture)
        self._settings.change_training(model, chosen.training, f"preset {preset}")
        self._show(preset, reasons)

    def _lay_out(self) -> None:
        title = QLabel("Preset", self)
        set_role(title, "heading")
        name_widget(self._hide, "presetHideButton", "Hide the reasons", "Hide the reasons; the settings stay")
        self._hide.setFlat(True)
        self._hide.hide()
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(title)
        for button in self._buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self._hide)
        self._note.setObjectName("presetNote")
        self._note.setWordWrap(True)
        set_role(self._note, "muted")
        self._reasons.setObjectName("presetReasons")
        self._reasons.setAccessibleName("Reasons of the preset")
        self._reasons.setWordWrap(True)
        self._reasons.setTextFormat(Qt.TextFormat.RichText)
        self._reasons.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._reasons.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._reasons.setContentsMargins(GRID, GRID, GRID, GRID)
        self._area.setWidget(self._reasons)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFixedHeight(_REASONS_HEIGHT)
        self._area.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(row)
        column.addWidget(self._note)
        column.addWidget(self._area)

    @pyqtSlot()
    def _check(self) -> None:
        """Say why no preset can be used."""
        reason = ""
        if self._session.is_running:
            reason = _RUNNING
        elif not self._notifier.table.rows_with(Role.TRAINING):
            reason = _NO_IMAGES
        for preset, button in self._buttons.items():
            button.setDisabled(bool(reason))
            button.setToolTip(reason or _TIPS[preset])
        self._show_note(reason)

    def _show_note(self, text: str) -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def _show(self, preset: Preset, reasons: Sequence[Reason]) -> None:
        lines = [
            f"<p style='margin:0 0 6px 0'><b>{html.escape(reason.title)}: {html.escape(reason.choice)}.</b> "
            f"{html.escape(reason.text)}</p>"
            for reason in reasons
        ]
        head = f"<p style='margin:0 0 6px 0'>Why <b>{preset}</b> chose these settings; change any of them:</p>"
        self._reasons.setText(head + "".join(lines))
        self._area.show()
        self._hide.show()

    @pyqtSlot()
    def _on_hide(self) -> None:
        self._area.hide()
        self._hide.hide()

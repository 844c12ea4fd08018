"""What the forms show, as one snapshot, and its way into a running training."""

import dataclasses
import logging
from collections.abc import Callable, Iterable
from functools import partial

from PyQt5.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from aid_desktop.data.class_table import Role
from aid_desktop.errors import SettingsError
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.widgets.field_editor import FieldEditor
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.runs.config import DataRow, data_rows
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings
from aid_desktop.training.events import BatchProgress, EpochFinished, RunStarted, SettingsApplied, SettingsRefused

logger = logging.getLogger(__name__)

# Slider bursts are merged into one post.
_DELAY_MS = 200


class LiveSettings(QObject):
    """Posts changes to the session, by itself or on demand, and marks fields that wait for the next epoch.

    Images per epoch are taken from the class table once it has changed while the run goes on, as long as it has the
    training rows of the run. `edited` tells of any change of the forms, by hand or by `set_values`, `not_valid` why
    what the user wants to apply cannot be.
    """

    edited = pyqtSignal()
    not_valid = pyqtSignal(str)

    def __init__(
        self,
        hyperparameters: "SectionForm[HyperParameters]",
        augmentation: "SectionForm[AugmentationSettings]",
        saving: "SectionForm[SavingSettings]",
        notifier: Notifier,
        session: TrainingSession,
        preferences: Preferences,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._hyperparameters = hyperparameters
        self._augmentation = augmentation
        self._saving = saving
        self._notifier = notifier
        self._session = session
        self._auto_apply = preferences.auto_apply
        self._in_force: TrainingSettings | None = None
        self._posted: TrainingSettings | None = None
        self._posted_revision = 0
        self._epoch = 0
        self._table_numbers: tuple[int, ...] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._on_timeout)
        for form in (hyperparameters, augmentation, saving):
            form.changed.connect(self._on_changed)
            form.changed.connect(self.edited)
        notifier.table_changed.connect(self._on_table_changed)
        session.started.connect(self._on_started)
        session.progressed.connect(self._on_progressed)
        session.epoch_finished.connect(self._on_epoch_finished)
        session.settings_applied.connect(self._on_applied)
        session.settings_refused.connect(self._on_refused)
        session.running_changed.connect(self._on_running_changed)

    @property
    def is_auto(self) -> bool:
        """Whether changes are posted by themselves."""
        return self._auto_apply

    def values(self) -> TrainingSettings:
        """Return what is shown. Raises SettingsError, after marking the field."""
        sections = self._augmentation.values(), self._hyperparameters.values(), self._saving.values()
        try:
            return TrainingSettings(*sections)
        except SettingsError as error:
            self._saving.show_error(error)
            raise

    def set_values(self, settings: TrainingSettings) -> None:
        """Show these settings."""
        self._augmentation.set_values(settings.augmentation)
        self._hyperparameters.set_values(settings.hyperparameters)
        self._saving.set_values(settings.saving)
        self._augmentation.changed.emit()

    @pyqtSlot(bool)
    def set_auto_apply(self, on: bool) -> None:
        """Choose whether changes are posted by themselves."""
        self._auto_apply = on
        if on and self._session.is_running:
            self._timer.start()

    @pyqtSlot()
    def apply(self) -> None:
        """Post what is shown, as the user asks for; say why if a field is not valid, which may be on another page."""
        self._post(self.not_valid.emit)

    @pyqtSlot()
    def post(self) -> None:
        """Post what is shown for the next epoch; nothing when a field is not valid or nothing runs."""
        self._post(partial(logger.debug, "nothing is posted: %s"))

    def _post(self, tell: Callable[[str], None]) -> None:
        self._timer.stop()
        if not self._session.is_running:
            return
        try:
            settings = self._wanted()
        except SettingsError as error:
            tell(str(error))
            return
        if settings != self._posted:
            self._posted = settings
            self._posted_revision = self._session.post(settings) or 0
        self._mark()

    @pyqtSlot()
    def _on_changed(self) -> None:
        # Not started anew: a slider that never rests must not keep its value to itself.
        if self._session.is_running and not self._timer.isActive():
            self._mark()
            self._timer.start()

    @pyqtSlot()
    def _on_timeout(self) -> None:
        if self._auto_apply:
            self.post()
        else:
            self._mark()

    @pyqtSlot()
    def _on_table_changed(self) -> None:
        self._table_numbers = self._numbers_of_table()
        self._on_changed()

    @pyqtSlot(RunStarted)
    def _on_started(self, event: RunStarted) -> None:
        self._in_force = self._posted = event.settings
        self._posted_revision = event.revision
        self._epoch = event.first_epoch
        # What was moved while the data were loading.
        if self._auto_apply:
            self.post()

    @pyqtSlot(BatchProgress)
    def _on_progressed(self, event: BatchProgress) -> None:
        self._epoch = event.epoch

    @pyqtSlot(EpochFinished)
    def _on_epoch_finished(self, event: EpochFinished) -> None:
        self._epoch = event.record.epoch + 1

    @pyqtSlot(SettingsApplied)
    def _on_applied(self, event: SettingsApplied) -> None:
        self._in_force = event.settings
        if event.revision >= self._posted_revision:
            # Of what waited before the run began nobody here was told.
            self._posted = event.settings
        self._epoch = event.epoch
        if event.reason:
            self._follow(event)
        self._mark()

    @pyqtSlot(SettingsRefused)
    def _on_refused(self, event: SettingsRefused) -> None:
        self._posted = self._in_force
        self._mark("refused: see the message above")

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        # A run from the queue may have been planned with other numbers than the table shows.
        self._table_numbers = None
        if not running:
            self._in_force = self._posted = None
            self._timer.stop()
            for editor in self._editors():
                editor.set_pending(None)

    def _mark(self, text: str = "") -> None:
        """Say beside each changed field from which epoch on it counts, or that it waits for Apply."""
        if self._in_force is None:
            return
        try:
            shown = self._wanted()
        except SettingsError as error:
            logger.debug("fields are not marked: %s", error)
            return
        waiting = {change.path for change in SettingsDiff.between(self._in_force, shown).changes}
        posted = self._auto_apply or shown == self._posted
        text = text or (f"from epoch {self._epoch + 1}" if posted else "press Apply")
        for editor in self._editors():
            editor.set_pending(text if editor.path in waiting else None)

    def _follow(self, event: SettingsApplied) -> None:
        """Show what the run itself has changed, unless the user has changed it meanwhile."""
        changes = {change.path: change for change in event.diff.changes}
        for editor in self._editors():
            if editor.path in changes and editor.value() == changes[editor.path].old:
                editor.set_value(changes[editor.path].new)
        self._posted = event.settings

    def _wanted(self) -> TrainingSettings:
        """Return what the run is to take. Raises SettingsError."""
        return dataclasses.replace(self.values(), images_per_epoch=self._images_per_epoch())

    def _images_per_epoch(self) -> tuple[int, ...]:
        in_force = self._in_force.images_per_epoch if self._in_force is not None else ()
        config, shown = self._session.config, self._table_numbers
        if config is None or shown is None:
            return in_force
        return () if shown == _numbers(_training(config.data)) and not in_force else shown

    def _numbers_of_table(self) -> tuple[int, ...] | None:
        """Return what the class table says, if it has the training rows of the run."""
        config = self._session.config
        if config is None:
            return None
        ours, theirs = _training(data_rows(self._notifier.table)), _training(config.data)
        return _numbers(ours) if list(map(_identity, ours)) == list(map(_identity, theirs)) else None

    def _editors(self) -> tuple[FieldEditor, ...]:
        return (*self._hyperparameters.editors, *self._augmentation.editors, *self._saving.editors)


def _training(rows: Iterable[DataRow]) -> list[DataRow]:
    return [row for row in rows if row.role is Role.TRAINING]


def _identity(row: DataRow) -> tuple[object, ...]:
    return row.path, row.part, row.images, row.class_name, row.zoom


def _numbers(rows: Iterable[DataRow]) -> tuple[int, ...]:
    return tuple(row.images_per_epoch or 0 for row in rows)

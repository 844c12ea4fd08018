"""What a run starts from: a new network, or a model that goes on learning or lends its architecture."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import QCheckBox, QComboBox, QLabel, QVBoxLayout, QWidget

from aid_desktop.gui.assess.model_choice import (
    ChosenModel,
    UnknownModel,
    contract_text,
    may_be_model,
)
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.training.model_field import ARCHITECTURE_SUFFIX, ModelField
from aid_desktop.gui.training.origins import RENEW, Misfit, Origins, Wish
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.trust_question import or_ask_for_trust
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.drop_area import dropped_paths
from aid_desktop.gui.widgets.message_strip import sentence
from aid_desktop.gui.widgets.naming import name_widget
from aid_desktop.gui.widgets.value_editors import with_words
from aid_desktop.models.facts import ModelFacts
from aid_desktop.runs.config import ModelChoice
from aid_desktop.training.origin import Origin
from aid_desktop.training.seen import may_have_seen

_NEW, _CONTINUE, _RESTART = "new", "continue", "restart"
_WAYS = {_NEW: "a new network", _CONTINUE: "a model, which goes on learning", _RESTART: "a model's architecture"}
_OF_WEIGHTS = ("channels", "normalization", "features")
_FEWEST_CLASSES = 2
_CHECK_AFTER = 300
_NO_MODEL = "Choose a model to start from"
_LOOKING = "The model to start from is being looked at"
_UNFIT = "The model to start from cannot be used as it is: see Model"


class StartFrom(QWidget):
    """Chooses between a new network and a model, and says what will be kept of the model.

    `changed` tells of any change of the choice or of what is known about it.
    """

    changed = pyqtSignal()

    def __init__(
        self, notifier: Notifier, background: Background, session: TrainingSession, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._background = background
        self._origins = Origins(session)
        self._path: Path | None = None
        self._model: ChosenModel | None = None
        self._takes_settings = False
        self._is_locked = False
        self._problem = ""
        self._job: Job[ChosenModel | UnknownModel | None] | Job[Origin | Misfit | None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_CHECK_AFTER)
        self._timer.timeout.connect(self._look)
        self._lay_out()
        for signal in (notifier.image_settings_changed, notifier.table_changed, notifier.split_changed):
            signal.connect(self._look_soon)

    @property
    def choice(self) -> ModelChoice | None:
        """The model to start from; None for a new network, or as long as no model is chosen."""
        way = self._way.currentData()
        if way == _NEW or self._path is None:
            return None
        # The best model of a run may be another one when the run is repeated.
        path = self._path if self._model is None else self._model.path
        return ModelChoice(start_from=path, mode=way, renew_layers=self._renew.isChecked())

    @property
    def is_used(self) -> bool:
        """Whether a run starts from a model."""
        return bool(self._way.currentData() != _NEW)

    @property
    def goes_on(self) -> bool:
        """Whether the weights of a model are kept."""
        return bool(self._way.currentData() == _CONTINUE)

    @property
    def name(self) -> str:
        """The architecture of the chosen model, or its file name while that is not known."""
        if self._model is not None:
            return self._model.card.architecture
        return self._path.stem if self._path is not None else ""

    @property
    def problem(self) -> str:
        """Why no run can start from this; empty if it can, or if a new network is wanted."""
        return self._problem if self.is_used else ""

    @property
    def short_problem(self) -> str:
        """The same, in a few words where the panel tells the rest."""
        return self.problem if self.problem in ("", _NO_MODEL, _LOOKING) else _UNFIT

    @property
    def settled(self) -> tuple[str, ...]:
        """The image settings that a model which goes on decides, where they are as it has them."""
        if not self.goes_on or self._model is None:
            return ()
        image, own = self._notifier.image_settings, self._model.card.image
        return tuple(name for name in _OF_WEIGHTS if getattr(image, name) == getattr(own, name))

    @property
    def wish(self) -> Wish | None:
        """What the chosen model is to be used for; None without one."""
        choice, model = self.choice, self._model
        if choice is None or model is None:
            return None
        table = self._notifier.table
        names = table.class_names if table.n_classes >= _FEWEST_CLASSES else model.card.class_names
        types = {kind for row in table.rows for kind in row.source.pixel_types}
        pixel_type = types.pop() if len(types) == 1 else model.card.pixel_type
        return Wish(choice, self._notifier.image_settings, names, pixel_type)

    def use(self, path: Path, mode: str = _CONTINUE) -> None:
        """Start from a model, or the best one of a run folder, with the image settings that it was trained with."""
        self._show_way(mode, path)
        self._choose(path, takes_settings=True)

    def show_choice(self, choice: ModelChoice | None) -> None:
        """Show a choice as it was made elsewhere; None or an architecture: a new network."""
        if choice is None or choice.start_from is None:
            self._way.setCurrentIndex(self._way.findData(_NEW))
            return
        self._renew.setChecked(choice.renew_layers)
        self._show_way(choice.mode, choice.start_from)
        self._choose(choice.start_from, takes_settings=False)

    def set_locked(self, reason: str | None) -> None:
        """Lock everything for a reason, or unlock it. What is locked has been used: nothing keeps it from that."""
        self._is_locked = reason is not None
        for widget in (self._way, self._field, self._renew):
            widget.setEnabled(reason is None)
        self._way.setToolTip(reason or "What the weights of the network are at the start")
        if self._is_locked:
            self._timer.stop()
            self._tell("")
        elif self._model is None and self._path is not None:
            # A run has kept it from being read.
            self._choose(self._path, takes_settings=self._takes_settings)
        else:
            self._look_soon()

    def _show_way(self, mode: str, path: Path) -> None:
        self._path, self._model = path, None
        self._way.setCurrentIndex(self._way.findData(mode))

    def _choose(self, path: Path, *, takes_settings: bool) -> None:
        self._path, self._model, self._takes_settings = path, None, takes_settings
        self._field.show_path(path)
        self._contract.hide()
        self._drop_job()
        self._tell("" if self._is_locked else _LOOKING)
        names, image = self._notifier.table.class_names, self._notifier.image_settings
        facts = None if self.goes_on else ModelFacts.of_run(names, image, is_restart=True)
        again = partial(self._choose, path, takes_settings=takes_settings)
        work = partial(self._origins.identified, path, facts)
        on_failed = or_ask_for_trust(self._on_bad, again, self)
        self._job = self._background.start("Reading a model's card", work, self._on_read, on_failed)

    @pyqtSlot(Path)
    def _on_chosen(self, path: Path) -> None:
        self._choose(path, takes_settings=True)

    @pyqtSlot()
    def _on_emptied(self) -> None:
        self._path = self._model = None
        self._drop_job()
        self._contract.hide()
        self._tell(_NO_MODEL)

    def _on_read(self, model: ChosenModel | UnknownModel | None) -> None:
        self._job = None
        if model is None:
            return
        if isinstance(model, UnknownModel):
            self._tell(
                f"{model.path.name} does not say which classes and normalization it was trained with: choose it on the "
                "Assessment tab, describe it there, and start from the copy that is saved"
            )
            return
        self._model = model
        self._field.remember(model.path)
        self._contract.setText(contract_text(model.card))
        self._contract.show()
        if self._takes_settings and self.is_used:
            self._notifier.set_image_settings(model.card.image)
        self._look_soon()

    def _take_settings_of_weights(self) -> None:
        if self.goes_on and self._model is not None:
            own = {name: getattr(self._model.card.image, name) for name in _OF_WEIGHTS}
            self._notifier.set_image_settings(replace(self._notifier.image_settings, **own))

    def _on_bad(self, failure: Failure) -> None:
        self._job = None
        self._tell(with_words(sentence(failure.message).rstrip(".")))

    @pyqtSlot()
    def _look_soon(self) -> None:
        """Find out anew what will be kept, once nothing more changes; not while a network trains."""
        if self.is_used and self._model is not None and not self._is_locked:
            self._drop_job()
            self._tell(_LOOKING)
            self._timer.start()

    @pyqtSlot()
    def _look(self) -> None:
        wish = self.wish
        if wish is None or self._is_locked:
            return

        self._job = self._background.start(
            "Looking at the model to start from",
            partial(self._origins.looked_at, wish),
            self._on_looked,
            self._on_bad,
        )

    def _on_looked(self, found: Origin | Misfit | None) -> None:
        self._job = None
        if isinstance(found, Misfit):
            self._tell(found.text, has_tied_layers=found.has_tied_layers)
        elif found is not None:
            self._tell("", " ".join((*found.notes, *self._warnings())), is_doubtful=bool(self._warnings()))

    def _warnings(self) -> tuple[str, ...]:
        model, notifier = self._model, self._notifier
        if model is None or not self.goes_on:
            return ()
        return may_have_seen(model.card.data, model.held_out, notifier.table, notifier.split is not None)

    def _tell(self, problem: str, outcome: str = "", is_doubtful: bool = False, has_tied_layers: bool = False) -> None:
        self._problem = problem
        is_error = bool(problem) and problem != _LOOKING
        self._outcome.setText(sentence(problem) if problem else outcome)
        set_role(self._outcome, "error" if is_error else "warning" if is_doubtful else "muted")
        self._renew.setVisible(self.goes_on and (self._renew.isChecked() or has_tied_layers))
        self.changed.emit()

    def _drop_job(self) -> None:
        self._timer.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    @pyqtSlot()
    def _on_way_changed(self) -> None:
        self._body.setVisible(self.is_used)
        self._field.offer_architectures(self._way.currentData() == _RESTART)
        if self._model is not None:
            self._look_soon()
        elif self._path is None:
            self._tell(_NO_MODEL)
        self.changed.emit()

    @pyqtSlot()
    def _on_way_activated(self) -> None:
        """Take what the user's choice asks for: what is shown of others must not change the image settings."""
        if self._path is None or not self.is_used:
            return
        if self._model is None or self._model.shape is not None:
            # What is known of a network without a card depends on whether its weights are wanted.
            self._choose(self._path, takes_settings=self._model is None)
        else:
            self._take_settings_of_weights()

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        event = required(a0)
        paths = dropped_paths(event.mimeData())
        is_model = len(paths) == 1 and (may_be_model(paths[0]) or _is_architecture(paths[0]))
        # What is no model goes on to the window.
        event.setAccepted(is_model and not self._is_locked)

    def dropEvent(self, a0: QDropEvent | None) -> None:
        event = required(a0)
        event.acceptProposedAction()
        path = dropped_paths(event.mimeData())[0]
        self.use(path, _RESTART if _is_architecture(path) or self._way.currentData() == _RESTART else _CONTINUE)

    def _lay_out(self) -> None:
        heading = QLabel("Start from", self)
        set_role(heading, "heading")
        self._way = QComboBox(self)
        name_widget(self._way, "startFromSelector", "Start from", "")
        for way, text in _WAYS.items():
            self._way.addItem(text, way)
        guard_wheel(self._way)
        self._way.currentIndexChanged.connect(self._on_way_changed)
        self._way.activated.connect(self._on_way_activated)
        self._field = ModelField(self)
        self._field.chosen.connect(self._on_chosen)
        self._field.emptied.connect(self._on_emptied)
        self._make_texts()
        self._body = QWidget(self)
        inside = QVBoxLayout(self._body)
        inside.setContentsMargins(0, 0, 0, 0)
        for part in (self._field, self._contract, self._outcome, self._renew):
            inside.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for each in (column, inside):
            each.setSpacing(GRID)
        for part in (heading, self._way, self._body):
            column.addWidget(part)
        self._body.hide()
        self.setAcceptDrops(True)

    def _make_texts(self) -> None:
        self._contract, self._outcome = QLabel(self), QLabel(self)
        for label, name in ((self._contract, "startFromContract"), (self._outcome, "startFromOutcome")):
            label.setObjectName(name)
            label.setWordWrap(True)
            set_role(label, "muted")
        self._renew = QCheckBox(RENEW, self)
        tip = "Layers whose weights belong to another image size get new weights, all others keep theirs"
        name_widget(self._renew, "startFromRenew", RENEW, tip)
        self._renew.toggled.connect(self._look_soon)
        for part in (self._renew, self._contract):
            part.hide()


def _is_architecture(path: Path) -> bool:
    return path.suffix.lower() == ARCHITECTURE_SUFFIX

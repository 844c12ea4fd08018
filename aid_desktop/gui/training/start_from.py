"""What a run starts from: a new network, or a model that goes on learning or lends its architecture."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.assess.model_choice import MODEL_SUFFIXES, ChosenModel, UnknownModel, contract_text, identify
from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.recent_paths import RecentPaths
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.message_strip import sentence
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.runs.config import ModelChoice
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.origin import Origin, load_origin, started_from
from aid_desktop.training.seen import may_have_seen

if TYPE_CHECKING:
    import keras

_NEW = "new"
_WAYS = {_NEW: "a new network", "continue": "a model, which goes on learning", "restart": "a model's architecture"}
_OF_WEIGHTS = ("channels", "normalization", "features")
_FEWEST_CLASSES = 2
_CHECK_AFTER = 300
_NO_MODEL = "Choose a model to start from"
_LOOKING = "The model to start from is being looked at"
LOCKED_BY_MODEL = "As the model to start from has it: its weights mean this and nothing else."


@dataclass(frozen=True, slots=True)
class Wish:
    """A model and what it is to be used for: `choice.start_from` is its file or run folder."""

    choice: ModelChoice
    image: ImageSettings
    class_names: tuple[str, ...]
    pixel_type: str


def fitted(wish: Wish) -> tuple["keras.Model", Origin]:
    """Return the network that the model becomes, and what is kept of it. Raises AidError."""
    loaded = load_origin(wish.choice, wish.image, wish.class_names)
    return started_from(loaded, wish.choice, wish.image, wish.class_names, wish.pixel_type)


class StartFrom(QWidget):
    """Chooses between a new network and a model, and says what will be kept of the model.

    `changed` tells of any change of the choice or of what is known about it.
    """

    changed = pyqtSignal()

    def __init__(self, notifier: Notifier, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._background = background
        self._recent = RecentPaths("recent_models")
        self._path: Path | None = None
        self._model: ChosenModel | None = None
        self._takes_settings = False
        self._is_locked = False
        self._problem = ""
        self._job: Job[ChosenModel | UnknownModel] | Job[Origin] | None = None
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
        return bool(self._way.currentData() == "continue")

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

    def use(self, path: Path, mode: str = "continue") -> None:
        """Start from a model, or the best one of a run folder, with the image settings that it was trained with."""
        self._way.setCurrentIndex(self._way.findData(mode))
        self._choose(path, takes_settings=True)

    def show_choice(self, choice: ModelChoice | None) -> None:
        """Show a choice as it was made elsewhere; None or an architecture: a new network."""
        if choice is None or choice.start_from is None:
            self._way.setCurrentIndex(self._way.findData(_NEW))
            return
        self._renew.setChecked(choice.renew_layers)
        self._way.setCurrentIndex(self._way.findData(choice.mode))
        self._choose(choice.start_from, takes_settings=False)

    def set_locked(self, reason: str | None) -> None:
        """Lock everything for a reason, or unlock it."""
        self._is_locked = reason is not None
        for widget in (self._way, self._edit, self._browse, self._recent_button, self._renew):
            widget.setEnabled(reason is None)
        self._way.setToolTip(reason or "What the weights of the network are at the start")
        if reason is None:
            self._look_soon()

    def _choose(self, path: Path, *, takes_settings: bool) -> None:
        self._path, self._model, self._takes_settings = path, None, takes_settings
        self._edit.setText(str(path))
        self._contract.hide()
        self._drop_job()
        self._tell(_LOOKING)
        self._job = self._background.start(
            "Reading a model's card", partial(identify, path), self._on_read, self._on_bad
        )

    def _on_read(self, model: ChosenModel | UnknownModel) -> None:
        self._job = None
        if isinstance(model, UnknownModel):
            self._tell(
                f"{model.path.name} does not say which classes and normalization it was trained with: choose it on the "
                "Assessment tab, describe it there, and start from the copy that is saved"
            )
            return
        self._model = model
        self._recent.add(model.path)
        self._contract.setText(contract_text(model.card))
        self._contract.show()
        if self._takes_settings:
            self._notifier.set_image_settings(model.card.image)
        self._look_soon()

    def _take_settings_of_weights(self) -> None:
        if self.goes_on and self._model is not None:
            own = {name: getattr(self._model.card.image, name) for name in _OF_WEIGHTS}
            self._notifier.set_image_settings(replace(self._notifier.image_settings, **own))

    def _on_bad(self, failure: Failure) -> None:
        self._job = None
        self._tell(sentence(failure.message).rstrip("."))

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

        def look(context: JobContext) -> Origin:
            return fitted(wish)[1]

        self._job = self._background.start("Looking at the model to start from", look, self._on_looked, self._on_unfit)

    def _on_looked(self, origin: Origin) -> None:
        self._job = None
        self._tell("", " ".join((*origin.notes, *self._warnings())), is_doubtful=bool(self._warnings()))

    def _on_unfit(self, failure: Failure) -> None:
        self._job = None
        self._tell(failure.message)

    def _warnings(self) -> tuple[str, ...]:
        model, notifier = self._model, self._notifier
        if model is None or not self.goes_on:
            return ()
        return may_have_seen(model.card.data, model.held_out, notifier.table, notifier.split is not None)

    def _tell(self, problem: str, outcome: str = "", is_doubtful: bool = False) -> None:
        self._problem = problem
        is_error = bool(problem) and problem != _LOOKING
        self._outcome.setText(sentence(problem) if problem else outcome)
        set_role(self._outcome, "error" if is_error else "warning" if is_doubtful else "muted")
        self._renew.setVisible(self.goes_on and (self._renew.isChecked() or "renew_layers" in problem))
        self.changed.emit()

    def _drop_job(self) -> None:
        self._timer.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    @pyqtSlot()
    def _on_way_changed(self) -> None:
        self._body.setVisible(self.is_used)
        self._take_settings_of_weights()
        if self._model is not None:
            self._look_soon()
        elif self._path is None:
            self._tell(_NO_MODEL)
        self.changed.emit()

    @pyqtSlot()
    def browse(self) -> None:
        """Ask for a model file."""
        current = self._path or next(iter(self._recent.paths()), Path.home())
        patterns = " ".join(f"*{suffix}" for suffix in MODEL_SUFFIXES)
        name, _ = QFileDialog.getOpenFileName(
            self, "Choose a model to start from", str(current), f"Models ({patterns});;All files (*)"
        )
        if name:
            self._choose(Path(name), takes_settings=True)

    @pyqtSlot()
    def _on_edited(self) -> None:
        text = self._edit.text().strip()
        if text and Path(text) != self._path:
            self._choose(Path(text), takes_settings=True)

    @pyqtSlot()
    def _fill_menu(self) -> None:
        self._menu.clear()
        for path in self._recent.paths():
            action = self._menu.addAction(str(path))
            if action is not None:
                action.triggered.connect(partial(self._choose, path, takes_settings=True))
        if self._menu.isEmpty() and (action := self._menu.addAction("No model was used yet")) is not None:
            action.setEnabled(False)

    def _lay_out(self) -> None:
        heading = QLabel("Start from", self)
        set_role(heading, "heading")
        self._way = QComboBox(self)
        self._way.setObjectName("startFromSelector")
        self._way.setAccessibleName("Start from")
        for way, text in _WAYS.items():
            self._way.addItem(text, way)
        guard_wheel(self._way)
        self._way.currentIndexChanged.connect(self._on_way_changed)
        self._make_fields()
        self._body = QWidget(self)
        row = QHBoxLayout()
        for widget in (self._edit, self._recent_button, self._browse):
            row.addWidget(widget)
        inside = QVBoxLayout(self._body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(row)
        for part in (self._contract, self._outcome, self._renew):
            inside.addWidget(part)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for each in (column, inside):
            each.setSpacing(GRID)
        for part in (heading, self._way, self._body):
            column.addWidget(part)
        self._body.hide()

    def _make_fields(self) -> None:
        self._edit = QLineEdit(self)
        self._edit.setObjectName("startFromPath")
        self._edit.setAccessibleName("Model to start from")
        self._edit.setToolTip(
            f"A file {', '.join(MODEL_SUFFIXES)}, or the folder of a run: then its best model is taken"
        )
        self._edit.setPlaceholderText("A model file, or the folder of a run")
        self._edit.editingFinished.connect(self._on_edited)
        self._browse = named_button(self, "Browse…", "startFromBrowseButton", "Choose a model file", "open")
        self._browse.clicked.connect(self.browse)
        self._recent_button = named_button(self, "Recent", "startFromRecentButton", "Models that were used last")
        self._menu = QMenu(self._recent_button)
        self._menu.aboutToShow.connect(self._fill_menu)
        self._recent_button.setMenu(self._menu)
        self._contract, self._outcome = QLabel(self), QLabel(self)
        for label, name in ((self._contract, "startFromContract"), (self._outcome, "startFromOutcome")):
            label.setObjectName(name)
            label.setWordWrap(True)
            set_role(label, "muted")
        self._renew = QCheckBox("Let layers that do not fit begin anew", self)
        self._renew.setObjectName("startFromRenew")
        self._renew.setAccessibleName("Let layers that do not fit begin anew")
        self._renew.setToolTip(
            "Layers whose weights belong to another image size get new weights, all others keep theirs"
        )
        self._renew.toggled.connect(self._look_soon)
        for part in (self._renew, self._contract):
            part.hide()

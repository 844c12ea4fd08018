"""Which model is assessed: path, recent models, and what the model asks of images."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from aid_desktop.data.class_table import ClassRow
from aid_desktop.gui.assess.facts_dialog import FactsDialog, unknown_of
from aid_desktop.gui.assess.model_choice import (
    ChosenModel,
    UnknownModel,
    contract_problem,
    contract_text,
    identify,
)
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.recent_models import RecentModelsMenu
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.gui.trust_question import or_ask_for_trust
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.gui.widgets.one_dialog import OneDialog
from aid_desktop.models.files import MODEL_SUFFIXES
from aid_desktop.models.metadata import ModelCard

_NO_MODEL = "No model chosen: browse for a model file, or drop one, or the folder of a run, here."
_FILES = "A .keras file, AIDeveloper's .model, a .h5 file of Keras, or the folder of a run"


class ModelRow(QWidget):
    """Takes the path of a model or of a run folder and puts the model found into the notifier.

    `chosen` carries the ChosenModel once its card was read, `failed` the Failure otherwise.
    """

    chosen = pyqtSignal(ChosenModel)
    failed = pyqtSignal(Failure)

    def __init__(self, notifier: Notifier, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._background = background
        self._job: Job[ChosenModel | UnknownModel] | None = None
        self._model: ChosenModel | UnknownModel | None = None
        self._dialog = OneDialog(self)
        self._asked: Path | None = None
        self._rows: tuple[ClassRow, ...] = ()
        self._lay_out()
        notifier.model_chosen.connect(self._on_model_chosen)
        if notifier.model is not None:
            self.choose(notifier.model)

    @property
    def path(self) -> Path | None:
        """What stands in the field: a model or a run folder; None if it is empty."""
        text = self.edit.text().strip()
        return Path(text) if text else None

    def choose(self, path: Path) -> None:
        """Find the model of a path and read its card."""
        if self._job is not None:
            self._job.cancel()
        self._asked = path
        self.edit.setText(str(path))
        self._show_model(None, "Reading the model's card…")
        on_failed = or_ask_for_trust(self._on_failed, partial(self.choose, path), self)
        self._job = self._background.start(
            "Reading a model's card", partial(identify, path), self._on_identified, on_failed
        )
        self.destroyed.connect(self._job.cancel)

    @pyqtSlot()
    def browse(self) -> None:
        """Ask for a model file."""
        current = self.path or self._recent.latest or Path.home()
        name, _ = QFileDialog.getOpenFileName(
            self,
            "Choose a model",
            str(current),
            f"Models ({' '.join(f'*{suffix}' for suffix in MODEL_SUFFIXES)});;All files (*)",
        )
        if name:
            self.choose(Path(name))

    def check(self, rows: tuple[ClassRow, ...]) -> None:
        """Say whether the images of these rows are what the model takes; it is said of each model chosen later, too."""
        self._rows = rows
        if isinstance(self._model, ChosenModel):
            self._show_contract(self._model.card)

    def _show_contract(self, card: ModelCard) -> None:
        text, problem = contract_text(card), contract_problem(card, self._rows)
        sign = "" if not self._rows else (" \u2713" if problem is None else "")
        self._contract.setText(f"{text}{sign}" if problem is None else f"\u2717 {problem}")
        self._contract.setToolTip(text if problem is None else f"{problem}\n\nThe model takes {text}")
        set_role(self._contract, "muted" if problem is None else "warning")

    @pyqtSlot(Path)
    def _on_model_chosen(self, path: Path) -> None:
        if path != self._asked:
            self.choose(path)

    @pyqtSlot()
    def _on_edited(self) -> None:
        if self.path is None:
            self._asked = None
            self._show_model(None, _NO_MODEL)
        elif self.path != self._asked:
            self.choose(self.path)

    @property
    def is_described(self) -> bool:
        """Whether all is known that is needed to use the model."""
        return not isinstance(self._model, UnknownModel)

    @pyqtSlot()
    def describe(self) -> None:
        """Open the form for what the model does not say itself."""
        found = unknown_of(self._model) if isinstance(self._model, ChosenModel) else self._model
        if found is not None:
            self._dialog.show(partial(self._make_dialog, found))

    def _make_dialog(self, model: UnknownModel) -> FactsDialog:
        dialog = FactsDialog(model, self._background, self)
        dialog.described.connect(self.choose)
        return dialog

    def _on_identified(self, model: ChosenModel | UnknownModel) -> None:
        self._job, self._asked = None, model.path
        self._recent.remember(model.path)
        self.edit.setText(str(model.path))
        if isinstance(model, UnknownModel):
            self._show_model(model, "This model does not say what its classes are, or what images it takes.")
            self.describe()
            return
        self._show_model(model, contract_text(model.card))
        self._show_contract(model.card)
        if self._notifier.model != model.path:
            self._notifier.choose_model(model.path)
        self.chosen.emit(model)

    def _on_failed(self, failure: Failure) -> None:
        self._job = None
        self._show_model(None, "This model cannot be used.")
        self.failed.emit(failure)

    def _show_model(self, model: ChosenModel | UnknownModel | None, text: str) -> None:
        self._model = model
        self._contract.setText(text)
        self._contract.setToolTip(text)
        set_role(self._contract, "muted")
        is_made_up = isinstance(model, UnknownModel) or (model is not None and model.shape is not None)
        self.describe_button.setVisible(is_made_up)

    def _lay_out(self) -> None:
        label = QLabel("M&odel", self)
        self.edit = QLineEdit(self)
        self.edit.setObjectName("assessModelPath")
        self.edit.setAccessibleName("Model to assess")
        self.edit.setToolTip(f"{_FILES}: then its best model is taken")
        self.edit.setPlaceholderText(_FILES)
        # The tab takes dropped models; the field would insert their address as text.
        self.edit.setAcceptDrops(False)
        self.edit.editingFinished.connect(self._on_edited)
        label.setBuddy(self.edit)
        recent = QPushButton("Recent", self)
        recent.setObjectName("assessRecentButton")
        recent.setAccessibleName("Recent models")
        recent.setToolTip("Models that were used last")
        self._recent = RecentModelsMenu(recent)
        self._recent.chosen.connect(self.choose)
        browse = QPushButton(icon("open"), "Browse…", self)
        browse.setObjectName("assessBrowseButton")
        browse.setAccessibleName("Browse for a model")
        browse.setToolTip("Choose a model file")
        browse.clicked.connect(self.browse)
        self._contract = QLabel(_NO_MODEL, self)
        self._contract.setObjectName("assessContract")
        self._contract.setTextFormat(Qt.TextFormat.PlainText)
        self._contract.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_role(self._contract, "muted")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(1, 1)
        label.setMinimumWidth(6 * GRID)
        for column, widget in enumerate((label, self.edit, recent, browse)):
            grid.addWidget(widget, 0, column)
        self.describe_button = named_button(
            self, "Name classes…", "assessDescribeButton", "Say what the model does not; saved as a .keras file", "info"
        )
        self.describe_button.hide()
        self.describe_button.clicked.connect(self.describe)
        grid.addWidget(self._contract, 1, 1)
        grid.addWidget(self.describe_button, 1, 2, 1, 2)

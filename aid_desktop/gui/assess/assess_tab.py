"""The Assessment tab: can I trust it?"""

from functools import partial

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import QSplitter, QUndoStack, QVBoxLayout, QWidget

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.labelled import has_labels
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.gui.assess.assessment import assess_model
from aid_desktop.gui.assess.changes_bar import ChangesBar
from aid_desktop.gui.assess.confusion_view import ConfusionView
from aid_desktop.gui.assess.gallery import Gallery
from aid_desktop.gui.assess.insights import Insights
from aid_desktop.gui.assess.model_actions import ModelActions
from aid_desktop.gui.assess.model_choice import ChosenModel, may_be_model
from aid_desktop.gui.assess.model_row import ModelRow
from aid_desktop.gui.assess.relabelling import Relabelling
from aid_desktop.gui.assess.rescoring import Rescoring
from aid_desktop.gui.assess.result_tabs import ResultTabs
from aid_desktop.gui.assess.results_splitter import ResultsSplitter
from aid_desktop.gui.assess.run_row import RunRow
from aid_desktop.gui.assess.staged import Staged
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.data.undo import TableEditor, add_undo_keys
from aid_desktop.gui.models.confusion_model import CellImages
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, ThemeManager
from aid_desktop.gui.trust_question import or_ask_for_trust
from aid_desktop.gui.widgets.drop_area import dropped_paths
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.numbers import grouped

# Shared out in equal parts; the sizes of what is inside would not be.
_LARGE = 10_000

_TRAINED_ON = (
    "The network has learnt from these images: the scores tell how well it remembers, not how well it will do on "
    "new ones."
)


class AssessTab(QWidget):
    """Applies a model to labelled images and shows which of them it takes for what.

    `assessed` carries the ConfusionMatrix of each new result. `editor` changes the class table and can undo that.
    """

    assessed = pyqtSignal(ConfusionMatrix)

    def __init__(
        self,
        notifier: Notifier,
        background: Background,
        themes: ThemeManager,
        parent: QWidget | None = None,
        editor: TableEditor | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("assessmentTab")
        self.setAcceptDrops(True)
        self._notifier = notifier
        self._background = background
        self._assessment: Assessment | None = None
        self._job: Job[Assessment] | None = None
        self._model_note: Note | None = None
        self.messages = MessageStrip("assessMessages", self)
        self.model_row = ModelRow(notifier, background, self)
        self.run_row = RunRow(background, self)
        self.confusion = ConfusionView(themes, self)
        self.results = ResultTabs(themes, background, self)
        editor = editor or TableEditor(notifier, QUndoStack(self))
        add_undo_keys(self, editor.stack)
        self.relabelling = Relabelling(notifier, editor, self)
        self.changes = ChangesBar(self.relabelling, self)
        self.gallery = Gallery(background, self.relabelling, self)
        self.insights = Insights(self.gallery, background, themes, self)
        self.insights.add_tabs(self.results)
        self.model_actions = ModelActions(self.model_row, self.run_row, self.messages, background, themes, self)
        self._rescoring = Rescoring(background, self._on_rescored, self._on_failed, self)
        self._lay_out()
        self._connect()
        self.run_row.set_table(notifier.table)
        self._show_empty()

    @property
    def assessment(self) -> Assessment | None:
        """The result on show."""
        return self._assessment

    @pyqtSlot()
    def assess(self) -> None:
        """Assess the model on the images of the chosen role, as if the button was pressed."""
        if self._job is not None or self.results.calibration.is_fitting:
            return
        self.messages.clear()
        path = self.model_row.path
        if path is None:
            self._tell("No model is chosen: browse for a model file, or drop one, or a run folder, here.")
            return
        if not self.model_row.is_described:
            self.model_row.describe()
            return
        row, rows = self.run_row, self._notifier.table.rows
        self.relabelling.remember_table()
        row.set_running(True)
        self.results.calibration.set_blocked(True)
        self._job = self._background.start(
            "Assessing",
            partial(assess_model, path, row.role, rows, row.threshold, row.class_names, labelled=row.labelled),
            self._on_assessed,
            or_ask_for_trust(self._on_failed, self.assess, self),
            is_cancellable=True,
        )
        self._job.follow(self.run_row.set_progress)
        self._job.ended.connect(self._on_ended)
        self.destroyed.connect(self._job.cancel)

    @pyqtSlot()
    def cancel(self) -> None:
        """Stop the assessment under way and drop what it has found."""
        if self._job is not None:
            self._job.cancel()

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        event = required(a0)
        paths = dropped_paths(event.mimeData())
        # What is neither a model nor images with labels goes on to the window, which takes images.
        if len(paths) == 1 and (may_be_model(paths[0]) or has_labels(paths[0])):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        event = required(a0)
        event.acceptProposedAction()
        path = dropped_paths(event.mimeData())[0]
        if may_be_model(path):
            self.model_row.choose(path)
        else:
            self.run_row.set_labelled(path)

    def _on_assessed(self, made: Assessment) -> None:
        self._rescoring.drop()
        self.relabelling.start(made)
        self._show(made, keep_cells=False)
        # The threshold may have been moved while the model was at work.
        self._on_threshold(self.run_row.threshold)
        if made.role is Role.TRAINING:
            self.messages.add(Note(Level.WARNING, _TRAINED_ON))
        self.assessed.emit(made.matrix)

    def _on_rescored(self, made: Assessment) -> None:
        self.relabelling.follow(made)
        self._show(made, keep_cells=True)

    @pyqtSlot(Assessment)
    def _on_recalibrated(self, made: Assessment) -> None:
        self._rescoring.drop()
        self._on_rescored(made)
        if self.model_row.path == made.path:
            self.model_row.choose(made.path)
        # The threshold may have been moved meanwhile.
        self._on_threshold(self.run_row.threshold)

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    def _on_model_failed(self, failure: Failure) -> None:
        self._forget_model_note()
        self._model_note = Note(Level.ERROR, sentence(failure.message), failure.details)
        self.messages.add(self._model_note)

    @pyqtSlot()
    def _on_ended(self) -> None:
        self._job = None
        self.run_row.set_running(False)
        self.results.calibration.set_blocked(False)

    @pyqtSlot(ChosenModel)
    def _on_model(self, model: ChosenModel) -> None:
        self._forget_model_note()
        self.run_row.set_class_names(model.card.class_names)
        self.run_row.set_held_out(model.held_out)
        self._check_contract()
        if self._assessment is None:
            self._show_empty()

    @pyqtSlot(ClassTable)
    def _on_table(self, table: ClassTable) -> None:
        self.run_row.set_table(table)
        self._check_contract()

    @pyqtSlot()
    def _check_contract(self) -> None:
        self.model_row.check(self.run_row.rows)

    @pyqtSlot(object)
    def _on_threshold(self, threshold: Threshold | None) -> None:
        made = self._assessment
        if made is not None and (threshold is None or self._is_same_classes(made)):
            self.results.set_threshold(threshold)
            self._rescoring.ask(made, threshold)

    @pyqtSlot(Threshold)
    def _on_line(self, threshold: Threshold) -> None:
        made = self._assessment
        if made is None or self._is_same_classes(made):
            self.run_row.set_threshold(threshold)
        else:
            self._rescoring.ask(made, threshold)

    def _is_same_classes(self, made: Assessment) -> bool:
        # The classes to choose from are those of the model chosen last, the result may be of another.
        return self.run_row.class_names == made.card.class_names

    @pyqtSlot(CellImages)
    def _on_cells(self, cells: CellImages) -> None:
        if self._assessment is not None:
            self.gallery.show_cells(self._assessment, cells)

    @pyqtSlot()
    def _show_excluded(self) -> None:
        positions = self.relabelling.excluded
        if self._assessment is not None and len(positions):
            what = "excluded image" if len(positions) == 1 else "excluded images"
            self.gallery.show_cells(self._assessment, CellImages(f"{grouped(len(positions))} {what}", positions))

    def _forget_model_note(self) -> None:
        if self._model_note is not None:
            self.messages.remove(self._model_note)
            self._model_note = None

    def _show(self, made: Assessment, keep_cells: bool) -> None:
        self._assessment = made
        self.results.show_assessment(made)
        self.insights.show_assessment(made)
        self.confusion.set_matrix(made.matrix, keep_cells)
        for stage in self._stages:
            stage.show_content()
        self.model_actions.set_assessment(made)

    def _show_empty(self) -> None:
        matrix, metrics, gallery = self._stages
        if self.model_row.path is None:
            matrix.show_empty(
                "Which images are taken for which class? Choose a model.", "Choose a model…", self.model_row.browse
            )
        else:
            matrix.show_empty("Not yet assessed: see which images are taken for which class.", "Assess", self.assess)
        metrics.show_empty("Accuracy and the scores of each class stand here after Assess.")
        gallery.show_empty("Click on a cell of the confusion matrix to see its images here.")

    def _tell(self, text: str) -> None:
        self.messages.add(Note(Level.ERROR, text))

    def _connect(self) -> None:
        self.model_row.chosen.connect(self._on_model)
        self.model_row.failed.connect(self._on_model_failed)
        self.run_row.run_asked.connect(self.assess)
        self.run_row.cancel_asked.connect(self.cancel)
        self.run_row.threshold_changed.connect(self._on_threshold)
        self.run_row.role_changed.connect(self._check_contract)
        self.results.threshold_moved.connect(self._on_line)
        self.results.calibration.fitting.connect(self.run_row.run_button.setDisabled)
        self.results.recalibrated.connect(self._on_recalibrated)
        self.confusion.cells_selected.connect(self._on_cells)
        for part in (self.confusion, self.gallery):
            part.failed.connect(self._on_failed)
        self.changes.excluded_asked.connect(self._show_excluded)
        self.relabelling.counted.connect(self.confusion.model.set_changed)
        self._notifier.table_changed.connect(self._on_table)

    def _lay_out(self) -> None:
        self._stages = (
            Staged("confusionStage", self.confusion, self),
            Staged("metricsStage", self.results, self),
            Staged("galleryStage", self.gallery, self),
        )
        upper = QSplitter(Qt.Orientation.Horizontal, self)
        upper.addWidget(self._stages[0])
        upper.addWidget(self._stages[1])
        upper.setChildrenCollapsible(False)
        upper.setHandleWidth(2 * GRID)
        upper.setSizes([_LARGE, _LARGE])
        lower = ResultsSplitter(self)
        lower.addWidget(upper)
        lower.addWidget(self._stages[2])
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID // 2)
        for widget in (self.messages, self.changes, self.model_row, self.run_row):
            column.addWidget(widget)
        column.addWidget(lower, 1)
        column.addWidget(self.model_actions)

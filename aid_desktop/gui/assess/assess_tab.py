"""The Assessment tab: can I trust it?"""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QSplitter, QTabWidget, QVBoxLayout, QWidget

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.labelled import has_labels
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.gui.assess.assessment import Assessment, assess_model, copy_model, with_threshold, write_files
from aid_desktop.gui.assess.classify_dialog import ClassifyDialog
from aid_desktop.gui.assess.confusion_view import ConfusionView
from aid_desktop.gui.assess.gallery import Gallery
from aid_desktop.gui.assess.inference_time_dialog import InferenceTimeTool
from aid_desktop.gui.assess.metrics_view import MetricsView
from aid_desktop.gui.assess.model_choice import ChosenModel, may_be_model
from aid_desktop.gui.assess.model_row import ModelRow
from aid_desktop.gui.assess.run_row import RunRow
from aid_desktop.gui.assess.staged import Staged
from aid_desktop.gui.assess.tile_map_dialog import TileMapDialog
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.models.confusion_model import CellImages
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, ThemeManager, icon
from aid_desktop.gui.widgets.drop_area import dropped_paths
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence

# Shared out in equal parts; the sizes of what is inside would not be.
_LARGE = 10_000

_TRAINED_ON = (
    "The network has learnt from these images: the scores tell how well it remembers, not how well it will do on "
    "new ones."
)


class AssessTab(QWidget):
    """Applies a model to labelled images and shows which of them it takes for what.

    `assessed` carries the ConfusionMatrix of each new result.
    """

    assessed = pyqtSignal(ConfusionMatrix)

    def __init__(
        self, notifier: Notifier, background: Background, themes: ThemeManager, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("assessmentTab")
        self.setAcceptDrops(True)
        self._notifier = notifier
        self._background = background
        self._assessment: Assessment | None = None
        self._job: Job[Assessment] | None = None
        self._rescoring: Job[Assessment] | None = None
        self._model_note: Note | None = None
        self.messages = MessageStrip("assessMessages", self)
        self.model_row = ModelRow(notifier, background, self)
        self.run_row = RunRow(self)
        self.confusion = ConfusionView(themes, self)
        self.metrics = MetricsView(self)
        self.gallery = Gallery(background, self)
        self.inference_time = InferenceTimeTool(lambda: self.model_row.path, background, self._tell, self)
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
        if self._job is not None:
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
        row.set_running(True)
        self._job = self._background.start(
            "Assessing",
            partial(assess_model, path, row.role, rows, row.threshold, row.class_names, labelled=row.labelled),
            self._on_assessed,
            self._on_failed,
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

    @pyqtSlot()
    def ask_for_report(self) -> None:
        """Ask for a folder and write the report on the result into it."""
        if self._assessment is None:
            self._tell("There is nothing to report yet: assess a model first.")
            return
        start = str(self._assessment.path.parent)
        folder = QFileDialog.getExistingDirectory(self, "Folder of the report", start)
        if folder:
            write = partial(write_files, self._assessment, Path(folder))
            job = self._background.start("Writing the report", write, self._on_report, self._on_failed)
            self.destroyed.connect(job.cancel)

    @pyqtSlot()
    def ask_for_export(self) -> None:
        """Ask for a name and save a copy of the model under it."""
        path = self.model_row.path
        if path is None:
            self._tell("No model is chosen: browse for the model to export.")
            return
        name, _ = QFileDialog.getSaveFileName(self, "Export model", str(Path.home() / "model.keras"), "Keras (*.keras)")
        if name:
            copy = partial(copy_model, path, Path(name).with_suffix(".keras"))
            job = self._background.start("Exporting the model", copy, self._on_exported, self._on_failed)
            self.destroyed.connect(job.cancel)

    @pyqtSlot()
    def classify_files(self) -> None:
        """Open the dialog that applies the model to files of unknown class."""
        path = self.model_row.path
        if path is None:
            self._tell("No model is chosen: browse for the model that is to classify.")
            return
        dialog = ClassifyDialog(path, self.run_row.threshold, self._background, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    @pyqtSlot()
    def classify_large_image(self) -> None:
        """Open the dialog that applies the model to the tiles of one image."""
        path = self.model_row.path
        if path is None:
            self._tell("No model is chosen: browse for the model that is to classify.")
            return
        dialog = TileMapDialog(path, self.run_row.threshold, self._background, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

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
        self._show(made, keep_cells=False)
        # The threshold may have been moved while the model was at work.
        self._on_threshold(self.run_row.threshold)
        if made.role is Role.TRAINING:
            self.messages.add(Note(Level.WARNING, _TRAINED_ON))
        self.assessed.emit(made.matrix)

    def _on_rescored(self, made: Assessment) -> None:
        self._rescoring = None
        self._show(made, keep_cells=True)

    def _on_exported(self, path: Path) -> None:
        self.messages.add(Note(Level.INFO, f"The model is in {path}"))

    def _on_report(self, files: list[Path]) -> None:
        names = "\n".join(str(file) for file in files)
        self.messages.add(Note(Level.INFO, f"The report is in {files[0]}", names))

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

    @pyqtSlot(ChosenModel)
    def _on_model(self, model: ChosenModel) -> None:
        self._forget_model_note()
        self.run_row.set_class_names(model.card.class_names)
        self.run_row.set_held_out(model.held_out)
        if self._assessment is None:
            self._show_empty()

    @pyqtSlot(ClassTable)
    def _on_table(self, table: ClassTable) -> None:
        self.run_row.set_table(table)

    @pyqtSlot(object)
    def _on_threshold(self, threshold: Threshold | None) -> None:
        if self._rescoring is not None:
            self._rescoring.cancel()
            self._rescoring = None
        made = self._assessment
        if made is not None and self._is_new(threshold, made):
            rescore = partial(with_threshold, made, threshold)
            self._rescoring = self._background.start("Scoring", rescore, self._on_rescored, self._on_failed)
            self.destroyed.connect(self._rescoring.cancel)

    @pyqtSlot(CellImages)
    def _on_cells(self, cells: CellImages) -> None:
        if self._assessment is not None:
            self.gallery.show_cells(self._assessment, cells)

    def _is_new(self, threshold: Threshold | None, made: Assessment) -> bool:
        # The classes to choose from are those of the model chosen last, the result may be of another.
        fits = self.run_row.class_names == made.card.class_names
        return threshold != made.matrix.threshold and (fits or threshold is None)

    def _forget_model_note(self) -> None:
        if self._model_note is not None:
            self.messages.remove(self._model_note)
            self._model_note = None

    def _show(self, made: Assessment, keep_cells: bool) -> None:
        self._assessment = made
        self.metrics.show_assessment(made)
        self.confusion.set_matrix(made.matrix, keep_cells)
        for stage in self._stages:
            stage.show_content()
        self._report.setEnabled(True)

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
        self.confusion.cells_selected.connect(self._on_cells)
        self.gallery.failed.connect(self._on_failed)
        self._notifier.table_changed.connect(self._on_table)

    def _lay_out(self) -> None:
        tabs = QTabWidget(self)
        tabs.setObjectName("assessResultTabs")
        tabs.setAccessibleName("Results")
        tabs.addTab(self.metrics, "Metrics")
        self._stages = (
            Staged("confusionStage", self.confusion, self),
            Staged("metricsStage", tabs, self),
            Staged("galleryStage", self.gallery, self),
        )
        upper = QSplitter(Qt.Orientation.Horizontal, self)
        upper.addWidget(self._stages[0])
        upper.addWidget(self._stages[1])
        lower = QSplitter(Qt.Orientation.Vertical, self)
        lower.addWidget(upper)
        lower.addWidget(self._stages[2])
        for splitter in (upper, lower):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(2 * GRID)
            splitter.setSizes([_LARGE, _LARGE])
        lower.setSizes([4 * _LARGE, 3 * _LARGE])
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        for widget in (self.messages, self.model_row, self.run_row):
            column.addWidget(widget)
        column.addWidget(lower, 1)
        column.addLayout(self._make_buttons())

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        classify = QPushButton(icon("classify"), "Classify new files…", self)
        classify.setObjectName("classifyButton")
        classify.setAccessibleName("Classify new files")
        classify.setToolTip("Apply the model to files whose classes are not known")
        classify.clicked.connect(self.classify_files)
        large = QPushButton(icon("image"), "Classify a large image…", self)
        large.setObjectName("classifyLargeButton")
        large.setAccessibleName("Classify a large image")
        large.setToolTip("Apply the model to the tiles of one image, and see their classes over it")
        large.clicked.connect(self.classify_large_image)
        self._report = QPushButton(icon("export"), "Report…", self)
        self._report.setObjectName("reportButton")
        self._report.setAccessibleName("Write a report")
        self._report.setToolTip("Write scores, matrix and all predictions into a folder: HTML, Excel, CSV, PNG")
        self._report.setEnabled(False)
        self._report.clicked.connect(self.ask_for_report)
        export = QPushButton(icon("save"), "Export model…", self)
        export.setObjectName("exportButton")
        export.setAccessibleName("Export model")
        export.setToolTip("Save a copy of the model with its card: a .keras file that AID Desktop and Keras open")
        export.clicked.connect(self.ask_for_export)
        row.addWidget(classify)
        row.addWidget(large)
        row.addWidget(export)
        row.addWidget(self._report)
        row.addWidget(self.inference_time.make_button())
        row.addStretch(1)
        return row

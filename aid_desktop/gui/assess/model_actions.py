"""What can be done with the chosen model besides assessing it: the row of buttons at the foot of the tab."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QWidget

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.gui.assess.assessment import write_files
from aid_desktop.gui.assess.classify_dialog import ClassifyDialog
from aid_desktop.gui.assess.inference_time_dialog import InferenceTimeTool
from aid_desktop.gui.assess.model_row import ModelRow
from aid_desktop.gui.assess.run_row import RunRow
from aid_desktop.gui.assess.tile_map_dialog import TileMapDialog
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.export.export_tool import ExportTool
from aid_desktop.gui.theme import GRID, ThemeManager
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.gui.widgets.one_dialog import OneDialog


class ModelActions(QWidget):
    """Classifies, reports and exports; what it has to say stands in the tab's messages."""

    def __init__(
        self,
        model_row: ModelRow,
        run_row: RunRow,
        messages: MessageStrip,
        background: Background,
        themes: ThemeManager,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model_row = model_row
        self._run_row = run_row
        self._messages = messages
        self._background = background
        self._themes = themes
        self._dialogs: dict[tuple[str, Path, Threshold | None], OneDialog] = {}
        self._assessment: Assessment | None = None
        self.inference_time = InferenceTimeTool(lambda: model_row.path, background, self._tell, self)
        self.export = ExportTool(background, self)
        self._lay_out()

    def set_assessment(self, made: Assessment) -> None:
        """Report on this result from now on."""
        self._assessment = made
        self._report.setEnabled(True)

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
            job = self._background.start(
                "Writing the report", write, self._on_report, self._on_failed, is_cancellable=True
            )
            self.destroyed.connect(job.cancel)

    @pyqtSlot()
    def ask_for_export(self) -> None:
        """Show the dialog that exports models, the chosen one among them."""
        path = self._model_row.path
        self.export.ask_for([] if path is None else [path])

    @pyqtSlot()
    def classify_files(self) -> None:
        """Open the dialog that applies the model to files of unknown class."""
        threshold = self._run_row.threshold
        self._open("files", lambda path: ClassifyDialog(path, threshold, self._background, self._themes, self))

    @pyqtSlot()
    def classify_large_image(self) -> None:
        """Open the dialog that applies the model to the tiles of one image."""
        self._open("tiles", lambda path: TileMapDialog(path, self._run_row.threshold, self._background, self))

    def _open(self, kind: str, make: Callable[[Path], QDialog]) -> None:
        path = self._model_row.path
        if path is None:
            self._tell("No model is chosen: browse for the model that is to classify.")
            return
        # Another model, or another threshold, has a dialog of its own: one that is open says which are meant.
        key = kind, path, self._run_row.threshold
        self._dialogs.setdefault(key, OneDialog(self)).show(partial(make, path))

    def _on_report(self, files: list[Path]) -> None:
        names = "\n".join(str(file) for file in files)
        self._messages.add(Note(Level.INFO, f"The report is in {files[0]}", names))

    def _on_failed(self, failure: Failure) -> None:
        self._messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    def _tell(self, text: str) -> None:
        self._messages.add(Note(Level.ERROR, text))

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        tip = "Apply the model to files whose classes are not known"
        classify = named_button(self, "Classify new files…", "classifyButton", tip, "classify")
        classify.clicked.connect(self.classify_files)
        tip = "Apply the model to the tiles of one image, and see their classes over it"
        large = named_button(self, "Classify a large image…", "classifyLargeButton", tip, "image")
        large.clicked.connect(self.classify_large_image)
        tip = "Write scores, matrix and all predictions into a folder: HTML, Excel, CSV, PNG"
        self._report = named_button(self, "Report…", "reportButton", tip, "export")
        self._report.setAccessibleName("Write a report")
        self._report.setEnabled(False)
        self._report.clicked.connect(self.ask_for_report)
        tip = "Write the model for other programs: ONNX, PyTorch, TensorFlow, Keras and more"
        export = named_button(self, "Export model…", "exportButton", tip, "save")
        export.clicked.connect(self.ask_for_export)
        for button in (classify, large, export, self._report, self.inference_time.make_button()):
            row.addWidget(button)
        row.addStretch(1)

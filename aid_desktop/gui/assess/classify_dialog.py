"""Classify files of unknown class with the chosen model."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, QUrl, pyqtSlot
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.gui.assess.classification import SUFFIXES, Classified, ClassifyRequest, Format, classify
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.theme import GRID, icon, set_primary, set_role
from aid_desktop.gui.widgets.file_list import FileList
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.work_row import WorkRow


class ClassifyDialog(QDialog):
    """Takes files, applies `model` (a file or a run folder) to them and writes a table or copies.

    Leaves the window behind it usable. `threshold` is that of the Assessment tab.
    """

    def __init__(
        self, model: Path, threshold: Threshold | None, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("classifyDialog")
        self.setAccessibleName("Classify new files")
        self.setWindowTitle("Classify new files")
        self.setModal(False)
        self.resize(84 * GRID, 64 * GRID)
        self._model = model
        self._threshold = threshold
        self._background = background
        self._folder: Path | None = None
        self._is_own_target = False
        self.messages = MessageStrip("classifyMessages", self)
        self.files = FileList("classifyFiles", "Files and folders to classify", self)
        self.files.changed.connect(self._propose_target)
        self._make_target()
        self._make_run()
        self._lay_out()
        self._show_format()

    @property
    def format(self) -> Format:
        """Where the predictions go."""
        return list(Format)[self.formats.currentIndex()]

    @pyqtSlot()
    def start(self) -> None:
        """Classify the files, as if Start was pressed."""
        if self.work.job is not None:
            return
        text = self.target.text().strip()
        target = Path(text).absolute() if text else None
        request = ClassifyRequest(self._model, self.files.paths, self.format, target, self._threshold)
        self.messages.clear()
        self._result.clear()
        self._open.hide()
        job = self._background.start("Classifying", partial(classify, request), self._on_done, self._on_failed)
        self.work.follow(job, "reading the files…")

    def _on_done(self, result: Classified) -> None:
        self._result.setText(result.text)
        self._folder = result.files[0].parent
        self._open.show()
        for problem in result.problems:
            text, _, details = problem.partition(":\n")
            self.messages.add(Note(Level.WARNING, f"{text}. These images were left out.", details))

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, failure.message, failure.details))

    @pyqtSlot()
    def _browse(self) -> None:
        current = self.target.text() or str(Path.home())
        if self.format is Format.RTDC:
            name = QFileDialog.getExistingDirectory(self, "Folder of the copies", current)
        else:
            suffix = SUFFIXES[self.format]
            name, _ = QFileDialog.getSaveFileName(self, "Write the table to", current, f"Tables (*{suffix})")
            name = name + suffix if name and not Path(name).suffix else name
        if name:
            self._is_own_target = True
            self.target.setText(name)

    @pyqtSlot()
    def _show_format(self) -> None:
        is_table = self.format in SUFFIXES
        self._target_label.setText("&To" if is_table else "&To folder")
        self.target.setPlaceholderText("" if is_table else "beside each .rtdc file")
        text = self.target.text().strip()
        if is_table and text and self._is_own_target and Path(text).suffix:
            self.target.setText(str(Path(text).with_suffix(SUFFIXES[self.format])))
        self._propose_target()

    @pyqtSlot()
    def _on_target_typed(self) -> None:
        self._is_own_target = bool(self.target.text().strip())

    @pyqtSlot()
    def _propose_target(self) -> None:
        if self._is_own_target:
            return
        paths = self.files.paths
        is_table = self.format in SUFFIXES and bool(paths)
        self.target.setText(str(paths[0].parent / f"classified{SUFFIXES[self.format]}") if is_table else "")

    @pyqtSlot()
    def _open_folder(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        self.start_button.setEnabled(not running)
        for widget in (self.files, self.formats, self.target, self._browse_button):
            widget.setEnabled(not running)

    def _make_target(self) -> None:
        self.formats = QComboBox(self)
        self.formats.addItems([str(one) for one in Format])
        name_widget(self.formats, "classifyFormat", "Format of the result", "A table, or copies with the result inside")
        self.formats.currentIndexChanged.connect(self._show_format)
        self.target = QLineEdit(self)
        name_widget(
            self.target, "classifyTarget", "Where to write", "The file of the table, or the folder of the copies"
        )
        self.target.textEdited.connect(self._on_target_typed)
        self._target_label = QLabel(self)
        self._target_label.setBuddy(self.target)
        self._browse_button = named_button(self, "Browse…", "classifyBrowse", "Choose where to write", "open")
        self._browse_button.clicked.connect(self._browse)

    def _make_run(self) -> None:
        tips = "How far the classification is", "Stop; nothing is written"
        self.work = WorkRow("classify", "images", *tips, self)
        self.work.running_changed.connect(self._on_running_changed)
        self.start_button = named_button(self, "&Start", "classifyStart", "Classify all images of the list")
        self.start_button.setIcon(icon("classify", "accent_text"))
        self.start_button.clicked.connect(self.start)
        set_primary(self.start_button)
        self._result = QLabel(self)
        name_widget(self._result, "classifyResult", "Result", "What was found and where it was written")
        self._result.setWordWrap(True)
        self._result.setTextFormat(Qt.TextFormat.PlainText)
        self._result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._open = named_button(self, "Open folder", "classifyOpenFolder", "Show the written files", "folder")
        self._open.clicked.connect(self._open_folder)
        self._open.hide()

    def _lay_out(self) -> None:
        what = QLabel(f"Model: {self._model}", self)
        what.setTextFormat(Qt.TextFormat.PlainText)
        what.setWordWrap(True)
        set_role(what, "muted")
        form = QGridLayout()
        form.setSpacing(GRID)
        form.setColumnStretch(1, 1)
        label = QLabel("&Format", self)
        label.setBuddy(self.formats)
        form.addWidget(label, 0, 0)
        form.addWidget(self.formats, 0, 1, 1, 2)
        form.addWidget(self._target_label, 1, 0)
        form.addWidget(self.target, 1, 1)
        form.addWidget(self._browse_button, 1, 2)
        result = QHBoxLayout()
        result.addWidget(self._result, 1)
        result.addWidget(self._open, 0, Qt.AlignmentFlag.AlignTop)
        run = QHBoxLayout()
        run.setSpacing(GRID)
        run.addWidget(self.work, 1)
        run.addWidget(self.start_button, 0, Qt.AlignmentFlag.AlignRight)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.messages)
        column.addWidget(what)
        column.addWidget(self.files, 1)
        for layout in (form, result, run):
            column.addLayout(layout)

"""The dialog that exports models for other programs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, Qt, QUrl, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.errors import RunError
from aid_desktop.export.batch import ExportOutcome, ExportTask, export_all, plan_exports
from aid_desktop.export.exporter import ExportFormat
from aid_desktop.export.exporting import ExportChoice
from aid_desktop.export.formats import find_format
from aid_desktop.export.kit import FORMATS_WITH_KIT
from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.export.export_results import ExportResults
from aid_desktop.gui.export.format_list import FormatList
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.question import Question, ask
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.theme import GRID, icon, set_primary, set_role
from aid_desktop.gui.trust_question import or_ask_for_trust
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.file_list import FileList, FileWords
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.work_row import WorkRow
from aid_desktop.models.files import MODEL_SUFFIXES
from aid_desktop.models.trust import may_run_code
from aid_desktop.runs.best import find_model

_TITLE = "Export models"
_MODELS = FileWords(
    hint="Drop models or run folders here",
    tip="Models and folders of runs, of which the best model is taken; Delete removes the chosen ones",
    folder="Add a run",
    file_filter=f"Models ({' '.join(f'*{suffix}' for suffix in MODEL_SUFFIXES)});;All files (*)",
)
_NO_IMAGES = "the images that each model was trained on, where they still are; else the built-in digits"
_DEFAULT_FORMAT = "onnx"


class OutcomeTeller(QObject):
    """Takes outcomes from the thread of the export to the window; it lives as long as either needs it."""

    made = pyqtSignal(object)


def export_models(
    models: Sequence[Path],
    targets: Sequence[ExportFormat],
    out: Path,
    choice: ExportChoice,
    teller: OutcomeTeller,
    context: JobContext,
) -> None:
    """Export to `out`: the file of one model in one format, else a folder.

    Raises RunError for a run without models, and UntrustedCodeError before anything is written.
    """
    tasks = planned(models, targets, out)
    for model in dict.fromkeys(task.model for task in tasks):
        may_run_code(model)
    _export(tasks, choice, teller, context)


def planned(models: Sequence[Path], targets: Sequence[ExportFormat], out: Path) -> tuple[ExportTask, ...]:
    """Return what will be written where. Raises RunError for a run without models."""
    found = [find_model(path) for path in models]
    is_single = len(found) == len(targets) == 1
    return (ExportTask(found[0], targets[0], out),) if is_single else plan_exports(found, targets, out)


def force_exports(outcomes: Sequence[ExportOutcome], teller: OutcomeTeller, context: JobContext) -> None:
    """Write what was refused, as it was wanted then."""
    for outcome in outcomes:
        if not context.cancelled:
            _export((outcome.task,), replace(outcome.choice, is_forced=True), teller, context)


def _export(tasks: Sequence[ExportTask], choice: ExportChoice, teller: OutcomeTeller, context: JobContext) -> None:
    export_all(tasks, choice, progress=context.report, should_stop=lambda: context.cancelled, tell=teller.made.emit)


class ExportModelsDialog(Dialog):
    """Asks for models, formats and place, exports in the background, and shows how each file was proven."""

    def __init__(self, models: Sequence[Path], background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("exportModelsDialog")
        self.setAccessibleName(_TITLE)
        self.setWindowTitle(_TITLE)
        self.setModal(False)
        self._background = background
        self._preferences = Preferences()
        self._outcomes: dict[ExportTask, ExportOutcome] = {}
        self._folder: Path | None = None
        self.messages = MessageStrip("exportModelsMessages", self)
        self.models = FileList("exportModels", "Models", self, _MODELS)
        self.models.add(models)
        self.formats = FormatList(self)
        self.results = ExportResults(self)
        self._make_options()
        self._make_buttons()
        self._lay_out()
        self._take_choices(self._preferences.export_choices)
        self.models.changed.connect(self._show_state)
        self.formats.changed.connect(self._show_state)
        self._show_state()

    @property
    def outcomes(self) -> tuple[ExportOutcome, ...]:
        """What came of the last export."""
        return tuple(self._outcomes.values())

    @pyqtSlot()
    def ask(self) -> None:
        """Ask for a place, then export there."""
        targets = self.formats.ticked
        start = Path(self._preferences.export_choices.get("folder", str(Path.home())))
        if len(self.models.paths) > 1 or len(targets) > 1:
            folder = QFileDialog.getExistingDirectory(self, "Folder for the exported models", str(start))
            if folder:
                self._ask_to_replace(Path(folder))
            return
        target, name = targets[0], self.models.paths[0].stem
        kind = f"{target.title} (*{target.suffix})" if target.suffix else "Folders (*)"
        chosen, _ = QFileDialog.getSaveFileName(
            self, f"Export as {target.title}", str(start / f"{name}{target.suffix}"), kind
        )
        if chosen:
            save_as(chosen, target.suffix, self.start, self)

    def _ask_to_replace(self, folder: Path) -> None:
        try:
            tasks = planned(self.models.paths, self.formats.ticked, folder)
        except RunError as error:
            self.messages.add(Note(Level.ERROR, sentence(str(error))))
            return
        there = [str(task.path.relative_to(folder)) for task in tasks if task.path.exists()]
        if not there:
            self.start(folder)
            return
        question = Question(
            "replaceExportsQuestion",
            "Replace files?",
            "One of the files is there already."
            if len(there) == 1
            else f"{len(there)} of the files are there already.",
            f"In {folder}:\n" + "\n".join(there),
            ("Replace", "replaceExportsYes"),
            ("Cancel", "replaceExportsNo"),
        )
        ask(question, partial(self.start, folder), self)

    def start(self, out: Path) -> None:
        """Export to a file (one model in one format), else into a folder."""
        if self.work.job is not None:
            return
        self._folder = out.parent if len(self.models.paths) == len(self.formats.ticked) == 1 else out
        self._preferences.export_choices = self._choices()
        self._outcomes.clear()
        models, targets = self.models.paths, self.formats.ticked
        work = partial(export_models, models, targets, out, self.choice, self._teller())
        self._begin(work, or_ask_for_trust(self._on_failed, partial(self.start, out), self))

    @property
    def choice(self) -> ExportChoice:
        """What the options say."""
        text = self.images.text().strip()
        return ExportChoice(
            is_raw=self.raw_box.isChecked(),
            verify_on=Path(text) if text else None,
            with_kit=self.kit_box.isChecked(),
        )

    def _teller(self) -> OutcomeTeller:
        teller = OutcomeTeller()
        teller.made.connect(self._on_outcome)
        return teller

    def _begin(self, work: Callable[[JobContext], None], on_failed: Callable[[Failure], None]) -> None:
        self.messages.clear()
        self.results.show_outcomes(self.outcomes)
        job = self._background.start("Exporting models", work, self._on_done, on_failed)
        self.work.follow(job, "loading the model…")

    @pyqtSlot(object)
    def _on_outcome(self, outcome: ExportOutcome) -> None:
        # One that was forced takes the place of its refusal.
        self._outcomes[outcome.task] = outcome
        self.results.show_outcomes(self.outcomes)
        self._show_state()

    def _on_done(self, result: None) -> None:
        self._tell_sum("")

    def _tell_sum(self, begin: str) -> None:
        total = len(self._outcomes)
        failed = sum(outcome.report is None for outcome in self.outcomes)
        n, files = (failed, "not exported") if failed else (total, "exported")
        text = f"{begin}{n} of {total} {'file' if total == 1 else 'files'} {files}, see below."
        level = Level.ERROR if failed else Level.WARNING if begin else Level.INFO
        self.messages.add(Note(level, text if total else f"{begin}Nothing was exported."))

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    @pyqtSlot()
    def ask_to_force(self) -> None:
        """Ask whether to write what was refused, and write it."""
        refused = [outcome for outcome in self.outcomes if outcome.is_refused]
        if not refused or self.work.job is not None:
            return
        names = ", ".join(f"{one.task.path.name} ({one.task.target.title})" for one in refused)
        question = Question(
            "forceExportQuestion",
            "Export anyway?",
            "These files answer otherwise than the models. Export them anyway?",
            f"{names}\n\nTheir reports will say that they were forced. Whoever uses them gets other classes or "
            "probabilities than this program shows.",
            ("Export anyway", "forceExportYes"),
            ("Cancel", "forceExportNo"),
        )
        ask(question, partial(self._force, refused), self)

    def _force(self, refused: Sequence[ExportOutcome]) -> None:
        self._begin(partial(force_exports, refused, self._teller()), self._on_failed)

    @pyqtSlot()
    def ask_for_images(self) -> None:
        """Ask for the folder whose images are compared."""
        folder = QFileDialog.getExistingDirectory(self, "Images to compare on", self.images.text() or str(Path.home()))
        if folder:
            self.images.setText(folder)

    @pyqtSlot()
    def _open_folder(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))

    @pyqtSlot()
    def reject(self) -> None:
        """Close, unless models are being exported: that ends by the Cancel button alone."""
        if self.work.lets_close(self.messages, "The export"):
            super().reject()

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        if self.work.was_cancelled and not running:
            self._tell_sum("Stopped. ")
        self._show_state()

    @pyqtSlot()
    def _show_state(self) -> None:
        is_idle = self.work.job is None
        for widget in (self.models, self.formats, self.raw_box, self.kit_box, self.images, self.browse_button):
            widget.setEnabled(is_idle)
        can_start = is_idle and bool(self.models.paths) and bool(self.formats.ticked)
        self.start_button.setEnabled(can_start)
        self.force_button.setVisible(any(outcome.is_refused for outcome in self.outcomes))
        self.force_button.setEnabled(is_idle)
        self.open_button.setVisible(any(outcome.report is not None for outcome in self.outcomes))

    def _choices(self) -> dict[str, str]:
        return {
            "formats": " ".join(target.name for target in self.formats.ticked),
            "raw": str(self.raw_box.isChecked()),
            "kit": str(self.kit_box.isChecked()),
            "folder": str(self._folder or Path.home()),
        }

    def _take_choices(self, choices: dict[str, str]) -> None:
        self.formats.tick(choices.get("formats", _DEFAULT_FORMAT).split())
        self.raw_box.setChecked(choices.get("raw") == str(True))
        self.kit_box.setChecked(choices.get("kit") == str(True))

    def _make_options(self) -> None:
        self.raw_box = QCheckBox("The network &takes grey levels as they are, and normalizes them itself", self)
        name_widget(
            self.raw_box,
            "exportRaw",
            "Include preprocessing",
            "Otherwise the other program must do what export_report.json describes, before it calls the network",
        )
        self.kit_box = QCheckBox("&Deployment kit: a folder with examples in Python", self)
        kinds = ", ".join(find_format(name).title for name in FORMATS_WITH_KIT)
        name_widget(
            self.kit_box,
            "exportKit",
            "Deployment kit",
            f"For {kinds}: small programs without AID Desktop, with two images and what they must answer",
        )
        self.images = QLineEdit(self)
        name_widget(
            self.images, "exportVerifyOn", "Images to compare on", "A folder of images, or of classes, or an .rtdc file"
        )
        self.images.setPlaceholderText(_NO_IMAGES)
        self.browse_button = named_button(
            self, "&Browse…", "exportVerifyBrowse", "Choose a folder of images to compare on", "open"
        )
        self.browse_button.clicked.connect(self.ask_for_images)

    def _make_buttons(self) -> None:
        self.work = WorkRow("exportModelsWork", "files", "How many files are done", "Stop after this step", self)
        self.work.running_changed.connect(self._on_running_changed)
        self.force_button = named_button(
            self, "Export any&way…", "exportForce", "Write what was refused because it answers otherwise", "warning"
        )
        self.force_button.clicked.connect(self.ask_to_force)
        self.open_button = named_button(self, "&Open folder", "exportOpenFolder", "Show what was written", "folder")
        self.open_button.clicked.connect(self._open_folder)
        self.start_button = named_button(self, "&Export…", "exportStart", "Choose a place, export and compare")
        self.start_button.setIcon(icon("export", "accent_text"))
        self.start_button.clicked.connect(self.ask)
        set_primary(self.start_button)

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.setSpacing(2 * GRID)
        for text, widget, stretch in (("&Models", self.models, 2), ("&Formats", self.formats, 3)):
            part = QVBoxLayout()
            part.setSpacing(GRID // 2)
            label = QLabel(text, self)
            label.setBuddy(widget.list)
            set_role(label, "heading")
            part.addWidget(label)
            part.addWidget(widget, 1)
            above.addLayout(part, stretch)
        images = QHBoxLayout()
        images.setSpacing(GRID)
        label = QLabel("&Compare on", self)
        label.setBuddy(self.images)
        for widget_, stretch in ((label, 0), (self.images, 1), (self.browse_button, 0)):
            images.addWidget(widget_, stretch)
        run = QHBoxLayout()
        run.setSpacing(GRID)
        run.addWidget(self.work, 1)
        run.addStretch(0)
        for button in (self.open_button, self.force_button, self.start_button):
            run.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.messages)
        column.addLayout(above, 1)
        column.addWidget(self.raw_box)
        column.addWidget(self.kit_box)
        column.addLayout(images)
        column.addWidget(self.results, 1)
        column.addLayout(run)
        self.set_size(112, 84)

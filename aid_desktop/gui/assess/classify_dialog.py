"""Classify files of unknown class with the chosen model."""

from contextlib import suppress
from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QTabWidget, QVBoxLayout, QWidget

from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.evaluation.sorting import count_sorted, manifests_in
from aid_desktop.gui.assess.classification import (
    Classified,
    ClassifyRequest,
    Format,
    classify,
    is_quickly_checked,
    planned_text,
    read_class_names,
    replaced_files,
    replaced_text,
    scores_text,
)
from aid_desktop.gui.assess.classify_form import ClassifyForm
from aid_desktop.gui.assess.summary_view import SummaryView
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import GRID, ThemeManager, icon, set_primary, set_role
from aid_desktop.gui.trust_question import or_ask_for_trust
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.file_list import FileList
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.result_line import ResultLine
from aid_desktop.gui.widgets.work_row import CONVERTING, WorkRow
from aid_desktop.numbers import grouped

_RTDC = (Format.RTDC, Format.BASIN)


class ClassifyDialog(Dialog):
    """Takes files, applies `model` (a file or a run folder) to them and writes a table, copies, or sorted images.

    Leaves the window behind it usable. `threshold` is that of the Assessment tab. What was chosen is remembered.
    """

    def __init__(
        self,
        model: Path,
        threshold: Threshold | None,
        background: Background,
        themes: ThemeManager,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("classifyDialog")
        self.setAccessibleName("Classify new files")
        self.setWindowTitle("Classify new files")
        self.setModal(False)
        self.set_size(104, 84)
        self._model = model
        self._threshold = threshold
        self._background = background
        self._preferences = Preferences()
        self._class_names: tuple[str, ...] = ()
        self._sorting_into: Path | None = None
        self._manifests: frozenset[Path] = frozenset()
        self._checked: ClassifyRequest | None = None
        self._checking: Job[tuple[Path, ...]] | None = None
        self._replaced = ""
        self.messages = MessageStrip("classifyMessages", self)
        self.files = FileList("classifyFiles", "Files and folders to classify", self)
        self.form = ClassifyForm(self)
        self.summary = SummaryView(themes, background, self)
        self._make_texts()
        self._make_run()
        self._lay_out()
        self.form.set_choices(self._preferences.classify_choices)
        self.files.changed.connect(self._on_files_changed)
        self.form.changed.connect(self._show_plan)
        self._show_plan()
        # Only what the form tells beside the formats of .rtdc files; the classification reads the card again.
        names = background.start(
            "Reading the model's card", partial(read_class_names, model), self._on_names, self._on_failed
        )
        self.destroyed.connect(names.cancel)

    @property
    def format(self) -> Format:
        """Where the predictions go."""
        return self.form.format

    @property
    def formats(self) -> QComboBox:
        """The box to choose the format from."""
        return self.form.formats

    @property
    def target(self) -> QLineEdit:
        """The field with the file or folder to write to."""
        return self.form.target

    @pyqtSlot()
    def start(self) -> None:
        """Classify the files, as if Start was pressed."""
        if self.work.job is not None:
            return
        self._preferences.classify_choices = self.form.choices()
        self.messages.clear()
        self._result.clear()
        request = self._request()
        self._sorting_into = request.target if request.format is Format.FOLDERS else None
        self._manifests = frozenset() if self._sorting_into is None else manifests_in(self._sorting_into)
        work = partial(classify, request)
        on_failed = or_ask_for_trust(self._on_failed, self.start, self)
        job = self._background.start("Classifying", work, self._on_done, on_failed)
        self.work.follow(job, "reading the files…", CONVERTING)

    def _request(self) -> ClassifyRequest:
        form = self.form
        target = form.chosen_target
        return ClassifyRequest(
            self._model, self.files.paths, form.format, target, self._threshold, form.reject, form.link
        )

    def _on_done(self, result: Classified) -> None:
        self._result.show_result(result.text, result.files[0].parent)
        if result.summary is not None:
            self.summary.show_summary(result.summary)
            self._tabs.setTabEnabled(1, True)
            self._tabs.setCurrentIndex(1)
        for problem in result.problems:
            text, _, details = problem.partition(":\n")
            self.messages.add(Note(Level.WARNING, f"{text}. These images were left out.", details))
        for note in result.notes:
            self.messages.add(Note(Level.WARNING, note))
        self._checked = None  # other files are there now
        self._show_plan()

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, failure.message, failure.details))

    def _on_names(self, names: tuple[str, ...]) -> None:
        self._class_names = names
        if self._threshold is not None and self._threshold.class_index < len(names):
            name = names[self._threshold.class_index]
            self._rule.setText(
                f"Threshold of the Assessment tab: {name} where its probability > {self._threshold.probability:g}"
            )
            self._rule.show()
        self._show_plan()

    @pyqtSlot()
    def _on_files_changed(self) -> None:
        self.form.set_paths(self.files.paths)

    @pyqtSlot()
    def _show_plan(self) -> None:
        request = self._request()
        lines = [planned_text(request), self._find_replaced(request)]
        if self.format in _RTDC and self._class_names:
            lines.append(scores_text(self._class_names))
            if self._threshold is not None:
                lines.append("ml_class follows the scores alone; the threshold counts for userdef0.")
        self._plan.setText("\n".join(filter(None, lines)))
        self._plan.setVisible(bool(self._plan.text()))

    def _find_replaced(self, request: ClassifyRequest) -> str:
        """Say which files will be replaced; if many may be, they are looked for in the background."""
        if request == self._checked:
            return self._replaced
        if self._checking is not None:
            self._checking.cancel()
        self._checking, self._checked = None, request
        if is_quickly_checked(request):
            self._replaced = replaced_text(replaced_files(request))
        else:
            self._replaced = ""
            work = partial(replaced_files, request)
            self._checking = self._background.start(
                "Looking for files that will be replaced", work, self._on_checked, self._on_failed
            )
            self.destroyed.connect(self._checking.cancel)
        return self._replaced

    def _on_checked(self, paths: tuple[Path, ...]) -> None:
        self._checking, self._replaced = None, replaced_text(paths)
        self._show_plan()

    @pyqtSlot()
    def _browse(self) -> None:
        self.form.browse()

    @pyqtSlot()
    def reject(self) -> None:
        """Close, unless files are being classified: that ends by the Cancel button alone."""
        if self.work.lets_close(self.messages, "The classification"):
            super().reject()

    def _tell_sorted(self) -> None:
        """Say what a cancelled job has sorted so far: those files stay."""
        new = manifests_in(self._sorting_into) - self._manifests if self._sorting_into is not None else frozenset()
        for manifest in sorted(new):
            with suppress(OSError):  # taken away meanwhile
                n = count_sorted(manifest)
                images = "1 image lies" if n == 1 else f"{grouped(n)} images lie"
                self.messages.add(
                    Note(Level.INFO, f"Cancelled: {images} in {manifest.parent} already, listed in {manifest.name}.")
                )

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        if not running and self.work.was_cancelled:
            self.messages.clear()
            self._tell_sorted()
        for widget in (self.start_button, self.files, self.form):
            widget.setEnabled(not running)

    def _make_texts(self) -> None:
        self._what = QLabel(f"Model: {self._model}", self)
        self._rule = QLabel(self)
        self._rule.hide()
        self._plan = QLabel(self)
        self._plan.setObjectName("classifyPlan")
        for label in (self._what, self._rule, self._plan):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            set_role(label, "muted")

    def _make_run(self) -> None:
        tips = "How far the classification is", "Stop; no half file is left"
        self.work = WorkRow("classify", "images", *tips, self)
        self.work.running_changed.connect(self._on_running_changed)
        self.start_button = named_button(self, "&Start", "classifyStart", "Classify all images of the list")
        self.start_button.setIcon(icon("classify", "accent_text"))
        self.start_button.clicked.connect(self.start)
        set_primary(self.start_button)
        tips = "What was found and where it was written", "Show the written files"
        self._result = ResultLine("classifyResult", tips[0], "classifyOpenFolder", tips[1], self)

    def _lay_out(self) -> None:
        files = QWidget(self)
        inside = QVBoxLayout(files)
        inside.setContentsMargins(GRID, GRID, GRID, GRID)
        inside.setSpacing(GRID)
        inside.addWidget(self.files, 1)
        inside.addWidget(self.form)
        inside.addWidget(self._plan)
        self._tabs = QTabWidget(self)
        name_widget(self._tabs, "classifyTabs", "Files and counts", "")
        self._tabs.addTab(files, "F&iles")
        self._tabs.addTab(self.summary, "&Counts")
        self._tabs.setTabToolTip(1, "How many images of each file are of each class")
        self._tabs.setTabEnabled(1, False)
        run = QHBoxLayout()
        run.setSpacing(GRID)
        run.addWidget(self.work, 1)
        run.addWidget(self.start_button, 0, Qt.AlignmentFlag.AlignRight)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.messages)
        for label in (self._what, self._rule):
            column.addWidget(label)
        column.addWidget(self._tabs, 1)
        column.addWidget(self._result)
        column.addLayout(run)

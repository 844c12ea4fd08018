"""The tab Wrong labels: suspicious images, most suspicious first; those chosen are shown in the gallery."""

from functools import partial
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QEvent, QObject, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from aid_desktop.data.class_table import Role
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.label_issues import Reason
from aid_desktop.gui.assess.label_search import FoundLabels, find_labels, save_list
from aid_desktop.gui.assess.predicted_images import Order, PredictedImages
from aid_desktop.gui.assess.staged import Staged
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.models.confusion_model import CellImages
from aid_desktop.gui.models.label_issue_model import THUMBNAIL, Column, LabelIssueModel
from aid_desktop.gui.qt import required
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.image_reading import ImageReading
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.work_row import WorkRow
from aid_desktop.numbers import grouped

_EMPTY = "Images whose class is perhaps wrong, duplicates with two classes, and images unlike all others."
_NONE = "No suspicious images were found."


class LabelIssuesView(QWidget):
    """Searches an assessment for wrong labels and lists them.

    `images_chosen` carries the Assessment and the CellImages of the chosen rows, or of all rows when the list is new.
    """

    images_chosen = pyqtSignal(Assessment, CellImages)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("labelIssues")
        self._background = background
        self._assessment: Assessment | None = None
        self._found: FoundLabels | None = None
        self.messages = MessageStrip("labelIssuesMessages", self)
        self.work = WorkRow("labelIssues", "steps", "How far the search is", "Stop the search", self)
        self.work.running_changed.connect(self._on_running)
        self.model = LabelIssueModel(self)
        self.table = self._make_table()
        self._reading = ImageReading(self.model.pictures, background, self._visible_rows, self)
        required(self.table.verticalScrollBar()).valueChanged.connect(self._reading.wake)
        required(self.table.viewport()).installEventFilter(self)
        self._make_controls()
        self._lay_out()
        self._show_state()

    @property
    def found(self) -> FoundLabels | None:
        """What was found."""
        return self._found

    def show_assessment(self, made: Assessment) -> None:
        """Search these images from now on; what was found among the same predictions stays."""
        is_same = self._assessment is not None and self._assessment.predictions is made.predictions
        self._assessment = made
        if is_same:
            return
        self.work.cancel()
        self.messages.clear()
        self._take(None)

    @pyqtSlot()
    def start(self) -> None:
        """Search, as if the button was pressed."""
        self._search(None)

    @pyqtSlot()
    def ask_for_series(self) -> None:
        """Ask for the folder of a series and search with its runs."""
        start = str(Path.home() if self._assessment is None else self._assessment.path.parent)
        folder = QFileDialog.getExistingDirectory(self, "Folder of a series with folds", start)
        if folder:
            self._search(Path(folder))

    @pyqtSlot()
    def ask_for_list(self) -> None:
        """Ask for a name and write the list."""
        if self._found is None:
            return
        start = str(self._found.assessment.path.parent / "wrong_labels.csv")
        name, _ = QFileDialog.getSaveFileName(self, "Save the list", start, "CSV table (*.csv);;Excel table (*.xlsx)")
        if name:
            save_as(name, "" if Path(name).suffix else ".csv", partial(self._save_to, self._found), self)

    def _save_to(self, found: FoundLabels, path: Path) -> None:
        work = partial(save_list, found, path)
        job = self._background.start("Writing the list", work, self._on_saved, self._on_failed)
        self.destroyed.connect(job.cancel)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if required(a1).type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._reading.wake()
        return False

    def _search(self, series: Path | None) -> None:
        if self.work.job is not None or self._assessment is None:
            return
        self.messages.clear()
        work = partial(find_labels, self._assessment, series)
        job = self._background.start(
            "Searching wrong labels", work, self._on_found, self._on_failed, is_cancellable=True
        )
        self.work.follow(job, "loading the model…")

    def _on_found(self, found: FoundLabels) -> None:
        if self._assessment is not None and found.assessment.predictions is self._assessment.predictions:
            self._take(found)

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    def _on_saved(self, path: Path) -> None:
        self.messages.add(Note(Level.INFO, f"The list is in {path}"))

    def _take(self, found: FoundLabels | None) -> None:
        self._found = found
        self._fill_reasons()
        self._fill()
        self._show_state()

    def _fill_reasons(self) -> None:
        """Offer each reason that is there, with its number."""
        self._reasons.blockSignals(True)
        self._reasons.clear()
        if self._found is not None:
            self._reasons.addItem(f"all reasons ({grouped(len(self._found.issues.issues))})", tuple(Reason))
            for reason, number in self._found.issues.counts.items():
                if number:
                    self._reasons.addItem(f"{reason} ({grouped(number)})", (reason,))
        self._reasons.blockSignals(False)

    @pyqtSlot()
    def _fill(self) -> None:
        found = self._found
        reasons = self._reasons.currentData() or tuple(Reason)
        self.model.set_issues(None if found is None else found.issues, reasons)
        if found is not None:
            positions = np.array([issue.position for issue in self.model.issues], np.intp)
            self.model.pictures.set_items(PredictedImages(found.assessment, positions, Order.AS_LISTED))
            self._reading.wake()
            self._choose(range(len(self.model.issues)))

    @pyqtSlot()
    def _on_selection(self) -> None:
        rows = sorted(index.row() for index in required(self.table.selectionModel()).selectedRows())
        if rows:
            self._choose(rows)

    def _choose(self, rows: range | list[int]) -> None:
        if self._found is None or self._assessment is None or not rows:
            return
        positions = np.array([self.model.issues[row].position for row in rows], np.intp)
        what = "suspicious image" if len(rows) == 1 else "suspicious images"
        self.images_chosen.emit(self._assessment, CellImages(f"{grouped(len(rows))} {what}", positions, is_ranked=True))

    def _visible_rows(self) -> range:
        if not self.table.isVisible():
            return range(0)
        height = required(self.table.viewport()).height()
        first, last = self.table.rowAt(0), self.table.rowAt(height - 1)
        n = len(self.model.issues)
        return range(max(0, first), (last + 1 if last >= 0 else n) if first >= 0 else 0)

    @pyqtSlot()
    def _show_state(self) -> None:
        found, is_running = self._found, self.work.job is not None
        for button in (self._find, self._series):
            button.setEnabled(not is_running)
        is_training = self._assessment is not None and self._assessment.role is Role.TRAINING
        self._series.setVisible(is_training and self._assessment is not None and self._assessment.labelled is None)
        self._save.setEnabled(found is not None and bool(found.issues.issues))
        self._reasons.setEnabled(found is not None and bool(found.issues.issues))
        self._evidence.setText("" if found is None else found.issues.evidence)
        self._evidence.setVisible(found is not None)
        if found is None:
            self._stage.show_empty(_EMPTY)
        elif not found.issues.issues:
            self._stage.show_empty(_NONE)
        else:
            self._stage.show_content()

    @pyqtSlot(bool)
    def _on_running(self, _: bool) -> None:
        self._show_state()

    def _make_table(self) -> QTableView:
        table = QTableView(self)
        name_widget(table, "labelIssuesTable", "Suspicious images", "Choose rows to see their images below")
        table.setModel(self.model)
        table.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        # As far from the edge as the header's texts.
        table.setStyleSheet("QTableView::item { padding: 0 5px; }")
        table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        rows = required(table.verticalHeader())
        rows.setDefaultSectionSize(THUMBNAIL + GRID // 2)
        rows.setHighlightSections(False)
        header = required(table.horizontalHeader())
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        for column, width in ((Column.IMAGE, 22), (Column.ACTUAL, 11), (Column.SUGGESTED, 11), (Column.SCORE, 7)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            table.setColumnWidth(column, width * GRID)
        required(table.selectionModel()).selectionChanged.connect(self._on_selection)
        return table

    def _make_controls(self) -> None:
        tip = "Compare what the images look like with the classes that they have"
        self._find = named_button(self, "Find wrong labels", "labelIssuesFind", tip, "search")
        self._find.clicked.connect(self.start)
        tip = (
            "Judge each training image by the runs of a cross-validation that have not learnt from it: this finds "
            "wrong labels that one network has learnt by heart"
        )
        self._series = named_button(self, "With a series…", "labelIssuesSeries", tip)
        self._series.clicked.connect(self.ask_for_series)
        self._reasons = QComboBox(self)
        name_widget(self._reasons, "labelIssuesReasons", "Reasons", "Which images are listed")
        self._reasons.setFixedWidth(21 * GRID)
        self._reasons.currentIndexChanged.connect(self._fill)
        self._save = named_button(self, "Save list…", "labelIssuesSave", "Save the list for Excel or as CSV", "save")
        self._save.clicked.connect(self.ask_for_list)
        self._evidence = QLabel(self)
        self._evidence.setObjectName("labelIssuesEvidence")
        self._evidence.setTextFormat(Qt.TextFormat.PlainText)
        self._evidence.setWordWrap(True)
        set_role(self._evidence, "muted")

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for widget in (self._find, self._series):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._reasons)
        row.addWidget(self._save)
        self._stage = Staged("labelIssuesStage", self.table, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        for widget in (self.work, self.messages, self._evidence):
            column.addWidget(widget)
        column.addWidget(self._stage, 1)

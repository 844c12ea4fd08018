"""The dialog that writes the selected images of the gallery somewhere."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QComboBox, QFileDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from aid_desktop.data.conversion import ConvertSettings
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.selected import SelectedReport, write_selected_folders, write_selected_rtdc
from aid_desktop.evaluation.tables import write_predictions
from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.theme import GRID, icon, set_primary, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.result_line import ResultLine
from aid_desktop.gui.widgets.work_row import WorkRow
from aid_desktop.numbers import grouped


class Target(StrEnum):
    """What the images are written to."""

    ACTUAL = "a folder for each actual class"
    PREDICTED = "a folder for each predicted class"
    RTDC = "one .rtdc file, with its labels beside it"
    TABLE = "a table of predictions (.xlsx or .csv)"


_PNG, _ORIGINALS = "as new images (.png, .tif)", "original files, where an image has one of its own"
_AS_THEY_ARE = "as large as they are"


@dataclass(frozen=True, slots=True, eq=False)
class ExportRequest:
    """Which images of an assessment go where. `network_size` fits them to the network; it is for .rtdc files."""

    assessment: Assessment
    positions: NDArray[np.intp]
    target: Target
    path: Path
    originals: bool = False
    network_size: bool = False


def export_images(request: ExportRequest, context: JobContext) -> SelectedReport:
    """Write the images. Raises ExportError or DataError; nothing is left then, or when the job is cancelled."""
    made, path = request.assessment, request.path
    chosen = made.predictions.select(request.positions)
    if request.target is Target.TABLE:
        write_predictions(path, chosen, made.matrix.threshold, progress=context.report_or_leave)
        return SelectedReport(path, chosen.n)
    if request.target is Target.RTDC:
        image = made.card.image
        settings = ConvertSettings()
        if request.network_size:
            size = image.width, image.height
            settings = ConvertSettings(size=size, fit=image.fit, padding=image.padding, resize=image.resize)
        return write_selected_rtdc(
            chosen, path, settings, progress=context.report, should_stop=lambda: context.cancelled
        )
    of_target = made.matrix.actual if request.target is Target.ACTUAL else made.matrix.predicted
    return write_selected_folders(
        chosen, of_target[request.positions], path, originals=request.originals,
        progress=context.report, should_stop=lambda: context.cancelled,
    )  # fmt: skip


class ExportDialog(Dialog):
    """Asks how and where to write some images of an assessment, and writes them in the background."""

    def __init__(
        self,
        assessment: Assessment,
        positions: NDArray[np.intp],
        background: Background,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("exportImagesDialog")
        self.setWindowTitle("Export images")
        self.setModal(False)
        self._assessment = assessment
        self._positions = positions
        self._background = background
        self.messages = MessageStrip("exportImagesMessages", self)
        self.targets, self.forms, self.sizes = QComboBox(self), QComboBox(self), QComboBox(self)
        self._labels = (QLabel("&Write to", self), QLabel("I&mages", self), QLabel("Si&ze", self))
        tips = "How far the export is", "Stop; nothing is written"
        self.work = WorkRow("exportImages", "images", *tips, self)
        tips = "What was written", "Show what was written"
        self._result = ResultLine("exportImages.result", tips[0], "exportImages.open", tips[1], self)
        self._make_fields()
        self._lay_out()
        self._show_fields()
        self.resize(60 * GRID, self.sizeHint().height())

    @property
    def target(self) -> Target:
        """What is chosen."""
        return list(Target)[self.targets.currentIndex()]

    @pyqtSlot()
    def ask(self) -> None:
        """Ask for a place, then write the images there."""
        start = self._assessment.path.parent
        if self.target in (Target.ACTUAL, Target.PREDICTED):
            name, _ = QFileDialog.getSaveFileName(self, "Name of the new folder", str(start / "selected images"))
            if name:
                self.start(Path(name))
            return
        is_table = self.target is not Target.RTDC
        suffix, kind = (".xlsx", "Tables (*.xlsx *.csv)") if is_table else (".rtdc", "RT-DC files (*.rtdc)")
        name, _ = QFileDialog.getSaveFileName(
            self, "Write the images to", str(start / f"selected images{suffix}"), kind
        )
        if name:
            save_as(name, ".csv" if is_table and name.lower().endswith(".csv") else suffix, self.start, self)

    def start(self, path: Path) -> None:
        """Write the images to a folder or file that need not exist."""
        if self.work.job is not None:
            return
        self.messages.clear()
        self._result.clear()
        request = ExportRequest(
            self._assessment, self._positions, self.target, path,
            self.forms.currentText() == _ORIGINALS, self.sizes.currentText() != _AS_THEY_ARE,
        )  # fmt: skip
        job = self._background.start(
            "Exporting images", partial(export_images, request), self._on_done, self._on_failed
        )
        self.work.follow(job, "writing…")

    def _on_done(self, report: SelectedReport) -> None:
        folder = report.path if report.path.is_dir() else report.path.parent
        self._result.show_result(f"{grouped(report.n)} images are in {report.path}", folder)
        if report.lost:
            lost = "\n".join(map(str, report.lost))
            self.messages.add(Note(Level.WARNING, "Not all that the files know of their events came along.", lost))

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    @pyqtSlot()
    def _show_fields(self) -> None:
        is_folder = self.target in (Target.ACTUAL, Target.PREDICTED)
        for widget in (self.forms, self._labels[1]):
            widget.setVisible(is_folder)
        for widget in (self.sizes, self._labels[2]):
            widget.setVisible(self.target is Target.RTDC)

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        for widget in (self._start, self.targets, self.forms, self.sizes):
            widget.setEnabled(not running)

    def _make_fields(self) -> None:
        self.targets.addItems([str(target) for target in Target])
        name_widget(self.targets, "exportImages.target", "Write to", "What the images are written to")
        self.targets.currentIndexChanged.connect(self._show_fields)
        self.forms.addItems([_PNG, _ORIGINALS])
        name_widget(
            self.forms, "exportImages.form", "Images", "New images, or copies of the files; those stay as they are"
        )
        image = self._assessment.card.image
        self.sizes.addItems([_AS_THEY_ARE, f"{image.width} × {image.height} px, as the network takes them"])
        name_widget(self.sizes, "exportImages.size", "Size", "All images of an .rtdc file have the same size")
        self.work.running_changed.connect(self._on_running_changed)
        self._start = named_button(self, "&Export…", "exportImages.start", "Choose a place and write the images")
        self._start.setIcon(icon("export", "accent_text"))
        self._start.clicked.connect(self.ask)
        set_primary(self._start)

    def _lay_out(self) -> None:
        n = len(self._positions)
        what = QLabel("1 image" if n == 1 else f"{grouped(n)} images", self)
        set_role(what, "heading")
        form = QGridLayout()
        form.setSpacing(GRID)
        form.setColumnStretch(1, 1)
        for row, (label, field) in enumerate(zip(self._labels, (self.targets, self.forms, self.sizes), strict=True)):
            label.setBuddy(field)
            form.addWidget(label, row, 0)
            form.addWidget(field, row, 1)
        run = QHBoxLayout()
        run.setSpacing(GRID)
        run.addWidget(self.work, 1)
        run.addWidget(self._start, 0, Qt.AlignmentFlag.AlignRight)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.messages)
        column.addWidget(what)
        column.addLayout(form)
        column.addWidget(self._result)
        column.addLayout(run)
        column.addStretch(1)

"""The import assistant: what a row's images are, what they are to become, and writing that to .rtdc files."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.class_table import ClassRow
from aid_desktop.data.conversion import plan_conversion
from aid_desktop.data.fitness import common_channels
from aid_desktop.data.pixels import pixel_type_text
from aid_desktop.errors import AidError
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.data.convert_form import ConvertForm
from aid_desktop.gui.data.convert_preview import ConvertPreview
from aid_desktop.gui.data.converting import (
    Converted,
    ConvertRequest,
    convert_rows,
    proposed_settings,
    proposed_targets,
)
from aid_desktop.gui.data.size_table import SizeTable
from aid_desktop.gui.question import Question, ask
from aid_desktop.gui.theme import GRID, set_primary, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.work_row import WorkRow
from aid_desktop.numbers import grouped

_SIZES_FIGURES = 36


class ImportDialog(Dialog):
    """Brings the images of rows to one form, one .rtdc file for each row; `converted` tells what was written.

    Leaves the window behind it usable, and closes when the files are written.
    """

    converted = pyqtSignal(Converted)

    def __init__(self, rows: tuple[ClassRow, ...], background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("importDialog")
        self.setAccessibleName("Bring images to one size")
        self.setWindowTitle("Bring images to one size")
        self.setModal(False)
        self.set_size(92, 80)
        self._rows = rows
        self._sources = tuple(row.source for row in rows)
        self._background = background
        self.messages = MessageStrip("convertMessages", self)
        channels = common_channels(self._sources)
        # A single channel is there already, as it is.
        self.form = ConvertForm(proposed_settings(self._sources), channels if len(channels) > 1 else (), self)
        self.preview = ConvertPreview(rows, background, self)
        self.sizes = SizeTable(self._sources, "convertSizes", self)
        self._error = QLabel(self)
        self._make_target()
        self._make_run()
        self._lay_out()
        self.form.changed.connect(self._plan)
        self._tell_unreadable()
        self._plan()

    @property
    def targets(self) -> tuple[Path, ...]:
        """The file of each row."""
        text = self.target.text().strip()
        if len(self._rows) == 1 and text:
            return (Path(text).absolute(),)
        return proposed_targets(self._rows, Path(text).absolute() if text else None)

    @pyqtSlot()
    def start(self) -> None:
        """Write the files, as if Convert was pressed; asks first if that would overwrite some."""
        if self.work.job is not None:
            return
        existing = [target for target in self.targets if target.exists()]
        if existing:
            self._ask_to_overwrite(existing)
        else:
            self._convert(overwrite=False)

    @pyqtSlot()
    def _plan(self) -> None:
        try:
            plan = plan_conversion(self._sources, self.form.values())
        except AidError as error:
            plan = None
            self._error.setText(str(error))
        self._error.setVisible(plan is None)
        self.start_button.setEnabled(plan is not None and self.work.job is None)
        self.preview.set_plan(plan)

    @pyqtSlot()
    def _convert_anyway(self) -> None:
        self._convert(overwrite=True)

    def _convert(self, overwrite: bool) -> None:
        request = ConvertRequest(self._rows, self.targets, self.form.values(), overwrite)
        job = self._background.start(
            "Converting images", partial(convert_rows, request), self._on_done, self._on_failed
        )
        self.work.follow(job, "opening the images…")

    def _on_done(self, converted: Converted) -> None:
        self.converted.emit(converted)
        self.accept()

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, failure.message, failure.details))

    def _ask_to_overwrite(self, existing: list[Path]) -> None:
        what = existing[0].name if len(existing) == 1 else f"{len(existing)} files"
        details = "\n".join(map(str, existing[:8])) + ("\n…" if len(existing) > 8 else "")
        names = ("Overwrite", "overwriteButton"), ("Keep", "keepButton")
        question = Question("overwriteQuestion", "Overwrite?", f"Overwrite {what}?", details, *names)
        ask(question, self._convert_anyway, self)

    @pyqtSlot()
    def _browse(self) -> None:
        current = str(self.targets[0])
        if len(self._rows) == 1:
            # The question about overwriting is asked when the conversion starts, whatever the name came from.
            name, _ = QFileDialog.getSaveFileName(
                self, "Write to", current, "RT-DC files (*.rtdc)", options=QFileDialog.Option.DontConfirmOverwrite
            )
            name = name + ".rtdc" if name and not Path(name).suffix else name
        else:
            name = QFileDialog.getExistingDirectory(self, "Folder of the files", str(Path(current).parent))
        if name:
            self.target.setText(name)

    def _tell_unreadable(self) -> None:
        problems = [problem for source in self._sources for problem in source.problems]
        if problems:
            n_total = sum(source.n_total for source in self._sources)
            text = f"{grouped(len(problems))} of {grouped(n_total)} files cannot be read and are left out."
            self.messages.add(Note(Level.WARNING, text, "\n".join(map(str, problems))))

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        self.start_button.setEnabled(not running)
        for widget in (self.form, self.target, self._browse_button):
            widget.setEnabled(not running)

    def _make_target(self) -> None:
        is_one = len(self._rows) == 1
        self.target = QLineEdit(self)
        if is_one:
            self.target.setText(str(proposed_targets(self._rows)[0]))
        self.target.setPlaceholderText("" if is_one else "beside the images of each row")
        tip = "The .rtdc file to write" if is_one else "The folder of the .rtdc files, one for each row"
        name_widget(self.target, "convertTarget", "Where to write", tip)
        self._target_label = QLabel("Write &to" if is_one else "Write &to folder", self)
        self._target_label.setBuddy(self.target)
        self._browse_button = named_button(self, "Browse…", "convertBrowse", "Choose where to write")
        self._browse_button.clicked.connect(self._browse)

    def _make_run(self) -> None:
        tips = "How far the conversion is", "Stop; the file under way is not written"
        self.work = WorkRow("convert", "images", *tips, self)
        self.work.running_changed.connect(self._on_running_changed)
        self.start_button = named_button(self, "&Convert", "convertStart", "Write the files and use them in the table")
        self.start_button.clicked.connect(self.start)
        set_primary(self.start_button)

    def _lay_out(self) -> None:
        what = QLabel(self._describe(), self)
        what.setTextFormat(Qt.TextFormat.PlainText)
        what.setWordWrap(True)
        set_role(what, "title")
        set_role(self._error, "error")
        self._error.setObjectName("convertError")
        self._error.setWordWrap(True)
        choice = QGridLayout()
        choice.setHorizontalSpacing(3 * GRID)
        choice.setColumnStretch(1, 1)
        choice.addWidget(self.sizes, 0, 0)
        choice.addWidget(self.form, 0, 1)
        self.sizes.setFixedWidth(_SIZES_FIGURES * self.fontMetrics().horizontalAdvance("0"))
        target = QHBoxLayout()
        run = QHBoxLayout()
        target.setSpacing(GRID)
        for widget in (self._target_label, self.target, self._browse_button):
            target.addWidget(widget, 1 if widget is self.target else 0)
        run.setSpacing(GRID)
        run.addWidget(self.work, 1)
        run.addWidget(self.start_button, 0, Qt.AlignmentFlag.AlignRight)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.messages)
        column.addWidget(what)
        column.addLayout(choice, 1)
        column.addWidget(self._error)
        column.addWidget(self.preview)
        column.addLayout(target)
        column.addLayout(run)

    def _describe(self) -> str:
        names = self._sources[0].name if len(self._sources) == 1 else f"{len(self._sources)} rows"
        n_images = sum(source.n_images for source in self._sources)
        types = dict.fromkeys(kind for source in self._sources for kind in source.pixel_types)
        return f"{names}: {grouped(n_images)} images, {' and '.join(map(pixel_type_text, types))}"

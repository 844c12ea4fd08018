"""Cut large images into tiles: which images, how, where to, and a preview."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.source import DataSource
from aid_desktop.errors import SettingsError
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.data.tile_form import TileForm
from aid_desktop.gui.data.tile_preview import TilePreview
from aid_desktop.gui.data.tiling import Opened, TilesExist, TilesMade, make_tiles
from aid_desktop.gui.question import Question, ask
from aid_desktop.gui.theme import GRID, set_primary, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.file_list import FileList
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.work_row import WorkRow
from aid_desktop.numbers import grouped

_LEFT_WIDTH = 58 * GRID
_LABEL_WIDTH = 13 * GRID


class TileDialog(Dialog):
    """Plans tiles while they are being chosen, and writes them; `made` tells what was written.

    Begins with the images of `sources`. Leaves the window behind it usable, and closes when the tiles are written.
    """

    made = pyqtSignal(TilesMade)

    def __init__(self, sources: Sequence[DataSource], background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tileDialog")
        self.setAccessibleName("Cut images into tiles")
        self.setWindowTitle("Cut images into tiles")
        self.setModal(False)
        self.set_size(138, 82)
        self._parts = {source.path: source.part for source in sources}
        self._background = background
        self._unreadable: Note | None = None
        self._is_own_target = False
        self.messages = MessageStrip("tileMessages", self)
        self.files = FileList("tileImages", "Images to cut", self)
        self.form = TileForm(self)
        self.preview = TilePreview(background, self)
        self._make_target()
        self._make_run()
        self._lay_out()
        self.files.changed.connect(self._on_files_changed)
        self.form.changed.connect(self._on_settings_changed)
        self.preview.opened.connect(self._on_opened)
        self.preview.planned.connect(self._show_state)
        self._on_settings_changed()
        self.files.add(source.path for source in sources)

    @property
    def folder(self) -> Path | None:
        """Where the tiles go; None if nothing is said."""
        text = self.target.text().strip()
        return Path(text).absolute() if text else None

    @pyqtSlot()
    def start(self) -> None:
        """Write the tiles, as if the button was pressed; asks first if that would overwrite some."""
        self._write(overwrite=False)

    @pyqtSlot()
    def _write_anyway(self) -> None:
        self._write(overwrite=True)

    def _write(self, overwrite: bool) -> None:
        plan, folder = self.preview.plan, self.folder
        if self.work.job is not None or plan is None or folder is None:
            return
        work = partial(make_tiles, plan, folder, overwrite)
        job = self._background.start("Making tiles", work, self._on_done, self._on_failed)
        self.work.follow(job, "looking for earlier tiles…")

    def _on_done(self, result: TilesMade | TilesExist) -> None:
        if isinstance(result, TilesExist):
            self._ask_to_overwrite(result.reason)
            return
        self.made.emit(result)
        self.accept()

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    @pyqtSlot()
    def _on_files_changed(self) -> None:
        paths = self.files.paths
        self.preview.set_images(tuple((path, self._parts.get(path, "")) for path in paths))
        if paths:
            self.form.start_folder = paths[0].parent
        if not self._is_own_target:
            first = paths[0] if paths else None
            name = "" if first is None else first.name if first.is_dir() else first.stem
            self.target.setText("" if first is None else str(first.with_name(f"{name}_tiles")))

    @pyqtSlot()
    def _on_settings_changed(self) -> None:
        try:
            settings = self.form.values()
        except SettingsError as error:
            self.preview.refuse(f"{error.message[:1].upper()}{error.message[1:]}.")
        else:
            self.preview.set_settings(settings, self.form.masks_path)

    @pyqtSlot(Opened)
    def _on_opened(self, opened: Opened) -> None:
        if self._unreadable is not None:
            self.messages.remove(self._unreadable)
            self._unreadable = None
        if opened.problems:
            text = f"Left out, as they cannot be read: {grouped(len(opened.problems))} of the files."
            self._unreadable = Note(Level.WARNING, text, "\n".join(map(str, opened.problems)))
            self.messages.add(self._unreadable)

    @pyqtSlot()
    def _show_state(self) -> None:
        is_ready = self.preview.plan is not None and self.folder is not None and self.work.job is None
        self.start_button.setEnabled(is_ready)
        problems = () if self.preview.plan is None else self.preview.plan.problems
        self._left_out.setVisible(bool(problems))
        if problems:
            more = f" and {grouped(len(problems) - 1)} more" if len(problems) > 1 else ""
            self._left_out.setText(f"Left out: {problems[0]}{more}")
            self._left_out.setToolTip("\n".join(map(str, problems[:30])))

    def _ask_to_overwrite(self, reason: str) -> None:
        text = "Replace the earlier tiles of these images?"
        names = ("Replace", "tileOverwriteButton"), ("Keep", "tileKeepButton")
        ask(Question("tileOverwriteQuestion", "Overwrite?", text, reason, *names), self._write_anyway, self)

    @pyqtSlot()
    def _browse(self) -> None:
        start = str(self.folder.parent) if self.folder is not None else str(self.form.start_folder)
        name = QFileDialog.getExistingDirectory(self, "Folder of the tiles", start)
        if name:
            self._is_own_target = True
            self.target.setText(name)

    @pyqtSlot()
    def _on_target_typed(self) -> None:
        self._is_own_target = bool(self.target.text().strip())

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        if not running and self.work.was_cancelled:
            self.messages.add(Note(Level.INFO, f"Stopped. The tiles written until then are in {self.folder}."))
        for widget in (self.files, self.form, self.target, self._browse_button):
            widget.setEnabled(not running)
        self._show_state()

    def _make_target(self) -> None:
        self.target = QLineEdit(self)
        name_widget(self.target, "tileTarget", "Where to write", "The folder of the tiles: <class>/<image>/<tile>.png")
        self.target.textEdited.connect(self._on_target_typed)
        self.target.textChanged.connect(self._show_state)
        self._browse_button = named_button(self, "Browse…", "tileBrowse", "Choose the folder of the tiles")
        self._browse_button.clicked.connect(self._browse)

    def _make_run(self) -> None:
        self._left_out = QLabel(self)
        self._left_out.setObjectName("tileLeftOut")
        self._left_out.setWordWrap(True)
        self._left_out.setTextFormat(Qt.TextFormat.PlainText)
        set_role(self._left_out, "warning")
        tips = "How many tiles are written", "Stop; the tiles written until then stay"
        self.work = WorkRow("tile", "tiles", *tips, self)
        self.work.running_changed.connect(self._on_running_changed)
        self.start_button = named_button(self, "&Make tiles", "tileStart", "Write the tiles and add them to the table")
        self.start_button.clicked.connect(self.start)
        set_primary(self.start_button)
        self._show_state()

    def _lay_out(self) -> None:
        title = QLabel("Images", self)
        set_role(title, "title")
        label = QLabel("T&o folder", self)
        label.setBuddy(self.target)
        label.setMinimumWidth(_LABEL_WIDTH)
        target, run = QHBoxLayout(), QHBoxLayout()
        target.setSpacing(GRID)
        for widget in (label, self.target, self._browse_button):
            target.addWidget(widget, 1 if widget is self.target else 0)
        run.setSpacing(GRID)
        run.addWidget(self.work, 1)
        run.addStretch()
        run.addWidget(self.start_button, 0, Qt.AlignmentFlag.AlignRight)
        left = QWidget(self)
        left.setFixedWidth(_LEFT_WIDTH)
        choices = QVBoxLayout(left)
        choices.setContentsMargins(0, 0, 0, 0)
        choices.setSpacing(2 * GRID)
        choices.addWidget(title)
        choices.addWidget(self.files, 1)
        choices.addWidget(self.form)
        choices.addLayout(target)
        middle = QHBoxLayout()
        middle.setSpacing(3 * GRID)
        middle.addWidget(left)
        middle.addWidget(self.preview, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.messages)
        column.addLayout(middle, 1)
        column.addWidget(self._left_out)
        column.addLayout(run)

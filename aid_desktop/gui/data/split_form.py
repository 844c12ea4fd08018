"""How validation images are held out of the training rows, and what that gives, before anything is trained."""

from dataclasses import replace
from functools import partial

from PyQt5.QtCore import Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QCheckBox, QLabel, QPushButton, QVBoxLayout, QWidget

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.grouping import GROUPINGS
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.data.group_by_editor import GroupByEditor
from aid_desktop.gui.data.split_counting import (
    SplitCounts,
    count_split,
    grouping_hint,
    origin_text,
    split_text,
    split_warning,
)
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.message_strip import sentence
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.settings.split import SplitSettings

_DELAY_MS = 300


class SplitForm(QWidget):
    """Share and grouping, a hint at a better grouping, and the split drawn from the data as they are.

    `counted` carries the SplitCounts of each drawing, or None when there is no split.
    """

    counted = pyqtSignal(object)

    def __init__(
        self, notifier: Notifier, editor: TableEditor, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._editor = editor
        self._background = background
        self._job: Job[SplitCounts] | None = None
        self._proposed = ""
        self._check = QCheckBox("Hold out images for validation", self)
        self._share = SectionForm(SplitSettings, ["validation_fraction"], self)
        self._group_by = GroupByEditor(self)
        self._text = QLabel(self)
        self._warning = QLabel(self)
        self._hint = QLabel(self)
        self._accept_hint = QPushButton(self)
        self._timer = QTimer(self)
        self._set_up()
        self._lay_out()
        self._timer.timeout.connect(self._count)
        self._check.toggled.connect(self._on_toggled)
        self._share.changed.connect(self._on_share_edited)
        self._group_by.changed.connect(self._on_group_by_edited)
        self._accept_hint.clicked.connect(self._on_hint_accepted)
        notifier.table_changed.connect(self._on_table_changed)
        notifier.split_changed.connect(self._show_split)
        self._show_split()

    def _set_up(self) -> None:
        self._check.setObjectName("splitCheck")
        self._check.setAccessibleName(self._check.text())
        self._check.setToolTip(
            "Keep a share of the training images of each class for validation. They are chosen once, before "
            "anything else, and never trained on."
        )
        for label, role, name in (
            (self._text, "muted", "splitText"),
            (self._warning, "warning", "splitWarning"),
            (self._hint, "muted", "splitHint"),
        ):
            label.setObjectName(name)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            set_role(label, role)
            label.hide()
        self._accept_hint.setObjectName("splitHintButton")
        self._accept_hint.setAccessibleName("Take the proposed grouping")
        self._accept_hint.setToolTip("Hold out whole files or folders, not single images of them")
        self._accept_hint.hide()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for widget in (self._check, self._share, self._group_by, self._text, self._warning, self._hint):
            column.addWidget(widget)
        column.addWidget(self._accept_hint, 0, Qt.AlignmentFlag.AlignLeft)

    @pyqtSlot(bool)
    def _on_toggled(self, is_on: bool) -> None:
        self._change("hold out images" if is_on else "hold out no images")

    @pyqtSlot()
    def _on_share_edited(self) -> None:
        self._change("set the held-out share", typed="share")

    @pyqtSlot()
    def _on_group_by_edited(self) -> None:
        self._change("set what a split keeps together", typed="" if self._group_by.value in GROUPINGS else "pattern")

    @pyqtSlot()
    def _on_hint_accepted(self) -> None:
        self._group_by.set_value(self._proposed)
        self._on_group_by_edited()

    def _change(self, text: str, typed: str = "") -> None:
        # What the user chooses is drawn anew, also where a list of images or a fold came with a run.
        split = replace(self._share.values(), group_by=self._group_by.value, held_out=None, folds=0, fold=0)
        self._editor.change_split(split if self._check.isChecked() else None, text, typed)
        self._show_parts()

    @pyqtSlot(ClassTable)
    def _on_table_changed(self, _: ClassTable) -> None:
        self._show_parts()
        self._ask()

    @pyqtSlot()
    def _show_split(self) -> None:
        split = self._notifier.split
        self._check.blockSignals(True)
        self._check.setChecked(split is not None)
        self._check.blockSignals(False)
        if split is not None:
            self._share.set_values(split)
            if self._group_by.value != split.group_by:
                self._group_by.set_value(split.group_by)
        self._show_parts()
        self._ask()

    def _show_parts(self) -> None:
        is_on = self._check.isChecked()
        self._share.setVisible(is_on)
        self._group_by.setVisible(is_on)
        hint = grouping_hint(self._notifier.table) if is_on and self._group_by.value == "image" else None
        self._hint.setVisible(hint is not None)
        self._accept_hint.setVisible(hint is not None)
        if hint is not None:
            self._proposed, text = hint
            self._hint.setText(text)
            self._accept_hint.setText(f"Keep {self._proposed}s together")

    def _ask(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._timer.stop()
        has_images = self._notifier.split is not None and bool(self._notifier.table.rows_with(Role.TRAINING))
        if has_images and self._group_by.is_valid:
            self._timer.start()
        else:
            self._say("", "")
            self.counted.emit(None)

    @pyqtSlot()
    def _count(self) -> None:
        split = self._notifier.split
        if split is None:
            return
        work = partial(count_split, self._notifier.table, split, self._notifier.seed)
        self._job = self._background.start("Drawing the held-out images", work, self._on_counted, self._on_failed)
        self.destroyed.connect(self._job.cancel)

    def _on_counted(self, counts: SplitCounts) -> None:
        self._job = None
        split = self._notifier.split
        self._say(split_text(counts) + origin_text(split), split_warning(counts))
        self.counted.emit(counts)

    def _on_failed(self, failure: Failure) -> None:
        self._job = None
        self._say("", sentence(failure.message))
        self.counted.emit(None)

    def _say(self, text: str, warning: str) -> None:
        for label, said in ((self._text, text), (self._warning, warning)):
            label.setText(said)
            label.setVisible(bool(said))

"""On which images a model is assessed, under which threshold, and how far it is."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QWidget,
)

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.evaluation.roles import count_images
from aid_desktop.gui.assess.assessment import ROLES, proposed_role
from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.theme import GRID, icon, set_primary, set_role
from aid_desktop.gui.widgets.work_row import CONVERTING
from aid_desktop.numbers import grouped
from aid_desktop.runs.held_out import HeldOut

_LONGEST_NAME = 12
_LABELLED = "Images (*.rtdc *.h5 *.hdf5 *.npy *.tif *.tiff);;All files (*)"


class RunRow(QWidget):
    """Role, number of images, threshold, Assess button, progress and cancel.

    `threshold_changed` carries a Threshold, or None if there is none; `role_changed` tells that `rows` may be others.
    """

    run_asked = pyqtSignal()
    cancel_asked = pyqtSignal()
    threshold_changed = pyqtSignal(object)
    role_changed = pyqtSignal()

    def __init__(self, background: Background | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._counting: Job[int] | None = None
        self._table = ClassTable()
        self._held_out: HeldOut | None = None
        self._is_own_choice = False
        self._labelled: Path | None = None
        self._chosen = 0
        self._make_role()
        self._make_threshold()
        self._make_run()
        self._lay_out()
        self.set_running(False)

    @property
    def role(self) -> Role:
        """The chosen role; that of a labelled file is test."""
        return ROLES[self.roles.currentIndex()] if self.labelled is None else Role.TEST

    @property
    def labelled(self) -> Path | None:
        """The file of images with labels beside it that is assessed on; None for the rows of a role."""
        return self._labelled if self.roles.currentIndex() == len(ROLES) else None

    @property
    def rows(self) -> tuple[ClassRow, ...]:
        """The rows of the class table that are assessed on, those with held-out images included; none for a file."""
        if self.labelled is not None:
            return ()
        role = self.role
        held = self._held_out if role is Role.VALIDATION else None

        def may_have(row: ClassRow) -> bool:
            if held is None or row.role is not Role.TRAINING:
                return False
            return held.needs_files(row.source) or held.n_images(row.source) > 0

        return tuple(row for row in self._table.rows if row.role is role or may_have(row))

    @property
    def threshold(self) -> Threshold | None:
        """The threshold in force."""
        if not self._use.isChecked() or self._class.currentIndex() < 0:
            return None
        return Threshold(self._class.currentIndex(), self._probability.value())

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes to choose from for the threshold."""
        return tuple(self._class.itemText(i) for i in range(self._class.count()))

    def set_table(self, table: ClassTable) -> None:
        """Count the images of another table; until the user chose a role, propose one that has images."""
        self._table = table
        self._propose()

    def set_held_out(self, held_out: HeldOut | None) -> None:
        """Count images that the model's run held out of training rows as validation images."""
        self._held_out = held_out
        self._propose()

    def set_labelled(self, path: Path) -> None:
        """Assess on a file of images of all classes, with its labels beside it."""
        self._labelled = path
        self._is_own_choice = True
        self.roles.setCurrentIndex(len(ROLES))
        self._chosen = len(ROLES)
        self._count()
        self.role_changed.emit()

    def _propose(self) -> None:
        if not self._is_own_choice:
            self._chosen = ROLES.index(proposed_role(self._table, self._held_out))
            self.roles.setCurrentIndex(self._chosen)
        self._count()

    def set_class_names(self, names: Sequence[str]) -> None:
        """Offer the classes of a model for the threshold; other classes than before switch it off."""
        if tuple(names) == self.class_names:
            return
        self._use.setChecked(False)
        self._class.blockSignals(True)
        self._class.clear()
        self._class.addItems(names)
        self._class.blockSignals(False)
        self._use.setEnabled(bool(names))

    def set_running(self, running: bool) -> None:
        """Show progress and Cancel instead of nothing."""
        # Qt would give the focus of the locked button to the next one, which does something else.
        had_focus = (self.run_button if running else self._cancel).hasFocus()
        for widget in (self._status, self._progress, self._cancel):
            widget.setVisible(running)
        self._cancel.setEnabled(running)
        self.run_button.setEnabled(True)
        if had_focus:
            (self._cancel if running else self.run_button).setFocus()
        self.run_button.setEnabled(not running)
        self._progress.setRange(0, 0)
        self._status.setText("loading the model…")

    @pyqtSlot(int, int)
    def set_progress(self, done: int, total: int) -> None:
        """Show how many images are done; a total of 0 says that the network is converted first."""
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        self._status.setText(f"{grouped(done)} of {grouped(total)}" if total else CONVERTING)

    @pyqtSlot(Threshold)
    def set_threshold(self, threshold: Threshold) -> None:
        """Use a threshold, as if the user had entered it."""
        if threshold == self.threshold or threshold.class_index >= self._class.count():
            return
        widgets = (self._use, self._class, self._probability)
        for widget in widgets:
            widget.blockSignals(True)
        self._use.setChecked(True)
        self._class.setCurrentIndex(threshold.class_index)
        self._probability.setValue(threshold.probability)
        for widget in widgets:
            widget.blockSignals(False)
        self._on_threshold()

    @pyqtSlot(int)
    def _on_role_activated(self, index: int) -> None:
        self._is_own_choice = True
        if index == len(ROLES):
            start = str(self._labelled or Path.home())
            name, _ = QFileDialog.getOpenFileName(self, "Images with labels beside them", start, _LABELLED)
            if name:
                self.set_labelled(Path(name))
            else:
                self.roles.setCurrentIndex(self._chosen)
            return
        self._chosen = index
        self._count()
        self.role_changed.emit()

    @pyqtSlot()
    def _on_cancel(self) -> None:
        self._cancel.setEnabled(False)
        self._progress.setRange(0, 0)
        self._status.setText("stopping…")
        self.cancel_asked.emit()

    @pyqtSlot()
    def _on_threshold(self) -> None:
        for widget in (self._class, self._probability):
            widget.setEnabled(self._use.isChecked())
        self.threshold_changed.emit(self.threshold)

    def _count(self) -> None:
        if self._counting is not None:
            self._counting.cancel()
            self._counting = None
        if self.labelled is not None:
            self._n_images.setText(self.labelled.name)
            self._n_images.setToolTip(str(self.labelled))
            set_role(self._n_images, "")
            return
        self._n_images.setToolTip("")
        rows, held_out = self._table.rows, self._held_out
        of_training = (row.source for row in rows if row.role is Role.TRAINING)
        if self._background is None or held_out is None or not any(map(held_out.needs_files, of_training)):
            self._show_count(count_images(rows, self.role, held_out))
            return
        self._n_images.setText("counting…")
        set_role(self._n_images, "")
        work = partial(_counted, rows, self.role, held_out)
        self._counting = self._background.start(
            "Counting held-out images", work, self._show_count, self._on_not_counted
        )
        self.destroyed.connect(self._counting.cancel)

    def _show_count(self, n: int) -> None:
        self._n_images.setText("1 image" if n == 1 else f"{grouped(n)} images")
        set_role(self._n_images, "" if n else "warning")

    def _on_not_counted(self, failure: Failure) -> None:
        self._n_images.setText("number not known")
        self._n_images.setToolTip(failure.message)
        set_role(self._n_images, "warning")

    def _make_role(self) -> None:
        self.roles = QComboBox(self)
        self.roles.setObjectName("assessRole")
        self.roles.setAccessibleName("Images to assess on")
        self.roles.setToolTip(
            "Role of the images on the Data tab. Test images tell most: nothing was chosen by them. Or a file of "
            "images with its labels beside it: x_Data.rtdc and x_Labels.txt"
        )
        self.roles.addItems([*(str(role) for role in ROLES), "labelled file…"])
        self.roles.activated.connect(self._on_role_activated)
        self._n_images = QLabel(self)
        self._n_images.setObjectName("assessImageCount")

    def _make_threshold(self) -> None:
        self._use = QCheckBox("Threshold", self)
        self._use.setObjectName("assessThreshold")
        self._use.setAccessibleName("Use a threshold")
        self._use.setToolTip(
            "Give an image to this class only where its probability is above the threshold, and then always"
        )
        self._use.setEnabled(False)
        self._class = QComboBox(self)
        self._class.setObjectName("assessThresholdClass")
        self._class.setAccessibleName("Class of the threshold")
        self._class.setToolTip("Class that the threshold is for")
        self._class.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._class.setMinimumContentsLength(_LONGEST_NAME)
        self._probability = QDoubleSpinBox(self)
        self._probability.setObjectName("assessThresholdProbability")
        self._probability.setAccessibleName("Threshold")
        self._probability.setToolTip("Probability from 0 to 1 that must be exceeded")
        self._probability.setRange(0, 1)
        self._probability.setSingleStep(0.05)
        self._probability.setDecimals(4)
        self._probability.setValue(0.5)
        self._probability.setKeyboardTracking(False)
        for widget in (self._class, self._probability):
            widget.setEnabled(False)
        self._use.toggled.connect(self._on_threshold)
        self._class.currentIndexChanged.connect(self._on_threshold)
        self._probability.valueChanged.connect(self._on_threshold)

    def _make_run(self) -> None:
        self._progress = QProgressBar(self)
        self._progress.setObjectName("assessProgress")
        self._progress.setAccessibleName("Progress of the assessment")
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(15 * GRID)
        self._status = QLabel(self)
        self._status.setObjectName("assessStatus")
        set_role(self._status, "muted")
        self._cancel = QPushButton("Cancel", self)
        self._cancel.setObjectName("assessCancelButton")
        self._cancel.setAccessibleName("Cancel the assessment")
        self._cancel.setToolTip("Stop; nothing of this assessment is kept")
        self._cancel.clicked.connect(self._on_cancel)
        self.run_button = QPushButton(icon("assessment", "accent_text"), "&Assess", self)
        self.run_button.setObjectName("assessRunButton")
        self.run_button.setAccessibleName("Assess")
        self.run_button.setToolTip("Apply the model to the images and compare with their known classes")
        set_primary(self.run_button)
        self.run_button.clicked.connect(self.run_asked)

    def _lay_out(self) -> None:
        label = QLabel("&Data", self)
        label.setBuddy(self.roles)
        label.setMinimumWidth(6 * GRID)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        for widget in (label, self.roles, self._n_images):
            row.addWidget(widget)
        row.addSpacing(2 * GRID)
        for widget in (self._use, self._class, self._probability):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self._status, self._progress, self._cancel, self.run_button):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)


def _counted(rows: tuple[ClassRow, ...], role: Role, held_out: HeldOut, _: JobContext) -> int:
    return count_images(rows, role, held_out)

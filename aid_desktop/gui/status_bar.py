"""What happens now, with progress and cancel for background jobs; device, CPU and memory on the right."""

import psutil
from PyQt5.QtCore import QSize, QTimer, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from aid_desktop.gui.background import Background, Job
from aid_desktop.gui.theme import GRID, icon, set_role

_USAGE_INTERVAL_MS = 2000
# Jobs that end at once do not flicker past.
_SHOW_AFTER_MS = 300
_CANCEL_SIDE = 12


class StatusBar(QStatusBar):
    """Follows the background jobs."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self.setSizeGripEnabled(False)
        self._background = background
        self._state = QLabel("", self)
        self._usage = QLabel(self)
        self.setContentsMargins(GRID, 0, 2 * GRID, 0)
        for label in (self._state, self._usage):
            set_role(label, "muted")
            self.addPermanentWidget(label)
        background.job_started.connect(self._on_job_started)
        self._timer = QTimer(self)
        self._timer.setInterval(_USAGE_INTERVAL_MS)
        self._timer.timeout.connect(self._show_usage)
        self._timer.start()
        self._show_usage()

    def set_state(self, text: str) -> None:
        """Say which versions and devices are ready."""
        self._state.setText(f"{text}  ·")

    @pyqtSlot()
    def _show_usage(self) -> None:
        memory = psutil.virtual_memory()
        used = (memory.total - memory.available) / 2**30
        jobs = self._background.n_jobs
        running = f"  ·  {jobs} running" if jobs else ""
        self._usage.setText(
            f"CPU {psutil.cpu_percent():.0f} %  ·  memory {used:.1f} of {memory.total / 2**30:.0f} GB{running}"
        )

    @pyqtSlot(Job)
    def _on_job_started(self, job: "Job[object]") -> None:
        self.addWidget(JobWidget(job, self))


class JobWidget(QWidget):
    """One background job: title, progress, ✕. It appears only when the job takes a while."""

    def __init__(self, job: "Job[object]", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = QProgressBar(self)
        self._bar.setRange(0, 0)
        self._bar.setFixedWidth(12 * GRID)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(GRID)
        self._bar.setAccessibleName(f"Progress: {job.title}")
        cancel = QToolButton(self)
        cancel.setIcon(icon("close"))
        cancel.setAutoRaise(True)
        # As high as a line of text: what is above the bar must not jump with each job.
        cancel.setStyleSheet("QToolButton, QToolButton:focus { padding: 0; }")
        cancel.setIconSize(QSize(_CANCEL_SIDE, _CANCEL_SIDE))
        cancel.setFixedHeight(self.fontMetrics().height())
        cancel.setToolTip(f"Cancel: {job.title}")
        cancel.setAccessibleName(f"Cancel: {job.title}")
        cancel.setVisible(job.is_cancellable)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, 0, GRID, 0)
        row.setSpacing(GRID)
        row.addWidget(QLabel(job.title, self))
        row.addWidget(self._bar)
        row.addWidget(cancel)
        self.setMaximumWidth(0)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._appear)
        self._timer.start(_SHOW_AFTER_MS)
        cancel.clicked.connect(job.cancel)
        job.progressed.connect(self._on_progressed)
        job.ended.connect(self._on_ended)

    @pyqtSlot()
    def _appear(self) -> None:
        self.setMaximumWidth(60 * GRID)

    @pyqtSlot(int, int)
    def _on_progressed(self, done: int, total: int) -> None:
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    @pyqtSlot()
    def _on_ended(self) -> None:
        self._timer.stop()
        self.hide()
        self.deleteLater()

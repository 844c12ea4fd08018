"""What happens now, with progress and cancel for background jobs; device, CPU, memory and GPUs on the right."""

from PyQt5.QtCore import QSize, QTimer, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from aid_desktop.gui.background import Background, Job
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.models.nvml import Nvml

_USAGE_INTERVAL_MS = 1000
_UNIT = 2**30
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
        self._usage.setObjectName("usage")
        self._usage.setAccessibleName("Use of this computer")
        self._training = ""
        self._nvml: Nvml | None = None
        self.setContentsMargins(GRID, 0, 2 * GRID, 0)
        for label in (self._state, self._usage):
            set_role(label, "muted")
            self.addPermanentWidget(label)
        background.job_started.connect(self._on_job_started)
        self._timer = QTimer(self)
        self._timer.setInterval(_USAGE_INTERVAL_MS)
        self._timer.timeout.connect(self._show_usage)
        self._timer.start()

    def set_state(self, text: str) -> None:
        """Say which versions and devices are ready."""
        self._state.setText(f"{text}  ·")

    def set_training(self, device: str) -> None:
        """Say what trains now; "" when nothing does."""
        self._training = device
        self._show_usage()

    def watch_gpus(self, nvml: Nvml | None) -> None:
        """Show the GPUs that a driver knows of, too."""
        self._nvml = nvml
        self._show_usage()

    @pyqtSlot()
    def _show_usage(self) -> None:
        import psutil

        memory = psutil.virtual_memory()
        parts = [
            f"CPU {psutil.cpu_percent():.0f} %",
            f"memory {(memory.total - memory.available) / _UNIT:.1f} of {memory.total / _UNIT:.0f} GB",
        ]
        gpus = () if self._nvml is None else self._nvml.usage()
        for number, gpu in enumerate(gpus):
            name = f"GPU {number}" if len(gpus) > 1 else "GPU"
            parts.append(f"{name} {gpu.percent} %, {gpu.used / _UNIT:.1f} of {gpu.memory / _UNIT:.0f} GB")
        if self._training:
            parts.append(f"training on {self._training}")
        if self._background.n_jobs:
            parts.append(f"{self._background.n_jobs} running")
        self._usage.setText("  ·  ".join(parts))
        self._usage.setToolTip("\n".join(("Of all programs together.", *self._background.titles)))

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

"""What is seen at the foot of the Training tab while the images are checked before a run."""

from PyQt5.QtCore import QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QWidget

from aid_desktop.data.check import CheckReport
from aid_desktop.gui.background import Job
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.gui.widgets.work_row import WorkRow

# A check that is done by then does not flicker past.
_SHOW_AFTER_MS = 250
_START_WITHOUT = ("Start without check", "skipCheckButton", "Start the run now; the next one is checked again")


class CheckRow(QWidget):
    """Follows one check, with buttons that end it; hidden without one.

    `name` begins the names of its parts; `skip` is the button without a check: its text, name and tooltip.

    `busy_changed` tells when a check begins and ends, `shown_changed` when the row comes and goes; `skip_wanted` asks
    for the run without a check.
    """

    busy_changed = pyqtSignal(bool)
    shown_changed = pyqtSignal(bool)
    skip_wanted = pyqtSignal()

    def __init__(
        self,
        parent: QWidget | None = None,
        name: str = "startCheck",
        skip: tuple[str, str, str] = _START_WITHOUT,
    ) -> None:
        super().__init__(parent)
        self.work = WorkRow(name, "images", "How many images are compared", "Start nothing", self)
        self.skip_button = named_button(self, *skip)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOW_AFTER_MS)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(QLabel("Checking the images before training …", self))
        row.addWidget(self.work, 1)
        row.addWidget(self.skip_button)
        self._timer.timeout.connect(self._appear)
        self.work.running_changed.connect(self._on_running_changed)
        self.skip_button.clicked.connect(self.skip_wanted)
        self.hide()

    @property
    def is_busy(self) -> bool:
        """Whether a check is under way."""
        return self.work.job is not None

    def follow(self, job: Job[CheckReport]) -> None:
        """Show a check that was just started, if it takes a while."""
        self.work.follow(job, "")

    def give_up(self) -> None:
        """End the check and show it no longer."""
        self.work.cancel()
        self._disappear()

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        if running:
            self._timer.start()
        else:
            self._disappear()
        self.busy_changed.emit(running)

    def _disappear(self) -> None:
        self._timer.stop()
        self.hide()
        self.shown_changed.emit(False)

    @pyqtSlot()
    def _appear(self) -> None:
        self.show()
        self.shown_changed.emit(True)

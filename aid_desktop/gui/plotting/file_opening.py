"""Files that are opened in the window of plots, one at a time, in a background thread."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QFileDialog, QWidget

from aid_desktop.data.formats import open_source
from aid_desktop.data.source import DataSource
from aid_desktop.gui.background import Background, Failure, Job, JobContext


class FileOpening(QObject):
    """`opened` carries the source of a file with features of its events, `failed` why there is none."""

    opened = pyqtSignal(DataSource)
    failed = pyqtSignal(Failure)

    def __init__(self, background: Background, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._background = background
        self._job: Job[DataSource] | None = None

    @pyqtSlot()
    def choose(self) -> None:
        """Let the user choose a file, and open it."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Plot the events of a file", "", "RT-DC files (*.rtdc *.hdf5 *.h5)"
        )
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Open a file; one that is still being opened is left."""
        self.cancel()
        self._job = self._background.start(
            f"Opening {path.name}", partial(_open, path), self._on_opened, self._on_failed, is_cancellable=True
        )

    def cancel(self) -> None:
        """Leave the file that is being opened."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _on_opened(self, source: DataSource) -> None:
        self._job = None
        if source.features:
            self.opened.emit(source)
        else:
            text = f"{source.path} has images, but no features of its events: nothing can be plotted."
            self.failed.emit(Failure(text))

    def _on_failed(self, failure: Failure) -> None:
        self._job = None
        self.failed.emit(failure)


def _open(path: Path, context: JobContext) -> DataSource:
    return open_source(path, context.report_or_leave).source

"""Fetches pretrained weights, once the user has agreed."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSlot

from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.qt import required
from aid_desktop.gui.question import Question, ask
from aid_desktop.gui.training.weights_panel import WeightsPanel
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.models.backbones import backbone_of, download, weights_dir
from aid_desktop.models.registry import Architecture


class WeightsDownload(QObject):
    """Answers the panel's wish for a download: asks, then fetches in the background; the status bar can cancel it."""

    def __init__(self, panel: WeightsPanel, background: Background, messages: MessageStrip) -> None:
        super().__init__(panel)
        self._panel = panel
        self._background = background
        self._messages = messages
        panel.download_wanted.connect(self.ask)

    @pyqtSlot(Architecture)
    def ask(self, architecture: Architecture) -> None:
        """Say how much would come from where, and fetch it if the user wants it."""
        backbone = backbone_of(architecture)
        if backbone is None:
            return
        question = Question(
            name="downloadWeightsQuestion",
            title="Download weights",
            text=f"Download the ImageNet weights of {architecture.name}, about {backbone.megabytes:.0f} MB?",
            details=f"From {backbone.url}\n\nThey are kept in {weights_dir()} for all later runs. Their licence is "
            "named in docs/pretrained.md. Nothing about your images is sent.",
            yes=("Download", "downloadWeightsYes"),
            no=("Not now", "downloadWeightsNo"),
        )
        ask(question, partial(self._fetch, architecture), required(self._panel.window()))

    def _fetch(self, architecture: Architecture) -> None:
        backbone = backbone_of(architecture)
        assert backbone is not None

        def fetch(context: JobContext) -> Path:
            return download(backbone, context.report_or_leave)

        title = f"Downloading the weights of {architecture.name}"
        self._panel.set_downloading(True)
        job = self._background.start(title, fetch, self._on_done, self._on_failure, is_cancellable=True)
        job.ended.connect(self._on_ended)

    def _on_done(self, path: Path) -> None:
        self._messages.add(Note(Level.INFO, sentence(f"the weights are here: {path}")))

    def _on_failure(self, failure: Failure) -> None:
        self._messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    @pyqtSlot()
    def _on_ended(self) -> None:
        self._panel.set_downloading(False)

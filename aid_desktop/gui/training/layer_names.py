"""The layers of the chosen network, found by building it, for those who tick which of them learn."""

from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSlot

from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.training.model_panel import ModelPanel
from aid_desktop.gui.widgets.layers_editor import LayersEditor
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.models.partial import learning_layers
from aid_desktop.models.zoo import load_zoo
from aid_desktop.settings.image import ImageSettings

_FEWEST_CLASSES = 2


class LayerNames(QObject):
    """Answers the editor's wish for the names of the layers."""

    def __init__(
        self,
        editor: LayersEditor,
        notifier: Notifier,
        model: ModelPanel,
        background: Background,
        messages: MessageStrip,
    ) -> None:
        super().__init__(editor)
        self._editor = editor
        self._notifier = notifier
        self._model = model
        self._background = background
        self._messages = messages
        editor.names_wanted.connect(self.ask)

    @pyqtSlot()
    def ask(self) -> None:
        """Build the network in the background, then open the dialog; say why if it cannot be built."""
        zoo, name = self._model.zoo, self._model.architecture
        if zoo is None or self._model.misfit:
            self._messages.add(Note(Level.WARNING, sentence(self._model.misfit or "there is no architecture")))
            return
        image = self._notifier.image_settings
        n_classes = max(_FEWEST_CLASSES, self._notifier.table.n_classes)

        def build(context: JobContext) -> tuple[str, ...]:
            return layer_names(zoo, name, image, n_classes)

        self._background.start("Building the network", build, self._show, self._on_failure)

    def _show(self, names: tuple[str, ...]) -> None:
        self._editor.ask(names)

    def _on_failure(self, failure: Failure) -> None:
        self._messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))


def layer_names(zoo: Path, architecture: str, image: ImageSettings, n_classes: int) -> tuple[str, ...]:
    """Return the names of the layers with weights, from the first to the last. Raises ModelZooError."""
    model = load_zoo(zoo).build(architecture, image.input_shape, n_classes, len(image.features))
    return tuple(layer.name for layer in learning_layers(model))

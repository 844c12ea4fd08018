"""The layers of the chosen network, found by building it, for those who tick which of them learn."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSlot

from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.training.model_panel import ModelPanel
from aid_desktop.gui.training.origins import fitted
from aid_desktop.gui.widgets.layers_dialog import LayerItem
from aid_desktop.gui.widgets.layers_editor import LayersEditor
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.models.partial import learning_layers, n_units
from aid_desktop.models.zoo import load_zoo
from aid_desktop.runs.config import ModelChoice

if TYPE_CHECKING:
    import keras


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
        wish = self._model.start_from.wish
        if wish is not None:

            def fit(context: JobContext) -> tuple[LayerItem, ...]:
                return items_of(fitted(wish)[0])

            self._start(fit)
            return
        zoo, name = self._model.zoo, self._model.architecture
        if zoo is None or self._model.misfit:
            self._messages.add(Note(Level.WARNING, sentence(self._model.misfit or "there is no architecture")))
            return
        image, n_classes = self._notifier.image_settings, self._model.n_classes

        def build(context: JobContext) -> tuple[LayerItem, ...]:
            return items_of(load_zoo(zoo).build(name, image.input_shape, n_classes, len(image.features)))

        self._start(build)

    def _start(self, build: Callable[[JobContext], tuple[LayerItem, ...]]) -> None:
        choice = self._model.choice
        self._background.start("Building the network", build, partial(self._show, choice), self._on_failure)

    def _show(self, choice: ModelChoice, layers: tuple[LayerItem, ...]) -> None:
        # Another network may have been chosen meanwhile.
        if self._model.choice == choice:
            self._editor.ask(layers)

    def _on_failure(self, failure: Failure) -> None:
        self._messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))


def items_of(model: "keras.Model") -> tuple[LayerItem, ...]:
    """Return the layers with weights, from the first to the last."""
    return tuple(LayerItem(layer.name, n_units(layer)) for layer in learning_layers(model))

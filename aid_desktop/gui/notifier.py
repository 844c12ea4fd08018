"""What is current in the window: panels read and change it here and never know each other."""

from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from aid_desktop.data.class_table import ClassTable
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.split import SplitSettings


class Notifier(QObject):
    """Holds class table, image settings, split and its seed, the run on show and the model under assessment.

    Table, image settings and split tell of a change only when the new value differs; opening a run or choosing a
    model is told each time.
    """

    table_changed = pyqtSignal(ClassTable)
    image_settings_changed = pyqtSignal(ImageSettings)
    split_changed = pyqtSignal()
    run_opened = pyqtSignal(Path)
    model_chosen = pyqtSignal(Path)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = ClassTable()
        self._image = ImageSettings()
        self._split: SplitSettings | None = None
        self._seed = 1
        self._run: Path | None = None
        self._model: Path | None = None

    @property
    def table(self) -> ClassTable:
        """The class table as edited on the Data tab."""
        return self._table

    @property
    def image_settings(self) -> ImageSettings:
        """Size, channels and normalization for the next run."""
        return self._image

    @property
    def run(self) -> Path | None:
        """The run folder that was opened or started last."""
        return self._run

    @property
    def model(self) -> Path | None:
        """The model file under assessment."""
        return self._model

    def set_table(self, table: ClassTable) -> None:
        """Replace the class table."""
        if table != self._table:
            self._table = table
            self.table_changed.emit(table)

    def set_image_settings(self, settings: ImageSettings) -> None:
        """Replace the image settings."""
        if settings != self._image:
            self._image = settings
            self.image_settings_changed.emit(settings)

    @property
    def split(self) -> SplitSettings | None:
        """How validation images are held out of the training rows; None: rows of their own."""
        return self._split

    def set_split(self, split: SplitSettings | None) -> None:
        """Choose how validation images are held out."""
        if split != self._split:
            self._split = split
            self.split_changed.emit()

    @property
    def seed(self) -> int:
        """What everything random in a run follows from, the split among it."""
        return self._seed

    def set_seed(self, seed: int) -> None:
        """Choose the seed; another one draws another split."""
        if seed != self._seed:
            self._seed = seed
            self.split_changed.emit()

    def open_run(self, folder: Path) -> None:
        """Show a run; the same folder again means that it is to be read again."""
        self._run = folder
        self.run_opened.emit(folder)

    def choose_model(self, path: Path) -> None:
        """Put a model under assessment."""
        self._model = path
        self.model_chosen.emit(path)

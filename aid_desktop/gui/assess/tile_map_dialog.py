"""Classify a large image tile by tile, see the classes over it, and save them as a label map."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.formats import file_dialog_filter
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.gui.assess.tile_map_view import TileMapView
from aid_desktop.gui.assess.tile_mapping import (
    ImageRequest,
    LargeImage,
    MappedImage,
    map_image,
    proposed_path,
    read_large_image,
    save_map,
)
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.qt import required
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.theme import GRID, icon, set_primary, set_role
from aid_desktop.gui.trust_question import or_ask_for_trust
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.drop_area import dropped_paths
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.work_row import CONVERTING, WorkRow
from aid_desktop.numbers import grouped
from aid_desktop.settings.image import MAX_SIDE


class TileMapDialog(Dialog):
    """Applies `model` (a file or a run folder) to the tiles of one image. Leaves the window behind it usable.

    `threshold` is that of the Assessment tab.
    """

    def __init__(
        self, model: Path, threshold: Threshold | None, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("tileMapDialog")
        self.setAccessibleName("Classify a large image")
        self.setWindowTitle("Classify a large image")
        self.setModal(False)
        self.setAcceptDrops(True)
        self.set_size(120, 84)
        self._model = model
        self._threshold = threshold
        self._background = background
        self._image: LargeImage | None = None
        self._mapped: MappedImage | None = None
        self._reading: Job[LargeImage] | None = None
        self.messages = MessageStrip("tileMapMessages", self)
        self.view = TileMapView(self)
        self._make_choice()
        self._make_run()
        self._lay_out()
        self._show_state()

    @property
    def mapped(self) -> MappedImage | None:
        """The result on show."""
        return self._mapped

    def choose(self, path: Path) -> None:
        """Read an image, or the first one of several, and show it."""
        self.path.setText(str(path))
        self.number_box.blockSignals(True)
        self.number_box.setValue(1)
        self.number_box.blockSignals(False)
        self._read()

    @pyqtSlot()
    def start(self) -> None:
        """Classify the tiles of the image, as if the button was pressed."""
        if self.work.job is not None or self._image is None:
            return
        self.messages.clear()
        work = partial(map_image, self._image, self.size_box.value(), self.stride_box.value(), self._threshold)
        on_failed = or_ask_for_trust(self._on_failed, self.start, self)
        job = self._background.start("Classifying tiles", work, self._on_mapped, on_failed)
        self.work.follow(job, "loading the model…", CONVERTING)

    @pyqtSlot()
    def save(self) -> None:
        """Ask for a name and write the label map with its legend and the table of the tiles."""
        if self._mapped is None:
            return
        # Qt asks before it lets a label map be replaced.
        name, _ = QFileDialog.getSaveFileName(
            self, "Save the label map", str(proposed_path(self._mapped.image)), "PNG (*.png);;TIFF (*.tif)"
        )
        if name:
            save_as(name, "" if Path(name).suffix else ".png", partial(self._save_to, self._mapped), self)

    def _save_to(self, mapped: MappedImage, path: Path) -> None:
        work = partial(save_map, mapped, path)
        job = self._background.start("Writing the label map", work, self._on_saved, self._on_failed)
        self.destroyed.connect(job.cancel)

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        event = required(a0)
        if self.work.job is None and len(dropped_paths(event.mimeData())) == 1:
            event.acceptProposedAction()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        event = required(a0)
        event.acceptProposedAction()
        self.choose(dropped_paths(event.mimeData())[0])

    @pyqtSlot()
    def _browse(self) -> None:
        start = self.path.text().strip() or str(Path.home())
        name, _ = QFileDialog.getOpenFileName(self, "Choose an image", start, file_dialog_filter())
        if name:
            self.choose(Path(name))

    @pyqtSlot()
    def _on_path_edited(self) -> None:
        path = Path(self.path.text().strip()).absolute()
        if self.path.text().strip() and (self._image is None or path != self._image.request.path):
            self.choose(path)

    @pyqtSlot()
    def _read(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self.messages.clear()
        self._forget()
        self._image = None
        self._describe("Reading the image…")
        request = ImageRequest(Path(self.path.text().strip()).absolute(), self.number_box.value() - 1, self._model)
        self._reading = self._background.start(
            "Reading an image",
            partial(read_large_image, request),
            self._on_read,
            or_ask_for_trust(self._on_read_failed, self._read, self),
        )
        self.destroyed.connect(self._reading.cancel)
        self._show_state()

    def _on_read(self, image: LargeImage) -> None:
        self._reading, self._image = None, image
        self.number_box.setMaximum(image.n_images)
        self.number_box.setSuffix(f" of {grouped(image.n_images)}")
        for widget in (self.number_box, self._number_label):
            widget.setVisible(image.n_images > 1)
        (width, height), (tile_width, tile_height) = image.size, image.tile_size
        self._describe(f"{width} × {height} px. The model takes tiles of {tile_width} × {tile_height} px.")
        self.view.show_image(image)
        self._show_state()

    def _on_read_failed(self, failure: Failure) -> None:
        self._reading = None
        self._describe("")
        self.view.show_nothing()
        self._on_failed(failure)

    def _on_mapped(self, mapped: MappedImage) -> None:
        self._mapped = mapped
        self.view.show_map(mapped)

    def _on_saved(self, files: tuple[Path, ...]) -> None:
        self.messages.add(Note(Level.INFO, f"The label map is in {files[0]}", "\n".join(map(str, files))))

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    @pyqtSlot()
    def _forget(self) -> None:
        """Take away a result that other settings have given."""
        self._mapped = None
        self.view.forget_map()
        self._show_state()

    def _describe(self, text: str) -> None:
        self._size.setText(text)

    def _show_state(self) -> None:
        self.start_button.setEnabled(self.work.job is None and self._image is not None)
        self.save_button.setEnabled(self.work.job is None and self._mapped is not None)

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        for box in (self.path, self._browse_button, self.number_box, self.size_box, self.stride_box):
            box.setEnabled(not running)
        self._show_state()

    def _make_choice(self) -> None:
        self.path = QLineEdit(self)
        # The dialog takes dropped files; the field would insert their address as text.
        self.path.setAcceptDrops(False)
        name_widget(self.path, "tileMapPath", "Image", "The image to classify, or a stack or folder of images")
        self.path.editingFinished.connect(self._on_path_edited)
        self._browse_button = named_button(self, "Browse…", "tileMapBrowse", "Choose an image", "open")
        self._browse_button.clicked.connect(self._browse)
        self.number_box = self._spin("tileMapNumber", "Number", "Which of several images", 1, 1)
        self.number_box.valueChanged.connect(self._read)
        self._number_label = self._label("&Number", self.number_box)
        for widget in (self.number_box, self._number_label):
            widget.hide()
        tip = "Side of a tile in the image, before the zoom of the model"
        self.size_box = self._spin("tileMapSize", "Tile size", tip, 0, MAX_SIDE)
        self.size_box.setSpecialValueText("as the model takes")
        tip = "From one tile to the next; where tiles overlap, the mean of their probabilities counts"
        self.stride_box = self._spin("tileMapStride", "Stride", tip, 0, MAX_SIDE)
        self.stride_box.setSpecialValueText("as the size")
        for box in (self.size_box, self.stride_box):
            box.setSuffix(" px")
            box.valueChanged.connect(self._forget)

    def _make_run(self) -> None:
        self._size = QLabel(self)
        self._size.setObjectName("tileMapImageSize")
        set_role(self._size, "muted")
        self.work = WorkRow("tileMap", "tiles", "How many tiles are classified", "Stop the classification", self)
        self.work.running_changed.connect(self._on_running_changed)
        tip = "Write the class of each pixel as an image, with its legend and a table of the tiles"
        self.save_button = named_button(self, "&Save label map…", "tileMapSave", tip, "save")
        self.save_button.clicked.connect(self.save)
        self.start_button = named_button(self, "&Classify", "tileMapStart", "Classify the tiles of the image")
        self.start_button.setIcon(icon("classify", "accent_text"))
        self.start_button.clicked.connect(self.start)
        set_primary(self.start_button)

    def _lay_out(self) -> None:
        model = QLabel(f"Model: {self._model}", self)
        model.setTextFormat(Qt.TextFormat.PlainText)
        model.setWordWrap(True)
        set_role(model, "muted")
        image, tiles, run = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (image, (self._label("&Image", self.path), self.path, self._browse_button)),
            (tiles, (self._label("&Tile size", self.size_box), self.size_box)),
            (tiles, (self._label("St&ride", self.stride_box), self.stride_box)),
            (tiles, (self._number_label, self.number_box, self._size)),
        ):
            row.setSpacing(GRID)
            for widget in widgets:
                row.addWidget(widget, 1 if widget in (self.path, self._size) else 0)
        run.setSpacing(GRID)
        run.addWidget(self.work, 1)
        run.addStretch()
        run.addWidget(self.save_button)
        run.addWidget(self.start_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.messages)
        column.addWidget(model)
        column.addLayout(image)
        column.addLayout(tiles)
        column.addWidget(self.view, 1)
        column.addLayout(run)

    def _spin(self, name: str, title: str, tip: str, low: int, high: int) -> QSpinBox:
        box = QSpinBox(self)
        box.setRange(low, high)
        box.setKeyboardTracking(False)
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        guard_wheel(box)
        name_widget(box, name, title, tip)
        return box

    def _label(self, text: str, buddy: QWidget) -> QLabel:
        label = QLabel(text, self)
        label.setBuddy(buddy)
        return label

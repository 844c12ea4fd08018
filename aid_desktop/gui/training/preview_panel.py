"""Examples of a class as training draws them now."""

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QStringListModel, QTimer, pyqtSlot
from PyQt5.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from aid_desktop.augment.pipeline import Randomness, augment_labelled
from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.formats import reopen
from aid_desktop.data.pixels import Pixels, white_level_of
from aid_desktop.data.prepare import prepare_row
from aid_desktop.errors import SettingsError
from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.image_strip import ImageStrip
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.seeds import Stage, generator

logger = logging.getLogger(__name__)

_N_IMAGES = 8
# Bursts of slider moves end in one drawing.
_DELAY_MS = 80
_NAME_LENGTH = 16
_Labelled = tuple[Pixels, NDArray[np.float32]]
_HINT = "Examples appear here when the class table has training images."


@dataclass(frozen=True, slots=True)
class _Wish:
    """All that the examples depend on. Mixing needs a second row, of another class where there is one."""

    row: ClassRow
    image: ImageSettings
    sample: int
    partner: ClassRow | None = None


def read_examples(wish: _Wish, context: JobContext) -> tuple[Pixels, NDArray[np.float32]]:
    """Return a few images of each row, (N, H, W, C) with the margin of augmentation, and their labels (N, 2)."""
    parts, labels = [], []
    for label, row in enumerate((wish.row, wish.partner)):
        if row is not None:
            rng = np.random.default_rng(wish.sample)
            indices = rng.choice(row.source.n_images, min(_N_IMAGES, row.source.n_images), replace=False)
            reader = reopen(row.source)
            parts.append(prepare_row(reader, wish.image, row.zoom, True, indices, lambda: context.cancelled))
            labels += [label] * len(indices)
    return np.concatenate(parts), np.eye(2, dtype=np.float32)[labels]


def augment_examples(
    images: Pixels,
    labels: NDArray[np.float32],
    image: ImageSettings,
    settings: AugmentationSettings,
    sample: int,
) -> Pixels:
    """Return what training makes of a block of these images, with `sample` for its seed, in its first epoch."""
    rngs = [generator(sample, stage, 0) for stage in (Stage.AFFINE, Stage.PHOTOMETRIC, Stage.MIX)]
    white = image.white_level or white_level_of(str(images.dtype))
    return augment_labelled(images, labels, settings, image, Randomness(*rngs), white)[0]


class PreviewPanel(QWidget):
    """Follows table, image settings and the amounts of `form`. Reading and augmenting happen in the background."""

    def __init__(
        self,
        notifier: Notifier,
        background: Background,
        form: SectionForm[AugmentationSettings],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._background = background
        self._form = form
        self._settings = form.values()
        self._sample = 0
        self._examples: tuple[_Wish, _Labelled] | None = None
        self._job: Job[tuple[_Labelled, Pixels]] | None = None
        self._class = QComboBox(self)
        # Ten thousand names at once take a list model: an item each would take the window's time.
        self._names = QStringListModel(self)
        self._indices: list[int] = []
        self._again = QToolButton(self)
        self._message = QLabel(_HINT, self)
        self.strip = ImageStrip("previewGrid", "Augmented examples", self, side=64)
        self._timer = QTimer(self)
        self._lay_out()
        self._timer.timeout.connect(self._draw)
        self._class.currentIndexChanged.connect(self._ask)
        self._again.clicked.connect(self._on_again)
        form.changed.connect(self._ask)
        notifier.table_changed.connect(self._on_table_changed)
        notifier.image_settings_changed.connect(self._ask)
        self._on_table_changed(notifier.table)

    def _lay_out(self) -> None:
        title = QLabel("Examples as training draws them now", self)
        set_role(title, "heading")
        set_role(self._message, "muted")
        self._class.setObjectName("previewClass")
        self._class.setAccessibleName("Class of the examples")
        self._class.setToolTip("Class whose training images are shown")
        self._class.setModel(self._names)
        # Not as wide as the longest of all names, which Qt would have to measure.
        self._class.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._class.setMinimumContentsLength(_NAME_LENGTH)
        guard_wheel(self._class)
        self._again.setIcon(icon("refresh"))
        self._again.setAutoRaise(True)
        self._again.setObjectName("newSampleButton")
        self._again.setAccessibleName("New sample")
        self._again.setToolTip("Draw other images and other random changes")
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        heading = QHBoxLayout()
        heading.addWidget(title)
        heading.addWidget(self._class)
        heading.addWidget(self._again)
        heading.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(heading)
        column.addWidget(self._message)
        column.addWidget(self.strip)
        column.addStretch(1)

    @pyqtSlot(ClassTable)
    def _on_table_changed(self, table: ClassTable) -> None:
        chosen = self._chosen_class()
        trained = [
            (index, name)
            for (index, images), name in zip(table.images_by_class.items(), table.class_names, strict=True)
            if images[Role.TRAINING]
        ]
        self._class.blockSignals(True)
        self._indices = [index for index, _ in trained]
        self._names.setStringList([name for _, name in trained])
        self._class.setCurrentIndex(
            self._indices.index(chosen) if chosen in self._indices else min(0, len(trained) - 1)
        )
        self._class.blockSignals(False)
        self._ask()

    def _chosen_class(self) -> int | None:
        place = self._class.currentIndex()
        return self._indices[place] if 0 <= place < len(self._indices) else None

    @pyqtSlot()
    def _on_again(self) -> None:
        self._sample += 1
        self._ask()

    @pyqtSlot()
    def _ask(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _wish(self) -> _Wish | None:
        index = self._chosen_class()
        rows = self._notifier.table.rows_with(Role.TRAINING)
        row = next((row for row in rows if row.class_index == index), None)
        if row is None:
            return None
        partner = next((row for row in rows if row.class_index != index), None) if self._mixes() else None
        return _Wish(row, self._notifier.image_settings, self._sample, partner)

    def _mixes(self) -> bool:
        return bool(self._settings.mixup or self._settings.cutmix)

    @pyqtSlot()
    def _draw(self) -> None:
        try:
            self._settings = self._form.values()
        except SettingsError as error:
            # The form has marked the field; the amounts stay as they were.
            logger.debug("examples are drawn as before: %s", error)
        wish = self._wish()
        if wish is None:
            self._show_message(_HINT)
            return
        if self._job is not None:
            self._timer.start()
            return
        known = self._examples[1] if self._examples is not None and self._examples[0] == wish else None
        settings = self._settings

        def work(context: JobContext) -> tuple[_Labelled, Pixels]:
            images, labels = read_examples(wish, context) if known is None else known
            return (images, labels), augment_examples(images, labels, wish.image, settings, wish.sample)

        def show(result: tuple[_Labelled, Pixels]) -> None:
            self._job = None
            self._examples = (wish, result[0])
            self._show_message("")
            own = result[0][1][:, 0] == 1
            self.strip.set_images(tuple(result[1][own]))

        self._job = self._background.start("Drawing examples", work, show, self._on_failure)

    def _on_failure(self, failure: Failure) -> None:
        self._job = None
        self._show_message(failure.message)

    def _show_message(self, text: str) -> None:
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self.strip.setVisible(not text)

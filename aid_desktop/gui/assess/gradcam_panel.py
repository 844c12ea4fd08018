"""The controls of Grad-CAM below the large view of an image."""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.gradcam import COLOR_MAPS, HeatMap, overlaid
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.gui.assess.heat_maps import HeatMaps
from aid_desktop.gui.assess.predicted_images import ImageDetail
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.message_strip import sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.pixmaps import to_pixmap
from aid_desktop.gui.widgets.work_row import WorkRow

_USUAL_OPACITY = 50
_COPIED_SIDE = 80 * GRID
_PREDICTED = -1
_TIP = "Show which parts of the image speak for a class, as the network sees it (Grad-CAM)"


class GradCamPanel(QWidget):
    """Makes the heat map of the image on show in the background and draws it over the image that the network takes.

    `drawn` carries the picture, uint8 (H, W, 3), or None where there is none.
    """

    drawn = pyqtSignal(object)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._maps: HeatMaps | None = None
        self._predictions: Predictions | None = None
        self._detail: ImageDetail | None = None
        self._heat: HeatMap | None = None
        self._loading: Job[tuple[str, ...]] | None = None
        self._job: Job[HeatMap] | None = None
        self.switch = QCheckBox("&Grad-CAM: what speaks for", self)
        name_widget(self.switch, "gradCam", "Grad-CAM", _TIP)
        self.classes, self.layers, self.colors = QComboBox(self), QComboBox(self), QComboBox(self)
        self.opacity = QSlider(Qt.Orientation.Horizontal, self)
        self._status = QLabel(self)
        tip = "Copy the image with the map over it, enlarged as it is shown"
        self._copy = named_button(self, "Copy", "gradCam.copy", tip, "copy")
        self.work = WorkRow("gradCam", "networks", "The network is being loaded", "Leave Grad-CAM off", self)
        self._make_controls()
        self._lay_out()
        self._on_switched(False)

    @property
    def is_on(self) -> bool:
        """Whether a heat map is wanted."""
        return self.switch.isChecked()

    @property
    def heat(self) -> HeatMap | None:
        """What is drawn over the image."""
        return self._heat

    def show_detail(self, assessment: Assessment, detail: ImageDetail) -> None:
        """Turn to another image; its heat map is made if one is wanted."""
        self._detail, self._heat = detail, None
        # A model that was trained on has the same path; a threshold leaves the predictions as they are.
        is_same = assessment.predictions is self._predictions
        if self._maps is None or self._maps.path != assessment.path or not is_same:
            self._maps, self._predictions = HeatMaps(assessment.path), assessment.predictions
            self._drop_jobs()
            self.layers.clear()
        names = assessment.card.class_names
        if [self.classes.itemText(number) for number in range(1, self.classes.count())] != list(names):
            self.classes.clear()
            self.classes.addItem("the predicted class", _PREDICTED)
            for number, name in enumerate(names):
                self.classes.addItem(name, number)
        self._make()

    def clear(self) -> None:
        """Forget the image, before another one has been read."""
        self._detail = self._heat = None
        self._drop_jobs()

    @pyqtSlot(bool)
    def _on_switched(self, is_on: bool) -> None:
        for widget in (self.classes, self.layers, self.colors, self.opacity, self._copy):
            widget.setEnabled(is_on)
        if is_on:
            self._make()
            return
        self._drop_jobs()
        self._heat = None
        self._tell("")
        self.drawn.emit(None)

    @pyqtSlot()
    def _make(self) -> None:
        if not self.is_on or self._detail is None or self._maps is None:
            return
        if not self.layers.count():
            self._load()
            return
        if self._job is not None:
            self._job.cancel()
        chosen = self.classes.currentData()
        class_index = self._detail.predicted if chosen == _PREDICTED else chosen
        work = partial(self._maps.heat_map, self._detail, self.layers.currentText(), class_index)
        self._job = self._background.start("Grad-CAM", work, self._on_made, self._on_failed, is_cancellable=True)
        self.destroyed.connect(self._job.cancel)

    def _load(self) -> None:
        if self._loading is not None or self._maps is None:
            return
        self._tell("")
        self._loading = self._background.start(
            "Loading the network for Grad-CAM", self._maps.layers, self._on_loaded, self._on_failed, is_cancellable=True
        )
        self.work.follow(self._loading, "loading the network…")

    def _on_loaded(self, names: tuple[str, ...]) -> None:
        self._loading = None
        self.layers.blockSignals(True)
        self.layers.addItems(names)
        self.layers.blockSignals(False)
        self._make()

    def _on_made(self, heat: HeatMap) -> None:
        self._job, self._heat = None, heat
        what = "score before the softmax" if heat.is_pre_softmax else "output"
        name = self.classes.itemText(heat.class_index + 1)
        nothing = "" if heat.values.any() else ": nothing in this layer speaks for it"
        self._tell(f"{name}: {what} {heat.score:.3f}{nothing}")
        self._draw()

    def _on_failed(self, failure: Failure) -> None:
        self._loading = self._job = self._heat = None
        self._tell(sentence(failure.message), "error")
        self.drawn.emit(None)

    @pyqtSlot()
    def _on_cancelled(self) -> None:
        self._loading = None
        self.switch.setChecked(False)

    @pyqtSlot()
    def copy(self) -> None:
        """Copy the image with the map over it."""
        picture = self._picture()
        if picture is not None:
            required(QApplication.clipboard()).setPixmap(to_pixmap(picture, _COPIED_SIDE, 1.0))

    @pyqtSlot()
    def _draw(self) -> None:
        picture = self._picture()
        if picture is not None:
            self.drawn.emit(picture)

    def _picture(self) -> NDArray[np.uint8] | None:
        if self._heat is None or self._detail is None:
            return None
        opacity = self.opacity.value() / 100
        return overlaid(self._detail.fitted, self._heat.values, self.colors.currentText(), opacity)

    def _drop_jobs(self) -> None:
        for job in (self._loading, self._job):
            if job is not None:
                job.cancel()
        self._loading = self._job = None

    def _tell(self, text: str, role: str = "muted") -> None:
        self._status.setText(text)
        set_role(self._status, role)

    def _make_controls(self) -> None:
        self.switch.toggled.connect(self._on_switched)
        name_widget(self.classes, "gradCam.class", "Class", "The class for which the parts of the image speak")
        tip = "The layer whose output is looked at: the last ones know the classes best, the first ones the places"
        name_widget(self.layers, "gradCam.layer", "Layer", tip)
        name_widget(self.colors, "gradCam.colors", "Colour map", "Colours from weak to strong")
        self.colors.addItems(list(COLOR_MAPS))
        name_widget(self.opacity, "gradCam.opacity", "Opacity", "How much the colours hide of the image")
        self.opacity.setRange(0, 100)
        self.opacity.setValue(_USUAL_OPACITY)
        for box in (self.classes, self.layers, self.colors):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
            guard_wheel(box)
        self.classes.activated.connect(self._make)
        self.layers.activated.connect(self._make)
        self.colors.currentIndexChanged.connect(self._draw)
        self.opacity.valueChanged.connect(self._draw)
        self._copy.clicked.connect(self.copy)
        self.work.cancelled.connect(self._on_cancelled)
        self._status.setObjectName("gradCam.status")
        self._status.setTextFormat(Qt.TextFormat.PlainText)
        self._status.setWordWrap(True)

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(GRID)
        first.addWidget(self.switch)
        first.addWidget(self.classes, 1)
        first.addWidget(self._copy)
        second = QGridLayout()
        second.setSpacing(GRID)
        parts = (("&Layer", self.layers), ("C&olours", self.colors), ("O&pacity", self.opacity))
        for number, (text, widget) in enumerate(parts):
            label = QLabel(text, self)
            label.setBuddy(widget)
            second.addWidget(label, 0, 2 * number)
            second.addWidget(widget, 0, 2 * number + 1)
            second.setColumnStretch(2 * number + 1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self._status)
        column.addWidget(self.work)

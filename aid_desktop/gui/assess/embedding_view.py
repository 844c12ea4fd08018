"""The tab Map: images as points, alike ones together; a lasso around points shows their images in the gallery."""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.projection import USUAL_IMAGES, Method, available_methods
from aid_desktop.gui.assess.embedding_map import ColorBy, EmbeddingMap, groups_of, make_map, same_images
from aid_desktop.gui.assess.map_hover import MapHover
from aid_desktop.gui.assess.predicted_images import Order, PredictedImages
from aid_desktop.gui.assess.staged import Staged
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.models.confusion_model import CellImages
from aid_desktop.gui.plots.class_legend import ClassLegend
from aid_desktop.gui.plots.map_plot import Groups, MapPlot
from aid_desktop.gui.theme import GRID, Theme, ThemeManager, set_role
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.work_row import WorkRow
from aid_desktop.numbers import grouped

_MOST_IMAGES = 50_000
_LEGEND_WIDTH = 18 * GRID
_LARGE_WINDOW = QSize(120 * GRID, 84 * GRID)
_METHOD_TIPS = {
    Method.PCA: "Principal components: keeps distances, quick",
    Method.TSNE: "t-SNE: alike images together; distances between groups and their sizes mean little",
    Method.UMAP: "UMAP: alike images together; distances between groups mean little",
}


class EmbeddingView(QWidget):
    """Maps the images of an assessment by what the network's last layer but one makes of them.

    `images_chosen` carries an Assessment and the CellImages that were encircled or clicked; `mapped` tells of a map.
    """

    images_chosen = pyqtSignal(Assessment, CellImages)
    mapped = pyqtSignal()

    def __init__(self, background: Background, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("embeddingView")
        self._background = background
        self._themes = themes
        self._assessment: Assessment | None = None
        self._map: EmbeddingMap | None = None
        self._dialog: QDialog | None = None
        self.messages = MessageStrip("embeddingMessages", self)
        self.work = WorkRow("embedding", "images", "How many images the network has seen", "Stop the map", self)
        self.work.running_changed.connect(self._on_running)
        self.plot = MapPlot("embeddingMap", themes, self)
        self.plot.suggested_name = "map"
        self.plot.save_tables_in(background)
        self.plot.setAccessibleName("Map of the images")
        self.plot.setToolTip(
            "Drag around points, or click one, to see their images; Shift adds. Arrow keys and Enter do the same. The "
            "wheel zooms, the middle button moves"
        )
        self.plot.picked.connect(self._on_picked)
        self.plot.pointed.connect(self._on_pointed)
        self.hover = MapHover(self.plot, background)
        self.legend = ClassLegend("embeddingLegend")
        self.legend.changed.connect(self._on_legend)
        themes.changed.connect(self._on_theme)
        self.hover.set_theme(themes.current)
        self._make_controls()
        self._lay_out()
        self._show_empty()

    @property
    def shown_map(self) -> EmbeddingMap | None:
        """The map on show."""
        return self._map

    @property
    def method(self) -> Method:
        """The method chosen."""
        chosen: Method = self._methods.currentData()
        return chosen

    @property
    def color_by(self) -> ColorBy:
        """What the colours tell."""
        chosen: ColorBy = self._colors.currentData()
        return chosen

    def show_assessment(self, made: Assessment) -> None:
        """Map these images from now on; a map of the same ones by the same model takes the classes now predicted."""
        old = self._assessment
        is_same = old is not None and old.path == made.path and same_images(old.predictions, made.predictions)
        self._assessment = made
        if is_same:
            self._tell_points()
            self._color()
            return
        if self.work.job is not None:
            self.work.job.cancel()
        self._map = None
        self.messages.clear()
        self.hover.set_images(None)
        self._show_empty()

    def set_ringed(self, positions: NDArray[np.intp]) -> None:
        """Ring the points of some images, by their positions in the predictions."""
        if self._map is not None:
            self.plot.set_ringed(np.flatnonzero(np.isin(self._map.sample.positions, positions)))

    @pyqtSlot()
    def start(self) -> None:
        """Make the map, as if the button was pressed."""
        if self.work.job is not None or self._assessment is None:
            return
        self.messages.clear()
        before = None if self._map is None else self._map.sample
        work = partial(make_map, self._assessment, self.method, self._limit.value(), before)
        job = self._background.start("Mapping images", work, self._on_mapped, self._on_failed, is_cancellable=True)
        self.work.follow(job, "loading the model…", f"{self.method}…")

    @pyqtSlot(bool)
    def set_apart(self, apart: bool) -> None:
        """Show the map in a window of its own, or in the tab again."""
        if apart and self._dialog is None:
            self._dialog = QDialog(self)
            self._dialog.setWindowTitle("Map of the images")
            name_widget(self._dialog, "embeddingDialog", "Map of the images", "")
            self._dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._dialog.resize(_LARGE_WINDOW)
            column = QVBoxLayout(self._dialog)
            column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
            column.addWidget(self._content)
            self._away.show()
            self._dialog.finished.connect(self._on_closed)
            self._dialog.show()
        elif not apart and self._dialog is not None:
            self._dialog.close()

    @pyqtSlot()
    def _on_closed(self) -> None:
        # Before the window takes it along.
        self._home.addWidget(self._content)
        self._content.show()
        self._away.hide()
        self._dialog = None
        self._apart.setChecked(False)

    def _on_mapped(self, made: EmbeddingMap) -> None:
        assessment = self._assessment
        if assessment is None or not same_images(made.sample.predictions, assessment.predictions):
            return
        self._map = made
        self._tell_points()
        self.plot.panel.set_labels(f"{made.method} 2", f"{made.method} 1")
        self.plot.set_points(made.places, self._groups())
        self.plot.restyle()
        self._show_legend()
        self._stage.show_content()
        self.mapped.emit()
        n, total = len(made.places), assessment.predictions.n
        if n < total:
            text = f"{grouped(n)} of {grouped(total)} images, each class in its share."
            self.messages.add(Note(Level.INFO, text))

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    @pyqtSlot(object)
    def _on_picked(self, points: NDArray[np.intp]) -> None:
        if self._map is None or self._assessment is None or not len(points):
            return
        positions = self._map.sample.positions[points]
        what = "image" if len(points) == 1 else "images"
        self.images_chosen.emit(
            self._assessment, CellImages(f"{grouped(len(points))} {what} chosen on the map", positions)
        )

    @pyqtSlot(int)
    def _on_pointed(self, number: int) -> None:
        self.hover.show_point(number)

    @pyqtSlot()
    def _on_legend(self) -> None:
        self.plot.set_shown(self.legend.shown)

    @pyqtSlot()
    def _show_visible(self) -> None:
        if self._map is not None:
            self._on_picked(np.flatnonzero(self.plot.visible))

    @pyqtSlot(Theme)
    def _on_theme(self, theme: Theme) -> None:
        self.hover.set_theme(theme)
        self._color()

    @pyqtSlot()
    def _color(self) -> None:
        if self._map is not None:
            self.plot.set_groups(self._groups())
            self._show_legend()

    @pyqtSlot()
    def _on_choice(self) -> None:
        """Make the map anew where there is one already."""
        if self._map is not None:
            self.start()

    @pyqtSlot(bool)
    def _on_running(self, running: bool) -> None:
        for widget in (self._methods, self._limit):
            widget.setEnabled(not running)
        if not running and self._map is not None:
            # After a map that was stopped or failed, say again what is on show, so that it can be chosen anew.
            for choice in (self._methods, self._limit):
                choice.blockSignals(True)
            self._methods.setCurrentIndex(available_methods().index(self._map.method))
            self._limit.setValue(self._map.sample.limit)
            for choice in (self._methods, self._limit):
                choice.blockSignals(False)

    def _tell_points(self) -> None:
        """Say which images the points are, and of which class now: to the eye and in the table."""
        if self._map is not None and self._assessment is not None:
            positions = self._map.sample.positions
            self.hover.set_images(PredictedImages(self._assessment, positions, Order.AS_IN_DATA))
            self.plot.set_csv_writer(partial(self._map.write_csv, self._assessment))

    def _groups(self) -> Groups:
        assert self._assessment is not None
        assert self._map is not None
        return groups_of(self._assessment, self._map.sample.positions, self.color_by, self._themes.current)

    def _show_legend(self) -> None:
        groups = self._groups()
        counts = np.bincount(groups.codes, minlength=len(groups.names)).tolist()
        self.legend.set_counts(dict(zip(groups.names, counts, strict=True)), groups.colors)
        self.plot.set_shown(self.legend.shown)

    def _show_empty(self) -> None:
        self._stage.show_empty(
            "Each image a point: those that the network takes for alike lie together.", "Make the map", self.start
        )

    def _make_controls(self) -> None:
        self._methods = QComboBox(self)
        tips = [_METHOD_TIPS[method] for method in available_methods()]
        name_widget(self._methods, "embeddingMethod", "Method", "\n".join(tips))
        for method in available_methods():
            self._methods.addItem(str(method), method)
        self._methods.currentIndexChanged.connect(self._on_choice)
        self._colors = QComboBox(self)
        name_widget(self._colors, "embeddingColor", "Colour", "What the colour of a point tells")
        for by in ColorBy:
            self._colors.addItem(str(by), by)
        self._colors.currentIndexChanged.connect(self._color)
        self._limit = QSpinBox(self)
        tip = "Of more images a sample is mapped, each class in its share; t-SNE takes long for many"
        name_widget(self._limit, "embeddingLimit", "Most images", tip)
        self._limit.setRange(100, _MOST_IMAGES)
        self._limit.setSingleStep(1000)
        self._limit.setValue(USUAL_IMAGES)
        self._limit.setSuffix(" images")
        self._limit.setKeyboardTracking(False)
        guard_wheel(self._limit)
        self._limit.valueChanged.connect(self._on_choice)
        lasso = QToolButton(self)
        lasso.setText("Lasso")
        lasso.setCheckable(True)
        lasso.setChecked(True)
        lasso.setAutoRaise(True)
        name_widget(lasso, "embeddingLasso", "Lasso", "Dragging encircles points; without it, dragging moves the map")
        lasso.toggled.connect(self.plot.set_lasso_active)
        tip = "Show the images of all points that are seen, so of the classes ticked beside the map, in the gallery"
        self._all = named_button(self, "Show all", "embeddingShowAll", tip)
        self._all.clicked.connect(self._show_visible)
        tip = "Show the map in a large window of its own"
        self._apart = named_button(self, "Enlarge", "embeddingEnlarge", tip)
        self._apart.setCheckable(True)
        self._apart.toggled.connect(self.set_apart)
        for widget in (self._methods, self._limit, self._colors, lasso):
            self.plot.header.addWidget(widget)
        self.plot.header.addStretch(1)

    def _lay_out(self) -> None:
        side = QWidget(self)
        beside = QVBoxLayout(side)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(GRID // 2)
        scroll = QScrollArea(side)
        scroll.setWidget(self.legend)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        beside.addWidget(scroll, 1)
        beside.addWidget(self._all)
        beside.addWidget(self._apart)
        side.setFixedWidth(_LEGEND_WIDTH)
        self._content = QWidget(self)
        row = QHBoxLayout(self._content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.plot, 1)
        row.addWidget(side)
        holder = QWidget(self)
        self._home = QVBoxLayout(holder)
        self._home.setContentsMargins(0, 0, 0, 0)
        self._away = QLabel("The map is in a window of its own.", holder)
        self._away.setAlignment(Qt.AlignmentFlag.AlignCenter)
        set_role(self._away, "muted")
        self._away.hide()
        self._home.addWidget(self._away)
        self._home.addWidget(self._content)
        self._stage = Staged("embeddingStage", holder, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID // 2)
        for widget in (self.work, self.messages):
            column.addWidget(widget)
        column.addWidget(self._stage, 1)

"""Wrong labels and the map of an assessment, and their way to the gallery and back."""

import numpy as np
from PyQt5.QtCore import QObject, pyqtSlot
from PyQt5.QtWidgets import QTabWidget, QWidget

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.gui.assess.embedding_view import EmbeddingView
from aid_desktop.gui.assess.gallery import Gallery
from aid_desktop.gui.assess.label_issues_view import LabelIssuesView
from aid_desktop.gui.background import Background
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import ThemeManager


class Insights(QObject):
    """Shows the images that are chosen in its views in the gallery, and rings those selected there on the map."""

    def __init__(self, gallery: Gallery, background: Background, themes: ThemeManager, parent: QWidget) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self.labels = LabelIssuesView(background, parent)
        self.map = EmbeddingView(background, themes, parent)
        for view in (self.labels, self.map):
            view.images_chosen.connect(gallery.show_cells)
        required(gallery.grid.selectionModel()).selectionChanged.connect(self._on_selection)
        gallery.grid.images.modelReset.connect(self._on_selection)
        self.map.mapped.connect(self._on_selection)

    def add_tabs(self, tabs: QTabWidget) -> None:
        """Put the views behind the tabs that are there."""
        for view, title, tip in (
            (self.labels, "Wrong labels", "Images whose class is perhaps wrong, duplicates, images unlike all others"),
            (self.map, "Map", "Each image a point: those that the network takes for alike lie together"),
        ):
            tabs.setTabToolTip(tabs.addTab(view, title), tip)

    def show_assessment(self, made: Assessment) -> None:
        """Search and map the images of another result."""
        self.labels.show_assessment(made)
        self.map.show_assessment(made)

    @pyqtSlot()
    def _on_selection(self) -> None:
        images, selection = self._gallery.images, self._gallery.grid.selectionModel()
        rows = sorted(index.row() for index in required(selection).selectedIndexes())
        if images is None or not rows or rows[-1] >= len(images):
            self.map.set_ringed(np.empty(0, np.intp))
        else:
            self.map.set_ringed(images.positions[rows])

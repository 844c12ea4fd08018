"""What is plotted: a source, a feature along each axis, linear or logarithmic, and how points are coloured."""

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QWidget

from aid_desktop.data.density import DensityMethod
from aid_desktop.data.feature_labels import feature_label
from aid_desktop.data.gates import Axis
from aid_desktop.data.scales import Scale
from aid_desktop.data.source import DataSource
from aid_desktop.gui.plotting.plotted import PlotRequest
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.naming import name_widget, named_button

_FIRST = (("area_um", "deform"), ("area_um", "bright_avg"), ("pos_x", "pos_y"))
_TIPS = {
    DensityMethod.NONE: "All points in one colour",
    DensityMethod.HISTOGRAM: "A two-dimensional histogram, smoothed and interpolated",
    DensityMethod.KDE: "A Gaussian kernel density estimate, fitted to at most 5000 events",
}


class AxisChoice(QWidget):
    """`changed` tells that another plot is wanted, `source_changed` that it is of another source.

    `open_wanted` asks for a file to be opened.
    """

    changed = pyqtSignal()
    source_changed = pyqtSignal()
    open_wanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sources: list[tuple[str, DataSource]] = []
        self.source_box = self._box("plotSource", "Source", "Whose events are plotted: rows of the class table, files")
        self.open_button = named_button(
            self, "&Open file…", "plotOpenButton", "Plot the events of another .rtdc file", "open"
        )
        self.open_button.clicked.connect(self.open_wanted)
        self.x_box = self._box("plotX", "Horizontal axis", "The feature along the horizontal axis")
        self.y_box = self._box("plotY", "Vertical axis", "The feature along the vertical axis")
        self.x_log = self._tick("plotXLog", "Horizontal axis logarithmic")
        self.y_log = self._tick("plotYLog", "Vertical axis logarithmic")
        self.density_box = self._box("plotDensity", "Density", "How the colour of a point is found from its neighbours")
        for method in DensityMethod:
            self.density_box.addItem(str(method), method)
            self.density_box.setItemData(self.density_box.count() - 1, _TIPS[method], Qt.ItemDataRole.ToolTipRole)
        self.density_box.setCurrentIndex(1)
        self._lay_out()
        self.source_box.currentIndexChanged.connect(self._on_source_changed)
        for box in (self.x_box, self.y_box, self.density_box):
            box.currentIndexChanged.connect(self.changed)
        for tick in (self.x_log, self.y_log):
            tick.toggled.connect(self.changed)

    @property
    def source(self) -> DataSource | None:
        """The chosen source."""
        place = self.source_box.currentIndex()
        return self._sources[place][1] if 0 <= place < len(self._sources) else None

    @property
    def request(self) -> PlotRequest | None:
        """What is to be plotted; None without a source."""
        source = self.source
        if source is None or self.x_box.currentData() is None or self.y_box.currentData() is None:
            return None
        x, y = (
            Axis(box.currentData(), Scale.LOG if tick.isChecked() else Scale.LINEAR)
            for box, tick in ((self.x_box, self.x_log), (self.y_box, self.y_log))
        )
        return PlotRequest(source, x, y, self.density_box.currentData())

    def set_sources(self, sources: list[tuple[str, DataSource]], chosen: DataSource | None) -> None:
        """Offer sources with their titles; `chosen`, else the one before, else the first is chosen."""
        before = self.source
        known = [source for _, source in sources]
        wanted = next(
            (one for one in (chosen, before) if one is not None and one in known), known[0] if known else None
        )
        self._sources = list(sources)
        self.source_box.blockSignals(True)
        self.source_box.clear()
        for title, source in sources:
            self.source_box.addItem(title)
            self.source_box.setItemData(self.source_box.count() - 1, str(source.path), Qt.ItemDataRole.ToolTipRole)
        self.source_box.setCurrentIndex(-1 if wanted is None else known.index(wanted))
        self.source_box.blockSignals(False)
        self.source_box.setEnabled(bool(sources))
        if wanted != before or wanted is None:
            self._on_source_changed()

    def set_axes(self, x: Axis, y: Axis) -> None:
        """Choose features and scales that the source has; those that it does not have are left."""
        for box, tick, axis in ((self.x_box, self.x_log, x), (self.y_box, self.y_log, y)):
            place = box.findData(axis.feature)
            if place >= 0:
                box.setCurrentIndex(place)
                tick.setChecked(axis.scale is Scale.LOG)

    @pyqtSlot()
    def _on_source_changed(self) -> None:
        source = self.source
        names = () if source is None else source.features
        before = (self.x_box.currentData(), self.y_box.currentData())
        pairs = (before, *_FIRST, (names[0], names[min(1, len(names) - 1)]) if names else (None, None))
        wanted = next((pair for pair in pairs if set(pair) <= set(names)), (None, None))
        for box, name in zip((self.x_box, self.y_box), wanted, strict=True):
            box.blockSignals(True)
            box.clear()
            for feature in names:
                box.addItem(feature_label(feature), feature)
                box.setItemData(box.count() - 1, feature, Qt.ItemDataRole.ToolTipRole)
            box.setCurrentIndex(box.findData(name))
            box.blockSignals(False)
            box.setEnabled(bool(names))
        self.source_changed.emit()
        self.changed.emit()

    def _box(self, name: str, title: str, tip: str) -> QComboBox:
        box = QComboBox(self)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(9)
        name_widget(box, name, title, tip)
        guard_wheel(box)
        return box

    def _tick(self, name: str, title: str) -> QCheckBox:
        tick = QCheckBox("log", self)
        name_widget(tick, name, title, f"{title}: events at 0 and below have no place on it and are left out")
        return tick

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID)
        for line, cells in enumerate(
            (
                (("So&urce", self.source_box), ("&Density", self.density_box)),
                (("&Horizontal", self.x_box), ("&Vertical", self.y_box)),
            )
        ):
            for number, (text, box) in enumerate(cells):
                label = QLabel(text, self)
                label.setBuddy(box)
                grid.addWidget(label, line, 3 * number)
                grid.addWidget(box, line, 3 * number + 1)
        grid.addWidget(self.open_button, 0, 2)
        grid.addWidget(self.x_log, 1, 2)
        grid.addWidget(self.y_log, 1, 5)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(4, 1)

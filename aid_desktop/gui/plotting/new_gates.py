"""New gates of the plot on show: polygons drawn by the mouse, ranges and boxes to begin with."""

from collections.abc import Callable

import numpy as np
from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from aid_desktop.data.gates import Axis, FeatureRange, Gate, PolygonGate, RangeGate, free_name
from aid_desktop.data.scales import Numbers
from aid_desktop.errors import DataError
from aid_desktop.gui.plotting.gate_drawing import PolygonDrawing
from aid_desktop.gui.plotting.gate_layer import gate_color
from aid_desktop.gui.plotting.gate_list import GateList
from aid_desktop.gui.plotting.scatter_frame import ScatterFrame

_QUARTILES = (25, 75)


class NewGates(QObject):
    """Adds gates to a list. `refused` says why one cannot be."""

    refused = pyqtSignal(str)

    def __init__(self, frame: ScatterFrame, gates: GateList) -> None:
        super().__init__(frame)
        self._frame = frame
        self._gates = gates
        self.drawing = PolygonDrawing(frame)
        self.drawing.finished.connect(self._on_polygon)

    @pyqtSlot()
    def draw_polygon(self) -> None:
        """Let the user draw a polygon."""
        if self._frame.plotted is not None:
            self.drawing.start(gate_color(len(self._gates.gates)))

    @pyqtSlot(str)
    def add_range(self, along: str) -> None:
        """Add a gate of the middle half of the events along "x", "y", or both: "xy"."""
        plotted = self._frame.plotted
        if plotted is None or not len(plotted.places):
            return
        axes = {"x": plotted.request.x, "y": plotted.request.y}
        ranges = tuple(_middle_half(axes[one], plotted.places[:, "xy".index(one)]) for one in along)
        self._add(lambda: RangeGate(self._new_name(), ranges))

    @pyqtSlot(object)
    def _on_polygon(self, corners: Numbers) -> None:
        plotted = self._frame.plotted
        if plotted is None:
            return
        x, y = plotted.request.x, plotted.request.y
        values = zip(x.scale.number_at(corners[:, 0]).tolist(), y.scale.number_at(corners[:, 1]).tolist(), strict=True)
        vertices = tuple(values)
        self._add(lambda: PolygonGate(self._new_name(), x, y, vertices))

    def _add(self, make: Callable[[], Gate]) -> None:
        try:
            gate = make()
        except DataError as error:
            self.refused.emit(str(error))
        else:
            self._gates.add([gate])

    def _new_name(self) -> str:
        return free_name("gate", self._gates.names)


def _middle_half(axis: Axis, places: Numbers) -> FeatureRange:
    low, high = axis.scale.number_at(np.percentile(places, _QUARTILES)).tolist()
    return FeatureRange(axis.feature, low, high)

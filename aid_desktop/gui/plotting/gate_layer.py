"""Gates drawn over the plot, with corners and borders to drag."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5.QtCore import QObject, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor

from aid_desktop.data.gates import AllOf, Axis, FeatureRange, Gate, PolygonGate, RangeGate
from aid_desktop.data.scales import Numbers
from aid_desktop.errors import DataError
from aid_desktop.gui.plots.plot_style import line_pen
from aid_desktop.gui.plotting.gate_label import GateLabel
from aid_desktop.gui.plotting.scatter_frame import ScatterFrame, values_of
from aid_desktop.gui.theme import class_color

_Z = 35


@dataclass(slots=True)
class _Shown:
    """A gate that is drawn: what it is now, and its items with the plots in which they are.

    `spans` (R, 2) says where its ranges begin and end in the plot, `label` is its name in the scatter plot.
    """

    gate: Gate
    color: QColor
    axes: tuple[Axis, Axis]
    items: list[tuple[Any, Any]]
    spans: Numbers
    label: Any = None


class _Polygon(pg.PolyLineROI):  # type: ignore[misc]  # pyqtgraph has no types
    """A polygon that is looked over once when its corners are set, and not for each of them."""

    _is_being_made = False

    def setPoints(self, points: Any, closed: bool | None = None) -> None:
        """Set the corners (V, 2)."""
        self._is_being_made = True
        try:
            super().setPoints(points, closed)
        finally:
            self._is_being_made = False
        self.stateChanged(finish=True)

    def stateChanged(self, finish: bool = True) -> None:
        """Move corners and edges to where they are, and tell it."""
        if not self._is_being_made:
            super().stateChanged(finish)


class GateLayer(QObject):
    """`edited` carries a gate as it was and as the user has dragged it.

    Polygons and boxes are drawn in the scatter plot, ranges in the histogram of their feature, each where its
    features, and the scales on which a polygon was drawn, are those of the plot.
    """

    edited = pyqtSignal(object, object)

    def __init__(self, frame: ScatterFrame) -> None:
        super().__init__(frame)
        self._frame = frame
        self._shown: list[_Shown] = []
        self._gates: tuple[Gate, ...] = ()
        self._is_locked = False
        frame.scatter.plot.vb.sigRangeChanged.connect(self._place_labels)

    @property
    def items(self) -> dict[str, Any]:
        """The item that can be dragged of each gate that is drawn, by the gate's name."""
        return {shown.gate.name: shown.items[0][0] for shown in self._shown}

    def show(self, gates: Sequence[Gate]) -> None:
        """Draw these gates; their colours are those of their places."""
        self._gates = tuple(gates)
        plotted = self._frame.plotted
        axes = (plotted.request.x, plotted.request.y) if plotted is not None else None
        kept: list[_Shown] = []
        for number, gate in enumerate(gates):
            if axes is None or not is_drawn(gate, *axes):
                continue
            color = gate_color(number)
            same = next((one for one in self._shown if (one.gate, one.color, one.axes) == (gate, color, axes)), None)
            kept.append(same or self._draw(gate, color, axes))
        for old in self._shown:
            if old not in kept:
                for item, plot in old.items:
                    plot.removeItem(item)
        self._shown = kept

    def lock(self, is_locked: bool) -> None:
        """Let clicks on edges of polygons add no corners, as while another one is drawn."""
        self._is_locked = is_locked
        for shown in self._shown:
            _let_click(shown.items[0][0], not is_locked)

    def _draw(self, gate: Gate, color: QColor, axes: tuple[Axis, Axis]) -> _Shown:
        shown = _Shown(gate, color, axes, [], np.empty((0, 2)))
        if isinstance(gate, PolygonGate):
            self._draw_polygon(shown, gate)
        elif isinstance(gate, RangeGate):
            self._draw_box(shown, gate) if len(gate.ranges) == 2 else self._draw_range(shown, gate)
        return shown

    def _draw_polygon(self, shown: _Shown, gate: PolygonGate) -> None:
        item = _Polygon(gate.places, closed=True, pen=line_pen(shown.color, width=2.0), **_pens(shown.color))
        for segment in item.segments:
            segment.setPen(line_pen(shown.color, width=2.0))
        _let_click(item, not self._is_locked)
        item.sigRegionChangeFinished.connect(partial(self._on_polygon, shown))
        self._put(shown, item)

    def _draw_box(self, shown: _Shown, gate: RangeGate) -> None:
        pairs = [self._span(part, axis) for part, axis in zip(gate.ranges, shown.axes, strict=True)]
        (left, right), (low, high) = pairs
        shown.spans = np.array(pairs)
        pen = line_pen(shown.color, width=2.0)
        item = pg.ROI((left, low), (right - left, high - low), pen=pen, **_pens(shown.color))
        for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)):
            item.addScaleHandle((x, y), (1 - x, 1 - y))
        item.sigRegionChangeFinished.connect(partial(self._on_box, shown))
        self._put(shown, item)

    def _draw_range(self, shown: _Shown, gate: RangeGate) -> None:
        along_x = gate.features[0] == shown.axes[0].feature
        panel = self._frame.above if along_x else self._frame.side
        fill = QColor(shown.color)
        fill.setAlpha(60)
        span = self._span(gate.ranges[0], shown.axes[0 if along_x else 1])
        shown.spans = np.array([span])
        item = pg.LinearRegionItem(
            span,
            orientation="vertical" if along_x else "horizontal",
            pen=line_pen(shown.color, width=2.0), brush=fill, hoverBrush=fill, swapMode="sort",
        )  # fmt: skip
        item.setZValue(_Z)
        panel.plot.addItem(item, ignoreBounds=True)
        shown.items.append((item, panel.plot))
        lines = [
            pg.InfiniteLine(angle=90 if along_x else 0, pen=line_pen(shown.color, Qt.PenStyle.DashLine)) for _ in "lh"
        ]
        for line in lines:
            self._frame.scatter.plot.addItem(line, ignoreBounds=True)
            shown.items.append((line, self._frame.scatter.plot))
        self._place_lines(shown)
        item.sigRegionChanged.connect(partial(self._place_lines, shown))
        item.sigRegionChangeFinished.connect(partial(self._on_range, shown))

    def _place_lines(self, shown: _Shown, *_: Any) -> None:
        region = shown.items[0][0].getRegion()
        for (line, _plot), place in zip(shown.items[1:], region, strict=True):
            line.setValue(place)

    def _put(self, shown: _Shown, item: Any) -> None:
        plot = self._frame.scatter.plot
        item.setZValue(_Z)
        shown.label = GateLabel(shown.gate.name, shown.color)
        for each in (item, shown.label):
            plot.addItem(each, ignoreBounds=True)
            shown.items.append((each, plot))
        self._place_label(shown)

    @pyqtSlot()
    def _place_labels(self) -> None:
        for shown in self._shown:
            self._place_label(shown)

    def _place_label(self, shown: _Shown) -> None:
        if shown.label is not None:
            box = shown.items[0][0].mapRectToParent(shown.items[0][0].boundingRect())
            shown.label.place(np.array([[box.left(), box.right()], [box.top(), box.bottom()]]))

    def _span(self, part: FeatureRange, axis: Axis) -> tuple[float, float]:
        """Return where a range begins and ends on an axis; where it has no end, the ends of the histogram."""
        plotted = self._frame.plotted
        if plotted is None:
            return 0.0, 1.0
        bars = plotted.x_histogram if axis == plotted.request.x else plotted.y_histogram
        low, high = axis.scale.place(np.array([part.low, part.high])).tolist()
        low = float(bars.edges[0]) if np.isnan(low) else low
        return low, max(low, float(bars.edges[-1]) if np.isnan(high) else high)

    def _on_polygon(self, shown: _Shown, item: Any) -> None:
        offset = item.pos()
        places = np.array([(handle.pos().x(), handle.pos().y()) for handle in item.getHandles()])
        places += (offset.x(), offset.y())
        self._place_label(shown)
        if isinstance(shown.gate, PolygonGate):
            self._tell(shown, partial(_with_corners, shown.gate, places))

    def _on_box(self, shown: _Shown, item: Any) -> None:
        offset, size = item.pos(), item.size()
        places = np.sort(np.array([[offset.x(), offset.x() + size.x()], [offset.y(), offset.y() + size.y()]]), axis=1)
        self._place_label(shown)
        self._tell(shown, partial(_with_places, shown, shown.axes, places))
        shown.spans = places

    def _on_range(self, shown: _Shown, item: Any) -> None:
        axis = next(axis for axis in shown.axes if axis.feature == shown.gate.features[0])
        places = np.array([item.getRegion()], np.float64)
        self._tell(shown, partial(_with_places, shown, (axis,), places))
        shown.spans = places

    def _tell(self, shown: _Shown, make: Any) -> None:
        old = shown.gate
        try:
            new = make()
        except DataError:
            # Beyond what numbers can hold, or a corner too few: it stays what it was. Its items are told of this, so
            # they are drawn anew only afterwards.
            QTimer.singleShot(0, self._draw_all)
            return
        if new != old:
            shown.gate = new
            self.edited.emit(old, new)

    @pyqtSlot()
    def _draw_all(self) -> None:
        gates = self._gates
        self.show(())
        self.show(gates)


def is_drawn(gate: Gate, x: Axis, y: Axis) -> bool:
    """Return whether a gate can be drawn on these axes."""
    match gate:
        case PolygonGate():
            return (gate.x, gate.y) == (x, y)
        case RangeGate():
            names = (x.feature, y.feature)
            return gate.features == names if len(gate.ranges) == 2 else gate.features[0] in names
        case AllOf():
            return False


def gate_color(number: int) -> QColor:
    """Return the colour of a gate by its place in the list, from 0."""
    return class_color(number)


def _with_places(shown: _Shown, axes: Sequence[Axis], places: Numbers) -> Gate:
    """Return a gate whose ranges go from place to place (R, 2); an end that stands where it stood stays as it was.

    So an end that is infinite, or has no place on the axis, is not lost when the other one is dragged.
    """
    gate = shown.gate
    if not isinstance(gate, RangeGate):
        return gate
    before = np.array([(part.low, part.high) for part in gate.ranges])
    moved = np.array([values_of(axis, pair) for axis, pair in zip(axes, places, strict=True)])
    values = np.where(_is_same(places, shown.spans), before, moved).tolist()
    ranges = zip(gate.ranges, values, strict=True)
    return replace(gate, ranges=tuple(FeatureRange(part.feature, *pair) for part, pair in ranges))


def _with_corners(gate: PolygonGate, places: Numbers) -> Gate:
    """Return a polygon with its corners at places (V, 2); a corner that stands where one stood is that one."""
    moved = np.column_stack([values_of(axis, column) for axis, column in zip((gate.x, gate.y), places.T, strict=True)])
    vertices = []
    for place, corner in zip(places, moved.tolist(), strict=True):
        same = np.flatnonzero(_is_same(gate.places, place).all(axis=1))
        vertices.append(gate.vertices[same[0]] if len(same) else (corner[0], corner[1]))
    return replace(gate, vertices=tuple(vertices))


def _is_same(places: Numbers, others: Numbers) -> NDArray[np.bool_]:
    # Sums of places and sizes may be off by their last digits.
    return np.isclose(places, others, rtol=0, atol=1e-12 * float(np.abs(others).max(initial=0)))


def _pens(color: QColor) -> dict[str, Any]:
    return {
        "handlePen": line_pen(color, width=2.0),
        "hoverPen": line_pen(color, width=3.0),
        "handleHoverPen": line_pen(color, width=3.0),
    }


def _let_click(item: Any, is_wanted: bool) -> None:
    for segment in getattr(item, "segments", ()):
        segment.setAcceptedMouseButtons(Qt.MouseButton.LeftButton if is_wanted else Qt.MouseButton.NoButton)

"""A stretch of epochs that can be dragged, and the straight lines through the curves in it."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor

from aid_desktop.gui.plots.epoch_curves import DrawnCurve
from aid_desktop.gui.plots.plot_style import Panel, line_pen
from aid_desktop.gui.plots.plotted_run import Look, Pens
from aid_desktop.gui.theme import Theme
from aid_desktop.runs.trend import LinearFit, linear_fit

_LINE_WIDTH = 2.5
# A straight line bends on logarithmic axes.
_N_PLACES = 65
_OPACITY = 38
_BEHIND = -10.0


class FitRegion(QObject):
    """Draws into a panel. `moved` carries the first and the last epoch when the user drags the stretch."""

    moved = pyqtSignal(float, float)

    def __init__(self, panel: Panel, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panel = panel
        self._look = Look()
        self._stretch = (0.0, 1.0)
        self._lines: dict[str, Any] = {}
        self._is_shown = False
        self.region: Any = pg.LinearRegionItem(movable=True)
        self.region.setZValue(_BEHIND)
        self.region.hide()
        panel.plot.addItem(self.region, ignoreBounds=True)
        self.region.sigRegionChanged.connect(self._on_region_changed)
        self.apply(theme)

    @property
    def is_shown(self) -> bool:
        """Whether stretch and lines are to be seen."""
        return self._is_shown

    @property
    def stretch(self) -> tuple[float, float]:
        """First and last epoch."""
        return self._stretch

    def set_shown(self, is_shown: bool) -> None:
        """Show stretch and lines, or hide them."""
        self._is_shown = is_shown
        self.region.setVisible(is_shown)
        if not is_shown:
            self._keep_lines(())

    def set_stretch(self, low: float, high: float) -> None:
        """Choose first and last epoch; emits nothing."""
        self._stretch = (min(low, high), max(low, high))
        self._place()

    def set_look(self, look: Look) -> None:
        """Follow the axes."""
        if look != self._look:
            self._look = look
            self._place()

    def fit(self, curves: list[DrawnCurve], pens: Pens) -> dict[str, LinearFit]:
        """Draw a line through each curve; return those that there are by the name of the curve."""
        fits: dict[str, LinearFit] = {}
        for curve in curves:
            found = linear_fit(curve.epochs, curve.values, self._stretch)
            if found is None:
                continue
            fits[curve.label] = found
            if curve.label not in self._lines:
                self._lines[curve.label] = line = pg.PlotCurveItem(antialias=True)
                line.setZValue(30)
                self._panel.plot.addItem(line, ignoreBounds=True)
            epochs = self._places()
            pen = pens.of(curve.run, curve.column)
            self._lines[curve.label].setData(
                self._look.view_xs(epochs),
                self._look.view_y(found.at(epochs)),
                pen=line_pen(pen.color(), pen.style(), _LINE_WIDTH),
                connect="finite",
            )
        self._keep_lines(fits)
        return fits

    def apply(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        color = QColor(theme.accent)
        color.setAlpha(_OPACITY)
        hovered = QColor(theme.accent)
        hovered.setAlpha(2 * _OPACITY)
        self.region.setBrush(color)
        self.region.setHoverBrush(hovered)
        for line in self.region.lines:
            line.setPen(line_pen(theme.accent))
            line.setHoverPen(line_pen(theme.accent, width=2))

    def _places(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        is_straight = not (self._look.is_log or self._look.is_log_x)
        return np.linspace(*self._stretch, 2 if is_straight else _N_PLACES)

    def _keep_lines(self, wanted: Any) -> None:
        for label in self._lines.keys() - set(wanted):
            self._panel.plot.removeItem(self._lines.pop(label))

    def _place(self) -> None:
        self.region.blockSignals(True)
        self.region.setRegion([self._look.view_x(epoch) for epoch in self._stretch])
        self.region.blockSignals(False)

    @pyqtSlot(object)
    def _on_region_changed(self, _region: object) -> None:
        low, high = (self._look.epoch_at(x) for x in self.region.getRegion())
        self._stretch = (low, high)
        self.moved.emit(low, high)


def fit_text(label: str, fit: LinearFit) -> str:
    """Return what the legend says of a curve with its line; short, as it covers the curves."""
    return f"{label}: {fit.slope:+.2e} / epoch"

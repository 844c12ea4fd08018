"""The shares of the classes in each file, as bars of 100 % below each other."""

from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import QRectF, pyqtSlot
from PyQt5.QtGui import QColor, QFontMetrics, QPainter
from PyQt5.QtWidgets import QWidget

from aid_desktop.evaluation.summary import FileSummary, Summary, fraction_text, write_summary
from aid_desktop.gui.numbers import grouped
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_style import LegendSample, Panel, Readout, line_pen, plot_font
from aid_desktop.gui.theme import GRID, Theme, ThemeManager, class_color

_HEIGHT = 0.7
"""Of a bar; the bars are 1 apart."""

_LOWEST_ROW = 20
"""Height in pixels in which a name can be read."""

_LEGEND_COLUMNS = 4
_HIDDEN_OPACITY = 0.3
_REJECTED = QColor("#8a8a8a")
_WIDEST_NAME = 30 * GRID
_LONGEST_NAME = 26


class _Swatch(LegendSample):
    """The colour of a bar beside a name in the legend; a click hides the bars."""

    def paint(self, painter: QPainter, *_: Any) -> None:
        painter.setOpacity(1.0 if self.item.isVisible() else _HIDDEN_OPACITY)
        painter.fillRect(QRectF(2, 4, 16, 12), self.item.opts["brush"])


class SharePlot(PlotFrame):
    """One bar for each file of a summary, and for all together if there are several; the first file is on top.

    As a CSV file it is the summary's table.
    """

    def __init__(self, name: str, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(name, themes, parent)
        self.suggested_name = "class shares"
        self._summary: Summary | None = None
        self._panel = self.add_panel(legend_corner=(GRID, GRID))
        self._panel.set_labels("", "share of the images / %")
        self._panel.plot.vb.invertY(True)
        self._panel.plot.vb.setMouseEnabled(x=False, y=True)
        self._panel.plot.showGrid(x=True, y=False, alpha=0.28)
        self.header.addStretch(1)
        self._panel.legend.setColumnCount(_LEGEND_COLUMNS)
        self._bars: list[Any] = []
        self.set_reader(self._read)
        themes.changed.connect(self._widen)
        self._panel.plot.vb.sigResized.connect(self.fit)
        self.restyle()
        self._widen()

    def show_summary(self, summary: Summary) -> None:
        """Draw the shares."""
        self._summary = summary
        for bar in self._bars:
            self._panel.legend.removeItem(bar)
            self._panel.plot.removeItem(bar)
        files = summary.shown
        counts = np.array([[count for _, count in summary.groups(file)] for file in files], np.float64)
        sums = counts.sum(axis=1, keepdims=True)
        shares = 100 * np.divide(counts, sums, out=np.zeros_like(counts), where=sums > 0)
        starts = np.cumsum(shares, axis=1) - shares
        self._bars = [
            self._add_bar(summary, group, shares[:, group], starts[:, group]) for group in range(len(counts[0]))
        ]
        names = [(row, _shortened(file.name)) for row, file in enumerate(files)]
        self._panel.plot.getAxis("left").setTicks([names, []])
        self._widen()
        self.fit()

    @pyqtSlot()
    def fit(self) -> None:
        """Show the first files, as many as can be read, and the legend above them; dragging brings the others."""
        if self._summary is None:
            return
        height, legend = self._panel.plot.vb.height(), self._panel.legend.boundingRect().height() + 2 * GRID
        n_shown = min(len(self._summary.shown), max(1, int((height - legend) // _LOWEST_ROW)))
        # As many rows higher as the legend is, in pixels.
        rows = n_shown * legend / max(height - legend, legend)
        self._panel.plot.setXRange(-1.5, 103, padding=0)
        self._panel.plot.setYRange(-0.5 - rows, n_shown - 0.5, padding=0)
        self._panel.place_legend()

    def save(self, path: Path) -> None:
        if path.suffix.lower() == ".csv" and self._summary is not None:
            write_summary(path, self._summary)
            return
        super().save(path)

    def _add_bar(self, summary: Summary, group: int, shares: Any, starts: Any) -> Any:
        is_class = group < len(summary.class_names)
        name = summary.groups(summary.files[0])[group][0]
        color = class_color(group) if is_class else _REJECTED
        rows = np.arange(len(shares))
        bar = pg.BarGraphItem(
            x0=starts, width=shares, y=rows, height=_HEIGHT, brush=pg.mkBrush(color), pen=line_pen(color)
        )
        bar.setZValue(5)  # above the grid
        self._panel.plot.addItem(bar)
        self._panel.legend.addItem(_Swatch(bar), _shortened(name))
        return bar

    def _read(self, _: Panel, x: float, y: float) -> Readout | None:
        files = self._summary.shown if self._summary is not None else ()
        row = round(y)
        if self._summary is None or not 0 <= row < len(files) or not 0 <= x <= 100:
            return None
        return _readout(self._summary, files[row], x, row)

    @pyqtSlot()
    @pyqtSlot(Theme)
    def _widen(self, _: Theme | None = None) -> None:
        """Make room for the names of the files; the frame gives all axes the same width with each theme."""
        names = [_shortened(file.name) for file in self._summary.shown] if self._summary is not None else []
        metrics = QFontMetrics(plot_font())
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0)
        self._panel.plot.getAxis("left").setWidth(min(_WIDEST_NAME, widest + 3 * GRID))


def _readout(summary: Summary, file: FileSummary, x: float, row: int) -> Readout | None:
    end = 0.0
    for name, count in summary.groups(file):
        end += 100 * count / file.n if file.n else 0.0
        if x <= end:
            text = f"<b>{_escaped(file.name)}</b><br>{_escaped(name)}: {grouped(count)} of {grouped(file.n)}"
            return Readout(x, row, f"{text}<br>{fraction_text(count, file.n)}")
    return None


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _shortened(name: str) -> str:
    half = _LONGEST_NAME // 2 - 1
    return name if len(name) <= _LONGEST_NAME else f"{name[:half]}…{name[-half:]}"

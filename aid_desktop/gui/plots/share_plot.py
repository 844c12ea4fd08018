"""The shares of the classes in each file, as bars of 100 % below each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5.QtCore import QRectF, pyqtSlot
from PyQt5.QtGui import QColor, QFontMetrics, QPainter
from PyQt5.QtWidgets import QWidget

from aid_desktop.evaluation.summary import REJECTED_NAME, FileSummary, Summary, fraction_text, write_summary
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_saving import CsvWriter
from aid_desktop.gui.plots.plot_style import LegendSample, Panel, Readout, line_pen, plot_font
from aid_desktop.gui.theme import GRID, Theme, ThemeManager, class_color
from aid_desktop.numbers import grouped

_HEIGHT = 0.7
"""Of a bar; the bars are 1 apart."""

_LOWEST_ROW = 20
"""Height in pixels in which a name can be read."""

_LEGEND_COLUMNS = 4
_MOST_CLASSES = 12
"""With more, the most frequent ones have a bar each and the others one together."""

_HIDDEN_OPACITY = 0.3
_REJECTED = QColor("#8a8a8a")
_OTHERS = QColor("#bdbdbd")
_WIDEST_NAME = 30 * GRID
_LONGEST_NAME = 26


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """What has one colour: its name and its number of images in each file, (F,)."""

    name: str
    color: QColor
    counts: NDArray[np.float64]


class _Swatch(LegendSample):
    """The colour of a bar beside a name in the legend; a click hides the bars."""

    def paint(self, painter: QPainter, *_: Any) -> None:
        painter.setOpacity(1.0 if self.item.isVisible() else _HIDDEN_OPACITY)
        painter.fillRect(QRectF(2, 4, 16, 12), self.item.opts["brush"])


class SharePlot(PlotFrame):
    """One bar for each file of a summary, and above them for all together if there are several.

    As a CSV file it is the summary's table.
    """

    def __init__(self, name: str, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(name, themes, parent)
        self.suggested_name = "class shares"
        self._summary: Summary | None = None
        self._files: tuple[FileSummary, ...] = ()
        self._groups: list[_Group] = []
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
        self._files = summary.total_first
        self._groups = _groups(summary, self._files)
        counts = np.stack([group.counts for group in self._groups], axis=1)
        sums = counts.sum(axis=1, keepdims=True)
        shares = 100 * np.divide(counts, sums, out=np.zeros_like(counts), where=sums > 0)
        starts = np.cumsum(shares, axis=1) - shares
        self._bars = [
            self._add_bar(group, shares[:, number], starts[:, number]) for number, group in enumerate(self._groups)
        ]
        names = [(row, _shortened(file.name)) for row, file in enumerate(self._files)]
        self._panel.plot.getAxis("left").setTicks([names, []])
        self._widen()
        self.fit()

    @pyqtSlot()
    def fit(self) -> None:
        """Show the first files, as many as can be read, and the legend above them; dragging brings the others."""
        if self._summary is None:
            return
        height, legend = self._panel.plot.vb.height(), self._panel.legend.boundingRect().height() + 2 * GRID
        n_shown = min(len(self._files), max(1, int((height - legend) // _LOWEST_ROW)))
        # As many rows higher as the legend is, in pixels.
        rows = n_shown * legend / max(height - legend, legend)
        self._panel.plot.setXRange(-1.5, 103, padding=0)
        self._panel.plot.setYRange(-0.5 - rows, n_shown - 0.5, padding=0)
        self._panel.place_legend()

    def csv_writer(self) -> CsvWriter:
        """Return what writes the summary's table, from any thread. It raises OSError, AidError."""
        summary = self._summary
        return (
            super().csv_writer() if summary is None else lambda path, progress: write_summary(path, summary, progress)
        )

    def _add_bar(self, group: _Group, shares: Any, starts: Any) -> Any:
        color = group.color
        rows = np.arange(len(shares))
        bar = pg.BarGraphItem(
            x0=starts, width=shares, y=rows, height=_HEIGHT, brush=pg.mkBrush(color), pen=line_pen(color)
        )
        bar.setZValue(5)  # above the grid
        self._panel.plot.addItem(bar)
        self._panel.legend.addItem(_Swatch(bar), _shortened(group.name))
        return bar

    def _read(self, _: Panel, x: float, y: float) -> Readout | None:
        row = round(y)
        if not 0 <= row < len(self._files) or not 0 <= x <= 100:
            return None
        return _readout(self._groups, self._files[row], x, row)

    @pyqtSlot()
    @pyqtSlot(Theme)
    def _widen(self, _: Theme | None = None) -> None:
        """Make room for the names of the files; the frame gives all axes the same width with each theme."""
        names = [_shortened(file.name) for file in self._files]
        metrics = QFontMetrics(plot_font())
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0)
        self._panel.plot.getAxis("left").setWidth(min(_WIDEST_NAME, widest + 3 * GRID))


def _groups(summary: Summary, files: Sequence[FileSummary]) -> list[_Group]:
    """Return the classes in their order, of very many the most frequent ones, then the others and the rejected."""
    counts = np.array([file.counts for file in files], np.float64)
    n_classes = len(summary.class_names)
    shown = np.arange(n_classes)
    if n_classes > _MOST_CLASSES + 1:
        shown = np.sort(np.argsort(-np.array(summary.total.counts), kind="stable")[:_MOST_CLASSES])
    found = [
        _Group(
            summary.class_names[number], class_color(position if len(shown) < n_classes else number), counts[:, number]
        )
        for position, number in enumerate(shown.tolist())
    ]
    if len(shown) < n_classes:
        others = np.delete(counts, shown, axis=1).sum(axis=1)
        found.append(_Group(f"{grouped(n_classes - len(shown))} other classes", _OTHERS, others))
    if summary.has_rejection:
        found.append(_Group(REJECTED_NAME, _REJECTED, np.array([file.n_rejected for file in files], np.float64)))
    return found


def _readout(groups: Sequence[_Group], file: FileSummary, x: float, row: int) -> Readout | None:
    end = 0.0
    for group in groups:
        count = int(group.counts[row])
        end += 100 * count / file.n if file.n else 0.0
        if x <= end:
            text = f"<b>{_escaped(file.name)}</b><br>{_escaped(group.name)}: {grouped(count)} of {grouped(file.n)}"
            return Readout(x, row, f"{text}<br>{fraction_text(count, file.n)}")
    return None


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _shortened(name: str) -> str:
    half = _LONGEST_NAME // 2 - 1
    return name if len(name) <= _LONGEST_NAME else f"{name[:half]}…{name[-half:]}"

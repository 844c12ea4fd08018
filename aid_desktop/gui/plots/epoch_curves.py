"""The curves of a history in a PlotFrame: which panel they are in, their marks, and what is drawn of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5.QtGui import QColor

from aid_desktop.gui.models.epoch_names import GROUPS, base_of, group_of, in_order, is_validation, title_of
from aid_desktop.gui.models.epoch_series import EpochSeries
from aid_desktop.gui.plots.epoch_columns import column_color, column_style
from aid_desktop.gui.plots.marker_lines import MarkerLines
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_style import Panel, WholeNumberAxis, line_pen
from aid_desktop.gui.theme import Theme

# Accuracy rises to the upper end, losses fall from it: where the legend covers least.
_LEGEND_CORNERS = {"score": (-8, -8)}


@dataclass(frozen=True, slots=True)
class Look:
    """What is drawn of a history: rolling median over `window` epochs, saved epochs only, logarithmic y."""

    window: int = 1
    is_saved_only: bool = False
    is_log: bool = False


class EpochCurves:
    """Draws an EpochSeries into a frame: one panel for all columns, or one for each group of columns."""

    def __init__(self, frame: PlotFrame, theme: Theme, is_stacked: bool) -> None:
        self._frame = frame
        self._is_stacked = is_stacked
        self._panels: dict[str, Panel] = {}
        self._points: dict[str, dict[str, Any]] = {}
        self._selections: dict[str, Any] = {}
        self._marks: list[tuple[float, str]] = []
        self._marker_lines: dict[str, MarkerLines] = {}
        self._columns: list[str] = []
        self._all_columns: tuple[str, ...] = ()
        self._marked: frozenset[str] = frozenset()
        self._theme = theme

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are shown."""
        return tuple(self._columns)

    def panel_of(self, column: str) -> Panel:
        """Return the panel in which a column is, or would be."""
        return self._panel(self._key(column))

    def prepare(self, columns: Sequence[str]) -> None:
        """Make the panels of these columns, which takes too long for the moment in which their first values come."""
        for column in columns:
            self._panel(self._key(column))

    def show(self, columns: Sequence[str], all_columns: Sequence[str]) -> None:
        """Have exactly these curves; `all_columns` of the run decide about colours."""
        self._columns = in_order(columns)
        self._all_columns = tuple(all_columns)
        wanted: dict[str, list[str]] = {}
        for column in self._columns:
            wanted.setdefault(self._key(column), []).append(column)
        for key in wanted:
            self._panel(key)
        for key, panel in self._panels.items():
            names = wanted.get(key, [])
            for name in [name for name in panel.curves if name not in map(title_of, names)]:
                panel.remove_curve(name)
            for column in names:
                if title_of(column) not in panel.curves:
                    color = column_color(column, all_columns, self._theme)
                    panel.add_curve(title_of(column), color, column_style(column))
        self._arrange(wanted)
        self.apply(self._theme)

    def draw(self, series: EpochSeries, look: Look) -> None:
        """Give all curves their numbers."""
        keep = series.saved if look.is_saved_only else None
        for key, panel in self._panels.items():
            panel.plot.setLogMode(x=False, y=look.is_log)
            columns = self._columns_in(key)
            for column in columns:
                x, y = _part(series, column, look.window, keep)
                panel.curves[title_of(column)].setData(x, y)
            main = _main_column(columns)
            none = np.zeros(0), np.zeros(0)
            _update(self._points[key]["saved"], *(_part(series, main, look.window, series.saved) if main else none))

    def set_marked(self, kind: str, series: EpochSeries, position: int | None, window: int) -> None:
        """Put the dots of `kind` (`hovered` or `selected`) on the curves at a position of the series."""
        if position is None and kind not in self._marked:
            return
        self._marked = self._marked - {kind} if position is None else self._marked | {kind}
        for key, points in self._points.items():
            columns = self._columns_in(key)
            values = [] if position is None else [series.smoothed(name, window)[position] for name in columns]
            x = [] if position is None else [series.epochs[position]] * len(values)
            points[kind].setData(np.array(x, np.float64), np.array(values, np.float64))

    def set_selected(self, epoch: int | None) -> None:
        """Draw the line of the selected epoch."""
        for line in self._selections.values():
            line.setVisible(epoch is not None)
            if epoch is not None:
                line.setValue(epoch)

    def clear_markers(self) -> None:
        """Take the lines of changed settings away."""
        self._set_marks([])

    def add_marker(self, epoch: int, text: str) -> None:
        """Draw a line before the first epoch with new settings; `text` is its tooltip."""
        self._set_marks([*self._marks, (epoch - 0.5, text)])

    def apply(self, theme: Theme) -> None:
        """Take the colours of a theme for curves and marks; the frame does it for all else."""
        self._theme = theme
        for key, panel in self._panels.items():
            columns = self._columns_in(key)
            for column in columns:
                pen = line_pen(column_color(column, self._all_columns, theme), column_style(column))
                panel.curves[title_of(column)].setPen(pen)
            main = _main_column(columns)
            if main is not None:
                color = column_color(main, self._all_columns, theme)
                self._points[key]["saved"].setSymbolBrush(pg.mkBrush(color))
            for kind in ("hovered", "selected"):
                self._points[key][kind].setSymbolBrush(pg.mkBrush(QColor(theme.accent)))
            self._selections[key].setPen(line_pen(theme.accent))
            self._marker_lines[key].set_color(theme.muted)

    def _key(self, column: str) -> str:
        return group_of(column) if self._is_stacked else GROUPS[0]

    def _panel(self, key: str) -> Panel:
        if key in self._panels:
            return self._panels[key]
        corner = _LEGEND_CORNERS.get(key, (-8, 8))
        panel = self._frame.add_panel(GROUPS.index(key), WholeNumberAxis(), corner, is_growing=True)
        # Zooming is along the epochs; the other axis fits what is seen then.
        panel.plot.setMouseEnabled(x=True, y=False)
        panel.plot.vb.setAutoVisible(y=True)
        self._panels[key] = panel
        selection = pg.InfiniteLine(angle=90, movable=False)
        selection.hide()
        panel.plot.addItem(selection, ignoreBounds=True)
        self._selections[key] = selection
        self._points[key] = {
            "saved": panel.add_points(QColor()),
            "hovered": panel.add_points(QColor(), 7),
            "selected": panel.add_points(QColor(), 8),
        }
        lines = MarkerLines(self._theme.muted)
        lines.set_marks(self._marks)
        panel.plot.addItem(lines, ignoreBounds=True)
        self._marker_lines[key] = lines
        return panel

    def _columns_in(self, key: str) -> list[str]:
        return [column for column in self._columns if self._key(column) == key]

    def _set_marks(self, marks: list[tuple[float, str]]) -> None:
        self._marks = marks
        for lines in self._marker_lines.values():
            lines.set_marks(marks)

    def _arrange(self, wanted: dict[str, list[str]]) -> None:
        """Show the panels that have curves, and the names of the axes where they belong."""
        shown = [key for key in GROUPS if key in wanted]
        # With all panels hidden pyqtgraph's layout shrinks to its margins, and grows again only with the widget. An
        # empty plot is transparent below its text anyway.
        if not shown:
            return
        for key, panel in self._panels.items():
            is_last = bool(shown) and key == shown[-1]
            panel.plot.setVisible(key in wanted)
            panel.plot.getAxis("bottom").setStyle(showValues=is_last)
            left = ", ".join(dict.fromkeys(title_of(base_of(name)) for name in wanted.get(key, [])))
            panel.set_labels(left, "epoch" if is_last else "")
        self._frame.restyle()


def _main_column(columns: Sequence[str]) -> str | None:
    """Return the column that carries the dots of saved models: accuracy on validation data if it is there."""
    return min(columns, key=lambda name: not is_validation(name), default=None)


def _update(item: Any, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Give points their places, unless they have them: pyqtgraph would make each point anew."""
    old_x, old_y = item.getOriginalDataset()
    if old_x is None or not (np.array_equal(old_x, x) and np.array_equal(old_y, y, equal_nan=True)):
        item.setData(x, y)


def _part(
    series: EpochSeries, column: str, window: int, keep: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = series.epochs, series.smoothed(column, window)
    return (x, y) if keep is None else (x[keep], y[keep])

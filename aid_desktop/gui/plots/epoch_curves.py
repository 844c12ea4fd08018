"""The curves of histories in a PlotFrame: which panel they are in, their marks, and what is drawn of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5.QtGui import QColor

from aid_desktop.gui.models.epoch_names import GROUPS, base_of, group_of, in_order, is_validation, title_of
from aid_desktop.gui.plots.marker_lines import MarkerLines
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_style import Panel, WholeNumberAxis, line_pen
from aid_desktop.gui.plots.plotted_run import Look, Pens, PlottedRun
from aid_desktop.gui.theme import Theme

# Accuracy rises to the upper end, losses fall from it: where the legend covers least.
_LEGEND_CORNERS = {"score": (-8, -8)}
_NOTHING = np.zeros(0)
# More curves are drawn with one point for each pixel, these with two.
_FEW_CURVES = 8

Points = Sequence[tuple[PlottedRun, int]]
"""Runs and positions in their series."""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnCurve:
    """A curve that is seen: its name in the legend, what it shows, and its epochs and values, float64 (N,) each."""

    label: str
    run: PlottedRun
    column: str
    epochs: NDArray[np.float64]
    values: NDArray[np.float64]


class EpochCurves:
    """Draws runs into a frame: one panel for all columns, or one for each group of columns."""

    def __init__(self, frame: PlotFrame, theme: Theme, is_stacked: bool) -> None:
        self._frame = frame
        self._is_stacked = is_stacked
        self._panels: dict[str, Panel] = {}
        self._points: dict[str, dict[str, Any]] = {}
        self._saved: dict[str, dict[str, Any]] = {}
        self._selections: dict[str, Any] = {}
        self._marks: list[tuple[float, str]] = []
        self._marker_lines: dict[str, MarkerLines] = {}
        self._runs: tuple[PlottedRun, ...] = ()
        self._columns: list[str] = []
        self._all_columns: tuple[str, ...] = ()
        self._marked: frozenset[str] = frozenset()
        self._selected: int | None = None
        self._theme = theme
        self._look = Look()
        # What each curve shows already: its series, the version of it, and the look.
        self._drawn: dict[str, tuple[int, int, Look]] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are shown."""
        return tuple(self._columns)

    @property
    def pens(self) -> Pens:
        """How the lines look."""
        return Pens(self._columns, self._all_columns, len(self._runs) < 2, self._theme)

    def panel_of(self, column: str) -> Panel:
        """Return the panel in which a column is, or would be."""
        return self._panel(self._key(column))

    def prepare(self, columns: Sequence[str]) -> None:
        """Make the panels of these columns, which takes too long for the moment in which their first values come."""
        for column in columns:
            self._panel(self._key(column))

    def show(self, runs: Sequence[PlottedRun], columns: Sequence[str], all_columns: Sequence[str]) -> None:
        """Have exactly these curves; `all_columns` of the runs decide about colours."""
        self._runs = tuple(runs)
        self._columns = in_order(columns)
        self._all_columns = tuple(all_columns)
        pens = self.pens
        wanted = self._wanted()
        for key in wanted:
            self._panel(key)
        for key, panel in self._panels.items():
            curves = {pens.label(run, name): (run, name) for run in runs for name in wanted.get(key, [])}
            for label in panel.curves.keys() - curves.keys():
                panel.remove_curve(label)
                self._drawn.pop(label, None)
            for label in curves.keys() - panel.curves.keys():
                self._drawn.pop(label, None)
            for label, (run, name) in curves.items():
                if label not in panel.curves:
                    panel.add_curve(label, pens.of(run, name).color())
                panel.curves[label].opts["autoDownsampleFactor"] = 1.0 if len(curves) <= _FEW_CURVES else 0.5
            self._have_saved_points(key)
        self._arrange()
        self.apply(self._theme)

    def set_look(self, look: Look) -> None:
        """Decide what is drawn the next time."""
        if (look.is_log, look.is_log_x) != (self._look.is_log, self._look.is_log_x):
            for panel in self._panels.values():
                panel.plot.setLogMode(x=look.is_log_x, y=look.is_log)
        is_moved = look.is_log_x != self._look.is_log_x
        self._look = look
        if is_moved:
            self._arrange()
            self._set_marks(self._marks)
            self.set_selected(self._selected)

    def draw(self) -> None:
        """Give the curves their numbers, unless they have them."""
        pens, look = self.pens, self._look
        for key, panel in self._panels.items():
            columns = self._columns_in(key)
            main = _main_column(columns)
            for run in self._runs:
                state = (id(run.series), run.series.version, look)
                if columns and all(self._drawn.get(pens.label(run, name)) == state for name in columns):
                    continue
                for name in columns:
                    x, y = self._numbers(run, name)
                    panel.curves[pens.label(run, name)].setData(look.data_x(x), y)
                    self._drawn[pens.label(run, name)] = state
                _update(self._saved[key][run.key], *self._saved_numbers(run, main))

    def set_legend_texts(self, texts: dict[str, str]) -> None:
        """Say something else in the legends, by the name of the curve; nothing: the names."""
        for panel in self._panels.values():
            panel.set_legend_texts(texts)

    def seen(self) -> Iterator[DrawnCurve]:
        """Return the curves that are seen: those that the legend has not hidden."""
        pens = self.pens
        for run in self._runs:
            for column in self._columns:
                label = pens.label(run, column)
                curve = self.panel_of(column).curves.get(label)
                if curve is not None and curve.isVisible():
                    yield DrawnCurve(label, run, column, *self._numbers(run, column))

    def set_marked(self, kind: str, marks: Points) -> None:
        """Put the dots of `kind` (`hovered` or `selected`) on the curves at positions of runs."""
        if not marks and kind not in self._marked:
            return
        self._marked = self._marked | {kind} if marks else self._marked - {kind}
        for key, points in self._points.items():
            places = [
                (run.series.epochs[position], run.series.smoothed(name, self._look.window)[position])
                for run, position in marks
                for name in self._columns_in(key)
                if name in run.series.names
            ]
            x, y = np.array(places, np.float64).reshape(-1, 2).T
            points[kind].setData(self._look.data_x(x), y)

    def set_selected(self, epoch: int | None) -> None:
        """Draw the line of the selected epoch."""
        self._selected = epoch
        for line in self._selections.values():
            line.setVisible(epoch is not None)
            if epoch is not None:
                line.setValue(self._look.view_x(epoch))

    def set_marks(self, marks: Sequence[tuple[int, str]]) -> None:
        """Draw a line before each first epoch with new settings; the text is its tooltip."""
        self._set_marks([(epoch - 0.5, text) for epoch, text in marks])

    def apply(self, theme: Theme) -> None:
        """Take the colours of a theme for curves and marks; the frame does it for all else."""
        self._theme = theme
        pens = self.pens
        for key, panel in self._panels.items():
            columns = self._columns_in(key)
            main = _main_column(columns)
            for run in self._runs:
                for column in columns:
                    panel.curves[pens.label(run, column)].setPen(pens.of(run, column))
                if main is not None:
                    self._saved[key][run.key].setSymbolBrush(pg.mkBrush(pens.of(run, main).color()))
            for points in self._points[key].values():
                points.setSymbolBrush(pg.mkBrush(QColor(theme.accent)))
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
        panel.plot.setLogMode(x=self._look.is_log_x, y=self._look.is_log)
        self._panels[key] = panel
        selection = pg.InfiniteLine(angle=90, movable=False)
        selection.hide()
        panel.plot.addItem(selection, ignoreBounds=True)
        self._selections[key] = selection
        self._points[key] = {"hovered": panel.add_points(QColor(), 7), "selected": panel.add_points(QColor(), 8)}
        self._saved[key] = {}
        self._have_saved_points(key)
        lines = MarkerLines(self._theme.muted)
        panel.plot.addItem(lines, ignoreBounds=True)
        self._marker_lines[key] = lines
        self._set_marks(self._marks)
        return panel

    def _have_saved_points(self, key: str) -> None:
        """Have dots for the saved epochs of the runs that are shown, and of no others."""
        points, runs = self._saved[key], {run.key for run in self._runs}
        for gone in points.keys() - runs:
            self._panels[key].plot.removeItem(points.pop(gone))
        for new in runs - points.keys():
            points[new] = self._panels[key].add_points(QColor())

    def _columns_in(self, key: str) -> list[str]:
        return [column for column in self._columns if self._key(column) == key]

    def _numbers(self, run: PlottedRun, column: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self._look.part(run.series, column) if column in run.series.names else (_NOTHING, _NOTHING)

    def _saved_numbers(self, run: PlottedRun, column: str | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if column is None or column not in run.series.names:
            return _NOTHING, _NOTHING
        saved = run.series.saved
        values = run.series.smoothed(column, self._look.window)
        return self._look.data_x(run.series.epochs[saved]), values[saved]

    def _set_marks(self, marks: list[tuple[float, str]]) -> None:
        self._marks = marks
        for lines in self._marker_lines.values():
            lines.set_marks([(self._look.view_x(place), text) for place, text in marks])

    def _wanted(self) -> dict[str, list[str]]:
        wanted: dict[str, list[str]] = {}
        for column in self._columns:
            wanted.setdefault(self._key(column), []).append(column)
        return wanted

    def _arrange(self) -> None:
        """Show the panels that have curves, and the names of the axes where they belong."""
        wanted = self._wanted()
        shown = [key for key in GROUPS if key in wanted]
        # With all panels hidden pyqtgraph's layout shrinks to its margins, and grows again only with the widget. An
        # empty plot is transparent below its text anyway.
        if not shown:
            return
        for key, panel in self._panels.items():
            is_last = key == shown[-1]
            panel.plot.setVisible(key in wanted)
            panel.plot.getAxis("bottom").setStyle(showValues=is_last)
            left = ", ".join(dict.fromkeys(title_of(base_of(name)) for name in wanted.get(key, [])))
            panel.set_labels(left, self._bottom_label() if is_last else "")
        self._frame.restyle()

    def _bottom_label(self) -> str:
        return "epochs finished" if self._look.is_log_x else "epoch"


def _main_column(columns: Sequence[str]) -> str | None:
    """Return the column that carries the dots of saved models: accuracy on validation data if it is there."""
    return min(columns, key=lambda name: not is_validation(name), default=None)


def _update(item: Any, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Give points their places, unless they have them: pyqtgraph would make each point anew."""
    old_x, old_y = item.getOriginalDataset()
    if old_x is None or not (np.array_equal(old_x, x) and np.array_equal(old_y, y, equal_nan=True)):
        item.setData(x, y)

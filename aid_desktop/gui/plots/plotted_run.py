"""A run as a plot shows it, and how its lines look beside those of others."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QColor, QPen

from aid_desktop.gui.models.epoch_names import title_of
from aid_desktop.gui.models.epoch_series import EpochSeries
from aid_desktop.gui.plots.epoch_columns import column_color, column_style
from aid_desktop.gui.plots.plot_style import line_pen
from aid_desktop.gui.theme import Theme, class_color, line_style

# Places in the palette: thin lines need the darker colours on light grounds, the lighter ones on dark; yellow, which is
# the hardest to see on white, does not come before all others.
_RUN_COLORS = (4, 5, 2, 6, 1, 0)
_RUN_COLORS_ON_DARK = (1, 0, 2, 6, 3, 5)
_FIRST_GENERATED = 7


@dataclass(frozen=True, slots=True, eq=False)
class PlottedRun:
    """A run in a plot.

    Attributes:
        key: which run it is, for the plot's owner.
        name: what the legend calls it; no two runs of a plot have the same.
        series: its epochs, which may grow.
        place: decides its colour among several runs, from 0.
        notes: what changed before an epoch, one change a line.
    """

    key: str = ""
    name: str = ""
    series: EpochSeries = field(default_factory=EpochSeries)
    place: int = 0
    notes: dict[int, str] = field(default_factory=dict)

    def add_note(self, epoch: int, text: str) -> None:
        """Note what changed before an epoch, one change a line."""
        self.notes[epoch] = f"{self.notes[epoch]}\n{text}" if epoch in self.notes else text


@dataclass(frozen=True, slots=True)
class Look:
    """What is drawn of a history: rolling median over `window` epochs, saved epochs only, logarithmic axes.

    Epoch 0 has no place on a logarithmic axis, which therefore counts the epochs that are finished, from 1.
    """

    window: int = 1
    is_saved_only: bool = False
    is_log: bool = False
    is_log_x: bool = False

    def data_x(self, epochs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return epochs as curves take them."""
        return epochs + 1 if self.is_log_x else epochs

    def view_x(self, epoch: float) -> float:
        """Return the place of an epoch in units of the view."""
        return math.log10(max(epoch + 1, 0.5)) if self.is_log_x else epoch

    def view_xs(self, epochs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the places of epochs, float64 (N,), in units of the view."""
        return np.log10(np.maximum(epochs + 1, 0.5)) if self.is_log_x else epochs

    def epoch_at(self, x: float) -> float:
        """Return the epoch at a place in units of the view."""
        return float(10.0 ** min(x, 300.0) - 1) if self.is_log_x else x

    def view_y(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return values in units of the view, NaN where a logarithmic axis has no place for them."""
        if not self.is_log:
            return values
        return np.log10(np.where(values > 0, values, np.nan))

    def part(self, series: EpochSeries, column: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return epochs and values of a column that are drawn, float64 (N,) each."""
        x, y = series.epochs, series.smoothed(column, self.window)
        return (x[series.saved], y[series.saved]) if self.is_saved_only else (x, y)


def run_color(place: int, theme: Theme) -> QColor:
    """Return the colour of a run among several: Okabe and Ito's, then generated ones."""
    first = _RUN_COLORS_ON_DARK if theme.is_dark else _RUN_COLORS
    return class_color(first[place] if place < len(first) else _FIRST_GENERATED + place - len(first))


@dataclass(frozen=True, slots=True)
class Pens:
    """Which pen each curve has: of one run the column decides colour and dash, of several the run decides the colour.

    `columns` are those on show, in order; `all_columns` those that the runs have.
    """

    columns: Sequence[str]
    all_columns: Sequence[str]
    is_single: bool
    theme: Theme

    def of(self, run: PlottedRun, column: str) -> QPen:
        """Return the pen of a curve."""
        if self.is_single:
            return line_pen(column_color(column, self.all_columns, self.theme), column_style(column))
        return line_pen(run_color(run.place, self.theme), self._style(column))

    def sample(self, column: str) -> QPen:
        """Return the pen that stands for a column of any run."""
        if self.is_single:
            return line_pen(column_color(column, self.all_columns, self.theme), column_style(column))
        return line_pen(self.theme.text, self._style(column))

    def label(self, run: PlottedRun, column: str) -> str:
        """Return what the legend says."""
        return title_of(column) if self.is_single else f"{run.name} · {title_of(column)}"

    def _style(self, column: str) -> Qt.PenStyle:
        return line_style(self.columns.index(column) if column in self.columns else 0)

"""HistoryPlot: how a run went, epoch by epoch; grows while the run goes on."""

import dataclasses
import math
import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QPoint, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeyEvent, QShowEvent
from PyQt5.QtWidgets import QVBoxLayout, QWidget

from aid_desktop.gui.models.epoch_series import EpochSeries
from aid_desktop.gui.plots.epoch_columns import ColumnChooser
from aid_desktop.gui.plots.epoch_curves import EpochCurves
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_saving import PlotTable
from aid_desktop.gui.plots.plot_style import Panel, Readout
from aid_desktop.gui.plots.plotted_run import Look, PlottedRun
from aid_desktop.gui.plots.readout import readout_text
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import Theme, ThemeManager
from aid_desktop.gui.widgets.field_editor import diff_text
from aid_desktop.runs.history import History
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import Revision
from aid_desktop.settings.snapshot import SettingsDiff

EMPTY_TEXT = "The curves appear here after the first epoch"
STACKED_COLUMNS = ("accuracy", "val_accuracy", "loss", "val_loss")
SINGLE_COLUMNS = ("accuracy", "val_accuracy")

# Seconds from an epoch to its place in the curves: short epochs come faster than anybody can follow, and drawing may
# take one part in so many of the window's time, so that slow computers react as quickly as others.
_REDRAW_INTERVALS = (0.1, 1.0)
_REST = 100


class HistoryPlot(QWidget):
    """The curves of one run over its epochs, with buttons for the columns.

    `name` (`trainingPlot`, `historyPlot`) becomes the object name; without its `Plot` it begins the names of
    the parts: `<…>Columns.<column>`, `<…>Frame.canvas`, `<…>Frame.save`. With `is_stacked`, metrics from 0 to
    1, losses, learning rate and seconds have panels of their own below each other; else all curves share one.
    `epoch_clicked` carries the epoch nearest to a click or to the arrow keys; `columns_changed` the columns
    that the user chose.
    """

    epoch_clicked = pyqtSignal(int)
    columns_changed = pyqtSignal(tuple)

    def __init__(
        self, name: str, themes: ThemeManager, parent: QWidget | None = None, *, is_stacked: bool = True
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Curves of the run")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        prefix = name.removesuffix("Plot")
        self._themes = themes
        self._runs: tuple[PlottedRun, ...] = (PlottedRun(),)
        self._current = self._runs[0]
        self._look = Look()
        self._wanted: tuple[str, ...] = STACKED_COLUMNS if is_stacked else SINGLE_COLUMNS
        self._selected: int | None = None
        self._hovered: int | None = None
        self._empty_text = EMPTY_TEXT
        self._is_stale = True
        self._has_new_columns = False
        self._frame = PlotFrame(f"{prefix}Frame", themes, self, is_legend_shown=False)
        self._frame.set_reader(self._read)
        self._frame.set_table(self._table)
        self._curves = EpochCurves(self._frame, themes.current, is_stacked)
        self._chooser = ColumnChooser(f"{prefix}Columns", self)
        self._frame.header.addWidget(self._chooser, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._drawn_at = -math.inf
        self._draw_seconds = 0.0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._frame)
        self._frame.clicked.connect(self._on_clicked)
        self._frame.left.connect(self._on_left)
        self._chooser.chosen.connect(self._on_chosen)
        self._timer.timeout.connect(self.refresh)
        themes.changed.connect(self._on_theme_changed)
        self._choose_curves()

    @property
    def frame(self) -> PlotFrame:
        """The plot itself: canvas, saving, fitting."""
        return self._frame

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are shown; those that the run does not have are left out."""
        return self._curves.columns

    @property
    def _series(self) -> EpochSeries:
        return self._current.series

    @property
    def selected_epoch(self) -> int | None:
        """The epoch that is marked."""
        return self._selected

    def set_history(self, history: History, label: str = "", series: EpochSeries | None = None) -> None:
        """Show the epochs of a run so far; selection and markers of settings are taken away.

        `label` becomes the suggested file name of saved pictures. `series` may hold the same records, made
        elsewhere, as it takes a while for very many.
        """
        self._current = PlottedRun(series=series if series is not None else EpochSeries(history.records))
        self._runs = (self._current,)
        self._frame.suggested_name = f"{label} history".strip()
        self._selected = self._hovered = None
        self._curves.set_marks(())
        self._curves.set_selected(None)
        self._choose_curves()
        self._frame.fit()
        self.refresh()

    def append(self, record: EpochRecord, removed: Sequence[int] = ()) -> None:
        """Add the next epoch, for which the models of the epochs `removed` have gone.

        It is drawn within a tenth of a second, when the plot is on the screen; within a second where drawing is slow
        and epochs are short.
        """
        before = self._series.names
        self._series.append(record)
        self._series.forget_models(removed)
        self._redraw_soon(has_new_columns=self._series.names != before)

    def _redraw_soon(self, *, has_new_columns: bool) -> None:
        self._has_new_columns = self._has_new_columns or has_new_columns
        self._is_stale = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start(self._milliseconds_to_redraw())

    def set_columns(self, names: Sequence[str]) -> None:
        """Choose the columns to show; those that come only with the first epoch are shown from then on."""
        self._wanted = tuple(names)
        self._frame.hide_crosshair()
        self._choose_curves()
        self.refresh()

    def set_rolling_median(self, window: int) -> None:
        """Smooth all curves over `window` epochs; 1: as they are."""
        self._set_look(dataclasses.replace(self._look, window=max(1, window)))

    def set_saved_only(self, is_saved_only: bool) -> None:
        """Draw only the epochs after which a model was saved."""
        self._set_look(dataclasses.replace(self._look, is_saved_only=is_saved_only))

    def set_log(self, is_log: bool) -> None:
        """Use a logarithmic vertical axis."""
        self._set_look(dataclasses.replace(self._look, is_log=is_log))

    def set_markers(self, revisions: Sequence[Revision]) -> None:
        """Mark where settings changed: one line for each revision that differs from the one before."""
        self._current.notes.clear()
        for old, new in pairwise(revisions):
            diff = SettingsDiff.between(old.settings, new.settings)
            if diff:
                self._current.add_note(new.epoch, diff_text(diff))
        self._show_markers()

    def add_marker(self, epoch: int, text: str) -> None:
        """Mark that settings changed before `epoch`; `text` tells what, one change a line."""
        self._current.add_note(epoch, text)
        self._show_markers()

    def set_selected_epoch(self, epoch: int | None) -> None:
        """Draw a line at an epoch, or take it away."""
        self._selected = epoch
        self._curves.set_selected(epoch)
        self._mark_selected()

    def set_empty_text(self, text: str) -> None:
        """Say what belongs here as long as there is no epoch."""
        self._empty_text = text
        self._update_empty()

    def pixel_of(self, epoch: int, column: str) -> QPoint:
        """Return where a point of a shown curve is on `frame.canvas.viewport()`. Raises KeyError if it is not there."""
        position = self._series.position(epoch)
        if position is None:
            raise KeyError(epoch)
        value = self._series.smoothed(column, self._look.window)[position]
        height = math.log10(value) if self._look.is_log else value
        return self._frame.pixel_of(self._curves.panel_of(column), self._look.view_x(epoch), height)

    @pyqtSlot()
    def refresh(self) -> None:
        """Draw what has come since the last time."""
        started = time.perf_counter()
        self._is_stale = False
        if self._has_new_columns:
            self._choose_curves()
        self._curves.set_look(self._look)
        self._curves.draw()
        self._mark_selected()
        self._update_empty()
        self._drawn_at = time.perf_counter()
        self._draw_seconds = self._drawn_at - started

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self._curves.prepare(self._wanted)
        if self._is_stale:
            self.refresh()

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """Move the selection with the arrow keys, Home and End, among the epochs that are drawn."""
        key = required(a0).key()
        drawn = np.flatnonzero(self._series.saved) if self._look.is_saved_only else np.arange(len(self._series))
        last = len(drawn) - 1
        at = self._series.position(self._selected) if self._selected is not None else None
        left, right = (last + 1, 0) if at is None else (np.searchsorted(drawn, at, side) for side in ("left", "right"))
        moves = {
            Qt.Key.Key_Left: max(0, int(left) - 1),
            Qt.Key.Key_Right: min(last, int(right)),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if last < 0 or key not in moves:
            super().keyPressEvent(a0)
            return
        self._click(int(drawn[moves[Qt.Key(key)]]))

    def _milliseconds_to_redraw(self) -> int:
        shortest, longest = _REDRAW_INTERVALS
        pause: float = min(longest, _REST * (self._draw_seconds + self._frame.canvas.paint_seconds))
        return round(1000 * max(shortest, self._drawn_at + pause - time.perf_counter()))

    def _set_look(self, look: Look) -> None:
        if look != self._look:
            self._look = look
            self._frame.hide_crosshair()
            self.refresh()

    def _choose_curves(self) -> None:
        self._has_new_columns = False
        names = tuple(dict.fromkeys(name for run in self._runs for name in run.series.names))
        self._curves.show(self._runs, [name for name in names if name in self._wanted], names)
        self._chooser.set_columns(names, self._wanted, self._curves.pens.sample)

    def _update_empty(self) -> None:
        if not any(len(run.series) for run in self._runs):
            self._frame.set_empty_text(self._empty_text)
        elif not self.columns:
            self._frame.set_empty_text("Check a column above to see its curve")
        else:
            self._frame.set_empty_text("")

    def _show_markers(self) -> None:
        is_single = len(self._runs) < 2
        self._curves.set_marks(
            [
                (epoch, f"Changed from epoch {epoch} on{'' if is_single else f' in {run.name}'}:\n{text}")
                for run in self._runs
                for epoch, text in run.notes.items()
            ]
        )

    def _mark_selected(self) -> None:
        position = None if self._selected is None else self._series.position(self._selected)
        self._curves.set_marked("selected", [] if position is None else [(self._current, position)])

    def _read(self, _panel: Panel, x: float, _y: float) -> Readout | None:
        wanted = self._look.epoch_at(x)
        nearest = [
            int(run.series.epochs[position])
            for run in (self._current, *self._runs)
            if (position := run.series.nearest(wanted)) is not None
        ]
        if not nearest:
            return None
        epoch = min(nearest, key=lambda epoch: abs(epoch - wanted))
        places = [(run, place) for run in self._runs if (place := run.series.position(epoch)) is not None]
        if epoch != self._hovered:
            self._hovered = epoch
            self._curves.set_marked("hovered", places)
        text = readout_text(epoch, places, self.columns, self._look.window, self._curves.pens)
        return Readout(self._look.view_x(epoch), None, text)

    def _table(self) -> PlotTable:
        names: list[str] = []
        values: list[NDArray[np.float64]] = []
        for run in self._runs:
            columns = [name for name in self.columns if name in run.series.names]
            names += [f"{run.name}: {name}" if len(self._runs) > 1 else name for name in ("epoch", *columns)]
            values += [run.series.epochs, *(run.series.values(name) for name in columns)]
        return PlotTable(tuple(names), tuple(values))

    def _click(self, position: int) -> None:
        epoch = int(self._series.epochs[position])
        self.set_selected_epoch(epoch)
        self.epoch_clicked.emit(epoch)

    @pyqtSlot(float, float)
    def _on_clicked(self, x: float, _y: float) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        position = self._series.nearest(self._look.epoch_at(x))
        if position is not None:
            self._click(position)

    @pyqtSlot()
    def _on_left(self) -> None:
        self._hovered = None
        self._curves.set_marked("hovered", [])

    @pyqtSlot(tuple)
    def _on_chosen(self, columns: tuple[str, ...]) -> None:
        self.set_columns(columns)
        self.columns_changed.emit(columns)

    @pyqtSlot(Theme)
    def _on_theme_changed(self, theme: Theme) -> None:
        self._curves.apply(theme)
        self._chooser.set_columns(self._chooser.columns, self._wanted, self._curves.pens.sample)

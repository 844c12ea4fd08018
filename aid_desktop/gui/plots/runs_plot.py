"""RunsPlot: any number of runs side by side in one pair of axes, with lines through stretches of their curves."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt5.QtCore import pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.models.epoch_series import EpochSeries, Medians, medians_of
from aid_desktop.gui.plots.fit_region import FitRegion, fit_text
from aid_desktop.gui.plots.history_plot import HistoryPlot
from aid_desktop.gui.plots.plot_style import Panel, Readout
from aid_desktop.gui.plots.plotted_run import Look, PlottedRun
from aid_desktop.gui.theme import Theme, ThemeManager
from aid_desktop.runs.trend import LinearFit, first_stretch

# Medians of more values than this are found in the background; these take a few milliseconds.
_AT_ONCE = 4_000
# How far from the mouse, in pixels along the epochs, a point may be that a click means.
_REACH = 60

_Results = list[tuple[EpochSeries, Medians]]


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    """What is to be shown once the medians are there that it needs."""

    runs: tuple[PlottedRun, ...]
    current: PlottedRun
    columns: tuple[str, ...]
    look: Look


class RunsPlot(HistoryPlot):
    """The curves of several runs. `current` is the one whose epochs the keys choose and whose epoch is marked.

    `point_clicked` carries the key of a run and the epoch of the point nearest to a click; `stretch_changed` first and
    last epoch of the stretch that lines are fitted to, `fits_changed` that the lines may be others.
    """

    point_clicked = pyqtSignal(str, int)
    stretch_changed = pyqtSignal(float, float)
    fits_changed = pyqtSignal()

    def __init__(self, name: str, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(name, themes, parent, is_stacked=False)
        self._background = background
        self._frame.save_tables_in(background)
        self._job: Job[_Results] | None = None
        self._target = _Wanted(self._runs, self._current, self._wanted, self._look)
        panel = self._curves.panel_of("accuracy")
        panel.legend.sigSampleClicked.connect(self._update_fit)
        self._fit = FitRegion(panel, themes.current, self)
        self._fits: dict[str, LinearFit] = {}
        self._has_own_stretch = False
        self._fit.moved.connect(self._on_stretch_moved)
        self._chooser.chosen.connect(self._update_fit)

    @property
    def fits(self) -> dict[str, LinearFit]:
        """The lines that are shown, by the name of their curve in the legend."""
        return dict(self._fits)

    @property
    def stretch(self) -> tuple[float, float]:
        """First and last epoch of the stretch that lines are fitted to."""
        return self._fit.stretch

    @property
    def runs(self) -> tuple[PlottedRun, ...]:
        """The runs that are shown."""
        return self._runs

    def set_runs(self, runs: Sequence[PlottedRun], current: str) -> None:
        """Show runs; `current` is the key of one of them. What is not smoothed yet appears once it is."""
        shown = tuple(runs) or (PlottedRun(),)
        lead = next((run for run in shown if run.key == current), shown[0])
        self._want(dataclasses.replace(self._target, runs=shown, current=lead))

    def grow(self, *, has_new_columns: bool = False) -> None:
        """Draw soon what a run's series has got meanwhile."""
        self._redraw_soon(has_new_columns=has_new_columns)

    def show_notes(self) -> None:
        """Draw the markers of changed settings that the runs' notes tell of."""
        self._show_markers()

    def set_columns(self, names: Sequence[str]) -> None:
        """Choose the columns to show."""
        self._frame.hide_crosshair()
        self._want(dataclasses.replace(self._target, columns=tuple(names)))

    def set_log_x(self, is_log_x: bool) -> None:
        """Use a logarithmic horizontal axis, which counts finished epochs from 1."""
        self._set_look(dataclasses.replace(self._target.look, is_log_x=is_log_x))
        self._frame.fit()

    def set_fit_shown(self, is_shown: bool) -> None:
        """Show lines through a stretch of the curves: at first the last tenth of the current run."""
        self._fit.set_shown(is_shown)
        if is_shown and not self._has_own_stretch:
            self._begin_stretch()
        self._update_fit()

    def set_stretch(self, low: float, high: float) -> None:
        """Fit lines to the epochs of a stretch, its ends included."""
        self._has_own_stretch = True
        self._fit.set_stretch(low, high)
        self._update_fit()

    @pyqtSlot()
    def refresh(self) -> None:
        """Draw what has come since the last time."""
        super().refresh()
        self._fit.set_look(self._look)
        self._update_fit()

    def _set_look(self, look: Look) -> None:
        # The base has changed one thing of what is on show; others may be on their way.
        changes = {
            item.name: getattr(look, item.name)
            for item in dataclasses.fields(Look)
            if getattr(look, item.name) != getattr(self._look, item.name)
        }
        self._frame.hide_crosshair()
        self._want(dataclasses.replace(self._target, look=dataclasses.replace(self._target.look, **changes)))

    def _want(self, target: _Wanted) -> None:
        """Show something else, at once or when the medians that it needs are there."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._target = target
        window = target.look.window
        missing = [
            (run.series, name, run.series.values(name))
            for run in target.runs
            for name in run.series.names
            if name in target.columns and not run.series.is_smoothed(name, window)
        ]
        if sum(len(values) for _, _, values in missing) <= _AT_ONCE:
            self._show_target()
            return

        def smooth(context: JobContext) -> _Results:
            def leave_if_cancelled() -> None:
                context.leave_if_cancelled(0, 1)

            found: dict[int, tuple[EpochSeries, Medians]] = {}
            for done, (series, name, values) in enumerate(missing):
                context.report(done, len(missing))
                _, medians = found.setdefault(id(series), (series, {}))
                medians[name] = medians_of(values, window, leave_if_cancelled)
            return list(found.values())

        self._job = self._background.start("Smoothing curves", smooth, self._on_smoothed, self._on_not_smoothed)

    def _on_smoothed(self, results: _Results) -> None:
        self._job = None
        for series, medians in results:
            series.take_smoothed(medians, self._target.look.window)
        self._show_target()

    def _on_not_smoothed(self, failure: Failure) -> None:
        self._job = None
        self._background.failed.emit(failure)

    def _show_target(self) -> None:
        target = self._target
        is_other = [run.key for run in target.runs] != [run.key for run in self._runs]
        has_other_axis = target.look.is_log_x != self._look.is_log_x
        is_arranged = target.runs == self._runs and target.columns == self._wanted
        self._runs, self._current = target.runs, target.current
        self._wanted, self._look = target.columns, target.look
        self._hovered = None
        names = " and ".join(run.name for run in self._runs[:2])
        self._frame.suggested_name = f"{names if len(self._runs) < 3 else f'{len(self._runs)} runs'} history".strip()
        if not is_arranged:
            self._choose_curves()
            self._show_markers()
        if is_other and not self._has_own_stretch:
            self._begin_stretch()
        self.refresh()
        if is_other or has_other_axis:
            self._frame.fit()

    def _begin_stretch(self) -> None:
        series = self._series if len(self._series) else max((run.series for run in self._runs), key=len)
        if len(series):
            self._fit.set_stretch(*first_stretch(series.epochs))
            self.stretch_changed.emit(*self._fit.stretch)

    def _read(self, panel: Panel, x: float, y: float) -> Readout | None:
        told = super()._read(panel, x, y)
        return None if told is None else dataclasses.replace(told, y=y)

    def _nearest(self, x: float, y: float) -> tuple[PlottedRun, int] | None:
        """Return run and position of the point that is nearest to a place on the screen."""
        width, height = self._curves.panel_of("accuracy").plot.vb.viewPixelSize()
        best: tuple[float, PlottedRun, int] | None = None
        for curve in self._curves.seen():
            low, high = (self._look.epoch_at(x + side * _REACH * width) for side in (-1, 1))
            start, end = np.searchsorted(curve.epochs, (low, high))
            if start >= end:
                continue
            across = self._look.view_xs(curve.epochs[start:end])
            distances = np.hypot((across - x) / width, (self._look.view_y(curve.values[start:end]) - y) / height)
            if np.isnan(distances).all():
                continue
            place = int(np.nanargmin(distances))
            if best is None or distances[place] < best[0]:
                best = (float(distances[place]), curve.run, int(curve.epochs[start + place]))
        return None if best is None else best[1:]

    @pyqtSlot(float, float)
    def _on_clicked(self, x: float, y: float) -> None:
        found = self._nearest(x, y)
        if found is None:
            super()._on_clicked(x, y)
            return
        run, epoch = found
        if run is self._current:
            self.set_selected_epoch(epoch)
            self.epoch_clicked.emit(epoch)
        self.point_clicked.emit(run.key, epoch)

    # The legend tells which curve it has shown or hidden.
    @pyqtSlot()
    @pyqtSlot(object)
    def _update_fit(self, _curve: object = None) -> None:
        if self._fit.is_shown:
            self._fits = self._fit.fit(list(self._curves.seen()), self._curves.pens)
        else:
            self._fits = {}
        names = self._names()
        texts = {label: fit_text(names.get(label, label), fit) for label, fit in self._fits.items()}
        self._curves.set_legend_texts({**names, **texts})
        self.fits_changed.emit()

    def _names(self) -> dict[str, str]:
        """Return the short names of the curves: of one column, which the axis names, those of the runs."""
        if len(self._runs) < 2 or len(self.columns) != 1:
            return {}
        return {self._curves.pens.label(run, self.columns[0]): run.name for run in self._runs}

    @pyqtSlot(float, float)
    def _on_stretch_moved(self, low: float, high: float) -> None:
        self._has_own_stretch = True
        self._update_fit()
        self.stretch_changed.emit(low, high)

    @pyqtSlot(Theme)
    def _on_theme_changed(self, theme: Theme) -> None:
        super()._on_theme_changed(theme)
        self._fit.apply(theme)
        self._update_fit()

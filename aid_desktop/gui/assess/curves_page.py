"""What the pages of curves have in common: they are made in the background, once somebody looks."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, TypeVar

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtGui import QColor, QShowEvent
from PyQt5.QtWidgets import QAction, QComboBox, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.curves import Columns
from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_saving import PlotTable
from aid_desktop.gui.plots.plot_style import Panel, Readout, line_pen
from aid_desktop.gui.theme import GRID, Theme, ThemeManager, class_color, current_theme, line_style, set_role
from aid_desktop.gui.widgets.message_strip import sentence
from aid_desktop.gui.widgets.naming import name_widget

T = TypeVar("T")

MOST_CURVES = 12
"""Of more classes, those with the most images are drawn at first."""

_MOST_READ = 8


class CurvesPage(QWidget):
    """A plot that follows an Assessment, with a line of text below it.

    `name` begins the names of the parts: `<name>Frame.canvas`, `<name>Text`. Nothing is computed while the page is
    hidden; a job whose result is no longer wanted is cancelled.
    """

    def __init__(self, name: str, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"{name}Page")
        self.name = name
        self.assessment: Assessment | None = None
        self._background = background
        self._job: Job[Any] | None = None
        self._is_stale = False
        self._drawn: Any = None
        self._table = PlotTable((), ())
        self._followed: list[Panel] = []
        self.frame = PlotFrame(f"{name}Frame", themes, self)
        self.frame.set_table(lambda: self._table)
        self.frame.save_tables_in(background)
        self.frame.set_reader(self._read)
        self.text = QLabel(self)
        self.text.setObjectName(f"{name}Text")
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        set_role(self.text, "muted")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, GRID // 2, 0, 0)
        self.column.setSpacing(GRID // 2)
        self.column.addWidget(self.frame, 1)
        self.column.addWidget(self.text)
        themes.changed.connect(self._on_theme)

    @property
    def is_busy(self) -> bool:
        """Whether curves are being computed."""
        return self._job is not None

    def show_assessment(self, made: Assessment) -> None:
        """Show another result; curves that depend on the probabilities alone stay if those are the same."""
        before, self.assessment = self.assessment, made
        if before is not None and before.predictions is made.predictions:
            self.on_rescored()
            return
        self._forget()
        self.on_new_predictions()
        self.refresh()

    def refresh(self) -> None:
        """Compute anew, now or once the page is seen."""
        self._is_stale = True
        if self.isVisible() and self.assessment is not None:
            self._is_stale = False
            self._start(self.work(self.assessment))

    def _forget(self) -> None:
        # What is drawn of other predictions would be drawn again with another theme, by classes that are not there.
        if self._job is not None:
            self._job.cancel()
        self._drawn = None
        self._table = PlotTable((), ())
        self.text.clear()
        for panel in self.frame.panels.values():
            clear_curves(panel)

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        if self._is_stale:
            self.refresh()

    def on_new_predictions(self) -> None:
        """Get ready for predictions of another model or other images."""

    def on_rescored(self) -> None:
        """Follow another threshold for the same predictions."""

    def work(self, made: Assessment) -> Callable[[JobContext], Any]:
        """Return what is to be computed in the background."""
        raise NotImplementedError

    def draw(self, made: Any) -> None:
        """Show what was computed."""
        raise NotImplementedError

    def set_columns(self, curves: Sequence[Columns]) -> None:
        """Let a CSV file have the numbers of these curves."""
        pairs = [pair for columns in curves for pair in columns.items()]
        self._table = PlotTable(tuple(name for name, _ in pairs), tuple(values for _, values in pairs))

    def _start(self, work: Callable[[JobContext], Any]) -> None:
        if self._job is not None:
            self._job.cancel()
        made = self.assessment
        self.frame.suggested_name = f"{self.name} {made.path.stem}" if made is not None else self.name
        job = self._background.start("Drawing curves", work, self._on_made, self._on_failed, is_cancellable=True)
        self._job = job
        job.ended.connect(self._on_ended)
        self.destroyed.connect(job.cancel)

    def _on_made(self, made: Any) -> None:
        self._drawn = made
        self.draw(made)
        for panel in self.frame.panels.values():
            panel.wrap_legend()
            if panel not in self._followed:
                self._followed.append(panel)
                panel.plot.vb.sigResized.connect(panel.wrap_legend)

    @pyqtSlot()
    def _on_ended(self) -> None:
        if self.sender() is self._job:
            self._job = None

    def _on_failed(self, failure: Failure) -> None:
        self.frame.set_empty_text(sentence(failure.message))

    @pyqtSlot(Theme)
    def _on_theme(self, _: Theme) -> None:
        self.frame.restyle()
        if self._drawn is not None:
            self.draw(self._drawn)

    def _read(self, panel: Panel, x: float, y: float) -> Readout:
        lines = [f"{escape(panel.labels.get('bottom') or 'x')} {x:.4g}"]
        for name, curve in list(panel.curves.items()):
            places, values = curve.getOriginalDataset()
            if places is not None and len(places) and curve.isVisible() and places[0] <= x <= places[-1]:
                lines.append(f"{name}: {_value_at(places, values, x):.4g}")
        more = [f"and {len(lines) - 1 - _MOST_READ} more"] if len(lines) > _MOST_READ + 1 else []
        return Readout(x, y, "<br>".join(lines[: _MOST_READ + 1] + more))


def _value_at(places: Any, values: Any, x: float) -> float:
    if len(places) == len(values) + 1:  # steps
        return float(values[min(len(values) - 1, max(0, int(np.searchsorted(places, x, side="right")) - 1))])
    return float(np.interp(x, places, values))


def set_curve(
    panel: Panel, name: str, color: QColor, style: Qt.PenStyle, x: Any, y: Any, *, is_steps: bool = False
) -> None:
    """Add a curve with all its points: they are thinned out already, and may stand above each other."""
    curve = panel.add_curve(escape(name), color, style)
    curve.setDownsampling(auto=False)
    curve.setClipToView(False)
    curve.setPen(line_pen(color, style, 2.0))
    if is_steps:
        curve.setData(x, y, stepMode="center")
    else:
        curve.setData(x, y)


def clear_curves(panel: Panel) -> None:
    """Take all curves away."""
    for name in list(panel.curves):
        panel.remove_curve(name)


def class_pen(index: int) -> tuple[QColor, Qt.PenStyle]:
    """Return colour and dash of a class."""
    return class_color(index), line_style(index)


def guide_line(panel: Panel, *, is_movable: bool) -> Any:
    """Add an upright line at 0.5; one that can be moved stays from 0 to 1."""
    line = pg.InfiniteLine(pos=0.5, angle=90, movable=is_movable, bounds=(0, 1))
    line.setZValue(30)
    panel.plot.addItem(line, ignoreBounds=True)
    style_line(line, is_used=False)
    return line


def style_line(line: Any, is_used: bool) -> None:
    """Show whether what a line stands for is in use."""
    theme = current_theme()
    style = Qt.PenStyle.SolidLine if is_used else Qt.PenStyle.DashLine
    line.setPen(line_pen(theme.accent if is_used else theme.muted, style, 2.0))
    line.setHoverPen(line_pen(theme.accent_hover, style, 3.0))


def class_combo(name: str, parent: QWidget) -> QComboBox:
    """Return an empty list of classes to choose one from."""
    combo = QComboBox(parent)
    name_widget(combo, name, "Class", "The class whose probability is looked at")
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(10)
    combo.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    return combo


class ClassMenu(QToolButton):
    """Ticks which classes are drawn; `chosen` gives their numbers, `on_change` is called when they change."""

    def __init__(self, name: str, on_change: Callable[[], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._on_change = on_change
        self._actions: list[QAction] = []
        self._names: tuple[str, ...] = ()
        name_widget(self, name, "Classes that are drawn", "Choose which classes are drawn")
        self.setText("Classes")
        self.setAutoRaise(True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.setObjectName(f"{name}.menu")
        self.setMenu(self._menu)

    @property
    def chosen(self) -> list[int]:
        """The numbers of the ticked classes."""
        return [index for index, action in enumerate(self._actions) if action.isChecked()]

    def set_classes(self, names: tuple[str, ...], support: Sequence[int]) -> None:
        """Offer classes; other ones than before are ticked anew: the MOST_CURVES with the most images."""
        if names == self._names:
            return
        self._names = names
        self._menu.clear()
        largest = set(np.argsort(-np.asarray(support), kind="stable")[:MOST_CURVES].tolist())
        self._actions = []
        for index, name in enumerate(names):
            action = QAction(name.replace("&", "&&"), self._menu)
            action.setObjectName(f"{self.objectName()}.{index}")
            action.setCheckable(True)
            action.setChecked(index in largest)
            action.toggled.connect(self._on_toggled)
            self._menu.addAction(action)
            self._actions.append(action)
        self.setVisible(len(names) > 1)

    @pyqtSlot()
    def _on_toggled(self) -> None:
        self._on_change()

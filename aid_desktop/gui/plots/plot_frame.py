"""PlotFrame: a themed plot with a row of controls above it, a crosshair, and a button to save it."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyqtgraph as pg
from PyQt5 import sip
from PyQt5.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QAction, QFileDialog, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from aid_desktop.errors import AidError, ExportError
from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.plots.growing_view import GrowingViewBox
from aid_desktop.gui.plots.plot_saving import CsvWriter, PlotTable, write_csv, write_png, write_svg
from aid_desktop.gui.plots.plot_style import DecadeAxis, Panel, Reader, Readout, curves_table, read_place
from aid_desktop.gui.qt import required
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.theme import GRID, Theme, ThemeManager, icon
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence

_FORMATS = {".png": "PNG image", ".svg": "SVG drawing", ".csv": "CSV table of the numbers"}


class _Canvas(pg.GraphicsLayoutWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """The drawing surface; `paint_seconds` tells how long it took to paint the last time."""

    paint_seconds = 0.0

    def paintEvent(self, ev: Any) -> None:
        started = time.perf_counter()
        super().paintEvent(ev)
        self.paint_seconds = time.perf_counter() - started


class PlotFrame(QWidget):
    """One or more panels below each other with a common horizontal axis.

    `name` becomes the object name; the parts are `<name>.canvas`, `<name>.fit`, `<name>.save`, `<name>.messages`.
    `header` is the row above, to which callers add widgets from the left. `clicked` carries a place in units
    of the axes of the panel that was clicked; `left` tells that the mouse has gone. With `is_legend_shown`
    False the legends appear in saved files only.
    """

    clicked = pyqtSignal(float, float)
    left = pyqtSignal()

    def __init__(
        self, name: str, themes: ThemeManager, parent: QWidget | None = None, *, is_legend_shown: bool = True
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.suggested_name = "plot"
        self._themes = themes
        self._is_legend_shown = is_legend_shown
        self._background: Background | None = None
        self._reader: Reader = read_place
        self._make_table: Callable[[], PlotTable] = self._curves_table
        self._panels: dict[int, Panel] = {}
        self.canvas: Any = _Canvas(self)
        self.canvas.setObjectName(f"{name}.canvas")
        self.canvas.setAcceptDrops(False)
        self.canvas.setMinimumSize(20 * GRID, 12 * GRID)
        self.canvas.ci.layout.setVerticalSpacing(GRID // 2)
        self.canvas.ci.setContentsMargins(GRID // 2, GRID, GRID, GRID // 2)
        for widget in (self.canvas, self.canvas.viewport()):
            # Keys do nothing here; owners such as HistoryPlot take them.
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.canvas.viewport().installEventFilter(self)
        self._empty = QLabel(self.canvas)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.hide()
        self._readout = QLabel(self.canvas)
        self._readout.setTextFormat(Qt.TextFormat.RichText)
        self._readout.hide()
        for label in (self._empty, self._readout):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._messages = MessageStrip(f"{name}.messages", self)
        self.header = QHBoxLayout()
        self._lay_out()
        scene = self.canvas.scene()
        scene.sigMouseMoved.connect(self._on_mouse_moved)
        scene.sigMouseClicked.connect(self._on_mouse_clicked)
        themes.changed.connect(self._on_theme_changed)
        self._on_theme_changed(themes.current)

    @property
    def panels(self) -> dict[int, Panel]:
        """The panels by their row, hidden ones included."""
        return dict(self._panels)

    def add_panel(
        self, row: int = 0, x_axis: Any = None, legend_corner: tuple[int, int] = (-8, 8), *, is_growing: bool = False
    ) -> Panel:
        """Add a pair of axes in a row; `legend_corner` counts pixels from left and top, negative from the ends.

        With `is_growing` the axes leave room for points to come.
        """
        axes = {"left": DecadeAxis("left"), **({"bottom": x_axis} if x_axis is not None else {})}
        # Without its menu, which is never shown, a view box is made in a tenth of the time.
        view = GrowingViewBox(enableMenu=False) if is_growing else pg.ViewBox(enableMenu=False)
        panel = Panel(
            self.canvas.addPlot(row=row, col=0, viewBox=view, enableMenu=False, axisItems=axes), legend_corner
        )
        panel.legend.setVisible(self._is_legend_shown)
        if self._panels:
            panel.plot.setXLink(next(iter(self._panels.values())).plot)
        self._panels[row] = panel
        self._panels = dict(sorted(self._panels.items()))
        panel.apply(self._themes.current)
        return panel

    def set_reader(self, reader: Reader) -> None:
        """Let `reader` decide what the crosshair tells."""
        self._reader = reader

    def set_table(self, make_table: Callable[[], PlotTable]) -> None:
        """Let `make_table` decide which numbers a CSV file gets; without it, those of the visible curves."""
        self._make_table = make_table

    def set_legend_shown(self, is_shown: bool) -> None:
        """Show the legends on the screen too, or in saved files only."""
        self._is_legend_shown = is_shown
        self._show_legends(is_shown)

    def set_empty_text(self, text: str) -> None:
        """Say what belongs here instead of axes; an empty text brings them back."""
        self._empty.setText(text)
        # Hidden axes would forget their size.
        self.canvas.ci.setOpacity(0.0 if text else 1.0)
        self._empty.setVisible(bool(text))
        self._place_empty()

    @property
    def empty_text(self) -> str:
        """What is said in place of curves, or an empty text."""
        return "" if self._empty.isHidden() else self._empty.text()

    def restyle(self) -> None:
        """Apply the theme again, after labels have changed."""
        self._on_theme_changed(self._themes.current)

    def pixel_of(self, panel: Panel, x: float, y: float) -> QPoint:
        """Return where a place, in units of the axes, is on `canvas.viewport()`."""
        scene = panel.plot.vb.mapViewToScene(QPointF(x, y))
        return QPoint(self.canvas.mapFromScene(scene))

    @pyqtSlot()
    def fit(self) -> None:
        """Show everything, and keep showing everything as it grows."""
        for panel in self._panels.values():
            if isinstance(panel.plot.vb, GrowingViewBox):
                panel.plot.vb.forget()
            panel.plot.enableAutoRange()
            for item in panel.plot.listDataItems():
                # Else the range is found from the stretch that was seen last.
                item.viewRangeChanged()

    def save(self, path: Path) -> None:
        """Write PNG, SVG or CSV by the suffix. Raises OSError, AidError."""
        if path.suffix.lower() == ".csv":
            self.csv_writer()(path, None)
            return
        self.hide_crosshair()
        try:
            self._show_legends(True)
            (write_svg if path.suffix.lower() == ".svg" else write_png)(self.canvas, path)
        finally:
            self._show_legends(self._is_legend_shown)

    def csv_writer(self) -> CsvWriter:
        """Return what writes the numbers of now, from any thread. It raises OSError, AidError."""
        table = self._make_table()
        return lambda path, progress: write_csv(table, path, progress)

    def save_tables_in(self, background: Background) -> None:
        """Write tables that the user asks for in the background, as they may be long."""
        self._background = background

    def hide_crosshair(self) -> None:
        """Take lines and readout away."""
        self._readout.hide()
        for panel in self._panels.values():
            panel.down.hide()
            panel.across.hide()
        self.left.emit()

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        kind = required(a1).type()
        if kind == QEvent.Type.Leave:
            self.hide_crosshair()
        elif kind == QEvent.Type.Resize:
            self._place_empty()
        return False

    def _lay_out(self) -> None:
        name = self.objectName()
        self._fit_button = QToolButton(self)
        self._fit_button.setText("Fit")
        self._fit_button.setObjectName(f"{name}.fit")
        self._fit_button.setAccessibleName("Show the whole plot")
        self._fit_button.setToolTip("Show everything again after zooming with the wheel or dragging")
        self._fit_button.clicked.connect(self.fit)
        self._save_button = QToolButton(self)
        self._save_button.setText("Save plot…")
        self._save_button.setIcon(icon("save"))
        self._save_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._save_button.setObjectName(f"{name}.save")
        self._save_button.setAccessibleName("Save the plot")
        self._save_button.setToolTip("Save what is shown as a picture, or its numbers as a table")
        self._save_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._save_button)
        for suffix, words in _FORMATS.items():
            action = QAction(f"{words}…", menu)
            action.setObjectName(f"{name}.save{suffix}")
            action.triggered.connect(partial(self._on_save, suffix))
            menu.addAction(action)
        self._save_button.setMenu(menu)
        for button in (self._fit_button, self._save_button):
            button.setAutoRaise(True)
        self.header.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        row.addLayout(self.header, 1)
        for button in (self._fit_button, self._save_button):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addWidget(self._messages)
        column.addWidget(self.canvas, 1)

    @pyqtSlot(Theme)
    def _on_theme_changed(self, theme: Theme) -> None:
        self.canvas.setBackground(theme.plot_background)
        for panel in self._panels.values():
            panel.apply(theme)
        self._empty.setStyleSheet(f"color: {theme.muted}; background: transparent;")
        self._readout.setStyleSheet(
            f"color: {theme.text}; background: {theme.tooltip}; border: 1px solid {theme.border};"
            "border-radius: 4px; padding: 4px 6px;"
        )

    @pyqtSlot(object)
    def _on_mouse_moved(self, place: QPointF) -> None:
        panel = self._panel_at(place)
        readout: Readout | None = None
        if panel is not None and self._empty.isHidden():
            point = panel.plot.vb.mapSceneToView(place)
            readout = self._reader(panel, point.x(), point.y())
        if panel is None or readout is None:
            self.hide_crosshair()
            return
        for each in self._panels.values():
            each.down.setValue(readout.x)
            each.down.show()
            each.across.setVisible(each is panel and readout.y is not None)
        if readout.y is not None:
            panel.across.setValue(readout.y)
        self._show_readout(panel, readout)

    def _show_readout(self, panel: Panel, readout: Readout) -> None:
        self._readout.setText(readout.text)
        self._readout.adjustSize()
        area = self._area(panel)
        line = self.canvas.mapFromScene(panel.plot.vb.mapViewToScene(QPointF(readout.x, 0))).x()
        size = self._readout.size()
        left = line + GRID
        if left + size.width() > area.right():
            left = line - GRID - size.width()
        self._readout.move(max(0, int(left)), int(area.top()) + GRID)
        self._readout.show()

    @pyqtSlot(object)
    def _on_mouse_clicked(self, event: Any) -> None:
        # Not asked whether the event was accepted: dots accept it when they are hit.
        panel = self._panel_at(event.scenePos())
        if event.button() != Qt.MouseButton.LeftButton or panel is None:
            return
        if panel.legend.isVisible() and panel.legend.sceneBoundingRect().contains(event.scenePos()):
            return
        if event.double():
            self.fit()
            return
        point = panel.plot.vb.mapSceneToView(event.scenePos())
        self.clicked.emit(point.x(), point.y())

    def _panel_at(self, place: QPointF) -> Panel | None:
        for panel in self._panels.values():
            if panel.plot.isVisible() and panel.plot.vb.sceneBoundingRect().contains(place):
                return panel
        return None

    def _area(self, panel: Panel) -> QRectF:
        return QRectF(self.canvas.mapFromScene(panel.plot.vb.sceneBoundingRect()).boundingRect())

    def _curves_table(self) -> PlotTable:
        return PlotTable(*curves_table(list(self._panels.values())))

    def _place_empty(self) -> None:
        self._empty.setGeometry(self.canvas.rect().adjusted(8 * GRID, 0, -8 * GRID, 0))

    def _show_legends(self, shown: bool) -> None:
        for panel in self._panels.values():
            panel.legend.setVisible(shown)
            panel.place_legend()

    def _on_save(self, suffix: str) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Save plot", f"{self.suggested_name}{suffix}", f"{_FORMATS[suffix]} (*{suffix})"
        )
        if chosen:
            save_as(chosen, suffix, self._save_to, self)

    def _save_to(self, path: Path) -> None:
        self._messages.clear()
        if path.suffix == ".csv" and self._background is not None:
            work = partial(_write_table, self.csv_writer(), path)
            failed = partial(self._on_not_saved, self._background)
            self._background.start("Saving the table", work, _nothing, failed, is_cancellable=True)
            return
        try:
            self.save(path)
        except (AidError, OSError) as error:
            text = _refusal(path, error) if isinstance(error, OSError) else str(error)
            self._messages.add(Note(Level.ERROR, sentence(text)))

    def _on_not_saved(self, background: Background, failure: Failure) -> None:
        # A table is written to its end although its window was closed meanwhile.
        if sip.isdeleted(self):
            background.failed.emit(failure)
            return
        self._messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))


def _write_table(write: CsvWriter, path: Path, context: JobContext) -> None:
    try:
        write(path, context.report_or_leave)
    except OSError as error:
        raise ExportError(_refusal(path, error)) from error


def _nothing(_: None) -> None:
    """Take note of a file that is there: nobody needs to be told."""


def _refusal(path: Path, error: OSError) -> str:
    return f"{path} cannot be written ({error.strerror or error}): choose another folder or name"

"""What decides how curves are shown: smoothing, a line through a stretch, saved epochs only, axes, legend."""

from PyQt5.QtCore import Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QSpinBox, QWidget

from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.flow_layout import FlowLayout
from aid_desktop.gui.widgets.naming import name_widget

LONGEST_WINDOW = 50

_SMOOTHING_DELAY = 60  # milliseconds after the last move of the slider
_MOST_EPOCHS = 10_000_000


class CurveControls(QWidget):
    """Each signal carries what the user has chosen; `stretch_changed` first and last epoch of the fit."""

    window_changed = pyqtSignal(int)
    saved_only_changed = pyqtSignal(bool)
    log_changed = pyqtSignal(bool)
    log_x_changed = pyqtSignal(bool)
    legend_changed = pyqtSignal(bool)
    fit_changed = pyqtSignal(bool)
    stretch_changed = pyqtSignal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._smoothing = QSlider(Qt.Orientation.Horizontal, self)
        self._smoothing.setRange(1, LONGEST_WINDOW)
        self._smoothing.setPageStep(5)
        self._smoothing.setFixedWidth(13 * GRID)
        tip = "Draw the median of this many epochs around each epoch; 1: as measured"
        name_widget(self._smoothing, "historySmoothing", "Smoothing of the curves", tip)
        self._smoothing_text = QLabel(self)
        self._smoothing_text.setMinimumWidth(self.fontMetrics().horizontalAdvance("50 epochs  "))
        self._saved_only = self._box("Saved only", "SavedOnly", "Show saved epochs only",
                                     "Show only epochs after which a model was saved, in plot and table")  # fmt: skip
        self._log_x = self._box("Log x", "LogX", "Logarithmic horizontal axis",
                                "Use a logarithmic axis of epochs, counted from 1")  # fmt: skip
        self._log = self._box("Log y", "Log", "Logarithmic vertical axis",
                              "Use a logarithmic vertical axis, which suits losses and learning rates")  # fmt: skip
        self._legend = self._box("Legend", "Legend", "Show the legend",
                                 "Show the names of the curves; a click on a line there hides its curve")  # fmt: skip
        self._fit = self._box("Linear fit", "Fit", "Fit lines to a stretch of the curves",
                              "Fit a line to each curve within the marked epochs: drag them in the plot")  # fmt: skip
        self._from, self._to = self._epoch_editor("From", "First"), self._epoch_editor("To", "Last")
        self._stretch = self._stretch_row()
        self._stretch.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SMOOTHING_DELAY)
        self._lay_out()
        self._on_slider_moved(1)
        self._timer.stop()
        self._connect()

    @pyqtSlot(float, float)
    def show_stretch(self, low: float, high: float) -> None:
        """Show first and last epoch of the fit; emits nothing."""
        for editor, value in ((self._from, low), (self._to, high)):
            editor.blockSignals(True)
            editor.setValue(round(value))
            editor.blockSignals(False)

    def set_legend_shown(self, is_shown: bool) -> None:
        """Tick the box of the legend, or take the tick away, as the user might."""
        self._legend.setChecked(is_shown)

    def _box(self, text: str, name: str, title: str, tip: str) -> QCheckBox:
        box = QCheckBox(text, self)
        name_widget(box, f"history{name}", title, tip)
        return box

    def _epoch_editor(self, name: str, title: str) -> QSpinBox:
        editor = QSpinBox(self)
        editor.setRange(0, _MOST_EPOCHS)
        editor.setKeyboardTracking(False)
        editor.setFixedWidth(11 * GRID)
        name_widget(
            editor, f"historyFit{name}", f"{title} epoch of the fit", f"{title} epoch that the lines are fitted to"
        )
        return editor

    def _stretch_row(self) -> QWidget:
        widget = QWidget(self)
        row = QHBoxLayout(widget)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        for part in (QLabel("epochs", widget), self._from, QLabel("to", widget), self._to):
            row.addWidget(part)
        return widget

    def _lay_out(self) -> None:
        title = QLabel("Smoothing", self)
        title.setBuddy(self._smoothing)
        smoothing = QWidget(self)
        row = QHBoxLayout(smoothing)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        for part in (title, self._smoothing, self._smoothing_text):
            row.addWidget(part)
        flow = FlowLayout(self, 2 * GRID)
        for widget in (smoothing, self._saved_only, self._log_x, self._log, self._legend, self._fit, self._stretch):
            flow.addWidget(widget)

    def _connect(self) -> None:
        self._smoothing.valueChanged.connect(self._on_slider_moved)
        self._timer.timeout.connect(self._on_smoothing_settled)
        self._saved_only.toggled.connect(self.saved_only_changed)
        self._log_x.toggled.connect(self.log_x_changed)
        self._log.toggled.connect(self.log_changed)
        self._legend.toggled.connect(self.legend_changed)
        self._fit.toggled.connect(self._on_fit_toggled)
        for editor in (self._from, self._to):
            editor.valueChanged.connect(self._on_stretch_edited)

    @pyqtSlot(int)
    def _on_slider_moved(self, window: int) -> None:
        self._smoothing_text.setText("off" if window == 1 else f"{window} epochs")
        self._timer.start()

    @pyqtSlot()
    def _on_smoothing_settled(self) -> None:
        self.window_changed.emit(self._smoothing.value())

    @pyqtSlot(bool)
    def _on_fit_toggled(self, is_shown: bool) -> None:
        self._stretch.setVisible(is_shown)
        self.updateGeometry()
        self.fit_changed.emit(is_shown)

    @pyqtSlot()
    def _on_stretch_edited(self) -> None:
        self.stretch_changed.emit(float(self._from.value()), float(self._to.value()))

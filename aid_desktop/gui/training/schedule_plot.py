"""What a schedule will do to the learning rate, before it is used."""

import numpy as np
from PyQt5.QtGui import QColor
from PyQt5.QtWidgets import QLabel, QVBoxLayout, QWidget

from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_style import WholeNumberAxis, line_pen
from aid_desktop.gui.theme import GRID, Theme, ThemeManager, set_role
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.training.schedules import learning_rates

_HEIGHT = 20 * GRID
_MOST_POINTS = 4000
_FINEST = 20
_ON_PLATEAU = "The rate falls when the validation loss does, so there is nothing to plot before."


class SchedulePlot(QWidget):
    """The learning rate over all epochs; hidden while it is constant."""

    def __init__(self, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_wanted = self._is_constant = True
        self.frame = PlotFrame("schedulePlot", themes, self, is_legend_shown=False)
        self.frame.setFixedHeight(_HEIGHT)
        self.frame.suggested_name = "schedule"
        self.frame.header.addStretch(1)
        panel = self.frame.add_panel(0, WholeNumberAxis())
        panel.set_labels("learning rate", "epoch")
        panel.plot.setMouseEnabled(x=False, y=False)
        self.curve = panel.add_curve("learning rate", QColor(themes.current.accent))
        self.note = QLabel(_ON_PLATEAU, self)
        self.note.setWordWrap(True)
        set_role(self.note, "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.frame)
        column.addWidget(self.note)
        themes.changed.connect(self._on_theme_changed)
        self._on_theme_changed(themes.current)
        self.show_schedule(HyperParameters())

    def set_wanted(self, is_wanted: bool) -> None:
        """Hide the plot whatever the schedule, or show it again."""
        self._is_wanted = is_wanted
        self.setVisible(is_wanted and not self._is_constant)

    def show_schedule(self, hyperparameters: HyperParameters) -> None:
        """Plot the schedule of these settings."""
        schedule = hyperparameters.schedule
        self._is_constant = schedule == "constant"
        self.setVisible(self._is_wanted and not self._is_constant)
        self.note.setVisible(schedule == "reduce_on_plateau")
        self.frame.setVisible(schedule != "reduce_on_plateau")
        n_points = max(1, min(_FINEST, _MOST_POINTS // hyperparameters.epochs))
        stride = -(-hyperparameters.epochs // _MOST_POINTS)
        epochs = range(0, hyperparameters.epochs, stride)
        rates = np.concatenate([learning_rates(hyperparameters, epoch, n_points) for epoch in epochs])
        self.curve.setData((np.array(epochs)[:, None] + np.arange(n_points) / n_points).ravel(), rates)
        self.frame.fit()

    def _on_theme_changed(self, theme: Theme) -> None:
        self.curve.setPen(line_pen(theme.accent, width=1.5))

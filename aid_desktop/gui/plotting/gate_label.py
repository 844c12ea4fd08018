"""The name of a gate in the scatter plot."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt5.QtGui import QColor, QPainter

from aid_desktop.data.scales import Numbers
from aid_desktop.gui.plots.plot_style import plot_font

_OPACITY = 200


class GateLabel(pg.TextItem):  # type: ignore[misc]  # pyqtgraph has no types
    """A name on the ground of the plot, so that it can be read over points, at the upper right corner of a gate.

    Where that corner is not seen, it stands at the edge of the plot beside what is seen of the gate.
    """

    def __init__(self, name: str, color: QColor) -> None:
        super().__init__(name, color=color, anchor=(0, 1))
        self.setFont(plot_font())

    def place(self, box: Numbers) -> None:
        """Move to a gate that extends from (x, y) to (x, y) of a box (2, 2), one row for each axis."""
        view = self.getViewBox()
        seen = np.array(view.viewRange())
        is_seen = bool((box[:, 1] >= seen[:, 0]).all() and (box[:, 0] <= seen[:, 1]).all())
        corner = np.clip(box[:, 1], *seen.T)
        size = np.array([self.boundingRect().width(), self.boundingRect().height()])
        # Left of the corner, below it: where there is no room to the right, above.
        has_room = (seen[:, 1] - corner) / view.viewPixelSize() >= size
        self.setAnchor((0 if has_room[0] else 1, 1 if has_room[1] else 0))
        self.setPos(*corner)
        self.setVisible(is_seen)

    def paint(self, p: QPainter, *args: Any) -> None:
        """Draw the name on its ground."""
        ground = QColor(self.scene().views()[0].backgroundBrush().color())
        ground.setAlpha(_OPACITY)
        self.fill = pg.mkBrush(ground)
        super().paint(p, *args)

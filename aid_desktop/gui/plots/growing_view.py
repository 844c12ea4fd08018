"""A view of curves that grow: its axes change now and then, not with every point."""

from typing import Any

import pyqtgraph as pg

Bounds = list[list[float] | None]

# Parts of what is to be seen: room for what comes next along x and y, what must be filled at least, and what the
# margin that pyqtgraph leaves around all points holds too, as their size counts differently in each range.
_ROOM = (0.15, 0.05)
_LEAST_FILLED = 0.6
_MARGIN = 0.02


class GrowingViewBox(pg.ViewBox):  # type: ignore[misc]  # pyqtgraph has no types
    """A view box that fits itself to its curves in steps.

    New ranges cost pyqtgraph several times as much as new points: ticks are made anew, curves thinned out anew.
    """

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        self._kept: Bounds = [None, None]

    def forget(self) -> None:
        """Fit tightly the next time."""
        self._kept = [None, None]

    def childrenBounds(self, frac: Any = None, orthoRange: Any = (None, None), items: Any = None) -> Bounds:
        """Return what is to be seen along x and y; the same as before while the curves are still well seen in it."""
        bounds: Bounds = super().childrenBounds(frac, orthoRange, items)
        # pyqtgraph asks for one axis after the other; y is that of what is seen of x.
        axis = 0 if orthoRange[1] is None else 1
        bounds[axis] = self._steady(axis, bounds[axis])
        return bounds

    def _steady(self, axis: int, needed: list[float] | None) -> list[float] | None:
        if needed is None:
            return None
        low, high = map(float, needed)
        kept = self._kept[axis]
        if kept is not None:
            margin = _MARGIN * (kept[1] - kept[0])
            is_below, is_above = low < kept[0] - margin, high > kept[1] + margin
            if not is_below and not is_above and high - low >= _LEAST_FILLED * (kept[1] - kept[0]):
                return list(kept)
            room = _ROOM[axis] * (high - low)
            low, high = (low - room if is_below else low), (high + room if is_above else high)
        self._kept[axis] = [low, high]
        return [low, high]

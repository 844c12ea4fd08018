"""The gates of the window: kept when the plot is closed, the same for every source."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from PyQt5.QtCore import QObject, pyqtSignal

from aid_desktop.data.gates import AllOf, Gate, exchanged, free_name


class GateList(QObject):
    """Gates with different names, in order. `changed` tells of every change."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._gates: tuple[Gate, ...] = ()

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The gates."""
        return self._gates

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(gate.name for gate in self._gates)

    def add(self, gates: Sequence[Gate]) -> None:
        """Add gates at the end; a name that is taken gets a number, also where the gate is part of a combination."""
        added = list(gates)
        for place in range(len(added)):
            old = added[place]
            new = replace(old, name=free_name(old.name, (*self.names, *(gate.name for gate in added[:place]))))
            if new != old:
                added = [_with_part(gate, old, new) for gate in added]
                added[place] = new
        self._gates = (*self._gates, *added)
        self.changed.emit()

    def combine(self, places: Sequence[int]) -> None:
        """Add a gate of the events that are in all gates at these places, at least two."""
        parts = tuple(self._gates[place] for place in places)
        self.add([AllOf(" and ".join(part.name for part in parts), parts)])

    def exchange(self, old: Gate, new: Gate) -> None:
        """Put another gate in the place of one, also where it is part of a combination."""
        self._set(exchanged(self._gates, old, new))

    def rename(self, place: int, name: str) -> None:
        """Rename a gate; a name that is taken gets a number. Raises DataError for a name that cannot be."""
        old = self._gates[place]
        taken = [gate.name for gate in self._gates if gate is not old]
        self.exchange(old, replace(old, name=free_name(name, taken)))

    def remove(self, places: Collection[int]) -> None:
        """Remove gates; combinations keep what they were made of."""
        self._set(tuple(gate for place, gate in enumerate(self._gates) if place not in places))

    def _set(self, gates: tuple[Gate, ...]) -> None:
        if gates != self._gates:
            self._gates = gates
            self.changed.emit()


def _with_part(gate: Gate, old: Gate, new: Gate) -> Gate:
    return replace(gate, gates=exchanged(gate.gates, old, new)) if isinstance(gate, AllOf) else gate

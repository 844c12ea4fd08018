"""The list of gates with their events and statistics, and what can be done with them."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QAction,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.class_table import Role
from aid_desktop.data.feature_labels import feature_label
from aid_desktop.data.gate_files import read_gates
from aid_desktop.data.gate_text import describe, limits_text, with_limits
from aid_desktop.data.gates import AllOf
from aid_desktop.errors import DataError, ExportError
from aid_desktop.gui.plotting.gate_list import GateList
from aid_desktop.gui.plotting.gate_saving import FORMATS, save_gates
from aid_desktop.gui.plotting.gate_table import GateTable
from aid_desktop.gui.plotting.plotted import GatedEvents
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.theme import GRID, set_primary, set_role
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.naming import name_widget, named_button

_OPEN_FILTER = "Gates (*.json *.poly)"


class GatePanel(QWidget):
    """Edits a GateList.

    `polygon_wanted` and `range_wanted` (along x, along y, both: "x", "y", "xy") ask for a new gate,
    `feature_chosen` for statistics of another feature, `rows_wanted` carries the places of gates and the role of
    the rows that they are to become. `refused` says what cannot be done, and why.
    """

    polygon_wanted = pyqtSignal()
    range_wanted = pyqtSignal(str)
    feature_chosen = pyqtSignal()
    rows_wanted = pyqtSignal(tuple, Role)
    refused = pyqtSignal(str)

    def __init__(self, gates: GateList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gatePanel")
        self._gates = gates
        self._events: GatedEvents | None = None
        self._is_busy = False
        self.table = GateTable(gates, self)
        self.table.refused.connect(self.refused)
        self.table.itemSelectionChanged.connect(self._show_state)
        self._make_buttons()
        self._make_fields()
        self._lay_out()
        gates.changed.connect(self._on_gates_changed)
        self._on_gates_changed()

    @property
    def events(self) -> GatedEvents | None:
        """The results on show."""
        return self._events

    @property
    def feature(self) -> str:
        """The feature that statistics are of; "" before a source is chosen."""
        return str(self.feature_box.currentData() or "")

    def set_features(self, names: tuple[str, ...], chosen: str) -> None:
        """Offer the features of a source for statistics; the one before stays chosen if it has it too."""
        wanted = self.feature if self.feature in names else chosen
        self.feature_box.blockSignals(True)
        self.feature_box.clear()
        for name in names:
            self.feature_box.addItem(feature_label(name), name)
        self.feature_box.setCurrentIndex(max(0, self.feature_box.findData(wanted)))
        self.feature_box.blockSignals(False)
        self.feature_box.setEnabled(bool(names))

    def show_events(self, events: GatedEvents | None) -> None:
        """Show how many events are in each gate; None while that is not known."""
        self._events = events
        self.table.show_events(events)
        self._show_state()

    def set_enabled_for_plot(self, is_there: bool) -> None:
        """Gates are drawn only where there is a plot."""
        for button in self._new_buttons:
            button.setEnabled(is_there)

    def save(self, path: Path) -> None:
        """Write gates as .json or .poly, or their statistics as .csv. Raises OSError, ExportError."""
        save_gates(path, self._gates.gates, self._events, self.feature)

    def open(self, path: Path) -> None:
        """Add the gates of a file. Raises DataError."""
        self._gates.add(read_gates(path))

    def _make_buttons(self) -> None:
        self.polygon_button = named_button(
            self, "&Polygon", "gatePolygonButton", "Draw a polygon in the plot, corner by corner"
        )
        self.box_button = named_button(self, "&Box", "gateBoxButton", "A range along both axes, to be dragged")
        self.x_button = named_button(
            self, "Range &x", "gateRangeXButton", "A range along the horizontal axis, to be dragged in its histogram"
        )
        self.y_button = named_button(
            self, "Range &y", "gateRangeYButton", "A range along the vertical axis, to be dragged in its histogram"
        )
        self._new_buttons = (self.polygon_button, self.box_button, self.x_button, self.y_button)
        self.polygon_button.clicked.connect(self.polygon_wanted)
        for button, axes in ((self.box_button, "xy"), (self.x_button, "x"), (self.y_button, "y")):
            button.clicked.connect(lambda _=False, axes=axes: self.range_wanted.emit(axes))
        self.combine_button = named_button(
            self, "&Combine", "gateCombineButton", "A new gate of the events that are in all selected gates (AND)"
        )
        self.combine_button.clicked.connect(self._on_combine)
        self.remove_button = named_button(self, "Remove", "gateRemoveButton", "Remove the selected gates (Del)")
        self.remove_button.clicked.connect(self.table.remove_selected)
        self.open_button = named_button(self, "Open…", "gateOpenButton", "Add the gates of a file (.json, .poly)")
        self.open_button.clicked.connect(self._on_open)
        self.save_button = named_button(
            self, "Save", "gateSaveButton", "Save the gates (.json, .poly) or their statistics (.csv)"
        )
        menu = QMenu(self.save_button)
        for suffix, words in FORMATS.items():
            action = QAction(f"{words} ({suffix})…", menu)
            action.setObjectName(f"gateSave{suffix}")
            action.triggered.connect(partial(self._on_save, suffix))
            menu.addAction(action)
        self.save_button.setMenu(menu)
        self.add_button = named_button(
            self, "&Add as rows", "gateAddButton",
            "Each selected gate becomes a row of the class table, with its events and its name as the class; without "
            "a selection, all gates do",
        )  # fmt: skip
        set_primary(self.add_button)
        self.add_button.clicked.connect(self._on_add)

    def _make_fields(self) -> None:
        self.limits = QLineEdit(self)
        name_widget(
            self.limits, "gateLimits", "Limits of the gate",
            "Corners (x, y; x, y; …) or limits (low to high) of the selected gate, in the units of its features",
        )  # fmt: skip
        self.limits.editingFinished.connect(self._on_limits)
        self.feature_box = QComboBox(self)
        name_widget(self.feature_box, "gateFeature", "Statistics of", "Of which feature the table tells the statistics")
        self.feature_box.currentIndexChanged.connect(self.feature_chosen)
        self.role_box = QComboBox(self)
        self.role_box.addItems([str(role) for role in Role])
        name_widget(self.role_box, "gateRole", "Role", "What the images of the new rows are used for")
        for box in (self.feature_box, self.role_box):
            guard_wheel(box)
        self._kind = QLabel(self)
        self._kind.setObjectName("gateKind")
        self._kind.setWordWrap(True)
        set_role(self._kind, "muted")

    def _lay_out(self) -> None:
        new, edit, add = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (new, self._new_buttons),
            (edit, (self.combine_button, self.remove_button, self.open_button, self.save_button)),
        ):
            row.setSpacing(GRID // 2)
            for widget in widgets:
                row.addWidget(widget, 1)
        add.setSpacing(GRID)
        add.addWidget(self._label("&Role", self.role_box))
        add.addWidget(self.role_box)
        add.addStretch(1)
        add.addWidget(self.add_button)
        fields = QGridLayout()
        fields.setSpacing(GRID)
        for line, (text, widget) in enumerate((("&Statistics of", self.feature_box), ("&Limits", self.limits))):
            fields.addWidget(self._label(text, widget), line, 0)
            fields.addWidget(widget, line, 1)
        fields.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(new)
        column.addWidget(self.table, 1)
        column.addLayout(edit)
        column.addWidget(self._kind)
        column.addLayout(fields)
        column.addLayout(add)

    def _label(self, text: str, buddy: QWidget) -> QLabel:
        label = QLabel(text, self)
        label.setBuddy(buddy)
        return label

    @pyqtSlot()
    def _on_gates_changed(self) -> None:
        self.table.show_gates()
        self._show_state()

    @pyqtSlot()
    def _show_state(self) -> None:
        places = self.table.selected_gates()
        gates = self._gates.gates
        single = gates[places[0]] if len(places) == 1 else None
        self.combine_button.setEnabled(len(places) > 1)
        self.remove_button.setEnabled(bool(places))
        self.save_button.setEnabled(bool(gates))
        self.add_button.setEnabled(self._events is not None and bool(self._events.results))
        self.limits.setEnabled(single is not None and not isinstance(single, AllOf))
        self.limits.setText("" if single is None else limits_text(single))
        self.limits.setCursorPosition(0)
        self._kind.setText("" if single is None else describe(single))
        self._kind.setVisible(single is not None)

    @pyqtSlot()
    def _on_limits(self) -> None:
        places = self.table.selected_gates()
        if len(places) != 1:
            return
        old = self._gates.gates[places[0]]
        if self.limits.text().strip() == limits_text(old):
            return
        try:
            new = with_limits(old, self.limits.text())
        except DataError as error:
            self.limits.setText(limits_text(old))
            self.refused.emit(str(error))
            return
        self._gates.exchange(old, new)

    @pyqtSlot()
    def _on_combine(self) -> None:
        self._gates.combine(self.table.selected_gates())

    @pyqtSlot()
    def _on_add(self) -> None:
        places = self.table.selected_gates() or tuple(range(len(self._gates.gates)))
        self.rows_wanted.emit(places, Role(self.role_box.currentText()))

    @pyqtSlot()
    def _on_open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open gates", "", _OPEN_FILTER)
        if name:
            try:
                self.open(Path(name))
            except DataError as error:
                self.refused.emit(str(error))

    def _on_save(self, suffix: str) -> None:
        kind = f"{FORMATS[suffix]} (*{suffix})"
        name, _ = QFileDialog.getSaveFileName(self, "Save gates", f"gates{suffix}", kind)
        if name:
            save_as(name, suffix, self._save_to, self)

    def _save_to(self, path: Path) -> None:
        try:
            self.save(path)
        except ExportError as error:
            self.refused.emit(str(error))
        except OSError as error:
            self.refused.emit(f"{path} cannot be written ({error.strerror or error}): choose another folder or name.")

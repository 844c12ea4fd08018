"""The tool Plot features…: opens the window of plots and adds its gates to the class table."""

from dataclasses import replace
from functools import partial

from PyQt5.QtCore import QObject, Qt, pyqtSlot
from PyQt5.QtWidgets import QAction

from aid_desktop.errors import DataError
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.data.sources_panel import SourcesPanel
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.plotting.feature_plot_dialog import FeaturePlotDialog, PlotMemory
from aid_desktop.gui.plotting.gate_list import GateList
from aid_desktop.gui.plotting.gate_rows import GateRows, RowsRequest, make_rows
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.gui.widgets.message_strip import Level, Note, sentence
from aid_desktop.gui.widgets.one_dialog import OneDialog


class FeaturePlotTool(QObject):
    """Opens one window at a time, with the first selected row that has features; `panel` is its parent."""

    def __init__(
        self,
        notifier: Notifier,
        editor: TableEditor,
        background: Background,
        themes: ThemeManager,
        panel: SourcesPanel,
    ) -> None:
        super().__init__(panel)
        self._notifier = notifier
        self._editor = editor
        self._background = background
        self._themes = themes
        self._panel = panel
        self._dialog = OneDialog(self)
        self._places: tuple[int, ...] = ()
        self._memory = PlotMemory()
        self.gates = GateList(self)
        self.action = QAction("Plot features…", self)
        self.action.setObjectName("plotFeaturesAction")
        self.action.setToolTip("Plot the features of the events in .rtdc files, and choose events by gates")
        self.action.triggered.connect(self.open)
        panel.rows_selected.connect(self._on_rows_selected)
        panel.view.addAction(self.action)
        panel.view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    @property
    def dialog(self) -> FeaturePlotDialog | None:
        """The window while it is open."""
        dialog = self._dialog.dialog
        return dialog if isinstance(dialog, FeaturePlotDialog) else None

    @pyqtSlot()
    def open(self) -> None:
        """Open the window, or bring the open one to the front, with the events of the selected row."""
        self._dialog.show(self._make_dialog)
        rows = self._editor.table.rows
        sources = [rows[place].source for place in self._places if place < len(rows)]
        chosen = next((source for source in sources if source.features), None)
        if chosen is not None and self.dialog is not None:
            self.dialog.show_source(chosen)

    def _make_dialog(self) -> FeaturePlotDialog:
        dialog = FeaturePlotDialog(
            self._editor.table, self.gates, self._memory, self._background, self._themes, self._panel
        )
        dialog.rows_wanted.connect(self._on_rows_wanted)
        self._notifier.table_changed.connect(dialog.set_table)
        return dialog

    @pyqtSlot(tuple)
    def _on_rows_selected(self, places: tuple[int, ...]) -> None:
        self._places = places

    @pyqtSlot(RowsRequest)
    def _on_rows_wanted(self, request: RowsRequest) -> None:
        request = replace(request, present=self._editor.table.rows)
        self._background.start("Making rows of gates", partial(make_rows, request), self._add, self._on_failed)

    def _add(self, made: GateRows) -> None:
        rows = "1 row" if len(made.items) == 1 else f"{len(made.items)} rows"
        try:
            self._editor.change(self._editor.table.add_sources(made.items), f"add {rows} of gates")
        except DataError as error:
            self._say(Level.ERROR, str(error))
            return
        if made.items:
            self._say(Level.INFO, f"{rows} of gated events {'was' if rows == '1 row' else 'were'} added to the table")
        for note in made.notes:
            self._say(Level.WARNING, note)

    def _on_failed(self, failure: Failure) -> None:
        self._say(Level.ERROR, failure.message, failure.details)

    def _say(self, level: Level, text: str, details: str = "") -> None:
        if self.dialog is not None:
            self.dialog.say(level, text, details)
        elif level is not Level.INFO:
            self._panel.messages.add(Note(level, sentence(text), details))

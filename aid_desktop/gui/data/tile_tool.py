"""The tool Tile…: opens the dialog and adds the tiles to the class table."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSlot
from PyQt5.QtWidgets import QAction

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.source import DataSource
from aid_desktop.gui.background import Background
from aid_desktop.gui.data.sources_panel import SourcesPanel
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.widgets.message_strip import Level, Note
from aid_desktop.gui.widgets.one_dialog import OneDialog
from aid_desktop.numbers import grouped

if TYPE_CHECKING:
    from aid_desktop.gui.data.tile_dialog import TileDialog
    from aid_desktop.gui.data.tiling import TilesMade


class TileTool(QObject):
    """Opens one dialog at a time, with the images of the selected rows; `panel` is its parent and shows the result."""

    def __init__(self, editor: TableEditor, background: Background, panel: SourcesPanel) -> None:
        super().__init__(panel)
        self._editor = editor
        self._background = background
        self._panel = panel
        self._dialog = OneDialog(self)
        self._places: tuple[int, ...] = ()
        self.action = QAction("Tile…", self)
        self.action.setObjectName("tileAction")
        self.action.setToolTip("Cut large images into tiles, whose classes label masks may tell")
        self.action.triggered.connect(self.open)
        panel.rows_selected.connect(self._on_rows_selected)

    @pyqtSlot()
    def open(self) -> None:
        """Open the dialog, or bring the open one to the front."""
        self._dialog.show(self._make_dialog)

    def _make_dialog(self) -> "TileDialog":
        # Not before the window is painted.
        from aid_desktop.gui.data.tile_dialog import TileDialog

        rows = self._editor.table.rows
        dialog = TileDialog([rows[place].source for place in self._places], self._background, self._panel)
        dialog.made.connect(self._on_made)
        return dialog

    @pyqtSlot(tuple)
    def _on_rows_selected(self, places: tuple[int, ...]) -> None:
        self._places = places

    @pyqtSlot(object)
    def _on_made(self, made: "TilesMade") -> None:
        table = self._editor.table
        for name, source in made.sources:
            table = _with_source(table, name, source)
        rows = "1 row" if len(made.sources) == 1 else f"{len(made.sources)} rows"
        self._editor.change(table, f"add {rows} of tiles")
        text = (
            f"{grouped(made.report.n)} tiles were written to {made.report.folder} and added to the table. To keep the "
            "tiles of an image together in a validation split, let it keep folders of the same name together"
        )
        problems = made.report.problems
        if problems:
            text += f". {grouped(len(problems))} {'image was' if len(problems) == 1 else 'images were'} left out."
        details = "\n".join(map(str, problems))
        self._panel.messages.add(Note(Level.WARNING if details else Level.INFO, text, details))


def _with_source(table: ClassTable, class_name: str, source: DataSource) -> ClassTable:
    # Tiles made anew take the place of the earlier ones.
    same = [place for place, row in enumerate(table.rows) if row.source.path == source.path]
    if not same:
        return table.add_sources([(source, class_name, Role.TRAINING)])
    for place in same:
        table = table.replaced(place, replace(table.rows[place], source=source))
    return table

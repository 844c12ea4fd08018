"""The tool Convert…, and the offer of it when added images differ in size, depth or number of channels."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSlot
from PyQt5.QtWidgets import QAction

from aid_desktop.data.class_table import ClassRow, ClassTable
from aid_desktop.data.pixels import pixel_type_text
from aid_desktop.data.source import DataSource
from aid_desktop.gui.background import Background
from aid_desktop.gui.data.loading import Loaded, SourceLoader
from aid_desktop.gui.data.sources_panel import SourcesPanel
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.widgets.message_strip import Level, Note
from aid_desktop.gui.widgets.one_dialog import OneDialog
from aid_desktop.numbers import grouped

if TYPE_CHECKING:
    from aid_desktop.gui.data.converting import Converted
    from aid_desktop.gui.data.import_dialog import ImportDialog

OFFER = "Bring to one size…"

_MOST_NAMED = 5


class ConvertTool(QObject):
    """Opens the import assistant for rows and puts the files that it writes into their place.

    `action` does so for the selected rows. `panel` shows the offers and is the parent of the dialog.
    """

    def __init__(
        self,
        notifier: Notifier,
        editor: TableEditor,
        loader: SourceLoader,
        background: Background,
        panel: SourcesPanel,
    ) -> None:
        super().__init__(panel)
        self._editor = editor
        self._background = background
        self._panel = panel
        self._dialog = OneDialog(self)
        self._offers: dict[Note, tuple[DataSource, ...]] = {}
        self._places: tuple[int, ...] = ()
        self.action = QAction("Convert…", self)
        self.action.setObjectName("convertAction")
        self.action.setToolTip("Bring the images of the selected rows to one size, as an .rtdc file for each row")
        self.action.setEnabled(False)
        self.action.triggered.connect(self._on_triggered)
        panel.rows_selected.connect(self._on_rows_selected)
        panel.messages.action_chosen.connect(self._on_offer_chosen)
        loader.finished.connect(self._on_loaded)
        notifier.table_changed.connect(self._on_table_changed)

    def open(self, rows: Sequence[ClassRow]) -> None:
        """Open the import assistant for rows; one that is open already stays with its own."""
        self._dialog.show(partial(self._make_dialog, tuple(rows)))

    def _make_dialog(self, rows: tuple[ClassRow, ...]) -> "ImportDialog":
        # Not before the window is painted.
        from aid_desktop.gui.data.import_dialog import ImportDialog

        dialog = ImportDialog(rows, self._background, self._panel)
        dialog.converted.connect(self._on_converted)
        return dialog

    @pyqtSlot()
    def _on_triggered(self) -> None:
        rows = self._editor.table.rows
        self.open([rows[place] for place in self._places])

    @pyqtSlot(tuple)
    def _on_rows_selected(self, places: tuple[int, ...]) -> None:
        self._places = places
        self.action.setEnabled(bool(places))

    @pyqtSlot(Loaded)
    def _on_loaded(self, loaded: Loaded) -> None:
        self._offer([source for source, _, _ in loaded.items if unequal_text(source)])

    @pyqtSlot(Note)
    def _on_offer_chosen(self, note: Note) -> None:
        offered = set(self._offers.get(note, ()))
        rows = [row for row in self._editor.table.rows if row.source in offered]
        if rows:
            self.open(rows)

    @pyqtSlot(ClassTable)
    def _on_table_changed(self, table: ClassTable) -> None:
        if not self._offers:
            return
        sources = {row.source for row in table.rows}
        for note, offered in tuple(self._offers.items()):
            left = [source for source in offered if source in sources]
            if len(left) < len(offered):
                del self._offers[note]
                if note in self._panel.messages.notes:
                    self._panel.messages.remove(note)
                    self._offer(left)

    def _offer(self, sources: Sequence[DataSource]) -> None:
        if sources:
            note = Note(Level.INFO, _offer_text(sources), action=OFFER)
            self._offers[note] = tuple(sources)
            self._panel.messages.add(note)

    @pyqtSlot(object)
    def _on_converted(self, converted: "Converted") -> None:
        table = self._editor.table
        for row, source in converted.pairs:
            table = _with_source(table, row, source)
        names = [source.name for _, source in converted.pairs]
        self._editor.change(table, f"convert {names[0]}" if len(names) == 1 else f"convert {len(names)} rows")
        text = f"{grouped(converted.n)} images were written to {_named(names)}, which the table uses now."
        if converted.problems:
            text += f" {len(converted.problems)} files could not be read and were left out."
        if converted.lost:
            text += " Some of what was known of them could not be kept, see the details."
        details = "\n".join(map(str, (*converted.problems, *converted.lost)))
        self._panel.messages.add(Note(Level.WARNING if converted.problems else Level.INFO, text, details))


def unequal_text(source: DataSource) -> str:
    """Return how the images of a source differ, for example "3 sizes, 8 bits and 16 bits"; "" if they do not."""
    sizes = {(height, width) for height, width, _ in source.shapes}
    channels = sorted({n for _, _, n in source.shapes})
    parts = []
    if len(sizes) > 1:
        parts.append(f"{grouped(len(sizes))} sizes")
    if len(channels) > 1:
        parts.append(f"{' and '.join(map(str, channels))} channels")
    if len(source.pixel_types) > 1:
        parts.append(" and ".join(map(pixel_type_text, source.pixel_types)))
    return ", ".join(parts)


def _offer_text(sources: Sequence[DataSource]) -> str:
    if len(sources) == 1:
        return f"The images of {sources[0].name} differ: {unequal_text(sources[0])}."
    return f"The images of {len(sources)} rows differ in size, channels or depth: {_named([s.name for s in sources])}."


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _with_source(table: ClassTable, row: ClassRow, source: DataSource) -> ClassTable:
    # The row may have been edited meanwhile, or removed: then the file comes as a new one.
    same = [place for place, other in enumerate(table.rows) if other == row]
    same += [place for place, other in enumerate(table.rows) if other.source == row.source]
    if not same:
        return table.add_sources([(source, row.class_name, row.role)])
    return table.replaced(same[0], replace(table.rows[same[0]], source=source))

"""The Data tab: class table, overview, and images before and after bringing them to size."""

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAction, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from aid_desktop.gui.background import Background
from aid_desktop.gui.data.balance import BalanceTool
from aid_desktop.gui.data.check_tool import CheckTool
from aid_desktop.gui.data.convert_tool import ConvertTool
from aid_desktop.gui.data.examples import Examples
from aid_desktop.gui.data.image_form import ImageForm
from aid_desktop.gui.data.image_panel import ImagePanel
from aid_desktop.gui.data.loading import SourceLoader
from aid_desktop.gui.data.overview_panel import OverviewPanel
from aid_desktop.gui.data.sources_panel import SourcesPanel
from aid_desktop.gui.data.table_checks import TableChecks
from aid_desktop.gui.data.tile_tool import TileTool
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.side_column import SideColumn

_RIGHT_FIGURES = 44


class DataTab(QWidget):
    """What do I have?"""

    def __init__(
        self,
        notifier: Notifier,
        editor: TableEditor,
        loader: SourceLoader,
        checks: TableChecks,
        background: Background,
        preferences: Preferences,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dataTab")
        self.examples = Examples(notifier, loader, background, self)
        self.sources = SourcesPanel(notifier, editor, loader, preferences, self.examples, self)
        self.overview = OverviewPanel(notifier, editor, background, self)
        self.images = ImagePanel(notifier, background, self)
        self.image_form = ImageForm(notifier, self)
        self.addActions(self.sources.undo_actions)
        self.sources.rows_selected.connect(self.images.show_rows)
        self.overview.split.counted.connect(self.sources.view.show_split)
        self._tools: list[QAction] = []
        self._convert = ConvertTool(notifier, editor, loader, background, self.sources)
        self.add_tool(self._convert.action, "Convert…")
        self._tile = TileTool(editor, background, self.sources)
        self.add_tool(self._tile.action, "Tile…")
        self.balance = BalanceTool(notifier, editor, background, self.sources)
        self.add_tool(self.balance.action, "Balance")
        self.check = CheckTool(notifier, checks, background, self.sources)
        self.add_tool(self.check.action, "Check")
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.addWidget(self._row(self.sources, self.overview))
        splitter.addWidget(self._row(self.images, self.image_form))
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([400, 260])
        splitter.setHandleWidth(2 * GRID)
        splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, GRID)
        column.addWidget(splitter)

    @property
    def tools(self) -> tuple[QAction, ...]:
        """The tools above the table, for the menu."""
        return tuple(self._tools)

    def add_tool(self, action: QAction, text: str) -> None:
        """Put a tool above the table, with the text of its button."""
        self._tools.append(action)
        self.sources.add_tool(action, text)

    def _row(self, left: QWidget, right: QWidget) -> QWidget:
        scroll = SideColumn(right, _RIGHT_FIGURES, self, is_fixed=True)
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3 * GRID)
        row.addWidget(left, 1)
        row.addWidget(scroll)
        return holder

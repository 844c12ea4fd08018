"""The class table with its buttons, its hint when it is empty, and what could not be used."""

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeySequence, QResizeEvent
from PyQt5.QtWidgets import (
    QAction,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.fitness import image_problems
from aid_desktop.data.formats import file_dialog_filter
from aid_desktop.gui.background import Failure
from aid_desktop.gui.data.examples import Examples
from aid_desktop.gui.data.findings import finding_notes, rejection_notes
from aid_desktop.gui.data.loading import Loaded, SourceLoader
from aid_desktop.gui.data.part_dialog import PartDialog
from aid_desktop.gui.data.table_view import ClassTableView
from aid_desktop.gui.data.undo import TableEditor, add_undo_keys
from aid_desktop.gui.data.welcome import Welcome
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import GRID, icon
from aid_desktop.gui.widgets.flow_layout import FlowLayout
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence

_WIDE = 115 * GRID


class SourcesPanel(QWidget):
    """Adds, edits and removes rows. `rows_selected` carries their places in the class table."""

    rows_selected = pyqtSignal(tuple)

    def __init__(
        self,
        notifier: Notifier,
        editor: TableEditor,
        loader: SourceLoader,
        preferences: Preferences,
        examples: Examples,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._editor = editor
        self._loader = loader
        self._preferences = preferences
        self.view = ClassTableView(editor, self)
        self.messages = MessageStrip("dataMessages", self)
        self._findings: list[Note] = []
        self._stack = QStackedWidget(self)
        self._search = QLineEdit(self)
        self._make_actions()
        self.welcome = Welcome(self._add_folder, self._add_files, examples, self)
        self._lay_out()
        self.welcome.paths_dropped.connect(loader.add)
        examples.failed.connect(self.show_failure)
        self._search.textChanged.connect(self.view.set_filter)
        self.view.rows_selected.connect(self._on_rows_selected)
        self.view.refused.connect(self._on_refused)
        loader.finished.connect(self._on_loaded)
        notifier.table_changed.connect(self._show)
        notifier.split_changed.connect(self._show_findings)
        notifier.image_settings_changed.connect(self._show_findings)
        self._show(notifier.table)

    @pyqtSlot()
    def choose_folder(self) -> None:
        """Ask for a folder and add it."""
        folder = QFileDialog.getExistingDirectory(self, "Add a folder of images", self._preferences.data_folder)
        if folder:
            self._preferences.data_folder = str(Path(folder).parent)
            self._loader.add([Path(folder)])

    @pyqtSlot()
    def choose_files(self) -> None:
        """Ask for files and add them."""
        files, _ = QFileDialog.getOpenFileNames(self, "Add files", self._preferences.data_folder, file_dialog_filter())
        if files:
            self._preferences.data_folder = str(Path(files[0]).parent)
            self._loader.add([Path(file) for file in files])

    def tell(self, text: str) -> None:
        """Say something above the table."""
        self.messages.add(Note(Level.INFO, text))

    def show_failure(self, failure: Failure) -> None:
        """Tell of a background job that failed."""
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    def add_tool(self, action: QAction, text: str) -> None:
        """Put a button for a tool of the Data tab above the table, right of those that edit rows."""
        button = _button(action)
        button.setText(text)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        if action.menu() is not None:
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._tools.addWidget(button)

    @property
    def undo_actions(self) -> tuple[QAction, QAction]:
        """Undo and redo of the table and its split, for the widget in which their keys count."""
        return self._undo, self._redo

    def actions_for_menu(self) -> tuple[QAction, ...]:
        """Return what the menus offer too."""
        return self._add_folder, self._add_files, self._remove, self._undo, self._redo

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        # The tools come first: they stand in one line as long as they can.
        self._search.setMaximumWidth(25 * GRID if self.width() > _WIDE else 12 * GRID)

    def _make_actions(self) -> None:
        self._add_folder = self._action("Add folder…", "add-folder", "Ctrl+O", "addFolder", self.choose_folder)
        self._add_folder.setToolTip("Add a folder of images, or a folder of such folders (Ctrl+O)")
        self._add_files = self._action("Add files…", "add-file", "Ctrl+Shift+O", "addFiles", self.choose_files)
        self._add_files.setToolTip("Add .rtdc files, images, stacks of images, or tables of images (Ctrl+Shift+O)")
        self._remove = self._action("Remove", "remove", "Del", "removeRows", self.view.remove_selected)
        self._remove.setToolTip("Remove the selected rows; files stay as they are (Del)")
        # The table handles the key itself: here it would also delete while a name is typed elsewhere.
        self._remove.setShortcuts([])
        self._undo, self._redo = add_undo_keys(self, self._editor.stack)
        for action, name in ((self._undo, "undo"), (self._redo, "redo")):
            action.setIcon(icon(name))
            action.setObjectName(f"{name}Action")

    def _action(self, text: str, icon_name: str, keys: str, name: str, slot: Callable[..., None]) -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setShortcut(QKeySequence(keys))
        action.setObjectName(f"{name}Action")
        action.triggered.connect(slot)
        return action

    def _lay_out(self) -> None:
        # On a small screen, or with large text, the tools go on in a second line.
        tools = self._tools = FlowLayout(spacing=GRID // 2, line_spacing=GRID // 2)
        for action, text in ((self._add_folder, "Add folder"), (self._add_files, "Add files")):
            button = _button(action)
            button.setText(text)
            tools.addWidget(button)
        # Its picture says it, and the tools need the room on small screens.
        remove = _button(self._remove)
        remove.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        tools.addWidget(remove)
        tools.addWidget(self._role_button())
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        row.addLayout(tools, 1)
        for action in (self._undo, self._redo):
            button = _button(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setAutoRaise(True)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self._search.setPlaceholderText("Search")
        self._search.setObjectName("tableSearch")
        self._search.setAccessibleName("Search in the table")
        self._search.setToolTip("Show only rows that contain this text")
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(9 * GRID)
        row.addWidget(self._search, 0, Qt.AlignmentFlag.AlignTop)
        room = QScrollArea(self)
        room.setWidget(self.welcome)
        room.setWidgetResizable(True)
        self._stack.addWidget(room)
        self._stack.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(row)
        column.addWidget(self.messages)
        column.addWidget(self._stack, 1)

    def _role_button(self) -> QToolButton:
        menu = QMenu(self)
        for role, key in ((Role.TRAINING, "T"), (Role.VALIDATION, "V"), (Role.TEST, "E")):
            action = QAction(f"{str(role).capitalize()}\t{key}", menu)
            action.setData(role)
            menu.addAction(action)
        menu.triggered.connect(self._on_role_chosen)
        self._role_menu = QToolButton(self)
        self._role_menu.setText("Role")
        self._role_menu.setMenu(menu)
        self._role_menu.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._role_menu.setObjectName("roleButton")
        self._role_menu.setAccessibleName("Role of the selected rows")
        self._role_menu.setToolTip("What the selected rows are for (keys T, V, E in the table)")
        return self._role_menu

    @pyqtSlot(QAction)
    def _on_role_chosen(self, action: QAction) -> None:
        self.view.set_role(Role(action.data()))

    @pyqtSlot(ClassTable)
    def _show(self, table: ClassTable) -> None:
        self.view.table_model.set_table(table)
        self._stack.setCurrentIndex(1 if table.rows else 0)
        places = self.view.selected_places()
        if table.rows and not places:
            self.view.select_place(0)
        else:
            self._on_rows_selected(places)
        self._show_findings()

    @pyqtSlot()
    def _show_findings(self) -> None:
        """Say above the table what must be mended in it, and what is doubtful; what is mended goes away."""
        has_split = self._notifier.split is not None
        table = self._notifier.table
        doubts = (*image_problems(table, self._notifier.image_settings), *self.view.table_model.warnings)
        wanted = finding_notes(table, doubts, has_split)
        for note in self._findings:
            if note not in wanted:
                self.messages.remove(note)
        for note in wanted:
            if note not in self._findings:
                self.messages.add(note)
        self._findings = wanted

    @pyqtSlot(tuple)
    def _on_rows_selected(self, places: tuple[int, ...]) -> None:
        self._remove.setEnabled(bool(places))
        self._role_menu.setEnabled(bool(places))
        self.rows_selected.emit(places)

    @pyqtSlot(str)
    def _on_refused(self, message: str) -> None:
        self.messages.add(Note(Level.ERROR, message))

    @pyqtSlot(Loaded)
    def _on_loaded(self, loaded: Loaded) -> None:
        for note in rejection_notes(loaded.problems):
            self.messages.add(note)
        if loaded.items:
            self.view.clearSelection()
            self.view.select_place(len(self._notifier.table.rows) - len(loaded.items))
        for question in loaded.questions:
            dialog = PartDialog(question, self.window())
            dialog.chosen.connect(self._loader.add_items)
            dialog.open()


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    name = action.objectName().removesuffix("Action")
    button.setObjectName(f"{name}Button")
    button.setAccessibleName(action.text().rstrip("…"))
    return button

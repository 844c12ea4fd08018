"""What can be done with the selected images of the gallery: by menu, by buttons and by keys."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QObject, QPoint, Qt, QUrl, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QAction, QApplication, QMenu, QToolButton

from aid_desktop.data.class_table import Role
from aid_desktop.data.source import split_origin
from aid_desktop.gui.assess.export_dialog import ExportDialog
from aid_desktop.gui.assess.relabelling import Relabelling
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import icon
from aid_desktop.gui.widgets.naming import name_widget
from aid_desktop.gui.widgets.one_dialog import OneDialog

if TYPE_CHECKING:
    # The gallery owns its actions.
    from aid_desktop.gui.assess.gallery import Gallery

_ROLE_KEYS = {
    Qt.Key.Key_T: (Role.TRAINING, "T"),
    Qt.Key.Key_V: (Role.VALIDATION, "V"),
    Qt.Key.Key_E: (Role.TEST, "E"),
}
_MOST_KEYS = 9


class GalleryActions(QObject):
    """Actions on the selected images. `failed` tells what went wrong.

    What changes nothing is for the current image if none is selected.
    """

    failed = pyqtSignal(Failure)

    def __init__(self, gallery: "Gallery", background: Background, relabelling: Relabelling) -> None:
        super().__init__(gallery)
        self._gallery = gallery
        self._grid = gallery.grid
        self._background = background
        self._relabelling = relabelling
        self._export = OneDialog(self)
        self.menu = QMenu(gallery)
        self.menu.setObjectName("imageGallery.menu")
        self.menu.setToolTipsVisible(True)
        self._reason = self._action(self.menu, "reason", "")
        self._reason.setEnabled(False)
        self.classes = self._submenu("relabel", "Relabel as")
        self._roles = self._submenu("role", "Use for")
        for role, key in _ROLE_KEYS.values():
            use = partial(self.set_role, role)
            self._action(self._roles, f"role.{role}", f"{str(role).capitalize()}\t{key}", use)
        self._exclude = self._action(self.menu, "exclude", "Exclude\tX", self.exclude)
        self._include = self._action(self.menu, "include", "Include again\tI", self.include)
        self.menu.addSeparator()
        self._others = self._add_others()
        self.buttons = self._make_buttons()
        self._mending = (self.classes.menuAction(), self._roles.menuAction(), self._exclude)
        relabelling.refused.connect(self._on_refused)
        self.look()

    @property
    def positions(self) -> NDArray[np.intp]:
        """Positions of the chosen images in the predictions (N,), in the order shown."""
        images, rows = self._gallery.images, self._grid.selected_rows()
        if images is None:
            return np.empty(0, np.intp)
        if not len(rows) and self._grid.currentIndex().isValid():
            rows = np.array([self._grid.currentIndex().row()], np.intp)
        return images.positions[rows[rows < len(images)]]

    @property
    def selected(self) -> NDArray[np.intp]:
        """Positions of the selected images (N,): what changes images is for these alone."""
        images, rows = self._gallery.images, self._grid.selected_rows()
        return np.empty(0, np.intp) if images is None else images.positions[rows[rows < len(images)]]

    @pyqtSlot()
    def look(self) -> None:
        """Offer what can be done with the images that are selected now, and say why the rest cannot."""
        images = self._gallery.images
        if images is not None and not self._relabelling.is_about(images.assessment.predictions):
            # Those of the new assessment will be shown at once.
            return
        positions = self.positions
        reason = self._relabelling.obstacle(self.selected)
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))
        for action in self._mending:
            required(action).setEnabled(not reason)
        for action in self._others:
            action.setEnabled(bool(len(positions)))
        is_excluded = np.isin(self.selected, self._relabelling.excluded)
        self._include.setVisible(bool(is_excluded.any()))
        relabel, role, exclude, include, export = self.buttons
        for button in (relabel, role, exclude):
            button.setEnabled(not reason)
            button.setToolTip(reason or button.property("tip"))
        # One of the two, so that the row is no wider.
        are_all = bool(len(is_excluded)) and bool(is_excluded.all())
        exclude.setVisible(not are_all)
        include.setVisible(are_all)
        export.setEnabled(bool(len(positions)))

    def press(self, key: int, positions: NDArray[np.intp] | None = None) -> bool:
        """Do what a key without Ctrl, Shift or Alt asks for; return whether it asks for something.

        `positions` are of the images that it is for, by default those that are selected.
        """
        chosen = self.selected if positions is None else positions
        names = self._relabelling.class_names
        number = key - int(Qt.Key.Key_1)
        if 0 <= number < min(_MOST_KEYS, len(names)):
            self._relabelling.relabel(chosen, names[number])
        elif key in _ROLE_KEYS:
            self._relabelling.set_role(chosen, _ROLE_KEYS[Qt.Key(key)][0])
        elif key in (Qt.Key.Key_X, Qt.Key.Key_Delete):
            self._relabelling.exclude(chosen)
        elif key == Qt.Key.Key_I:
            self._relabelling.include(chosen)
        else:
            return False
        return True

    @pyqtSlot(QPoint)
    def show_menu(self, place: QPoint) -> None:
        """Show the menu at a place in the grid."""
        self.look()
        self._fill_classes()
        self.menu.popup(required(self._grid.viewport()).mapToGlobal(place))

    def set_role(self, role: Role) -> None:
        """Use the images for something else."""
        self._relabelling.set_role(self.selected, role)

    @pyqtSlot()
    def exclude(self) -> None:
        """Leave the images out of the class table."""
        self._relabelling.exclude(self.selected)

    @pyqtSlot()
    def include(self) -> None:
        """Bring those of the images back that were excluded."""
        self._relabelling.include(self.selected)

    @pyqtSlot()
    def reveal(self) -> None:
        """Show the current image's file in the system's file manager."""
        self._with_origins(self._current(), self._reveal)

    @pyqtSlot()
    def copy_paths(self) -> None:
        """Copy the origins of all selected images, one in each line."""
        self._with_origins(self._chosen_rows(), _copy_lines)

    @pyqtSlot()
    def export(self) -> None:
        """Open the dialog that writes the selected images somewhere."""
        images, positions = self._gallery.images, self.positions
        if images is not None and len(positions):
            made = images.assessment
            # Another selection than that of a dialog which is still open.
            if self._export.dialog is not None:
                self._export.dialog.close()
            self._export.show(lambda: ExportDialog(made, positions, self._background, self._gallery))

    @pyqtSlot()
    def _fill_classes(self) -> None:
        self.classes.clear()
        for number, name in enumerate(self._relabelling.class_names):
            key = f"\t{number + 1}" if number < _MOST_KEYS else ""
            choose = partial(self._relabel, name)
            self._action(self.classes, f"relabel.{number}", f"{name.replace('&', '&&')}{key}", choose)

    def _relabel(self, name: str) -> None:
        self._relabelling.relabel(self.selected, name)

    @pyqtSlot(str)
    def _on_refused(self, reason: str) -> None:
        self.failed.emit(Failure(reason))

    def _current(self) -> list[int]:
        index = self._grid.currentIndex()
        return [index.row()] if index.isValid() else self._chosen_rows()[:1]

    def _chosen_rows(self) -> list[int]:
        rows: list[int] = self._grid.selected_rows().tolist()
        return rows or ([self._grid.currentIndex().row()] if self._grid.currentIndex().isValid() else [])

    def _with_origins(self, rows: list[int], use: Callable[[list[str]], None]) -> None:
        images = self._gallery.images
        if images is None or not rows:
            return
        job = self._background.start("Finding the file", partial(images.origins, rows), use, self.failed.emit)
        self.destroyed.connect(job.cancel)

    def _reveal(self, origins: list[str]) -> None:
        folder = Path(split_origin(origins[0])[0]).parent
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.failed.emit(Failure(f"The system cannot show {folder}: open it in your file manager."))

    def _add_others(self) -> tuple[QAction, ...]:
        add = partial(self._action, self.menu)
        return (
            add("large", "Show large…\tSpace", self._grid.open_current),
            add("copyImage", "Copy image and origin\tCtrl+C", self._grid.copy_current),
            add("copyPaths", "Copy where they come from", self.copy_paths),
            add("reveal", "Show in the file manager", self.reveal),
            add("export", "Export the selection…", self.export),
        )

    def _make_buttons(self) -> tuple[QToolButton, ...]:
        relabel = self._button("Relabel", "galleryRelabel", "Another class for the selected images (keys 1 to 9)", "")
        relabel.setMenu(self.classes)
        self.classes.aboutToShow.connect(self._fill_classes)
        role = self._button("Use for", "galleryRole", "Another role for the selected images (keys T, V, E)", "")
        role.setMenu(self._roles)
        for button in (relabel, role):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        tip = "Leave the selected images out of the class table; their files stay (key X)"
        exclude = self._button("Exclude", "galleryExclude", tip, "remove")
        exclude.clicked.connect(self.exclude)
        tip = "Bring the selected images back into the class table, as they were when assessed (key I)"
        include = self._button("Include again", "galleryInclude", tip, "check")
        include.clicked.connect(self.include)
        include.hide()
        tip = "Write the selected images to folders, to an .rtdc file, or as a table"
        export = self._button("Export…", "galleryExport", tip, "export")
        export.clicked.connect(self.export)
        return relabel, role, exclude, include, export

    def _button(self, text: str, name: str, tip: str, picture: str) -> QToolButton:
        button = QToolButton(self._gallery)
        button.setText(text)
        button.setProperty("tip", tip)
        name_widget(button, name, text.rstrip("…"), tip)
        if picture:
            button.setIcon(icon(picture))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        return button

    def _submenu(self, part: str, title: str) -> QMenu:
        menu = required(self.menu.addMenu(title))
        menu.setObjectName(f"imageGallery.{part}")
        return menu

    def _action(self, menu: QMenu, part: str, text: str, slot: Callable[[], None] | None = None) -> QAction:
        action = QAction(text, menu)
        action.setObjectName(f"imageGallery.{part}")
        if slot is not None:
            action.triggered.connect(slot)
        menu.addAction(action)
        return action


def _copy_lines(origins: list[str]) -> None:
    required(QApplication.clipboard()).setText("\n".join(origins))

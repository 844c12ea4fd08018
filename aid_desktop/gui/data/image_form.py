"""The image settings beside the preview: the same values as on the Training tab."""

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from aid_desktop.data.whole_images import CutImages, find_cut_images
from aid_desktop.gui.image_settings_form import LOCKED_BY_MODEL, ImageSettingsForm
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.tab_order import move_focus
from aid_desktop.gui.theme import GRID, set_role

_PREFIX = "data:"
_LOCKED = "These cannot change while a network is being trained on them."
_WHOLE = "Set width, height and fit so that nothing of the images is cut off"
_NAMES = ("width", "height", "channels", "fit", "padding", "resize", "white_level")


class ImageForm(QWidget):
    """The settings that the preview shows, under a title and, where they cut images, what can be done about it."""

    def __init__(self, notifier: Notifier, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._is_locked = False
        self._settled: tuple[str, ...] = ()
        self.form = ImageSettingsForm(notifier, _NAMES, self, _PREFIX)
        self._cut: CutImages | None = None
        self._cut_note = QLabel(self)
        self._take_whole = QPushButton(self)
        self._lay_out()
        self._take_whole.clicked.connect(self._on_take_whole)
        notifier.table_changed.connect(self._show_cut)
        notifier.image_settings_changed.connect(self._show_cut)
        self._show_cut()

    def _lay_out(self) -> None:
        title = QLabel("Image for the network", self)
        set_role(title, "title")
        self._cut_note.setWordWrap(True)
        self._cut_note.setObjectName("cutImagesNote")
        self._take_whole.setObjectName("wholeImagesButton")
        self._take_whole.setAccessibleName("Take images whole")
        self._take_whole.setToolTip(_WHOLE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(title)
        column.addWidget(self._cut_note)
        column.addWidget(self._take_whole, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.form)
        column.addStretch(1)

    @pyqtSlot(bool)
    def set_locked(self, is_locked: bool) -> None:
        """Lock the fields while a run goes on."""
        self._is_locked = is_locked
        self._lock()

    @pyqtSlot(tuple)
    def set_settled(self, names: tuple[str, ...]) -> None:
        """Lock the fields that a model to start from decides."""
        self._settled = names
        self._lock()

    def _lock(self) -> None:
        self.form.set_locked(_LOCKED if self._is_locked else None)
        if not self._is_locked:
            self.form.lock_settled(self._settled)
        self._show_cut()

    @pyqtSlot()
    def _show_cut(self) -> None:
        cut = self._cut = find_cut_images(self._notifier.table.rows, self._notifier.image_settings)
        for widget in (self._cut_note, self._take_whole):
            widget.setVisible(cut is not None)
        if cut is None:
            return
        settings, whole = self._notifier.image_settings, cut.whole
        self._cut_note.setText(
            f"Images of up to {cut.width} × {cut.height} px: the network sees only {settings.width} × "
            f"{settings.height} px of them."
        )
        verb = "Take them whole" if whole.fit == settings.fit else "Scale them down"
        self._take_whole.setText(f"{verb}: {whole.width} × {whole.height} px")
        is_settled = {"width", "height", "fit"} & set(self._settled)
        reason = _LOCKED if self._is_locked else LOCKED_BY_MODEL if is_settled else ""
        self._take_whole.setEnabled(not reason)
        self._take_whole.setToolTip(reason or _WHOLE)

    @pyqtSlot()
    def _on_take_whole(self) -> None:
        if self._cut is not None:
            # The button goes; Qt would hand the focus to what was made next, anywhere in the window.
            move_focus(self, forward=True)
            self._notifier.set_image_settings(self._cut.whole)

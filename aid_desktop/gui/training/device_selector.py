"""What trains: the devices of this machine, and why some of those that one could wish for are not there."""

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QStandardItem, QStandardItemModel
from PyQt5.QtWidgets import QComboBox, QPushButton, QWidget

from aid_desktop.errors import TrainingError
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.gui.widgets.one_dialog import OneDialog
from aid_desktop.gui.widgets.tick_dialog import TickDialog, TickTexts
from aid_desktop.models.strategies import MIRRORED, mirrored_devices, uses_gpu

_FIRST = (
    {"name": "auto", "description": "The first GPU that TensorFlow can use, else the CPU", "reason": ""},
    {"name": "cpu", "description": "The CPU", "reason": ""},
)
# With two there is nothing to choose.
_FEWEST_TO_CHOOSE_FROM = 3
_NOT_KNOWN = "Whether this computer has it is known once TensorFlow has loaded"
_TEXTS = TickTexts(
    "gpu",
    "GPUs that train together",
    "Every batch is shared out among the GPUs that are ticked.",
    "Tick two GPUs or more",
)


class DeviceSelector(QComboBox):
    """The list `deviceSelector`; what the machine lacks is shown disabled, its tooltip says why.

    `choose_gpus` is a button to show beside it: it appears where there are GPUs to choose from. Before TensorFlow has
    told what there is, any device can be chosen; `missed` then carries the name of one that the machine lacks.
    """

    missed = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items = QStandardItemModel(self)
        self._gpus: list[str] = []
        self._is_known = False
        self._dialog = OneDialog(self)
        self.setModel(self._items)
        self.setObjectName("deviceSelector")
        self.setAccessibleName("Device")
        self.choose_gpus: QPushButton = named_button(
            parent or self, "GPUs…", "chooseGpusButton", "Train on some of the GPUs together"
        )
        self.choose_gpus.clicked.connect(self._on_choose)
        self.currentIndexChanged[int].connect(self._show_tip)
        self._offer(_FIRST)

    def set_choices(self, choices: Sequence[dict[str, str]]) -> None:
        """Offer what `aid-desktop devices --json` calls choices; the chosen one stays if it is among them."""
        chosen = self.currentText()
        self._is_known = True
        self._offer(choices)
        self.choose(chosen)
        if self.currentText() != chosen:
            self.missed.emit(chosen)

    def _offer(self, choices: Sequence[dict[str, str]]) -> None:
        self._gpus = [item["name"] for item in choices if item["name"].startswith("gpu:") and not item["reason"]]
        self._items.clear()
        for item in choices:
            self._add(item["name"], item["description"], item["reason"])
        self.choose_gpus.setVisible(len(self._gpus) >= _FEWEST_TO_CHOOSE_FROM)
        self._show_tip()

    @property
    def means_gpu(self) -> bool:
        """Whether the chosen device is a GPU, or several."""
        return uses_gpu(self.currentText(), len(self._gpus))

    def choose(self, name: str) -> None:
        """Select a device by its name in run.toml; what is not there leaves the choice as it is."""
        index = self.findText(name)
        if index < 0 and name.startswith(f"{MIRRORED}:"):
            index = self._add_some(name)
        if index < 0 and not self._is_known:
            index = self._add(name, _NOT_KNOWN, "")
        item = self._items.item(index)
        if item is not None and item.isEnabled():
            self.setCurrentIndex(index)

    def _add_some(self, name: str) -> int:
        try:
            names = mirrored_devices(name, len(self._gpus))
        except TrainingError:
            return -1
        return self._add(name, f"Every batch is shared out among {', '.join(names)}", "")

    def _add(self, name: str, description: str, reason: str) -> int:
        item = QStandardItem(name)
        item.setToolTip(reason or description)
        item.setData(reason or description, Qt.ItemDataRole.AccessibleDescriptionRole)
        item.setEnabled(not reason)
        self._items.appendRow(item)
        return self.count() - 1

    @pyqtSlot()
    def _show_tip(self) -> None:
        item = self._items.item(self.currentIndex())
        self.setToolTip(item.toolTip() if item is not None else "")

    @pyqtSlot()
    def _on_choose(self) -> None:
        self._dialog.show(self._make_dialog)

    def _make_dialog(self) -> TickDialog:
        name = self.currentText()
        ticked = mirrored_devices(name, len(self._gpus)) if name.startswith(MIRRORED) else self._gpus
        dialog = TickDialog(self._gpus, ticked, _TEXTS, self)
        dialog.chosen.connect(self._on_chosen)
        return dialog

    @pyqtSlot(object)
    def _on_chosen(self, names: tuple[str, ...]) -> None:
        if len(names) == 1:
            self.choose(names[0])
        elif list(names) == self._gpus:
            self.choose(MIRRORED)
        else:
            self.choose(f"{MIRRORED}:{','.join(names)}")

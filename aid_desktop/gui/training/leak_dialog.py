"""The warning before a run whose validation or test images are among those that it trains on."""

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from aid_desktop.gui.background import Background
from aid_desktop.gui.data.findings_view import FindingsView
from aid_desktop.gui.data.table_checks import CheckedTable
from aid_desktop.gui.theme import GRID, set_primary, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.naming import named_button

_SIZE = (112, 64)
_MEANING = (
    "A network knows the images that it was trained on. Where the same ones are used to validate or test it, its "
    "figures are better than they will be on new images."
)


class LeakDialog(Dialog):
    """Lists the leaks that a check has found, with their images.

    `train_wanted` asks for the run all the same, `rows_chosen` carries the places of the rows to look at; closed in
    another way, nothing happens.
    """

    train_wanted = pyqtSignal()
    rows_chosen = pyqtSignal(tuple)

    def __init__(self, checked: CheckedTable, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("leakDialog")
        self.setWindowTitle("Check before training")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.set_size(*_SIZE)
        leaks = checked.report.leaks
        self.findings = FindingsView("leak", leaks, checked.table, background, self)
        self.train_button = named_button(
            self, "&Train anyway", "leakTrainButton", "Start the run; for these data it is not asked again"
        )
        self.look_button = named_button(
            self, "&Look at them", "leakLookButton", "Select the rows of this finding on the Data tab; nothing starts"
        )
        self.cancel_button = named_button(self, "Cancel", "leakCancelButton", "Start nothing")
        set_primary(self.look_button)
        self.look_button.setDefault(True)
        self._lay_out(_title(len(leaks)))
        self.train_button.clicked.connect(self._on_train)
        self.look_button.clicked.connect(self._on_look)
        self.cancel_button.clicked.connect(self.reject)

    def _lay_out(self, text: str) -> None:
        title = QLabel(text, self)
        set_role(title, "title")
        meaning = QLabel(_MEANING, self)
        meaning.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addStretch(1)
        for button in (self.train_button, self.cancel_button, self.look_button):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(title)
        column.addWidget(meaning)
        column.addWidget(self.findings, 1)
        column.addLayout(buttons)

    @pyqtSlot()
    def _on_train(self) -> None:
        self.accept()
        self.train_wanted.emit()

    @pyqtSlot()
    def _on_look(self) -> None:
        finding = self.findings.finding
        self.accept()
        if finding is not None:
            self.rows_chosen.emit(finding.rows)


def _title(n_leaks: int) -> str:
    found = "something" if n_leaks == 1 else f"{n_leaks} things"
    return f"The check found {found} that will make the results look too good"

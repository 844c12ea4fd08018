"""How the network learns."""

from PyQt5.QtWidgets import QVBoxLayout, QWidget

from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.settings.hyperparameters import HyperParameters

GROUPS = {
    "Learning": ("epochs", "batch_size", "learning_rate", "optimizer"),
    "Goal": ("loss", "label_smoothing", "class_weights"),
    "Against overfitting": ("dropout", "early_stopping"),
}


class HyperparameterPanel(QWidget):
    """A form over HyperParameters, in groups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = SectionForm(HyperParameters, GROUPS, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, GRID, GRID)
        column.addWidget(self.form)

"""The editor of what a split keeps together: a choice, and a line for a pattern."""

from PyQt5.QtCore import pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QWidget

from aid_desktop.data.grouping import GROUPINGS, group_rule
from aid_desktop.errors import DataError
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.settings.field import field_infos, path_of
from aid_desktop.settings.split import SplitSettings

_TEXTS = (
    "nothing: each image for itself",
    "images of one file",
    "images of one folder",
    "folders of the same name",
    "what a pattern finds…",
)
_PATTERN = len(GROUPINGS)
_PATTERN_HELP = (
    "A regular expression with one group in round brackets, searched in the path of each image: what it finds names "
    "the donor, slide or day. For example /(donor_\\d+)/"
)


class GroupByEditor(QWidget):
    """Edits `split.group_by`; `name_prefix` begins the names of its widgets. `changed` tells what the user did.

    A pattern that cannot be used is marked below it at once, and nothing can be trained with it.
    """

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None, name_prefix: str = "") -> None:
        super().__init__(parent)
        info = field_infos(SplitSettings)["group_by"]
        name = f"{name_prefix}{path_of(SplitSettings, 'group_by')}"
        self._label = QLabel(info.label, self)
        self._label.setToolTip(info.help)
        self._choice = QComboBox(self)
        self._choice.addItems(_TEXTS)
        self._choice.setObjectName(name)
        self._choice.setAccessibleName(info.label)
        self._choice.setToolTip(info.help)
        self._choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._choice.setMinimumContentsLength(1)
        self._label.setBuddy(self._choice)
        self._pattern = QLineEdit(self)
        self._pattern.setObjectName(f"{name}.pattern")
        self._pattern.setAccessibleName("Pattern in the path")
        self._pattern.setPlaceholderText(r"/(donor_\d+)/")
        self._pattern.setToolTip(_PATTERN_HELP)
        self._message = QLabel(self)
        self._message.setObjectName(f"{name}.message")
        self._message.setWordWrap(True)
        set_role(self._message, "error")
        self._lay_out()
        self._refresh()
        self._choice.currentIndexChanged.connect(self._on_edited)
        self._pattern.textEdited.connect(self._on_edited)

    @property
    def value(self) -> str:
        """The grouping as SplitSettings has it; that of single images until a pattern is typed."""
        if self._choice.currentIndex() != _PATTERN:
            return GROUPINGS[self._choice.currentIndex()]
        return self._pattern.text() if self._pattern.text().strip() else GROUPINGS[0]

    @property
    def is_valid(self) -> bool:
        """Whether images can be grouped so, as far as can be told without looking at them."""
        return not self._problem()

    @property
    def label_width(self) -> int:
        """Width of the label in front, for editors that are to stand below each other."""
        return self._label.sizeHint().width()

    def set_value(self, group_by: str) -> None:
        """Show a grouping, without a signal."""
        self._choice.blockSignals(True)
        if group_by in GROUPINGS:
            self._choice.setCurrentIndex(GROUPINGS.index(group_by))
        else:
            self._choice.setCurrentIndex(_PATTERN)
            self._pattern.setText(group_by)
        self._choice.blockSignals(False)
        self._refresh()

    @pyqtSlot()
    def _on_edited(self) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        self._pattern.setVisible(self._choice.currentIndex() == _PATTERN)
        problem = self._problem()
        self._message.setText(problem)
        self._message.setVisible(bool(problem))

    def _problem(self) -> str:
        """Return what is wrong with the pattern; "" if it can be used."""
        try:
            group_rule(self.value)
        except DataError as error:
            return str(error)
        return ""

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID // 2)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._label, 0, 0)
        grid.addWidget(self._choice, 0, 1)
        grid.addWidget(self._pattern, 1, 0, 1, 2)
        grid.addWidget(self._message, 2, 0, 1, 2)

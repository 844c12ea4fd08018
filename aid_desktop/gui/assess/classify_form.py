"""What to do with the predictions: the form of the dialog that classifies new files."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from PyQt5.QtCore import pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QWidget,
)

from aid_desktop.evaluation.sorting import Link
from aid_desktop.gui.assess.classification import SUFFIXES, Format
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.amount_editor import NumberBox, guard_wheel
from aid_desktop.gui.widgets.naming import name_widget, named_button

LINKS = {
    Link.COPY: "copy",
    Link.HARD: "hard link (same disk)",
    Link.SYMBOLIC: "symbolic link",
}
_PLACEHOLDERS = {
    Format.CSV: "a file such as classified.csv",
    Format.XLSX: "a file such as classified.xlsx",
    Format.AIDEVELOPER: "beside each file",
    Format.RTDC: "beside each .rtdc file",
    Format.BASIN: "beside each .rtdc file",
    Format.FOLDERS: "a folder that gets one for each class",
}


class ClassifyForm(QWidget):
    """Format, target, links of image files, and the limit below which images are rejected.

    `changed` tells that another thing is chosen. A target that is not the user's own follows the files.
    """

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paths: tuple[Path, ...] = ()
        self._is_own_target = False
        self._make_target()
        self._make_rule()
        self._lay_out()
        self._show_format()

    @property
    def format(self) -> Format:
        """Where the predictions go."""
        return list(Format)[self.formats.currentIndex()]

    @property
    def chosen_target(self) -> Path | None:
        """The file or folder to write to, None if nothing is said."""
        text = self.target.text().strip()
        return Path(text).absolute() if text else None

    @property
    def link(self) -> Link:
        """How image files get into the folders of their classes."""
        return list(LINKS)[self.links.currentIndex()]

    @property
    def reject(self) -> float | None:
        """The limit below which images are rejected; None: no image is."""
        return self.limit.value() if self.use_reject.isChecked() else None

    def choices(self) -> dict[str, str]:
        """Return what is remembered for the next time."""
        return {
            "format": self.format.name,
            "link": str(self.link),
            "limit": f"{self.limit.value():g}",
            "reject": "yes" if self.use_reject.isChecked() else "no",
        }

    def set_choices(self, choices: Mapping[str, str]) -> None:
        """Choose what was chosen the last time; what is not known any more is left as it is."""
        if choices.get("format") in Format.__members__:
            self.formats.setCurrentText(str(Format[choices["format"]]))
        if choices.get("link") in list(Link):
            self.links.setCurrentIndex(list(LINKS).index(Link(choices["link"])))
        with suppress(ValueError):
            self.limit.setValue(float(choices.get("limit", "")))
        self.use_reject.setChecked(choices.get("reject") == "yes")

    def set_paths(self, paths: tuple[Path, ...]) -> None:
        """Propose a target for these files."""
        self._paths = paths
        self._propose_target()
        self.changed.emit()

    @pyqtSlot()
    def browse(self) -> None:
        """Ask where to write."""
        current = self.target.text() or str(Path.home())
        if self.format not in SUFFIXES:
            name = QFileDialog.getExistingDirectory(self, "Folder to write into", current)
        else:
            suffix = SUFFIXES[self.format]
            name, _ = QFileDialog.getSaveFileName(self, "Write the table to", current, f"Tables (*{suffix})")
            name = name + suffix if name and not Path(name).suffix else name
        if name:
            self._is_own_target = True
            self.target.setText(name)

    @pyqtSlot()
    def _show_format(self) -> None:
        is_table, sorts = self.format in SUFFIXES, self.format is Format.FOLDERS
        self._target_label.setText("&To" if is_table else "&To folder")
        self.target.setPlaceholderText(_PLACEHOLDERS[self.format])
        for widget in (self._link_label, self.links):
            widget.setVisible(sorts)
        text = self.target.text().strip()
        if is_table and text and self._is_own_target and Path(text).suffix:
            path = Path(text)
            stem = path.stem if path.suffix.lower() in SUFFIXES.values() else path.name
            self.target.setText(str(path.with_name(stem + SUFFIXES[self.format])))
        self._propose_target()
        self.changed.emit()

    @pyqtSlot()
    def _on_target_typed(self) -> None:
        self._is_own_target = bool(self.target.text().strip())

    @pyqtSlot()
    def _on_reject_changed(self) -> None:
        self.limit.setEnabled(self.use_reject.isChecked())
        self.changed.emit()

    def _propose_target(self) -> None:
        if self._is_own_target:
            return
        name = f"classified{SUFFIXES.get(self.format, '')}" if self._paths else ""
        is_needed = self.format in SUFFIXES or self.format is Format.FOLDERS
        self.target.setText(str(self._paths[0].parent / name) if name and is_needed else "")

    def _make_target(self) -> None:
        self.formats = QComboBox(self)
        self.formats.addItems([str(one) for one in Format])
        tip = "A table, copies with the result inside, or the images themselves in folders"
        name_widget(self.formats, "classifyFormat", "Format of the result", tip)
        self.formats.currentIndexChanged.connect(self._show_format)
        self.target = QLineEdit(self)
        tip = "The file of the table, or the folder of the copies or images"
        name_widget(self.target, "classifyTarget", "Where to write", tip)
        self.target.textEdited.connect(self._on_target_typed)
        self.target.textChanged.connect(self.changed)
        self._target_label = QLabel(self)
        self._target_label.setBuddy(self.target)
        self._browse = named_button(self, "Browse…", "classifyBrowse", "Choose where to write", "open")
        self._browse.clicked.connect(self.browse)
        self.links = QComboBox(self)
        self.links.addItems(list(LINKS.values()))
        tip = (
            "Links take no room on the disk; where they are impossible, files are copied. Images of stacks are written"
        )
        name_widget(self.links, "classifyLink", "How image files are taken", tip)
        self.links.currentIndexChanged.connect(self.changed)
        self._link_label = QLabel("&Image files", self)
        self._link_label.setBuddy(self.links)

    def _make_rule(self) -> None:
        self.use_reject = QCheckBox("&Reject below", self)
        tip = "Images whose highest probability is lower get no class"
        name_widget(self.use_reject, "classifyUseReject", "Reject uncertain images", tip)
        self.limit = NumberBox(0.0, 1.0, 0.05, self)
        self.limit.setValue(0.8)
        self.limit.setEnabled(False)
        guard_wheel(self.limit)
        name_widget(self.limit, "classifyReject", "Lowest probability of a class", tip)
        self.use_reject.toggled.connect(self._on_reject_changed)
        self.limit.valueChanged.connect(self.changed)

    def _lay_out(self) -> None:
        form = QGridLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(GRID)
        form.setColumnStretch(1, 1)
        label = QLabel("&Format", self)
        label.setBuddy(self.formats)
        form.addWidget(label, 0, 0)
        form.addWidget(self.formats, 0, 1, 1, 2)
        form.addWidget(self._target_label, 1, 0)
        form.addWidget(self.target, 1, 1)
        form.addWidget(self._browse, 1, 2)
        form.addWidget(self._link_label, 2, 0)
        form.addWidget(self.links, 2, 1, 1, 2)
        form.addWidget(self.use_reject, 3, 0)
        limit = QHBoxLayout()
        limit.addWidget(self.limit)
        limit.addStretch(1)
        form.addLayout(limit, 3, 1, 1, 2)

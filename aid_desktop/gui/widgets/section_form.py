"""A form for a whole section of settings."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QLabel, QVBoxLayout, QWidget

from aid_desktop.errors import SettingsError
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.field_editor import (
    FieldEditor,
    editable_fields,
    make_editor,
)
from aid_desktop.settings.field import SettingsSection, path_of

Section = TypeVar("Section", bound=SettingsSection)

# In figures of the label's font; what is wider takes two lines.
_WIDEST_LABEL = 13
_WIDEST_UNIT = 9


class SectionForm(QWidget, Generic[Section]):
    """Editors of a section's settings below each other, with aligned columns.

    `names` are the settings to show: a sequence, or a mapping from headings to sequences (a heading of "" is
    not shown); all that can be edited if None. Settings that are not shown keep the values they came with.
    `changed` tells what the user did, `was_set` that `set_values` was called.
    """

    changed = pyqtSignal()
    was_set = pyqtSignal()

    def __init__(
        self,
        section: type[Section],
        names: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        parent: QWidget | None = None,
        name_prefix: str = "",
    ) -> None:
        super().__init__(parent)
        self._base: Section = section()
        self._editors: dict[str, FieldEditor] = {}
        self._is_stacked = False
        self._titles: list[tuple[QLabel, tuple[str, ...]]] = []
        self._unfit: set[str] = set()
        self._only: Collection[str] | None = None
        groups = names if isinstance(names, Mapping) else {"": names or editable_fields(section)}
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for heading, members in groups.items():
            if heading:
                title = QLabel(heading, self)
                # Not a space of its own, which would stay when the heading is hidden.
                title.setContentsMargins(0, GRID if self._editors else 0, 0, 0)
                set_role(title, "heading")
                column.addWidget(title)
                self._titles.append((title, tuple(members)))
            for name in members:
                editor = make_editor(section, name, self, name_prefix)
                editor.value_changed.connect(self.changed)
                self._editors[name] = editor
                column.addWidget(editor)
        column.addStretch(1)
        self.align_columns(list(self._editors.values()))

    @property
    def editors(self) -> tuple[FieldEditor, ...]:
        """The editors from top to bottom."""
        return tuple(self._editors.values())

    def editor(self, name: str) -> FieldEditor:
        """Return the editor of a setting. Raises KeyError if it is not shown."""
        return self._editors[name]

    def add_below(self, name: str, widget: QWidget) -> None:
        """Put a widget under the editor of a setting, for example a button that finds its value."""
        self._column.insertWidget(self._column.indexOf(self._editors[name]) + 1, widget)

    def set_fit(self, name: str, fits: bool) -> None:
        """Hide a setting that means nothing beside the others, or show it again."""
        (self._unfit.discard if fits else self._unfit.add)(name)
        self._show_fields()

    def show_only(self, names: Collection[str] | None) -> None:
        """Show these settings alone and no headings, or all that fit; one that is not valid is shown in any case."""
        self._only = names
        self._show_fields()

    def n_hidden_changes(self) -> int:
        """Return how many settings `show_only` has hidden that differ from their reference."""
        if self._only is None:
            return 0
        hidden = [e for name, e in self._editors.items() if name not in self._only and name not in self._unfit]
        return sum(editor.is_changed for editor in hidden)

    def values(self) -> Section:
        """Return the settings as shown. Raises SettingsError, after saying so beside the field."""
        errors: list[SettingsError] = []
        values: dict[str, Any] = {}
        for name, editor in self._editors.items():
            try:
                values[name] = editor.value()
                editor.set_error(None)
            except SettingsError as error:
                editor.set_error(error.message)
                errors.append(error)
        if errors:
            self._show_fields()
            raise errors[0]
        try:
            return cast(Section, dataclasses.replace(cast(Any, self._base), **values))
        except SettingsError as error:
            self.show_error(error)
            raise

    def set_values(self, settings: Section) -> None:
        """Show these settings."""
        self._base = settings
        for name, editor in self._editors.items():
            editor.set_value(getattr(settings, name))
        self.was_set.emit()

    def show_error(self, error: SettingsError) -> bool:
        """Show an error beside its field; return whether that field is in this form."""
        for editor in self._editors.values():
            if path_of(self._base, editor.name) == error.field:
                editor.set_error(error.message)
                self._show_fields()
                return True
        return False

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        is_narrow = any(self.width() < editor.one_row_width for editor in self.editors)
        if is_narrow != self._is_stacked:
            self._is_stacked = is_narrow
            for editor in self.editors:
                editor.set_stacked(is_narrow)

    def _show_fields(self) -> None:
        for name, editor in self._editors.items():
            is_wanted = self._only is None or name in self._only or bool(editor.error)
            editor.setVisible(name not in self._unfit and is_wanted)
        for title, members in self._titles:
            title.setVisible(self._only is None and not self._unfit.issuperset(members))

    @staticmethod
    def align_columns(editors: Sequence[FieldEditor]) -> None:
        """Give editors, of one form or of several, columns of the same width."""
        if not editors:
            return
        labels = max(_text_width(editor.label, _WIDEST_LABEL) for editor in editors)
        units = max(_text_width(editor.unit, _WIDEST_UNIT) for editor in editors)
        for editor in editors:
            editor.set_column_widths(labels, units)


def _text_width(label: QLabel, most: int) -> int:
    metrics = label.fontMetrics()
    return min(metrics.horizontalAdvance(label.text()) + GRID // 2, metrics.horizontalAdvance("0") * most)

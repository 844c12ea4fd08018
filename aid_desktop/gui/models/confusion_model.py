"""The confusion matrix as a Qt model, and which images stand behind chosen cells."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PyQt5.QtGui import QColor

from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.gui.theme import LIGHT, Theme
from aid_desktop.numbers import grouped

COUNT_ROLE = Qt.ItemDataRole.UserRole
"""Number of images of a cell."""

CHANGED_ROLE = Qt.ItemDataRole.UserRole + 1
"""Number of images of a cell whose class or role has been changed since, or that were excluded."""

SMALLEST_CONTRAST = 4.5
"""Contrast ratio of text and ground, from WCAG 2.1, 1.4.3."""

_NO_PARENT = QModelIndex()
_STRONGEST = 0.85


class Mode(StrEnum):
    """What the cells show."""

    COUNTS = "counts"
    BY_ROW = "% of row"
    BY_COLUMN = "% of column"


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of cells: rows (actual classes) and columns (predicted), first and last from 0."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True, eq=False)
class CellImages:
    """The images of chosen cells: in words, and their ascending positions (N,) in the Predictions.

    With `is_ranked` they come from a list, and the positions are in its order.
    """

    text: str
    positions: NDArray[np.intp]
    is_ranked: bool = False


def images_in(matrix: ConfusionMatrix, blocks: Iterable[Block]) -> CellImages:
    """Return the images of all cells of some blocks.

    The words are like `87 × actual cat, predicted automobile`, `1 000 × actual cat` for a row,
    `900 × predicted cat` for a column, `2 000 × all images`, or `190 × 2 cells`.
    """
    c = len(matrix.class_names)
    chosen = np.zeros((c, c), np.bool_)
    for block in blocks:
        chosen[block.top : block.bottom + 1, block.left : block.right + 1] = True
    positions = np.flatnonzero(chosen[matrix.actual, matrix.predicted])
    return CellImages(f"{grouped(len(positions))} × {_cells_text(matrix.class_names, chosen)}", positions)


class ConfusionModel(QAbstractTableModel):
    """Shows a ConfusionMatrix: rows are the actual classes, columns the predicted ones.

    The ground of a cell is the bluer (diagonal) or more orange (elsewhere) the larger its share is: of its
    row, or in the mode BY_COLUMN of its column. COUNT_ROLE and CHANGED_ROLE give numbers of images.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._matrix: ConfusionMatrix | None = None
        self._mode = Mode.COUNTS
        self._theme = LIGHT
        self._shares = np.empty((0, 0))
        self._changed: NDArray[np.int64] = np.zeros((0, 0), np.int64)

    @property
    def matrix(self) -> ConfusionMatrix | None:
        """What is shown."""
        return self._matrix

    @property
    def mode(self) -> Mode:
        """Counts or shares."""
        return self._mode

    def set_matrix(self, matrix: ConfusionMatrix | None) -> None:
        """Show another matrix. One of the same classes leaves the selection as it is."""
        same = self._names() == (() if matrix is None else matrix.class_names)
        if not same:
            self.beginResetModel()
        self._matrix = matrix
        self._share_out()
        if not same:
            self.endResetModel()
        else:
            self._tell()

    def set_changed(self, counts: NDArray[np.int64]) -> None:
        """Say how many images of each cell are changed since, (C, C); they are told beside the counts."""
        self._changed = counts
        self._tell()

    def set_mode(self, mode: Mode) -> None:
        """Show counts, or shares of rows or columns."""
        self._mode = mode
        self._share_out()
        self._tell()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of another theme."""
        self._theme = theme
        self._tell()

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._names())

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return self.rowCount(parent)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._matrix is None or not index.isValid():
            return None
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignCenter)
        if role == Qt.ItemDataRole.BackgroundRole:
            return self._ground(row, column)
        if role == Qt.ItemDataRole.ForegroundRole:
            return readable_on(self._ground(row, column), self._theme)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._sentence(self._matrix, row, column)
        if role == CHANGED_ROLE:
            return self._n_changed(row, column)
        return int(self._matrix.counts[row, column]) if role == COUNT_ROLE else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._matrix is None or not 0 <= section < len(self._names()):
            return None
        name, is_row = self._names()[section], orientation == Qt.Orientation.Vertical
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            n = int(self._matrix.counts.sum(axis=1 if is_row else 0)[section])
            return f"{grouped(n)} images: {'actual' if is_row else 'predicted'} {name}"
        return None

    def text(self, row: int, column: int) -> str:
        """Return what a cell shows in the present mode."""
        if self._matrix is None:
            return ""
        if self._mode is Mode.COUNTS:
            return grouped(int(self._matrix.counts[row, column]))
        return _percent(self._shares[row, column])

    def to_tsv(self) -> str:
        """Return the matrix with its headers as tab-separated text: whole numbers, or shares from 0 to 1."""
        lines = self.to_rows()
        return "".join("\t".join(text.replace("\t", " ") for text in line) + "\n" for line in lines)

    def to_rows(self) -> list[list[str]]:
        """Return the matrix with its headers as rows of texts: whole numbers, or shares from 0 to 1."""
        if self._matrix is None:
            return []
        values = self._matrix.counts if self._mode is Mode.COUNTS else self._shares
        lines = [["actual \\ predicted", *self._names()]]
        for name, row in zip(self._names(), values.tolist(), strict=True):
            lines.append([name, *map(_plain, row)])
        return lines

    def _names(self) -> tuple[str, ...]:
        return () if self._matrix is None else self._matrix.class_names

    def _share_out(self) -> None:
        if self._matrix is not None:
            by_column = self._mode is Mode.BY_COLUMN
            self._shares = self._matrix.by_column() if by_column else self._matrix.by_row()

    def _sentence(self, matrix: ConfusionMatrix, row: int, column: int) -> str:
        names, n = matrix.class_names, int(matrix.counts[row, column])
        whole = names[column] if self._mode is Mode.BY_COLUMN else names[row]
        of = f"those predicted {whole}" if self._mode is Mode.BY_COLUMN else whole
        images = "1 image" if n == 1 else f"{grouped(n)} images"
        n_changed = self._n_changed(row, column)
        changed = f"; changed since: {grouped(n_changed)}" if n_changed else ""
        share = _percent(self._shares[row, column])
        return f"{images}: actual {names[row]}, predicted {names[column]} ({share} of {of}){changed}"

    def _n_changed(self, row: int, column: int) -> int:
        height, width = self._changed.shape
        return int(self._changed[row, column]) if row < height and column < width else 0

    def _ground(self, row: int, column: int) -> QColor:
        share = float(np.nan_to_num(self._shares[row, column]))
        ink = self._theme.correct if row == column else self._theme.wrong
        return mixed(QColor(self._theme.base), QColor(ink), _STRONGEST * share)

    def _tell(self) -> None:
        last = len(self._names()) - 1
        if last >= 0:
            self.dataChanged.emit(self.index(0, 0), self.index(last, last))


def mixed(ground: QColor, ink: QColor, share: float) -> QColor:
    """Return `share` (0 to 1) of `ink` on `ground`."""
    parts = zip((ground.red(), ground.green(), ground.blue()), (ink.red(), ink.green(), ink.blue()), strict=True)
    return QColor(*(round(below + (above - below) * share) for below, above in parts))


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast ratio of two colours, 1 to 21, as WCAG 2.1 defines it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def readable_on(ground: QColor, theme: Theme) -> QColor:
    """Return the theme's colour of text where it can be read on `ground`, else black or white."""
    text = QColor(theme.text)
    if contrast(ground, text) >= SMALLEST_CONTRAST:
        return text
    return max((QColor("black"), QColor("white")), key=lambda color: contrast(ground, color))


def _percent(share: float) -> str:
    return "–" if np.isnan(share) else f"{100 * share:.1f} %"


def _plain(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return "" if np.isnan(value) else f"{value:.6g}"


def _luminance(color: QColor) -> float:
    parts = (color.redF(), color.greenF(), color.blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _cells_text(names: tuple[str, ...], chosen: NDArray[np.bool_]) -> str:
    n, c = int(chosen.sum()), len(names)
    if n == c * c:
        return "all images"
    if n == 0:
        return "no cell"
    row, column = (int(places[0]) for places in np.nonzero(chosen))
    if n == 1:
        return f"actual {names[row]}, predicted {names[column]}"
    if n == c and chosen[row].all():
        return f"actual {names[row]}"
    if n == c and chosen[:, column].all():
        return f"predicted {names[column]}"
    return f"{n} cells"

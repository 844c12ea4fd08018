"""Mend the labels of assessed images in the class table, so that it can be undone, and tell what has changed."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from aid_desktop.data.class_table import Role
from aid_desktop.errors import DataError
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.relabelled import (
    ImageStates,
    change_text,
    changed_images,
    excluded_images,
    find_states,
    with_images_included,
    with_images_moved,
)
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.notifier import Notifier
from aid_desktop.numbers import grouped


class Relabelling(QObject):
    """Changes class and role of assessed images in the current class table, and compares it with that of the time.

    `changed` tells that other images are changed now, `counted` with it how many of each cell of the matrix, see
    `changed_counts`; `refused` why a change cannot be made.
    """

    changed = pyqtSignal()
    counted = pyqtSignal(object)
    refused = pyqtSignal(str)

    def __init__(self, notifier: Notifier, editor: TableEditor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._editor = editor
        self._table = notifier.table
        self._assessment: Assessment | None = None
        self._before: ImageStates | None = None
        self._now: ImageStates | None = None
        self._is_changed: NDArray[np.bool_] = np.empty(0, np.bool_)
        notifier.table_changed.connect(self._on_table)

    @property
    def n_changed(self) -> int:
        """Number of images whose class or role is another than when they were assessed, or that were excluded."""
        return int(np.count_nonzero(self._is_changed))

    @property
    def excluded(self) -> NDArray[np.intp]:
        """Positions (N,) of the assessed images that the class table had and has no longer."""
        if self._before is None or self._now is None:
            return np.empty(0, np.intp)
        return np.flatnonzero(excluded_images(self._before, self._now))

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes to choose from: those of the model in its order, then others of the table."""
        own = () if self._assessment is None else self._assessment.card.class_names
        return (*own, *(name for name in self._notifier.table.class_names if name not in own))

    @property
    def model(self) -> Path | None:
        """The model that the images were assessed with."""
        return None if self._assessment is None else self._assessment.path

    def remember_table(self) -> None:
        """Take the class table as it is now for that of the assessment which begins."""
        self._table = self._notifier.table

    def start(self, assessment: Assessment) -> None:
        """Begin anew with an assessment of images of the class table that was remembered."""
        self._assessment = assessment
        self._before = find_states(assessment.predictions, self._table)
        self._compare()

    def follow(self, assessment: Assessment) -> None:
        """Go on with the same predictions under another threshold."""
        self._assessment = assessment
        self._tell()

    def changed_counts(self) -> NDArray[np.int64]:
        """Return how many images of each cell of the matrix are changed, (C, C)."""
        if self._assessment is None:
            return np.zeros((0, 0), np.int64)
        matrix = self._assessment.matrix
        counts = np.zeros((len(matrix.class_names),) * 2, np.int64)
        which = self._is_changed if len(self._is_changed) == matrix.n else np.zeros(matrix.n, np.bool_)
        np.add.at(counts, (matrix.actual[which], matrix.predicted[which]), 1)
        return counts

    def is_about(self, predictions: Predictions) -> bool:
        """Return whether these are the predictions of the present assessment, in which positions count."""
        return self._assessment is not None and predictions is self._assessment.predictions

    def mark(self, predictions: Predictions, position: int) -> str:
        """Return what has become of an image of the present assessment; "" for nothing, and for other predictions."""
        if self._before is None or self._now is None or not self.is_about(predictions):
            return ""
        if not self._is_changed[position]:
            return ""
        return change_text(self._before, self._now, position)

    def obstacle(self, positions: NDArray[np.intp]) -> str:
        """Return why none of these images can be changed; "" if some can."""
        if self._now is None or self._before is None:
            return "Assess a model first"
        if not len(positions):
            return "Choose images first"
        if self._now.is_there[positions].any():
            return ""
        if self._before.is_there[positions].all():
            return "These images were excluded: include them again to change them"
        return "These images are not in the class table: add their file on the Data tab, then assess again"

    def relabel(self, positions: NDArray[np.intp], class_name: str) -> None:
        """Give images another class."""
        self._change(positions, f"relabel {_images(len(positions))} as {class_name}", class_name=class_name)

    def set_role(self, positions: NDArray[np.intp], role: Role) -> None:
        """Use images for something else."""
        self._change(positions, f"use {_images(len(positions))} for {role}", role=role)

    def exclude(self, positions: NDArray[np.intp]) -> None:
        """Leave images out of the class table."""
        self._change(positions, f"exclude {_images(len(positions))}")

    def include(self, positions: NDArray[np.intp]) -> None:
        """Bring excluded images back, with the class and role that they had when they were assessed."""
        excluded = np.intersect1d(positions, self.excluded)
        if self._assessment is None or self._before is None or self._now is None or not len(excluded):
            self.refused.emit("None of these images is excluded.")
            return
        try:
            table = with_images_included(self._assessment.predictions, excluded, self._before, self._now)
        except DataError as error:
            self.refused.emit(str(error))
            return
        self._editor.change(table, f"include {_images(len(excluded))} again")

    @pyqtSlot()
    def undo(self) -> None:
        """Take the last change of the class table back."""
        self._editor.stack.undo()

    def _change(
        self, positions: NDArray[np.intp], text: str, class_name: str | None = None, role: Role | None = None
    ) -> None:
        reason = self.obstacle(positions)
        if reason or self._assessment is None or self._now is None:
            self.refused.emit(f"{reason}.")
            return
        there = positions[self._now.is_there[positions]]
        try:
            table = with_images_moved(self._assessment.predictions, there, self._editor.table, class_name, role)
        except DataError as error:
            self.refused.emit(str(error))
            return
        if table == self._editor.table:
            self.refused.emit(self._same_text(len(there), class_name, role))
            return
        self._editor.change(table, text)
        if len(there) < len(positions):
            left = _images(len(positions) - len(there))
            self.refused.emit(f"{left} stayed as they were: they are not in the class table.")

    def _same_text(self, n: int, class_name: str | None, role: Role | None) -> str:
        """Say that images are already what they shall become."""
        which, them = ("This image is", "it") if n == 1 else (f"These {_images(n)} are", "them")
        if role is None:
            return f"{which} of the class {class_name} already."
        made = self._assessment
        is_held_out = (
            made is not None and made.labelled is None and (role, made.role) == (Role.TRAINING, Role.VALIDATION)
        )
        held_out = f": the run held {them} out of its training rows" if is_held_out else ""
        return f"{which} used for {role} already{held_out}."

    @pyqtSlot()
    def _on_table(self) -> None:
        if self._assessment is not None:
            self._compare()

    def _compare(self) -> None:
        if self._assessment is None or self._before is None:
            return
        table = self._notifier.table
        is_same = table is self._before.table
        self._now = self._before if is_same else find_states(self._assessment.predictions, table)
        self._is_changed = changed_images(self._before, self._now)
        self._tell()

    def _tell(self) -> None:
        self.counted.emit(self.changed_counts())
        self.changed.emit()


def _images(n: int) -> str:
    return "1 image" if n == 1 else f"{grouped(n)} images"

"""Assessment: what a model makes of labelled images, scored; for the window and for the command line."""

from dataclasses import dataclass
from pathlib import Path

from aid_desktop.data.class_table import Role
from aid_desktop.evaluation.assess import predict_rows
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import Scores, score
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.evaluation.report import write_report
from aid_desktop.evaluation.roles import RoleImages
from aid_desktop.long_work import Progress, ShouldStop
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """A model's predictions for the images of a role, or of a file with labels, and their scores.

    `uncalibrated` are the predictions of the network itself, if they are known besides those of a calibrated model.
    """

    path: Path
    card: ModelCard
    role: Role
    predictions: Predictions
    matrix: ConfusionMatrix
    scores: Scores
    labelled: Path | None = None
    uncalibrated: Predictions | None = None

    @property
    def title(self) -> str:
        """Say which model and which images these are."""
        return f"{self.path.name} on {f'the {self.role} images' if self.labelled is None else self.labelled.name}"

    def write(self, folder: Path, progress: Progress | None = None) -> list[Path]:
        """Write the report into a folder; see report.write_report. Raises ExportError or DataError."""
        role = str(self.role) if self.labelled is None else ""
        return write_report(
            self.scores, self.matrix, self.predictions, folder, self.title, self.path, self.card, role, progress
        )


def assess(
    loaded: LoadedModel,
    images: RoleImages,
    role: Role,
    threshold: Threshold | None = None,
    labelled: Path | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Assessment:
    """Apply a model to labelled images and score it; `labelled` is the file with labels that they come from, if any.

    Images that were not predicted when `should_stop` turned true are missing. Raises DataError as `predict_rows` does.
    """
    predictions = predict_rows(loaded, images.rows, progress, should_stop, images.indices)
    matrix, scores = ConfusionMatrix.from_predictions(predictions, threshold), score(predictions, threshold)
    return Assessment(loaded.path, loaded.card, role, predictions, matrix, scores, labelled)

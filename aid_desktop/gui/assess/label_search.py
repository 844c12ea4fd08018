"""Wrong labels among assessed images: the work behind the tab, for a background thread."""

from dataclasses import dataclass
from pathlib import Path

from aid_desktop.data.class_table import Role
from aid_desktop.errors import AidError, ExportError
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.label_issues import LabelIssues
from aid_desktop.evaluation.label_search import search_labels
from aid_desktop.evaluation.label_tables import write_label_issues
from aid_desktop.gui.background import JobContext
from aid_desktop.models.files import load_model
from aid_desktop.runs.series import read_series


@dataclass(frozen=True, slots=True, eq=False)
class FoundLabels:
    """The suspicious images of an assessment."""

    assessment: Assessment
    issues: LabelIssues


def find_labels(assessment: Assessment, series: Path | None, context: JobContext) -> FoundLabels:
    """Search the images of an assessment, with the runs of a series if a folder of one is given. Raises AidError."""
    runs = None if series is None else read_series(series)
    loaded = load_model(assessment.path)
    # What lies in a file of its own, with its labels, was nothing that the model has learnt from.
    role = assessment.role if assessment.labelled is None else Role.TEST
    issues = search_labels(
        loaded, assessment.predictions, role, runs, progress=context.report, should_stop=lambda: context.cancelled
    )
    return FoundLabels(assessment, issues)


def save_list(found: FoundLabels, path: Path, _: JobContext) -> Path:
    """Write the list; return its path. Raises ExportError."""
    try:
        write_label_issues(path, found.issues)
    except ExportError:
        raise
    except AidError as error:
        raise ExportError(str(error)) from error
    return path

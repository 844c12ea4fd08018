"""All that can be written about classified images, chosen at once: for the window and the command line."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError, ExportError
from aid_desktop.evaluation.aideveloper_xlsx import aideveloper_paths, write_aideveloper_tables
from aid_desktop.evaluation.classified import classified_paths, is_one_of, write_classified_copies
from aid_desktop.evaluation.decision import MOST_PROBABLE, Decision
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.sorting import Link, check_folder, sort_images
from aid_desktop.evaluation.summary import Summary, summarize, write_summary
from aid_desktop.evaluation.tables import check_table_name, write_predictions
from aid_desktop.long_work import Progress
from aid_desktop.paths import free_path

SUMMARY_ENDING = "_summary.csv"


@dataclass(frozen=True, slots=True)
class Outputs:
    """What is to be written.

    `table` is a .csv or .xlsx file with a row for each image. `with_aideveloper`: tables as AIDeveloper writes them;
    `with_rtdc`: classified copies of .rtdc files, small ones that refer to the originals with `as_basin`; both go
    into `folder`, None: beside each source. `sort_into` gets a folder for each class, by `link`.
    """

    table: Path | None = None
    with_aideveloper: bool = False
    with_rtdc: bool = False
    as_basin: bool = False
    folder: Path | None = None
    sort_into: Path | None = None
    link: Link = Link.COPY

    def check(self, sources: Sequence[DataSource]) -> None:
        """Raise DataError or ExportError, before anything is classified, for what cannot be written."""
        if self.table is not None:
            check_table_name(self.table)
        paths = [source.path for source in sources]
        for path in filter(None, (self.table, self.summary_path(paths))):
            if is_one_of(path, paths):
                raise DataError(
                    f"{path} is itself one of the files that are to be classified: choose another name for the result."
                )
        if self.sort_into is not None:
            check_folder(self.sort_into, sources)
        others = [source.name for source in sources if source.kind is not SourceKind.RTDC]
        if self.with_rtdc and others:
            raise DataError(
                f"{', '.join(others)}: predictions can be put into copies of .rtdc files only. Choose a table, or "
                "remove what is no .rtdc file."
            )
        for folder in {path.parent for path in self.planned(paths)}:
            _check_writable(folder)

    def planned(self, sources: Sequence[Path]) -> tuple[Path, ...]:
        """Return the files, and the folder of the sorted images, that will be written for these files and folders."""
        found: list[Path] = []
        if self.table is not None:
            found.append(self.table)
        if self.with_aideveloper:
            found += aideveloper_paths(sources, self.folder)
        if self.with_rtdc:
            found += classified_paths(sources, self.folder)
        if self.sort_into is not None:
            found.append(self.sort_into)
        summary = self.summary_path(sources)
        return (*found, summary) if summary is not None else tuple(found)

    def summary_path(self, sources: Sequence[Path]) -> Path | None:
        """Return the file of the counts; None where an .xlsx table has them, or nothing is written.

        Beside a .csv table it has its name; elsewhere one that is free.
        """
        if self.table is not None:
            name = f"{self.table.stem}{SUMMARY_ENDING}"
            return None if self.table.suffix.lower() == ".xlsx" else self.table.with_name(name)
        if (self.with_rtdc or self.with_aideveloper) and sources:
            return free_path((self.folder or sources[0].parent) / f"classified{SUMMARY_ENDING}", ".csv", first=1)
        return None if self.sort_into is None else free_path(self.sort_into / "summary.csv", ".csv", first=1)


@dataclass(frozen=True, slots=True)
class Written:
    """What was found and written: the counts, the files, that of the counts, and what the user should know besides."""

    summary: Summary
    files: tuple[Path, ...] = ()
    summary_file: Path | None = None
    notes: tuple[str, ...] = ()


def write_outputs(
    predictions: Predictions,
    outputs: Outputs,
    decision: Decision = MOST_PROBABLE,
    model: Path | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write all of `outputs`; `model`, the model's file, is named in them.

    `progress(done, total)` counts the images of one output after the other; an error raised by it ends the writing
    and leaves no half file. Raises DataError, ExportError.
    """
    summary = summarize(predictions, decision)
    sources = [source.path for source in predictions.sources]
    summary_file = outputs.summary_path(sources)
    files: list[Path] = []
    notes: list[str] = []
    if outputs.table is not None:
        write_predictions(outputs.table, predictions, decision, summary, progress)
        files.append(outputs.table)
    if outputs.with_aideveloper:
        files += write_aideveloper_tables(predictions, model or Path(), outputs.folder, decision, progress)
    if outputs.with_rtdc:
        about = () if model is None else (f"model: {model}",)
        files += write_classified_copies(
            predictions,
            outputs.folder,
            decision,
            is_basin=outputs.as_basin,
            about=about,
            progress=progress,
            notes=notes,
        )
    if outputs.sort_into is not None:
        report = sort_images(predictions, outputs.sort_into, decision, outputs.link, progress)
        files.append(report.manifest)
        if report.n_not_linked:
            notes.append(
                f"{report.n_not_linked} of {report.n} images could not be linked from {report.folder} and were copied: "
                "links need the same disk, and on some systems a permission."
            )
    if summary_file is not None:
        write_summary(summary_file, summary)
    return Written(summary, tuple(files), summary_file, tuple(notes))


def _check_writable(folder: Path) -> None:
    """Raise ExportError where no file can be made: better now than after an hour of work."""
    there = next((one for one in (folder.absolute(), *folder.absolute().parents) if one.exists()), None)
    if there is not None and not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        reason = "it may only be read" if there.is_dir() else f"{there} is a file"
        raise ExportError(f"{folder} cannot be written into: {reason}. Choose another folder.")

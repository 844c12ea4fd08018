"""What was exported and how it was proven: export_report.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aid_desktop
from aid_desktop.export.chain import input_contract
from aid_desktop.export.exporter import ExportFormat, Limit
from aid_desktop.export.network import ExportNetwork
from aid_desktop.export.verify import MOST_CHANGED, Verification
from aid_desktop.models.onnx_cache import TOLERANCE

REPORT_NAME = "export_report.json"
REPORT_VERSION = 1


@dataclass(frozen=True, slots=True)
class ExportReport:
    """One exported file.

    Attributes:
        target: the format.
        path: of the file or folder.
        model: that was exported.
        network: as it was written.
        verifications: of all runtimes, those that are not installed included.
        images: what was compared, in words.
        n_images: how many images that were.
        is_forced: written although it does not hold, because the user wanted it.
    """

    target: ExportFormat
    path: Path
    model: Path
    network: ExportNetwork
    verifications: tuple[Verification, ...]
    images: str
    n_images: int
    is_forced: bool = False

    @property
    def agreeing(self) -> tuple[Verification, ...]:
        """Those runtimes that compute the same as Keras."""
        return tuple(one for one in self.verifications if one.is_same)

    @property
    def difference(self) -> float | None:
        """Largest difference to Keras in those that agree, and in the format's own ones; None if nothing was run."""
        found = [one.difference for one in self.verifications if one.was_run and (one.is_same or one.is_own)]
        return max(found, default=None)

    @property
    def verified_with(self) -> str:
        """The runtimes that agree, "" if there is none."""
        return ", ".join(one.title for one in self.agreeing)

    @property
    def summary(self) -> str:
        """How the file was proven, in one line."""
        if self.difference is None:
            return "written, but not computed by any runtime here"
        if not self.verified_with:
            return f"written because it was forced: {self._amount}"
        return f"computed by {self.verified_with} on {self.images}: {self._amount}"

    @property
    def _amount(self) -> str:
        difference = f"the largest difference to Keras is {self.difference or 0:.1e}"
        if self.target.limit is Limit.DIFFERENCE:
            return difference
        changed = max(one.changed for one in self.verifications if one.was_run)
        return f"{changed:.1%} of the images get another class, {difference}"

    @property
    def problems(self) -> tuple[str, ...]:
        """What makes the export one that must be forced; empty where all is well."""
        return tuple(
            f"{one.title} computes other numbers than Keras: the largest difference is {one.difference:.1e}, "
            f"{one.changed:.1%} of the images get another class"
            if one.was_run
            else f"{one.title} cannot compute it: {one.problem}"
            for one in self.verifications
            if one.is_own and one.version and not one.is_same
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the user should know besides: runtimes that were not there, or are not to be used with the file."""
        others = tuple(
            f"{one.title} computes other numbers: do not use it with this file"
            if one.was_run
            else f"{one.title}: {one.problem}"
            for one in self.verifications
            if not one.is_same and not (one.is_own and one.version)
        )
        return (*others, *([self.target.not_verified] if self.target.not_verified else []))

    def to_json(self) -> dict[str, object]:
        """Return what the file holds."""
        return {
            "version": REPORT_VERSION,
            "program": f"AID Desktop {aid_desktop.__version__}",
            "format": self.target.name,
            "path": str(self.path),
            "model": str(self.model),
            "max_abs_difference": self.difference,
            "verified_with": self.verified_with,
            "limit": {"max_abs_difference": TOLERANCE, "changed_answers": MOST_CHANGED}[self._limit_name],
            "limit_of": self._limit_name,
            "is_forced": self.is_forced,
            "checks": [one.to_json() for one in self.verifications],
            "remarks": list(self.remarks),
            "n_images": self.n_images,
            "images": self.images,
            "class_names": list(self.network.card.class_names),
            **input_contract(self.network, self.target),
        }

    @property
    def _limit_name(self) -> str:
        return "max_abs_difference" if self.target.limit == "difference" else "changed_answers"


def report_text(report: ExportReport) -> str:
    """Return what export_report.json holds: the report, and those of other files beside it that are still there."""
    folder = report.path.parent
    others = [one for one in _earlier(folder / REPORT_NAME) if _place_of(one, folder) not in (report.path, None)]
    return json.dumps({**report.to_json(), "others": others}, indent=1, ensure_ascii=False) + "\n"


def is_report(path: Path) -> bool:
    """Return whether a file is one that `report_text` has made."""
    return any("format" in one and "version" in one for one in _earlier(path))


def exported_files(folder: Path) -> tuple[Path, ...]:
    """Return the exported files that a folder's report tells of and that are still there."""
    places = (_place_of(one, folder) for one in _earlier(folder / REPORT_NAME))
    return tuple(place for place in places if place is not None)


def _place_of(document: Mapping[str, object], folder: Path) -> Path | None:
    """Return where the file of a report lies, beside the report; None if it is gone.

    Its path may be one of another working folder, or of a folder that has been moved since.
    """
    place = folder / Path(str(document["path"])).name
    return place if place.exists() else None


def _earlier(path: Path) -> list[dict[str, object]]:
    """Return the reports that a file holds; none if it is not there, or no report."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        others = document.pop("others", [])
        return [one for one in (document, *others) if "path" in one]
    except (OSError, ValueError, AttributeError, TypeError):
        return []

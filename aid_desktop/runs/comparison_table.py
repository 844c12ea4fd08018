"""A comparison as people read it: two tables of texts, for the window, the console and the clipboard."""

from collections.abc import Sequence
from dataclasses import dataclass

from aid_desktop.runs.comparison import Comparison, Measure, RunResult, Summary

_DECIMALS = {"best_epoch": 1, "epochs": 1, "seconds": 1}
_METRIC_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class TextTable:
    """Headers and rows of texts; `n_leading` columns on the left are names, those on the right numbers."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_leading: int

    def lines(self) -> list[str]:
        """Return the table as lines of equal columns."""
        widths = [max(map(len, column)) for column in zip(self.headers, *self.rows, strict=True)]
        return [self._line(row, widths) for row in (self.headers, *self.rows)]

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = zip(row, widths, range(len(row)), strict=True)
        padded = (text.ljust(width) if place < self.n_leading else text.rjust(width) for text, width, place in cells)
        return "  ".join(padded).rstrip()

    def tab_separated(self) -> str:
        """Return the table for the clipboard, as spreadsheets take it."""
        return "".join("\t".join(row) + "\n" for row in (self.headers, *self.rows))


def summary_table(comparison: Comparison) -> TextTable:
    """Return a row per architecture: number of finished runs, then mean ± standard deviation."""
    columns = comparison.columns
    rows = tuple(_summary_row(summary, columns) for summary in comparison.summaries)
    return TextTable(("architecture", "runs", *columns), rows, 1)


def run_table(comparison: Comparison) -> TextTable:
    """Return a row per run."""
    columns = comparison.columns
    rows = tuple(_run_row(run, columns) for run in comparison.runs)
    return TextTable(("run", "architecture", "state", "seed", "fold", *columns), rows, 3)


def measure_text(name: str, measure: Measure) -> str:
    """Return for example "0.9312 ± 0.0120"; the mean alone of one run."""
    decimals = _DECIMALS.get(name, _METRIC_DECIMALS)
    return f"{measure.mean:.{decimals}f}" + ("" if measure.sd is None else f" ± {measure.sd:.{decimals}f}")


def fold_text(fold: tuple[int, int] | None) -> str:
    """Return for example "2 of 5"; "" without cross-validation."""
    return "" if fold is None else f"{fold[0]} of {fold[1]}"


def _summary_row(summary: Summary, columns: Sequence[str]) -> tuple[str, ...]:
    measures = (summary.measures.get(name) for name in columns)
    texts = ("" if one is None else measure_text(name, one) for name, one in zip(columns, measures, strict=True))
    return (summary.architecture, str(summary.n_runs), *texts)


def _run_row(run: RunResult, columns: Sequence[str]) -> tuple[str, ...]:
    leading = (run.name, run.architecture, str(run.state), str(run.seed), fold_text(run.fold))
    return (*leading, *(value_text(name, run.values.get(name)) for name in columns))


def value_text(name: str, value: float | None) -> str:
    """Return the value of a column with its decimals; "" for none."""
    if value is None:
        return ""
    if name in ("best_epoch", "epochs"):
        return f"{value:.0f}"
    return f"{value:.{_DECIMALS.get(name, _METRIC_DECIMALS)}f}"

"""What is said above the class table: findings about it and about what was not added, a few notes at most."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from aid_desktop.data.class_table import ClassTable, TableProblem
from aid_desktop.data.source import Problem
from aid_desktop.gui.widgets.message_strip import Level, Note, sentence
from aid_desktop.numbers import grouped

T = TypeVar("T")

MOST_NOTES = 4
_MOST_LINES = 200


def finding_notes(table: ClassTable, warnings: Sequence[TableProblem], has_split: bool) -> list[Note]:
    """Return what must be put right before a table can be trained on, then its warnings; nothing if it is empty."""
    if not table.rows:
        return []
    problems = table.problems(for_training=True, has_split=has_split)
    return _limited((*problems, *warnings), partial(_note, table=table))


def rejection_notes(problems: Sequence[Problem]) -> list[Note]:
    """Return what could not be added to the table."""
    return _limited(problems, _rejection)


def _note(finding: TableProblem, table: ClassTable) -> Note:
    if finding.row is None:
        return Note(Level.WARNING, sentence(finding.message))
    source = table.rows[finding.row].source
    is_about_images = bool(source.problems) and finding.message == source.problem_text
    details = _lines(source.problems, str) if is_about_images else ""
    return Note(Level.WARNING, f"{source.name}: {finding.message}", details)


def _rejection(problem: Problem) -> Note:
    # Most reasons name the file themselves.
    text = problem.reason if problem.name.rpartition("/")[2] in problem.reason else str(problem)
    return Note(Level.ERROR, f"Not added: {text}")


def _limited(found: Sequence[T], note: Callable[[T], Note]) -> list[Note]:
    """Return a note for each, or for the first ones and one that lists the others."""
    if len(found) <= MOST_NOTES:
        return [note(item) for item in found]
    rest = found[MOST_NOTES - 1 :]
    more = Note(note(rest[0]).level, f"And {grouped(len(rest))} more.", _lines(rest, lambda item: note(item).text))
    return [*map(note, found[: MOST_NOTES - 1]), more]


def _lines(items: Sequence[T], text: Callable[[T], str]) -> str:
    lines = [text(item) for item in items[:_MOST_LINES]]
    if len(items) > len(lines):
        lines.append(f"… and {grouped(len(items) - len(lines))} more")
    return "\n".join(lines)

from pathlib import Path

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.source import DataSource, Problem, SourceKind
from aid_desktop.gui.data.findings import MOST_NOTES, finding_notes, rejection_notes
from aid_desktop.gui.widgets.message_strip import Level


def table(n_rows: int, n_problems: int) -> ClassTable:
    problems = tuple(Problem(f"{i}.png", "is broken") for i in range(n_problems))
    sources = (DataSource(Path(f"/d/{i}"), SourceKind.FOLDER, 9, ((8, 8, 1),), str(i), problems) for i in range(n_rows))
    return ClassTable().add_sources([(source, f"c{i}", Role.TRAINING) for i, source in enumerate(sources)])


def test_that_few_findings_stand_for_themselves() -> None:
    some = table(2, 3)
    problem, *unreadable = finding_notes(some, some.warnings, has_split=False)
    assert problem.text.startswith("No row is for validation")
    assert [note.text for note in unreadable] == ["0: 3 of 12 unreadable", "1: 3 of 12 unreadable"]
    assert unreadable[0].details == "0.png: is broken\n1.png: is broken\n2.png: is broken"


def test_that_thousands_of_findings_are_told_in_a_few_notes() -> None:
    many = table(5000, 500)
    notes = finding_notes(many, many.warnings, has_split=True)
    assert len(notes) == MOST_NOTES
    assert notes[0].details.splitlines()[-1] == "… and 300 more"
    assert notes[-1].text == f"And {5000 - MOST_NOTES + 1:,} more.".replace(",", "\N{NO-BREAK SPACE}")
    assert notes[-1].details.splitlines()[0] == "3: 500 of 509 unreadable"
    assert len(notes[-1].details.splitlines()) == 201


def test_that_an_empty_table_has_no_findings() -> None:
    assert finding_notes(ClassTable(), (), has_split=False) == []


def test_that_what_was_not_added_is_told_in_a_few_notes() -> None:
    problems = [Problem(f"d/{i}.png", f"/d/{i}.png is broken.") for i in range(9)] + [Problem("x/folder", "is empty")]
    notes = rejection_notes(problems)
    assert [note.level for note in notes] == [Level.ERROR] * MOST_NOTES
    assert notes[0].text == "Not added: /d/0.png is broken."
    assert notes[-1].text == "And 7 more."
    assert notes[-1].details.splitlines()[-1] == "Not added: x/folder: is empty"

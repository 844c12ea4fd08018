from pathlib import Path

import pytest

from aid_desktop.gui.help.contents import Chapter, Page, pages_with, read_contents

INDEX = """# Manual

- [Not listed](before.md): above the first heading

## Begin

- [First steps](first_steps.md): with pictures
- [Recipes](recipes/all.md)

## Nothing here

Words with a [link](other.md).

## More

- [Files](files.md): of a run
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "index.md").write_text(INDEX, encoding="utf-8")
    for path, text in {
        "first_steps.md": "Drop a folder",
        "recipes/all.md": "A folder of tiles",
        "files.md": "Run",
    }.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def test_that_chapters_are_the_headings_with_lists_of_links(folder: Path) -> None:
    assert read_contents(folder) == (
        Chapter("Begin", (Page("First steps", "first_steps.md", "with pictures"), Page("Recipes", "recipes/all.md"))),
        Chapter("More", (Page("Files", "files.md", "of a run"),)),
    )


def test_that_a_manual_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_contents(tmp_path)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("folder", {"first_steps.md", "recipes/all.md"}),
        ("FOLDER tiles", {"recipes/all.md"}),
        ("", {"first_steps.md", "recipes/all.md", "files.md"}),
        ("nowhere", set()),
    ],
)
def test_that_pages_are_found_by_all_words_in_any_case(folder: Path, text: str, found: set[str]) -> None:
    assert pages_with(folder, read_contents(folder), text) == found

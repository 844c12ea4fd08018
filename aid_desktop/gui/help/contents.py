"""The contents of the manual, read from its first page."""

import re
from dataclasses import dataclass
from pathlib import Path

FIRST_PAGE = "index.md"
_LINE = re.compile(r"- \[(?P<title>[^]]+)\]\((?P<path>[^)#]+\.md)\)(?:: (?P<about>.+))?")


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its title, its path within the manual, and what it is about."""

    title: str
    path: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Pages under one heading."""

    title: str
    pages: tuple[Page, ...]


def read_contents(folder: Path) -> tuple[Chapter, ...]:
    """Return the chapters of the manual in `folder`: the lists of links below the headings of index.md.

    Raises OSError when that page cannot be read.
    """
    chapters: list[Chapter] = []
    for line in (folder / FIRST_PAGE).read_text(encoding="utf-8").splitlines():
        found = _LINE.fullmatch(line.strip())
        if line.startswith("## "):
            chapters.append(Chapter(line[3:].strip(), ()))
        elif found and chapters:
            page = Page(found["title"], found["path"], found["about"] or "")
            chapters[-1] = Chapter(chapters[-1].title, (*chapters[-1].pages, page))
    return tuple(chapter for chapter in chapters if chapter.pages)


def pages_with(folder: Path, chapters: tuple[Chapter, ...], text: str) -> frozenset[str]:
    """Return the paths of the pages that contain every word of `text`, in any case; all pages for no words."""
    words = text.lower().split()
    found = set()
    for page in (page for chapter in chapters for page in chapter.pages):
        content = (folder / page.path).read_text(encoding="utf-8", errors="replace").lower()
        if all(word in content for word in words):
            found.add(page.path)
    return frozenset(found)

"""What docs say of the program is checked against it."""

import re
from pathlib import Path

from aid_desktop.export.formats import FORMATS

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_that_the_page_on_export_has_every_format_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", (DOCS / "export.md").read_text(encoding="utf-8"), re.MULTILINE)
    files = {target.name: [target.suffix or "folder", *target.companions] for target in FORMATS}
    assert {name: [word.strip("`") for word in words.split(", ")] for name, words in rows} == files


def test_that_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in (*DOCS.rglob("*.md"), DOCS.parent / "README.md", DOCS.parent / "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert not broken

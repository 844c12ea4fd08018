"""What docs say of the program is checked against it."""

import ast
import dataclasses
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.export.formats import FORMATS
from aid_desktop.gui.help.contents import read_contents
from aid_desktop.models.zoo import find_architecture, list_architectures, load_zoo
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.run_toml import config_to_toml, read_run_toml
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.split import SplitSettings

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TEXTS = sorted(DOCS.rglob("*.md"))
PAGES = runpy.run_path(str(ROOT / "tests" / "reference_pages.py"))["PAGES"]


class _Tags(HTMLParser):
    """Collects where a page leads, what it shows, and the names that one can jump to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.names: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and (tag, name) in {("a", "href"), ("img", "src"), ("link", "href"), ("script", "src")}:
                self.targets.add(value)
            elif value and name == "id":
                self.names.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the manual as a web site; every warning of ProperDocs is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "properdocs", "build", "--strict", "-f", str(ROOT / ".properdocs.yml")]
    done = subprocess.run([*command, "-d", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_that_every_page_becomes_a_page_of_the_site(site: Path) -> None:
    built = {str(page.relative_to(site).with_suffix("")) for page in site.rglob("*.html")}
    assert built - {"404"} == {str(text.relative_to(DOCS).with_suffix("")) for text in TEXTS}


def test_that_links_and_pictures_of_the_site_lead_somewhere(site: Path) -> None:
    pages = {page: _Tags(page.read_text(encoding="utf-8")) for page in site.rglob("*.html") if page.name != "404.html"}
    broken = []
    for page, tags in pages.items():
        for target in tags.targets:
            path, _, name = target.partition("#")
            where = (page.parent / path).resolve() if path else page
            inside = "://" not in target and not target.startswith("mailto:")
            if inside and (not where.is_file() or (name and where in pages and name not in pages[where].names)):
                broken.append(f"{page.name}: {target}")
    assert not broken


def test_that_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    html = (site / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r'<(?:script|img|link)[^>]+(?:src|href)="https?:[^"]*"', html)


def test_that_the_contents_name_every_page_once() -> None:
    named = [page.path for chapter in read_contents(DOCS) for page in chapter.pages]
    assert sorted([*named, "index.md"]) == sorted(text.relative_to(DOCS).as_posix() for text in TEXTS)


def test_that_the_site_has_the_order_of_the_contents() -> None:
    yaml = (ROOT / ".properdocs.yml").read_text(encoding="utf-8")
    listed = re.findall(r"^ +- (?:(.+?): )?(\S+\.md)$", yaml, re.MULTILINE)
    contents = [(page.title, page.path) for chapter in read_contents(DOCS) for page in chapter.pages]
    assert listed == [("Contents", "index.md"), *contents]


def _picture_names() -> Iterator[str]:
    for text in (*TEXTS, ROOT / "README.md"):
        yield from re.findall(r"!\[[^]]*\]\(\S*?images/([^)]+)\)", text.read_text(encoding="utf-8"))


def test_that_every_picture_is_used() -> None:
    assert set(_picture_names()) == {path.name for path in (DOCS / "images").iterdir()}


@pytest.mark.parametrize("name", PAGES)
def test_that_a_page_made_from_the_program_is_as_the_program_is(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    assert text == PAGES[name](), "run `python tests/reference_pages.py`"


def test_that_every_name_in_run_toml_stands_on_the_page_of_the_settings() -> None:
    data = DataRow(Path("x"), "cat", Role.TRAINING, 0, 10, False, 2.0, "digest", "part", "0-3")
    config = RunConfig(ImageSettings(), ModelChoice("LeNet5"), data=(data,), split=SplitSettings())
    tables = config_to_toml(config)
    names = {"version", "seed", *tables["data"][0], *(field.name for field in dataclasses.fields(ModelChoice))}
    names |= {name for table in tables.values() if isinstance(table, dict) for name in table}
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def test_that_an_installed_program_has_all_pages_and_pictures() -> None:
    files = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["data-files"]
    delivered = {path for patterns in files.values() for pattern in patterns for path in ROOT.glob(pattern)}
    for folder in (DOCS, ROOT / "assets"):
        assert {path for path in folder.rglob("*") if path.is_file()} <= delivered
    assert ROOT / "model_zoo.py" in delivered


def test_that_the_page_on_export_has_every_format_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", (DOCS / "export.md").read_text(encoding="utf-8"), re.MULTILINE)
    files = {target.name: [target.suffix or "folder", *target.companions] for target in FORMATS}
    assert {name: [word.strip("`") for word in words.split(", ")] for name, words in rows} == files


def test_that_the_glossary_has_the_words_of_the_architecture_in_order() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", (DOCS / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)[1:]
    words = [word for word, _ in rows if word != "---"]
    assert words == sorted(words, key=str.casefold)
    section = (DOCS / "architecture.md").read_text(encoding="utf-8").split("## 12. Words")[1]
    wanted = re.split(r" · |, | / ", re.sub(r" \(.*?\)|\.$", "", " ".join(section.split())))
    text = "\n".join(f"{word} {about}" for word, about in rows).replace("**", "")
    assert len(wanted) > 20
    assert [word for word in wanted if word.removesuffix(" data") not in text] == []


@cache
def _texts_of_the_program(folder: str = "") -> set[str]:
    """Return all texts in the sources of the program, "…" for what is put in."""
    found = set()
    for path in (ROOT / "aid_desktop" / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.add("".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_that_quoted_messages_are_those_of_the_program() -> None:
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    quoted = re.findall(r"^\| `(.+?)` \|", text, re.MULTILINE)
    known = "\n".join(_texts_of_the_program())
    assert len(quoted) > 20
    assert [message for message in quoted if message not in known] == []


@pytest.mark.parametrize(
    "name", ["window", "data", "training", "history", "assessment_tab", "first_steps", "troubleshooting"]
)
def test_that_controls_in_bold_are_in_the_window(name: str) -> None:
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8").replace("\n", " ")
    named = re.findall(r"\*\*(.+?)\*\*", text)
    known = {
        word.replace("&", "").casefold()
        for part in ("gui", "settings", "training")
        for word in _texts_of_the_program(part)
    }
    assert named
    assert [control for control in named if control.casefold() not in known] == []


@pytest.mark.parametrize("path", sorted((DOCS / "recipes").glob("*.toml")), ids=lambda path: path.stem)
def test_that_a_recipe_can_be_read_and_stands_on_its_page(path: Path) -> None:
    config = read_run_toml(path)
    if config.model.architecture:
        architecture = find_architecture(list_architectures(ROOT / "model_zoo.py"), config.model.architecture)
        assert architecture.min_size <= min(config.image.width, config.image.height)
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    assert f"```toml\n{path.read_text(encoding='utf-8')}```" in page


def test_that_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in (*TEXTS, ROOT / "README.md", ROOT / "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert not broken


@pytest.mark.keras
def test_that_the_example_of_an_own_architecture_is_one(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.+?)```", (DOCS / "architectures.md").read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "model_zoo.py"
    path.write_text((ROOT / "model_zoo.py").read_text(encoding="utf-8") + "\n\n" + code, encoding="utf-8")
    listed = find_architecture(list_architectures(path), "TwoScales")
    for shape in ((listed.min_size, listed.min_size, 1), (48, 32, 3)):
        model = load_zoo(path).build("TwoScales", shape, 3)
        assert model.output_shape == (None, 3)
        assert any(layer.name.startswith("dropout") for layer in model.layers)

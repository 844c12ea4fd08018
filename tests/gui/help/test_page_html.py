import pytest

from aid_desktop.gui.help.page_html import anchor_of, page_html, page_style
from aid_desktop.gui.theme import DARK


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Run folder", "run-folder"),
        ("[image]", "image"),
        ("find-lr", "find-lr"),
        (".rtdc files: dclab & co", "rtdc-files-dclab-co"),
    ],
)
def test_that_headings_have_the_names_that_links_use(heading: str, anchor: str) -> None:
    assert anchor_of(heading) == anchor
    assert f'<a name="{anchor}"></a>' in page_html(f"## {heading}")


def test_that_tables_have_lines_and_code_stays_code() -> None:
    html = page_html("| a | b |\n|---|---|\n| `x` | 1 |\n\n```\ny < z\n```\n")
    assert '<table border="1"' in html
    assert "<td><code>x</code></td>" in html
    assert "<pre><code>y &lt; z" in html


def test_that_a_picture_by_itself_has_no_room_below_it() -> None:
    assert page_html("![a](b.png)") == '<p style="line-height: 100%"><img src="b.png" alt="a" /></p>\n'
    assert page_html("See ![a](b.png)").startswith("<p>See")


def test_that_html_in_a_page_stays_text() -> None:
    assert "<b>" not in page_html("a <b>bold</b> word")


def test_that_the_colours_are_those_of_the_theme() -> None:
    style = page_style(DARK, "Mono")
    assert DARK.accent in style
    assert "'Mono'" in style

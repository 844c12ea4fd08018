"""A page of the manual as HTML of the kind that Qt's text widgets show."""

import re
from typing import TYPE_CHECKING

from aid_desktop.gui.theme import GRID, Theme

if TYPE_CHECKING:
    from markdown_it.token import Token

_CELL_PADDING = 3 * GRID // 4


def page_html(markdown: str) -> str:
    """Return Markdown (CommonMark with tables) as HTML; headings can be linked to by the names that GitHub gives them.

    Qt's own reader of Markdown makes no names of headings and heeds no style sheet. HTML in the text stays text.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    for number, token in enumerate(tokens):
        if token.type == "table_open":
            token.attrs = {"border": "1", "cellspacing": "0", "cellpadding": str(_CELL_PADDING), "width": "100%"}
        elif token.type == "heading_open":
            _name_heading(tokens[number + 1])
        elif token.type == "paragraph_open" and [child.type for child in tokens[number + 1].children or ()] == [
            "image"
        ]:
            # The height of lines is a share of what stands in them.
            token.attrs = {"style": "line-height: 100%"}
        elif token.type == "fence":
            token.content = token.content.rstrip()
    return str(parser.renderer.render(tokens, parser.options, {}))


def page_style(theme: Theme, fixed_font: str) -> str:
    """Return the style sheet of such pages; `fixed_font` is the font family of code."""
    return f"""
        p, li {{ line-height: 125%; }}
        h1, h2, h3 {{ margin-top: {2 * GRID}px; margin-bottom: {GRID}px; }}
        a {{ color: {theme.accent}; }}
        table {{ border-color: {theme.border}; border-style: solid; border-collapse: collapse; margin: {GRID}px 0; }}
        th {{ text-align: left; background-color: {theme.alternate}; }}
        code, pre {{ font-family: '{fixed_font}'; }}
        pre {{ background-color: {theme.alternate}; }}
    """


def anchor_of(heading: str) -> str:
    """Return the name by which links reach a heading, as GitHub and Python-Markdown make it."""
    kept = re.sub(r"[^\w\s-]", "", heading).strip().lower()
    return re.sub(r"[-\s]+", "-", kept)


def _name_heading(inline: "Token") -> None:
    """Put an anchor before the words of a heading."""
    from markdown_it.token import Token

    children = inline.children or []
    words = "".join(child.content for child in children)
    name = Token("link_open", "a", 1, attrs={"name": anchor_of(words)})
    inline.children = [name, Token("link_close", "a", -1), *children]

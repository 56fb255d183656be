"""Markdown as a renderer sees it: which elements it has, and which text is code."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

_HTML = re.compile(r"<details>\n<summary>(<code>[^<>]*</code>: )?[\w, ]+</summary>\n|</details>\n")
STRUCTURE = {
    *("heading", "paragraph", "bullet_list", "list_item", "strong"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
"""The elements that we write, beside code and the lines of HTML that open and close details."""


def parsed(text: str) -> list[Token]:
    """The block tokens of a text with tables, as GitHub has them."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)


def leaves(tokens: list[Token]) -> Iterator[Token]:
    """Every token that is no container of others, in order."""
    for token in tokens:
        if token.children:
            yield from leaves(token.children)
        elif token.type != "inline":
            yield token


def check_structure(text: str) -> None:
    """AssertionError if a renderer finds an element that we never write."""
    for token in leaves(parsed(text)):
        if token.type == "html_block":
            assert _HTML.fullmatch(token.content), token.content
        elif token.type not in ("text", "code_inline", "softbreak"):
            assert token.type.removesuffix("_open").removesuffix("_close") in STRUCTURE, token


def text_outside_code(text: str) -> str:
    """All text that is no code, without the lines of HTML."""
    return "".join(t.content for t in leaves(parsed(text)) if t.type == "text")


def shown_text(cell: list[Token]) -> str:
    """What a cell or a paragraph shows, code and text together."""
    found = "".join(t.content for t in leaves(cell) if t.type in ("text", "code_inline"))
    return found.replace("\xa0", " ")


def cells(text: str) -> list[list[Token]]:
    """The inline tokens of each cell of all tables, without those of the headers."""
    tokens = parsed(text)
    return [
        tokens[number + 1].children or []
        for number, token in enumerate(tokens)
        if token.type == "td_open"
    ]

"""Pieces of Markdown that the generated pages share."""

import html
import re
from collections.abc import Iterable, Sequence

from reconciler.cli.main import COMMANDS

_SUBCOMMANDS = "export|init|inspect|install|prune|release|serve|show"
_PLACEHOLDER = r"(?:[A-Z]{2,}(?:=[A-Z]+)?|last)(?![\w'])"
_OPTION = rf"--[a-z][a-z-]*(?: (?:json|html)\b| {_PLACEHOLDER})?"
_NAMES = re.compile(
    r"`[^`]+`"  # what the program quotes itself
    r"|(?<![\w<-])("
    rf"gwe (?:{'|'.join(COMMANDS)})(?: (?:{_SUBCOMMANDS}))?(?: {_OPTION}| {_PLACEHOLDER})*"
    r"(?: -f bundled| manifests(?=\.))?"
    rf"|{_OPTION}"
    r"|GWE_[A-Z_]+"  # a variable
    r"|gwe\.toml|NO_COLOR"
    r"|(?:embedded|confservs?|postgresql):[^\s)]*[^\s,.;)]"  # a URL
    r")"
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table. A ``|`` in a cell does not end it."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text).replace("|", r"\|")


def code(text: str) -> str:
    """The text as code; empty text stays empty. A ``|`` as HTML: in a table, renderers differ
    about one that stands between backquotes."""
    if "|" in text:
        return f"<code>{html.escape(text).replace('|', '&#124;')}</code>"
    if "`" in text:
        return f"`` {text} ``"
    return f"`{text}`" if text else ""


def prose(text: str) -> str:
    """Text of the program, which knows no Markdown: options, variables and URLs are code."""
    plain = re.sub(
        r"([*_<\[])", r"\\\1", _NAMES.sub(lambda found: f"\0{found[0].strip('`')}\0", text)
    )
    return re.sub(
        r"\0([^\0]*)\0", lambda found: code(re.sub(r"\\([*_<\[])", r"\1", found[1])), plain
    )

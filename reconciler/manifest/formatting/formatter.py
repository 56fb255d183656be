"""The text of manifests -> the same manifests in canonical form. Pure.

The result is read again: it must hold the same data and the same comments, otherwise nothing is
formatted.
"""

import json
import re
from collections import Counter

from reconciler.diagnostics import Diagnostic, Position
from reconciler.manifest.formatting.comments import attach, comments_of
from reconciler.manifest.formatting.layout import page_lines
from reconciler.manifest.formatting.order import sort_keys
from reconciler.manifest.formatting.tree import UnformattableError, read_pages
from reconciler.yaml.strict import load_text

_BREAK = re.compile(r"\r\n|\r|\n")


def formatted(text: str, name: str, problems: list[Diagnostic]) -> str:
    """The canonical form of a text, with the line ending of its first line. ``name``: that of its
    file. A text that is no strict YAML, or that cannot be formatted, is returned unchanged, and the
    reason is added to ``problems``."""
    found: list[Diagnostic] = []
    data = _data(text, name, found)
    if found:
        problems += found
        return text
    first = _BREAK.search(text)
    plain = _BREAK.sub("\n", text)
    try:
        made = _proved(plain, data)
    except UnformattableError as error:
        hint = "Lay it out by hand, or leave it out of what is formatted."
        problems.append(Diagnostic(f"cannot be formatted: {error}", Position(name), hint))
        return text
    return made.replace("\n", first.group()) if first else made


def _proved(text: str, data: str) -> str:
    """The canonical form of a text that holds ``data``, and all of its comments."""
    made = _laid_out(text)
    if made == text:
        return text
    if _data(made, "", []) != data or _comments(made) != _comments(text):
        raise UnformattableError("its layout cannot be changed without changing what it says")
    return made


def _laid_out(text: str) -> str:
    pages = read_pages(text)
    attach(text, pages)
    for page in pages:
        sort_keys(page)
    lines = [
        line for number, page in enumerate(pages) for line in page_lines(page, first=number == 0)
    ]
    return "".join(f"{line}\n" for line in lines) if lines else text


def _comments(text: str) -> Counter[str]:
    return Counter(one.text for one in comments_of(text, read_pages(text)))


def _data(text: str, name: str, problems: list[Diagnostic]) -> str:
    """The documents of a text as JSON, so that true differs from 1 and the order of keys does not
    matter."""
    documents = load_text(text, name, problems)
    return json.dumps([one.data for one in documents], sort_keys=True)

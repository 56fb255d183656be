"""Untrusted text in Markdown: always code, so that nothing in it is a link, a mention, a
reference, HTML or the end of a cell.

A value becomes code spans of single backticks. A backtick or a pipe, which could end a span or a
cell, is written between the spans as a character reference: renderers disagree about longer runs of
backticks and about escaped pipes, but not about these. All text goes through ``escaped`` first, so
it contains no line ends.
"""

import html
import re
from collections.abc import Iterable, Sequence

from reconciler.text.difference import ELLIPSIS, MarkedText, compare, marked
from reconciler.text.visible import escaped

_BETWEEN_SPANS = re.compile(r"([|`]+)")
_LOST_BLANKS = re.compile(r"^ +| {2,}| +$")
"""Blanks that a renderer would drop or merge. They become no-break spaces; a value's own no-break
spaces are escapes already."""
_IN_COMMON = 60
_LONG = 400
_SENTENCE = 200


def code(text: str) -> str:
    """An untrusted text as code, for a paragraph, a list or a cell."""
    parts = _BETWEEN_SPANS.split(escaped(text) or '""')
    return "".join(
        "".join(f"&#{ord(c)};" for c in part)
        if number % 2
        else f"`{_LOST_BLANKS.sub(_kept, part)}`"
        for number, part in enumerate(parts)
        if part
    )


def _kept(blanks: re.Match[str]) -> str:
    return "\u00a0" * len(blanks[0])


def codes(texts: Sequence[str], most: int) -> str:
    """Untrusted texts as code, with commas. Beyond ``most``, the rest is only counted."""
    row = ", ".join(short_code(text) for text in texts[:most])
    more = len(texts) - most
    return f"{row} and {more:,} more" if more > 0 else row


def short_code(text: str, most: int = _SENTENCE) -> str:
    """A name or a sentence from outside, as code; a long text is cut, and how much is left out is
    given."""
    return _beginning(text, most)


def new_value(value: str, *, whole: bool) -> str:
    """A value without a counterpart; unless ``whole``, a long value is cut."""
    return code(value) if whole else _beginning(value, _LONG)


def _beginning(text: str, most: int) -> str:
    shown = escaped(text)
    if len(shown) <= most:
        return code(shown)
    return f"{code(shown[:most])} ({len(shown) - most:,} more characters)"


def both_values(before: str, after: str, *, whole: bool) -> tuple[str, str]:
    """Two values with what differs in bold. Unless ``whole``, long common parts are cut, with dots
    outside the code. What differs is never left out."""
    one, other = (
        _bold(marked(side, None if whole else _IN_COMMON)) for side in compare(before, after)
    )
    return one, other


def _bold(text: MarkedText) -> str:
    before, after = (ELLIPSIS if cut else "" for cut in (text.cut_before, text.cut_after))
    if not text.difference:  # two adjacent spans would be a single span, with backticks in it
        return f"{before}{_code_of(text.head + text.tail)}{after}"
    return f"{before}{_code_of(text.head)}**{code(text.difference)}**{_code_of(text.tail)}{after}"


def _code_of(text: str) -> str:
    return code(text) if text else ""


def html_code(text: str) -> str:
    """An untrusted text as code, for a line of HTML."""
    return f"<code>{html.escape(escaped(text))}</code>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown. It ends with an empty line."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"

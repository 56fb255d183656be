"""Where two texts differ. Pure.

Texts are compared as they are shown (``text/visible.py``), in units that are never split: an escape
such as ``\\u202e``, or a character with its accents.
"""

import re
import unicodedata
from collections.abc import Sequence

from msgspec import Struct

ELLIPSIS = "..."
_ESCAPE_OR_CHARACTER = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)|.", re.DOTALL)
_LONG = 100
_AROUND = 20
_LITTLE_IN_COMMON = 8


class Side(Struct, frozen=True):
    """One of two texts: its units, and from where to where they differ from the other's.
    ``start == end``: the other text has something there that this text lacks."""

    units: Sequence[str]
    start: int
    end: int

    @property
    def difference(self) -> str:
        return "".join(self.units[self.start : self.end])


class MarkedText(Struct, frozen=True):
    """One of two texts, split into what differs and what surrounds it. ``cut_before``,
    ``cut_after``: more text, the same in both, is left out there. An empty ``difference``: nothing
    is to be marked."""

    head: str
    difference: str = ""
    tail: str = ""
    cut_before: bool = False
    cut_after: bool = False


def marked(side: Side, around: int | None) -> MarkedText:
    """A side as it is shown beside the other. ``around``: how many units of a long common part are
    shown; None: all of them. The difference is never left out; it is not marked if the texts have
    little in common."""
    head, tail = side.units[: side.start], side.units[side.end :]
    if len(head) + len(tail) < _LITTLE_IN_COMMON:
        return MarkedText("".join(side.units))
    cut_before = around is not None and len(head) > 2 * around
    cut_after = around is not None and len(tail) > 2 * around
    shown_head = head[-around:] if around and cut_before else head
    shown_tail = tail[:around] if around and cut_after else tail
    return MarkedText(
        "".join(shown_head), side.difference, "".join(shown_tail), cut_before, cut_after
    )


def compare(before: str, after: str) -> tuple[Side, Side]:
    """Both texts, with the part between their longest common beginning and end."""
    one, other = units_of(before), units_of(after)
    shorter = min(len(one), len(other))
    start = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    common = next((i for i in range(shorter - start) if one[-1 - i] != other[-1 - i]), None)
    tail = shorter - start if common is None else common
    return Side(one, start, len(one) - tail), Side(other, start, len(other) - tail)


def units_of(text: str) -> list[str]:
    """The units of a text as it is shown. Only a quoted text has escapes."""
    if text.isascii():
        return _ESCAPE_OR_CHARACTER.findall(text) if text.startswith('"') else list(text)
    found: list[str] = []
    for unit in _ESCAPE_OR_CHARACTER.findall(text) if text.startswith('"') else text:
        if found and unicodedata.category(unit[0]).startswith("M"):
            found[-1] += unit
        else:
            found.append(unit)
    return found


def excerpt(text: str) -> str:
    """A text that is short enough for a sentence: a long text is cut, and its length is given."""
    if len(text) <= _LONG:
        return text
    return f"{text[:_LONG]}{ELLIPSIS} ({len(text):,} characters)"


def excerpts(before: str, after: str) -> tuple[str, str]:
    """Two texts for a sentence: long texts are cut to the place where they differ."""
    if max(len(before), len(after)) <= _LONG:
        return before, after
    one, other = compare(before, after)
    return _around(one), _around(other)


def _around(side: Side) -> str:
    first, last = max(0, side.start - _AROUND), side.end + _AROUND
    before = (ELLIPSIS if first else "") + "".join(side.units[first : side.start])
    after = "".join(side.units[side.end : last]) + (ELLIPSIS if last < len(side.units) else "")
    return before + excerpt(side.difference) + after

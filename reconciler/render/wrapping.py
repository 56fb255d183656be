"""Breaks text into rows of a given width in terminal cells: a CJK letter has two."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from reconciler.render.lines import cell_len
from reconciler.text.difference import ELLIPSIS, Side, units_of
from reconciler.text.visible import escaped

_MIN_CONTEXT = 16
_WORD = re.compile("^ +|[^ ]+ *")


class Row(Struct, frozen=True):
    """One row of a value. ``start``, ``end``: the columns in which it differs from the other
    value; equal if it does not differ."""

    text: str
    start: int = 0
    end: int = 0


def wrapped(text: str, width: int, first: int = 0, following: int = 0) -> Iterator[str]:
    """Wraps text to ``width`` columns, as ``between_words`` does. ``first`` and ``following``:
    the indents of the first line and of the others."""
    indent = first
    for piece in between_words(escaped(text), width - first, width - following):
        yield " " * indent + piece.rstrip(" ")
        indent = following


def between_words(text: str, first: int, following: int) -> Iterator[str]:
    """The text in pieces that end after a word: the first of at most ``first`` columns, the others
    of at most ``following``.

    A word that is wider, such as a long path, stays whole so that it can be copied: only a
    terminal breaks it. No line of gwe is a single word, so a row that a terminal breaks is not
    mistaken for a line.
    """
    piece, used, room = "", 0, first
    for word in _WORD.findall(text):
        size = cell_len(word.rstrip(" "))
        if piece and used + size > room and size <= following:
            yield piece
            piece, used, room = "", 0, following
        piece, used = piece + word, used + cell_len(word)
    yield piece


def broken(text: str, width: int) -> list[str]:
    """A value in pieces of at most ``width`` columns, cut anywhere."""
    if cell_len(text) <= width:
        return [text]
    return [row.text for row in rows(Side(units_of(text), 0, 0), max(width, 2))]


def rows(side: Side, width: int) -> list[Row]:
    """A value in rows of at most ``width`` columns. A difference that fits in one row is not
    broken. If the value lacks something, the column after that place counts as different."""
    sizes = [cell_len(unit) for unit in side.units]
    difference = sum(sizes[side.start : side.end])
    made: list[Row] = []
    text, used, mark = "", 0, (0, 0)
    for index, (unit, size) in enumerate(zip(side.units, sizes, strict=True)):
        together = difference if index == side.start and difference <= width else 0
        if text and used + max(size, together) > width:
            made.append(Row(text, *mark))
            text, used, mark = "", 0, (0, 0)
        if side.start <= index < side.end:
            mark = (mark[0] if mark[1] else used, used + size)
        elif index == side.start:
            mark = (used, used + 1)
        text, used = text + unit, used + size
    if side.start == side.end == len(side.units):
        mark = (used, used + 1)
    return [*made, Row(text, *mark)]


def elided(side: Side, other: Side, width: int) -> Side:
    """A value shortened to about ``width`` columns. The beginning and the end that it has in common
    with ``other`` are cut, except next to the difference; ``other`` is shortened by the same
    parts."""
    widest = max(cell_len(side.difference), cell_len(other.difference))
    room = max(width - widest, _MIN_CONTEXT)
    head, tail = side.units[: side.start], side.units[side.end :]
    sizes = cell_len("".join(head)), cell_len("".join(tail))
    if sum(sizes) <= room:
        return side
    head = _nearest(head[::-1], max(room // 2, room - sizes[1]))[::-1]
    tail = _nearest(tail, max(room // 2, room - sizes[0]))
    middle = side.units[side.start : side.end]
    return Side([*head, *middle, *tail], len(head), len(head) + len(middle))


def _nearest(units: Sequence[str], width: int) -> list[str]:
    """The first units that fit into ``width`` columns, with an ellipsis for the others."""
    if cell_len("".join(units)) <= width:
        return list(units)
    kept: list[str] = []
    used = len(ELLIPSIS)
    for unit in units:
        used += cell_len(unit)
        if used > width:
            break
        kept.append(unit)
    return [*kept, ELLIPSIS]

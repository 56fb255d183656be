"""Adds lines to a text and removes them, keeping its line ends.

Adding and then removing a line restores the text, even if the last line has no line end. Knows no
format.
"""

import re
from bisect import bisect_right

LINE_END = re.compile(r"\r\n|\n|\r")


class LineNumbers:
    """Position in a text -> the number of its line, from 1."""

    def __init__(self, text: str) -> None:
        self._ends = [found.end() for found in LINE_END.finditer(text)]

    def __getitem__(self, position: int) -> int:
        return bisect_right(self._ends, position) + 1


def split_lines(text: str) -> list[tuple[int, int, int]]:
    """(start, end, end with the line end) of every line. No empty line follows the last line
    end."""
    lines: list[tuple[int, int, int]] = []
    start = 0
    for found in LINE_END.finditer(text):
        lines.append((start, found.start(), found.end()))
        start = found.end()
    if start < len(text):
        lines.append((start, len(text), len(text)))
    return lines


def insert_line(text: str, position: int, line: str, default_end: str) -> str:
    """``text`` with ``line`` inserted at ``position``: the start of a line, or the end.

    Its line end is that of the line before it, else the first in the text, else
    ``default_end``.
    """
    before, after = text[:position], text[position:]
    ends = LINE_END.findall(before) or LINE_END.findall(text)[:1]
    end = ends[-1] if ends else default_end
    if before and before[-1] not in "\r\n":
        return before + end + line + after
    return before + line + end + after


def remove_lines(text: str, start: int, end: int) -> str:
    """``text`` without the lines that the range from ``start`` to ``end`` touches.

    For a last line without a line end, the line end before it is removed.
    """
    while start > 0 and text[start - 1] not in "\r\n":
        start -= 1
    following = LINE_END.search(text, end)
    if following:
        return text[:start] + text[following.end() :]
    if text[:start].endswith("\r\n"):
        start -= 2
    elif start:
        start -= 1
    return text[:start]

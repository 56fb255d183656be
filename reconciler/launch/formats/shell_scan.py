"""Finds where a word of a shell script ends: quotes, escapes and expansions are skipped whole.

Source: POSIX.1-2017, XCU 2.2 and 2.3. Interprets nothing. Pure.
"""

import re

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats.lines import LineNumbers

JOINED = re.compile(r"\\\r?\n")
"""A backslash at the end of a line: the next line continues it."""


def word_end(text: str, at: int, numbers: LineNumbers) -> int:
    """The end of the word that begins at ``at``."""
    while at < len(text) and text[at] not in " \t\n;&|()<>":
        if text[at] == "\r" and text[at + 1 : at + 2] in ("\n", ""):
            break
        joined = JOINED.match(text, at)
        at = joined.end() if joined else _skip_one(text, at, numbers)
    return at


def _skip_one(text: str, at: int, numbers: LineNumbers) -> int:
    """The end of the quoted text, expansion or character that begins at ``at``."""
    match text[at]:
        case "\\":
            return min(at + 2, len(text))
        case "'":
            return _behind(text, text.find("'", at + 1), at, numbers)
        case '"':
            return _skip_until('"', text, at + 1, at, numbers)
        case "`":
            end = at + 1
            while end < len(text) and text[end] != "`":
                end += 2 if text[end] == "\\" else 1
            return _behind(text, end if end < len(text) else -1, at, numbers)
        case "$" if text.startswith("$(", at):
            return skip_parentheses(text, at + 2, numbers)
        case "$" if text.startswith("${", at):
            return _skip_until("}", text, at + 2, at, numbers)
        case "$" if text.startswith("$'", at):
            end = at + 2
            while end < len(text) and text[end] != "'":
                end += 2 if text[end] == "\\" else 1
            return _behind(text, end if end < len(text) else -1, at, numbers)
    return at + 1


def _skip_until(closing: str, text: str, at: int, start: int, numbers: LineNumbers) -> int:
    """The position after ``closing``. In double quotes, a single quote is a plain character."""
    while at < len(text) and text[at] != closing:
        plain = (closing == '"' and text[at] == "'") or text.startswith("$'", at)
        at = at + 1 if plain else _skip_one(text, at, numbers)
    return _behind(text, at if at < len(text) else -1, start, numbers)


def skip_parentheses(text: str, at: int, numbers: LineNumbers) -> int:
    """The position after the parenthesis that closes the one before ``at``."""
    start, depth = at - 1, 1
    while at < len(text):
        character = text[at]
        depth += (character == "(") - (character == ")")
        at = _skip_one(text, at, numbers)
        if not depth:
            return at
    return _behind(text, -1, start, numbers)


def _behind(text: str, position: int, start: int, numbers: LineNumbers) -> int:
    if position < 0:
        raise LaunchFormatError(
            f"{text[start]!r} in line {numbers[start]} is not closed", "Is this a shell script?"
        )
    return position + 1

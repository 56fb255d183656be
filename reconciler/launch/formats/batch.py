"""Batch files: ``set NAME=value`` and ``set "NAME=value"`` lines that run unconditionally.

Names ignore case, and the last assignment takes effect. ``set NAME=`` unsets the name, so
an empty value means that it is unset. An assignment that runs only under a condition, in a
block or after a jump has no known value and is not overwritten. A value with an expansion
(``%HOME%``) is not plain, but can be overwritten.

A new assignment goes to the end of the file, and is refused if the script does not always
reach it. Adding and then removing a name restores the text. Source: the documented grammar
of cmd's ``set`` with command extensions. cmd reads a file in the code page of its console,
on which the meaning of characters outside ASCII depends.
"""

import re
from collections.abc import Mapping

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats import assignments
from reconciler.launch.formats.assignments import refuse_characters
from reconciler.launch.formats.batch_flow import Line, flow
from reconciler.launch.formats.lines import insert_line, remove_lines
from reconciler.launch.formats.model import Assignment, Reading

_SET = re.compile(r"[ \t,;=]*@?[ \t]*set[ \t]+", re.IGNORECASE)
_COMPUTED = re.compile(r"/[ap]\b", re.IGNORECASE)
_INSIDE = re.compile(r'\bset[ \t]+(?:/[ap][ \t]+)?"?([^=&|<>"]{1,255}?)[-+*/%^]?=', re.IGNORECASE)
_ECHO = re.compile(r"[ \t]*@?[ \t]*echo\b[^&|]*\Z", re.IGNORECASE)
_DELAYED = re.compile(r"\benabledelayedexpansion\b", re.IGNORECASE)
_SPECIAL = "^&|<>()"
_BAD_IN_NAMES = re.compile(r'[="%^!&|<>\x00-\x1f]|\A/|\A\s|\s\Z|\A\Z')
_CONTROL = "".join(map(chr, (*range(9), *range(10, 32))))


def read(text: str) -> Reading:
    """Every variable that the script sets to a value."""
    return assignments.read(text, _Batch())


def edit(text: str, values: Mapping[str, str | None]) -> str:
    """The text with these values."""
    return assignments.edit(text, values, _Batch())


def _end_of_command(rest: str) -> tuple[int, str]:
    """Where ``set`` ends in the rest of its line, and why it cannot be changed; empty: it can."""
    quotes = False
    at = 0
    while at < len(rest):
        character = rest[at]
        if character == '"':
            quotes = not quotes
        elif character == "^" and not quotes:
            if at + 1 == len(rest):
                return at, "its line continues in the next"
            at += 1
        elif character in "&|<>" and not quotes:
            return at, "other commands or redirections follow it"
        at += 1
    return at, ""


def _value(written: str, quotes: bool, delayed: bool) -> tuple[str | None, str]:
    """The value of the text after ``=``; None if it is not plain, and why."""
    percent = re.search(r"%[^%]*%?", written.replace("%%", ""))
    if percent:
        return None, f"it expands {percent.group()}"
    if delayed and "!" in written:
        return None, "it contains ! while delayed expansion is on"
    result: list[str] = []
    characters = iter(written.replace("%%", "%"))
    for character in characters:
        if character == '"':
            quotes = not quotes
        if character == "^" and not quotes:
            result.append(next(characters, ""))
        else:
            result.append(character)
    return "".join(result), ""


def _setting(name: str, value: str, quotes: bool) -> str:
    """The argument of ``set``, in quotes if ``quotes`` is true or the value requires them."""
    quotes = quotes or value != value.strip() or any(c in _SPECIAL for c in value)
    open_ = quotes
    result: list[str] = []
    for character in value:
        if character == '"':
            open_ = not open_
        result.append("^" if character in _SPECIAL and not open_ else "")
        result.append("%%" if character == "%" else character)
    written = f"{name}={''.join(result)}"
    return f'"{written}"' if quotes else written


def _of_line(line: Line, delayed: bool) -> list[Assignment]:
    """The assignments in a line. Only a plain ``set`` can be edited."""
    begin = _SET.match(line.text)
    if not begin or _COMPUTED.match(line.text, begin.end()):
        if _ECHO.match(line.text):
            return []
        why = line.sometimes or "it is computed, or set under a condition or after other commands"
        return [
            Assignment(found[1].rstrip(), line.number, line.start, line.end, None, why, why)
            for found in _INSIDE.finditer(line.text)
        ]
    rest = line.text[begin.end() :]
    length, fixed = _end_of_command(rest)
    rest = rest[:length]
    quotes = rest.startswith('"')
    end = rest.rfind('"') if quotes and rest.rfind('"') > 0 else len(rest)
    name, equals, written = rest[quotes:end].partition("=")
    if not equals or not name or re.search(r'["%^!]', name):
        return []
    fixed = line.sometimes or fixed
    value, reason = (None, fixed) if fixed else _value(written, quotes, delayed)
    start = line.start + begin.end()
    closed = quotes and end < len(rest)
    found = [Assignment(name, line.number, start, start + end + closed, value, reason, fixed)]
    behind = line.text[begin.end() + length :]
    why = "it is set after other commands"
    return found + [
        Assignment(match[1].rstrip(), line.number, line.start, line.end, None, why, why)
        for match in _INSIDE.finditer(behind)
    ]


class _Batch:
    every = False

    def fold(self, key: str) -> str:
        return key.upper()

    def check(self, key: str, value: str) -> None:
        if _BAD_IN_NAMES.search(key):
            raise LaunchFormatError(
                f"{key!r} cannot be set in a batch file",
                'A name cannot contain = " % ^ ! & | < or >.',
            )
        refuse_characters(key, value, _CONTROL, "a batch file")

    def parse(self, text: str) -> list[Assignment]:
        delayed = bool(_DELAYED.search(text))
        return [found for line in flow(text).lines for found in _of_line(line, delayed)]

    def replaced(self, text: str, old: Assignment, value: str) -> str:
        _refuse_exclamation(text, old.key, value)
        quotes = text[old.start] == '"'
        return text[: old.start] + _setting(old.key, value, quotes) + text[old.end :]

    def added(self, text: str, key: str, value: str) -> str:
        _refuse_exclamation(text, key, value)
        script = flow(text)
        if script.unfinished:
            raise LaunchFormatError(
                f"{key} cannot be added at the end of the script: {script.unfinished}",
                f"Write `set {key}=` where it should take effect; gwe then edits its value.",
            )
        plain = [match for line in script.lines if (match := _SET.match(line.text))]
        silent = "@" if plain and "@" in plain[-1].group() else ""
        line = f"{silent}set {_setting(key, value, quotes=True)}"
        return insert_line(text, len(text), line, "\r\n")

    def removed(self, text: str, old: Assignment) -> str:
        return remove_lines(text, old.start, old.end)


def _refuse_exclamation(text: str, key: str, value: str) -> None:
    if "!" in value and _DELAYED.search(text):
        raise LaunchFormatError(
            f"the value of {key} contains !, which the script's delayed expansion would remove",
            "Use a value without !, or set the variable where delayed expansion is off.",
        )

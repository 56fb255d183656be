"""Reading and editing shared by all formats that consist of assignments.

A format is a ``Grammar``: it finds the assignments in a text and writes single assignments. The
last assignment of a key takes effect, unless programs that read the format disagree about that
(``every``): then all are edited, and the value is plain only if they are equal. Pure.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats.model import Assignment, Reading


class Grammar(Protocol):
    """One format of assignments."""

    every: bool
    """Whether every assignment of a key is edited, or only the last."""

    def fold(self, key: str) -> str:
        """The key in the form used for comparison."""

    def parse(self, text: str) -> Sequence[Assignment]:
        """The assignments in the order of the text."""

    def check(self, key: str, value: str) -> None:
        """LaunchFormatError for a value that the format cannot hold."""

    def replaced(self, text: str, old: Assignment, value: str) -> str:
        """The text with another value in one assignment."""

    def added(self, text: str, key: str, value: str) -> str:
        """The text with an assignment added."""

    def removed(self, text: str, old: Assignment) -> str:
        """The text without one assignment."""


def read(text: str, grammar: Grammar) -> Reading:
    """The values that the assignments of a text give."""
    found: dict[str, list[Assignment]] = {}
    for assignment in grammar.parse(text):
        found.setdefault(grammar.fold(assignment.key), []).append(assignment)
    values: dict[str, str] = {}
    opaque: dict[str, str] = {}
    lines: dict[str, int] = {}
    for same in found.values():
        last = same[-1]
        lines[last.key] = last.line
        if grammar.every and len({(each.value, each.reason) for each in same}) > 1:
            where = " and ".join(str(each.line) for each in same)
            opaque[last.key] = f"it has different values in lines {where}"
        elif last.value is None:
            opaque[last.key] = last.reason
        else:
            values[last.key] = last.value
    return Reading(values, opaque, lines)


def edit(text: str, values: Mapping[str, str | None], grammar: Grammar) -> str:
    """The text with these values; None removes a key. LaunchFormatError if it is not
    possible."""
    for key, value in values.items():
        text = _edit_one(text, key, value, grammar)
    return text


def _edit_one(text: str, key: str, value: str | None, grammar: Grammar) -> str:
    wanted = grammar.fold(key)
    found = [each for each in grammar.parse(text) if grammar.fold(each.key) == wanted]
    if value is None:
        for assignment in reversed(found):
            _refuse_fixed(assignment)
            text = grammar.removed(text, assignment)
        return text
    grammar.check(key, value)
    if not found:
        return grammar.added(text, key, value)
    for assignment in reversed(found if grammar.every else found[-1:]):
        if assignment.value != value:
            _refuse_fixed(assignment)
            text = grammar.replaced(text, assignment, value)
    return text


def _refuse_fixed(assignment: Assignment) -> None:
    if assignment.fixed:
        where = f" in line {assignment.line}" if assignment.line else ""
        raise LaunchFormatError(
            f"{assignment.key}{where} cannot be changed: {assignment.fixed}",
            "Change the line by hand so that it is one plain assignment.",
        )


def refuse_characters(key: str, value: str, unwanted: str, form: str) -> None:
    """LaunchFormatError if the value contains one of the ``unwanted`` characters."""
    for character in value:
        if character in unwanted:
            raise LaunchFormatError(
                f"the value of {key} contains the character U+{ord(character):04X}, "
                f"which {form} cannot hold",
                "Use a value without it.",
            )

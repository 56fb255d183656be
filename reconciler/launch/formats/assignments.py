"""What the formats of assignments share: reading them, and editing key by key.

A format is a ``Grammar``: it finds assignments in a text and writes single ones. The
last assignment of a key counts, unless the format's readers disagree about that
(``every``): then all are edited, and only equal ones are a plain value. Pure.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats.model import Assignment, Reading


class Grammar(Protocol):
    """One format of assignments."""

    every: bool
    """Whether each assignment of a key is edited, or the last one only."""

    def fold(self, key: str) -> str:
        """The key as it is compared."""

    def parse(self, text: str) -> Sequence[Assignment]:
        """The assignments in the order of the text."""

    def check(self, key: str, value: str) -> None:
        """LaunchFormatError for a value that the format cannot hold."""

    def replaced(self, text: str, old: Assignment, value: str) -> str:
        """The text with another value in the place of one assignment."""

    def added(self, text: str, key: str, value: str) -> str:
        """The text with one assignment more."""

    def removed(self, text: str, old: Assignment) -> str:
        """The text without one assignment."""


def read(text: str, grammar: Grammar, notices: tuple[str, ...] = ()) -> Reading:
    """All that the assignments of a text say."""
    found: dict[str, list[Assignment]] = {}
    for one in grammar.parse(text):
        found.setdefault(grammar.fold(one.key), []).append(one)
    values: dict[str, str] = {}
    opaque: dict[str, str] = {}
    lines: dict[str, int] = {}
    for same in found.values():
        last = same[-1]
        lines[last.key] = last.line
        if grammar.every and len({(one.value, one.reason) for one in same}) > 1:
            where = " and ".join(str(one.line) for one in same)
            opaque[last.key] = f"it has different values in lines {where}"
        elif last.value is None:
            opaque[last.key] = last.reason
        else:
            values[last.key] = last.value
    return Reading(values, opaque, lines, notices)


def edit(text: str, values: Mapping[str, str | None], grammar: Grammar) -> str:
    """The text with these values; None removes. LaunchFormatError where that cannot be."""
    for key, value in values.items():
        text = _edit_one(text, key, value, grammar)
    return text


def _edit_one(text: str, key: str, value: str | None, grammar: Grammar) -> str:
    wanted = grammar.fold(key)
    found = [one for one in grammar.parse(text) if grammar.fold(one.key) == wanted]
    if value is None:
        for one in reversed(found):
            _refuse_fixed(one)
            text = grammar.removed(text, one)
        return text
    grammar.check(key, value)
    if not found:
        return grammar.added(text, key, value)
    for one in reversed(found if grammar.every else found[-1:]):
        if one.value != value:
            _refuse_fixed(one)
            text = grammar.replaced(text, one, value)
    return text


def _refuse_fixed(one: Assignment) -> None:
    if one.fixed:
        raise LaunchFormatError(
            f"{one.key}{f' in line {one.line}' if one.line else ''} cannot be changed: {one.fixed}",
            "Change the line by hand so that it is one plain assignment.",
        )


def refuse_characters(key: str, value: str, unwanted: str, form: str) -> None:
    """LaunchFormatError if the value has one of the ``unwanted`` characters."""
    for character in value:
        if character in unwanted:
            raise LaunchFormatError(
                f"the value of {key} has the character U+{ord(character):04X}, "
                f"which {form} cannot hold",
                "Use a value without it.",
            )

"""The words of the editors: a format, what is read in a text, one assignment. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Format(StrEnum):
    """How a launch file is written."""

    PROPERTIES = "properties"
    INI = "ini"
    XML = "xml"
    SHELL = "shell"
    BATCH = "batch"


@dataclass(frozen=True)
class Reading:
    """What a text says. Keys are spelled as the text spells them.

    ``values``: key -> its value. ``opaque``: key -> why what it has is no plain value,
    such as ``$HOME/lib``; a key is in one of the two. ``lines``: key -> the line, from
    1, of the assignment that counts. ``notices``: sentences about the text.
    """

    values: Mapping[str, str]
    opaque: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """One place of a text that gives a key a value.

    ``start`` and ``end``: the part of the text that an edit replaces. ``value`` is None
    where it is not plain, and ``reason`` says why. ``fixed`` says why it cannot be
    overwritten or removed; empty where it can.
    """

    key: str
    line: int
    start: int
    end: int
    value: str | None
    reason: str = ""
    fixed: str = ""

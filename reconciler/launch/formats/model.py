"""The values that editors work with: a format, a reading of a text, one assignment. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field


class Format(StrEnum):
    """The format of a launch file."""

    PROPERTIES = "properties"
    INI = "ini"
    XML = "xml"
    SHELL = "shell"
    BATCH = "batch"


class Reading(Struct, frozen=True):
    """The values in a text. Keys are spelled as in the text.

    ``values``: key -> its value. ``opaque``: key -> why it has no plain value, as with
    ``$HOME/lib``. A key is in one of these mappings. ``lines``: key -> the line number, from 1, of
    the assignment that takes effect.
    """

    values: Mapping[str, str]
    opaque: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)


class Assignment(Struct, frozen=True):
    """A part of a text that gives a key its value.

    ``start`` and ``end``: what an edit replaces. ``value`` is None if it is not plain; ``reason``
    says why. ``fixed`` says why it can be neither overwritten nor removed; empty: it can be.
    """

    key: str
    line: int
    start: int
    end: int
    value: str | None
    reason: str = ""
    fixed: str = ""

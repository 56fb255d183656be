"""Known differences of environments: texts of A and of B that count as equal. Pure.

Both texts become the same mark before sides are compared, each on its own side only. So a value of
A with B's text differs: a test system that refers to a production host is found.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from msgspec import Struct

from reconciler.diagnostics import Position
from reconciler.json_codec import TEXT, Member, array, constant, mapped, record
from reconciler.kinds.addresses import selects
from reconciler.kinds.manifest_kind import API_VERSION
from reconciler.kinds.schema.manifests import DRAFT

KIND = "CompareMapping"

SideName = Literal["a", "b"]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


_NOT_BLANK = mapped(TEXT, _not_blank, str, pattern=r"\S")


class SameText(Struct, frozen=True):
    """Two texts that count as equal. ``within``: patterns of ADDRESS and ADDRESS/FIELD where they
    do; empty: everywhere. ``position``: that of the entry in its file."""

    a: str
    b: str
    within: tuple[str, ...] = ()
    position: Position | None = None

    def of(self, side: SideName) -> str:
        """The text of one side."""
        return self.a if side == "a" else self.b


class EnvironmentMapping(Struct, frozen=True):
    """The entries of a mapping file. ``ignore``: patterns of ADDRESS and ADDRESS/FIELD whose
    differences do not count. ``name``: of the file."""

    same: tuple[SameText, ...] = ()
    ignore: tuple[str, ...] = ()
    name: str = ""


_PATTERN = "ADDRESS or ADDRESS/FIELD, as gwe compare prints them; wildcards allowed."
_ENTRY = record(
    SameText,
    Member("a", _NOT_BLANK, description="What A has. It is found as a whole word."),
    Member("b", _NOT_BLANK, description="What B has in its place."),
    Member("in", array(_NOT_BLANK), "within", f"Only there: {_PATTERN}", otherwise=()),
    get=lambda entry, name: getattr(entry, "within" if name == "in" else name),
)


def _mapping(api_version: str, kind: str, **values: Any) -> EnvironmentMapping:  # noqa: ARG001 - constants
    return EnvironmentMapping(**values)


MAPPING = record(
    _mapping,
    Member("apiVersion", constant(API_VERSION), "api_version"),
    Member("kind", constant(KIND)),
    Member("same", array(_ENTRY), description="Texts that stand for each other.", otherwise=()),
    Member(
        "ignore",
        array(_NOT_BLANK),
        description=f"Differences that do not count: {_PATTERN}",
        otherwise=(),
    ),
    get=lambda mapping, name: getattr(mapping, name, ""),
    description="Known differences of environments, for gwe compare --mapping.",
)


def mapping_schema() -> dict[str, Any]:
    """The JSON Schema of a mapping file."""
    return {"$schema": DRAFT, "title": "Mapping of gwe compare", **MAPPING.schema}


class SideMapping:
    """The mapping as it applies to one side. ``used``: the numbers of the entries whose text was
    found, ``ignoring``: the patterns that selected something."""

    def __init__(self, mapping: EnvironmentMapping, side: SideName) -> None:
        self._mapping = mapping
        self._side: SideName = side
        self._limited = any(entry.within for entry in mapping.same)
        self._everywhere = tuple(
            number for number, entry in enumerate(mapping.same) if not entry.within
        )
        self.used: set[int] = set()
        self.ignoring: set[str] = set()

    def compared(self, text: str, place: str) -> str:
        """A text as it is compared: with a mark in place of each text of the mapping.
        ``place``: ADDRESS or ADDRESS/FIELD."""
        if not self._mapping.same:
            return text
        escaped = text.replace("\0", "\0\0")
        pattern = _pattern(self._texts(self._active(place)))
        return pattern.sub(self._mark, escaped) if pattern else escaped

    def ignores(self, place: str) -> bool:
        """Whether differences there do not count."""
        found = [one for one in self._mapping.ignore if selects([one], place)]
        self.ignoring.update(found)
        return bool(found)

    def _active(self, place: str) -> tuple[int, ...]:
        if not self._limited:
            return self._everywhere
        return tuple(
            number
            for number, entry in enumerate(self._mapping.same)
            if not entry.within or selects(entry.within, place)
        )

    def _texts(self, numbers: tuple[int, ...]) -> tuple[tuple[int, str], ...]:
        return tuple((number, self._mapping.same[number].of(self._side)) for number in numbers)

    def _mark(self, found: re.Match[str]) -> str:
        """The mark in place of a text of the mapping: no text contains a single NUL."""
        number = int(str(found.lastgroup)[1:])
        self.used.add(number)
        return f"\0<{number}>"


@cache
def _pattern(texts: tuple[tuple[int, str], ...]) -> re.Pattern[str] | None:
    """Finds each of the texts as a whole word; longer texts first, since they may contain
    others."""
    ordered = sorted(texts, key=lambda one: -len(one[1]))
    return re.compile("|".join(map(_as_word, ordered))) if ordered else None


def _as_word(entry: tuple[int, str]) -> str:
    number, text = entry
    is_word: Callable[[str], bool] = lambda c: c.isalnum() or c == "_"  # noqa: E731 - asked twice
    before = r"(?<![\w.-])" if is_word(text[0]) else ""
    after = r"(?![\w-]|\.\w)" if is_word(text[-1]) else ""
    return f"{before}(?P<e{number}>{re.escape(text)}){after}"

"""The text of manifests as a tree of entries, each with the characters that it is written with.

Unlike data, the tree knows anchors, styles and positions. Its comments are added by
``comments``. It is made only from texts that ``yaml.strict`` has accepted.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from msgspec import Struct

_ANCHOR = re.compile(r"&[^\s,\[\]{}]+\s*")
BLOCK_STYLES = ("|", ">")


Event = Any
"""An event of PyYAML: what begins or ends in a text, and where."""


class UnformattableError(ValueError):
    """A text that cannot be formatted; the text of the error says why."""


class Leaf(Struct, frozen=True):
    """A scalar or an alias. ``text``: as it is written, without its anchor. ``style``: the
    character that it begins with, ``*`` for an alias, empty for a plain scalar. ``start``, ``end``:
    offsets; ``line``: its last line, from 0. ``parent``: the column of the block that it is in."""

    text: str
    value: str
    style: str
    anchor: str
    start: int
    end: int
    line: int
    parent: int

    @property
    def in_lines(self) -> bool:
        """Whether it spans several lines."""
        return self.style in BLOCK_STYLES or "\n" in self.text

    @property
    def body(self) -> int:
        """The offset after the line with ``|`` or ``>``; for another scalar, its start."""
        if self.style not in BLOCK_STYLES:
            return self.start
        return self.end - len(self.text) + self.text.find("\n") + 1

    @property
    def keeps_blank_lines(self) -> bool:
        """Whether the blank lines after it are a part of its value."""
        return self.style in BLOCK_STYLES and "+" in self.text.partition("#")[0].split("\n")[0]


class Collection(Struct):
    """A mapping or a list. ``flow``: in brackets; ``one_line``: in brackets on a single line.
    ``column``: that of its keys or dashes, if it is a block."""

    mapping: bool
    flow: bool
    one_line: bool
    anchor: str
    start: int
    column: int
    end: int = 0
    entries: "list[Entry]" = []


@dataclass
class Entry:
    """A key with its value, or an item of a list. ``head``: the comment lines above it, with empty
    texts for blank lines between them; ``tail``: the comment at the end of its line; ``foot``: the
    comment lines below it, at its own column. ``start``, ``line``, ``column``: those of its key or
    dash. ``parents``: the entries around it, the innermost last."""

    key: Leaf | None
    start: int
    line: int
    column: int
    within: Collection
    parents: "tuple[Entry, ...]"
    head: list[str] = field(default_factory=list)
    tail: str = ""
    foot: list[str] = field(default_factory=list)
    value: Leaf | Collection = field(init=False)


class Page(Struct):
    """One document of a file. ``explicit``: it begins with ``---``, with the comment ``tail`` on
    that line. ``head``: the comments above its first key; ``foot``: those at its end."""

    explicit: bool
    start: int
    line: int
    root: Collection | None = None
    entries: list[Entry] = []
    head: list[str] = []
    tail: str = ""
    foot: list[str] = []

    @property
    def has_anchors(self) -> bool:
        """Whether the order of its entries matters: an anchor comes before its aliases."""
        leaves = [one for entry in self.entries for one in (entry.key, entry.value) if one]
        return any(one.anchor or (isinstance(one, Leaf) and one.style == "*") for one in leaves)


def read_pages(text: str) -> list[Page]:
    """The documents of a text whose lines end in LF, without their comments."""
    return list(_Reader(text).pages())


class _Reader:
    """Builds the trees from PyYAML's events."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        tokens = yaml.scan(text, Loader=yaml.CSafeLoader)
        # In the order of the text, which is that of the items: there are no events for dashes.
        self._dashes: deque[Any] = deque(
            one.start_mark for one in tokens if type(one) is yaml.BlockEntryToken
        )
        self._page = Page(explicit=False, start=0, line=0)

    def pages(self) -> Iterator[Page]:
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if event.version or event.tags:
                    raise UnformattableError("it has a directive (%)")
                mark: Any = event.start_mark
                self._page = Page(bool(event.explicit), mark.index, mark.line)
                self._read_root()
                yield self._page

    def _read_root(self) -> None:
        root = self._node(next(self._events), (), -1)
        if isinstance(root, Collection):
            self._page.root = root
        elif root.value or root.style:
            raise UnformattableError("a document is a single value, which no manifest is")

    def _node(self, event: Event, parents: tuple[Entry, ...], column: int) -> Leaf | Collection:
        if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            return self._leaf(event, column)
        return self._collection(event, parents, column)

    def _leaf(self, event: Event, column: int) -> Leaf:
        start, end = event.start_mark.index, event.end_mark.index
        text = self._text[start:end]
        alias = isinstance(event, yaml.AliasEvent)
        anchor = "" if alias else event.anchor or ""
        if anchor:
            text = _ANCHOR.sub("", text, count=1)
        value, style = (text, "*") if alias else (event.value, event.style or "")
        return Leaf(text, value, style, anchor, start, end, event.end_mark.line, column)

    def _collection(self, event: Event, parents: tuple[Entry, ...], column: int) -> Collection:
        mapping = isinstance(event, yaml.MappingStartEvent)
        flow = bool(event.flow_style)
        if mapping and not flow and not event.anchor:
            column = event.start_mark.column
        made = Collection(mapping, flow, False, event.anchor or "", event.start_mark.index, column)
        for inner in self._events:
            if isinstance(inner, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                end: Any = inner.end_mark
                made.end = end.index
                break
            self._entry(inner, made, parents)
        made.one_line = flow and "\n" not in self._text[made.start : made.end]
        return made

    def _entry(self, event: Event, within: Collection, parents: tuple[Entry, ...]) -> None:
        mark: Any = event.start_mark
        if not within.mapping and not within.flow:
            mark = self._dashes.popleft()
        if not within.flow and (not within.mapping or within.anchor):
            within.column = mark.column
        key = self._leaf(event, within.column) if within.mapping else None
        entry = Entry(key, mark.index, mark.line, mark.column, within, parents)
        within.entries.append(entry)
        self._page.entries.append(entry)
        first = next(self._events) if within.mapping else event
        entry.value = self._node(first, (*parents, entry), within.column)

"""The events of YAML, as libyaml's parser finds them. Aliases are replaced by what they stand for,
so that the code that makes data of the events sees none.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any

from yaml import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

from reconciler.diagnostics import Diagnostic, Position

MAX_ALIASED_NODES = 10_000
"""The limit of keys and values in a document that come from aliases."""

Mark = Any
"""A place in a text, as PyYAML has it. ``line`` and ``column`` count from 0."""

Event = Any
"""An event of PyYAML. It has a ``start_mark`` and, if it begins a value or a key, an ``anchor``,
``tag`` and ``style``."""


class UnreadableTextError(Exception):
    """The reading of a text was given up. ``problem`` says why."""

    def __init__(self, problem: Diagnostic) -> None:
        super().__init__(problem.summary)
        self.problem = problem


def is_node(event: Event) -> bool:
    """Whether a value or a key begins with the event."""
    return isinstance(event, ScalarEvent | CollectionStartEvent)


def value_events(event: Event, events: Iterator[Event]) -> Iterator[Event]:
    """``event``, with which a value begins, and those after it that belong to the value."""
    depth = 0
    while True:
        yield event
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if not depth:
            return
        event = next(events)


class WithoutAliases:
    """The events of a document of the file ``name``, with those of the anchored value in place of
    each alias. UnreadableTextError for an alias without an anchor or inside its own anchor, for a
    duplicate anchor, and if aliases stand for too much."""

    def __init__(self, events: Iterator[Event], name: str) -> None:
        self._events = events
        self._name = name
        self._made: list[Event] = []
        self._anchors: dict[str, int] = {}
        self._open: list[str | None] = []
        self._left = MAX_ALIASED_NODES

    def __iter__(self) -> Iterator[Event]:
        for event in self._events:
            if isinstance(event, AliasEvent):
                yield from self._aliased(event)
            else:
                self._note(event)
                yield event

    def _note(self, event: Event) -> None:
        """Keeps an event, and the place of its anchor."""
        anchor = getattr(event, "anchor", None)
        if anchor in self._anchors:
            first = _position(self._made[self._anchors[anchor]], self._name)
            summary = f"duplicate anchor, first at {first}"
            raise self._unreadable(event, summary, "Put a text that begins with & in quotes.")
        if anchor is not None:
            self._anchors[anchor] = len(self._made)
        if isinstance(event, CollectionStartEvent):
            self._open.append(anchor)
        elif isinstance(event, CollectionEndEvent):
            self._open.pop()
        self._made.append(event)

    def _aliased(self, alias: Event) -> Iterator[Event]:
        """The events of the value that an alias stands for."""
        if alias.anchor not in self._anchors:
            # Its name may be an unquoted password.
            summary = "undefined alias: no anchor of this name comes before it"
            raise self._unreadable(alias, summary, "Put a text that begins with * in quotes.")
        start = self._anchors[alias.anchor]
        first = self._made[start]
        if alias.anchor in self._open:
            raise self._unreadable(first, "the alias contains itself")
        for event in value_events(first, map(self._made.__getitem__, count(start + 1))):
            self._left -= is_node(event)
            if self._left < 0:
                summary = f"aliases expand to more than {MAX_ALIASED_NODES:,} values"
                raise self._unreadable(event, summary)
            self._made.append(event)
            yield event

    def _unreadable(self, event: Event, summary: str, hint: str = "") -> UnreadableTextError:
        return UnreadableTextError(Diagnostic(summary, _position(event, self._name), hint))


def _position(event: Event, name: str) -> Position:
    return Position(name, event.start_mark.line + 1, event.start_mark.column + 1)

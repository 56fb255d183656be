"""Makes data of the events of a YAML text, strictly; see ``strict`` for the rules."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from yaml import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

from reconciler.diagnostics import Diagnostic, Position
from reconciler.yaml.documents import Places, RefusedText, YamlDocument
from reconciler.yaml.events import Event, Mark, UnreadableTextError, value_events

MAX_NODES = 50_000
"""Keys and values in one file."""

MAX_DEPTH = 50

_INTEGER = re.compile(r"-?[1-9][0-9]{0,17}|0")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
_NULLS = frozenset({"", "~", "Null", "NULL"})
_NO_VALUE = "Write the value. An option that must be absent is null, and an empty text is ''."


def plain_value(text: str) -> str | int | bool | None:
    """The value of a plain scalar."""
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text


class Construction:
    """Turns the events of the documents of a file into data and places, one document at a time.
    ``lines``: how many the file ``name`` has. A few MiB of text could become a GiB of data:
    UnreadableTextError beyond ``MAX_NODES``."""

    def __init__(self, name: str, lines: int, path: Path | None) -> None:
        self._name = name
        self._lines = lines
        self._path = path
        self._left = MAX_NODES
        self._problems: dict[Diagnostic, None] = {}

    def document(self, events: Iterator[Event]) -> tuple[YamlDocument | None, list[Diagnostic]]:
        """The document whose content the events begin with, None if it is empty; and what is
        wrong with it, each problem once, however many aliases lead to it."""
        self._problems.clear()
        self._count(1)
        first = next(events)
        mark = first.start_mark
        found = None
        if type(first) is not ScalarEvent or first.style or first.value:
            content = self._value(first, events, mark, 0)
            found = YamlDocument(content, self._name, (mark.line, mark.column), self._path)
        next(events)  # the end of the document, so that all of it is valid YAML
        return found, list(self._problems)

    def _value(
        self, event: Event, events: Iterator[Event], mark: Mark, depth: int
    ) -> tuple[Any, Places]:
        """The value that begins with ``event``, and the places below it. ``mark``: that of its
        key, if it has one."""
        if event.tag is not None:
            self._refuse_tag(event)
        if type(event) is ScalarEvent:
            return self._scalar(event, mark), None
        if depth > MAX_DEPTH:
            self._problem(event.start_mark, f"nested deeper than {MAX_DEPTH} levels")
            self._pass_over(event, events)
            return None, None
        if type(event) is MappingStartEvent:
            return self._mapping(event, events, depth)
        return self._list(events, depth)

    def _list(self, events: Iterator[Event], depth: int) -> tuple[Any, Places]:
        values: list[Any] = []
        places: dict[str, list[Any]] = {}
        for item in events:
            if type(item) is SequenceEndEvent:
                break
            self._count(1)
            mark = item.start_mark
            value, below = self._value(item, events, mark, depth + 1)
            places[str(len(values))] = [mark.line, mark.column, below]
            values.append(value)
        return values, places

    def _mapping(self, start: Event, events: Iterator[Event], depth: int) -> tuple[Any, Places]:
        values: dict[str, Any] = {}
        places: dict[str, list[Any]] = {}
        for key in events:
            if type(key) is MappingEndEvent:
                break
            self._left -= 2  # written out here, where most of the time is spent
            if self._left < 0:
                raise self._too_large()
            mark: Mark = key.start_mark
            if type(key) is not ScalarEvent:
                self._problem(mark, "a key must be a string")
                self._pass_over(key, events)
                self._pass_over(next(events), events)
                continue
            name, value = key.value, next(events)
            if not key.style and name in ("", "<<"):
                self._refuse_key(key, start)
                self._pass_over(value, events)
            elif name in places:
                line, column, _ = places[name]
                there = Position(self._name, line + 1, column + 1)
                self._problem(mark, f"duplicate key {name!r}, first at {there}")
                self._pass_over(value, events)
            else:
                if key.tag is not None:
                    self._refuse_tag(key)
                values[name], below = self._value(value, events, mark, depth + 1)
                places[name] = [mark.line, mark.column, below]
        return values, places

    def _scalar(self, event: Event, mark: Mark) -> str | int | bool | None:
        """The value of a scalar. ``mark`` is that of its key: an empty value at the end of the
        file has none of its own."""
        text: str = event.value
        if event.style:
            return text
        if text in _NULLS:
            summary = f"{text} is not allowed" if text else "the value is missing"
            if event.start_mark.line < self._lines:
                mark = event.start_mark
            self._problem(mark, summary, _NO_VALUE)
            return RefusedText(text)
        return plain_value(text)

    def _pass_over(self, event: Event, events: Iterator[Event]) -> None:
        """Skips the value that begins with ``event``."""
        for _ in value_events(event, events):
            self._count(1)

    def _count(self, nodes: int) -> None:
        self._left -= nodes
        if self._left < 0:
            raise self._too_large()

    def _too_large(self) -> UnreadableTextError:
        summary = f"the file has more than {MAX_NODES:,} keys and values"
        hint = "Split it into several files."
        return UnreadableTextError(Diagnostic(summary, Position(self._name), hint))

    def _refuse_key(self, key: Event, mapping: Event) -> None:
        if key.value:
            hint = "Write the keys out."
            self._problem(key.start_mark, "merge keys (<<) are not supported", hint)
        else:
            hint = "Write a key, or '' for an empty one."
            self._problem(mapping.start_mark, "a key is empty", hint)

    def _refuse_tag(self, event: Event) -> None:
        hint = "Remove it, or put a text that begins with ! in quotes."
        self._problem(event.start_mark, "tags (!) are not supported", hint)

    def _problem(self, mark: Mark, summary: str, hint: str = "") -> None:
        place = Position(self._name, mark.line + 1, mark.column + 1)
        self._problems[Diagnostic(summary, place, hint)] = None

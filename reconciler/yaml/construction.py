"""The nodes of a YAML document become data, strictly; see ``strict`` for the rules."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from reconciler.diagnostics import Diagnostic, Position
from reconciler.yaml.documents import Places, RefusedText, YamlDocument

MAX_ALIASED_NODES = 10_000
MAX_DEPTH = 50

PLAIN_TAGS = {
    yaml.ScalarNode: "tag:yaml.org,2002:str",
    yaml.SequenceNode: "tag:yaml.org,2002:seq",
    yaml.MappingNode: "tag:yaml.org,2002:map",
}

_INTEGER = re.compile(r"-?[1-9][0-9]{0,17}|0")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
_NULLS = frozenset({"", "~", "Null", "NULL"})
_NO_VALUE = "Write the value. An option that must be absent is null, and an empty text is ''."
_TAG = re.compile(r"(?:&\S+\s+)?(!\S*)")

Mark = Any
"""A place in a text, as PyYAML has it. ``line`` and ``column`` count from 0."""


def plain_value(text: str) -> str | int | bool | None:
    """What a plain scalar stands for."""
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text


class TooLargeError(Exception):
    """A file that expands to more than is read. ``problem`` says to what."""

    def __init__(self, problem: Diagnostic) -> None:
        super().__init__(problem.summary)
        self.problem = problem


class Construction:
    """Turns the nodes of the documents of a text into data and places, one document at a time.

    What only a text with ``*`` or ``!`` can have, aliases and tags, is looked for there alone.
    """

    def __init__(self, text: str, lines: int, name: str, problems: list[Diagnostic]) -> None:
        self._text = text
        self._lines = lines
        self._name = name
        self._problems = problems
        self._has_aliases = "*" in text
        self._has_tags = "!" in text
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._aliased = 0
        self._reported: set[Diagnostic] = set()

    def document(self, node: yaml.Node, path: Path | None) -> YamlDocument:
        self._seen.clear()
        self._aliased = 0
        mark = node.start_mark
        content = self._value(node, mark, 0)
        return YamlDocument(content, self._name, (mark.line, mark.column), path)

    def _position(self, mark: Mark) -> Position:
        return Position(self._name, mark.line + 1, mark.column + 1)

    def _problem(self, node: yaml.Node, summary: str, hint: str = "") -> None:
        self._note(summary, node.start_mark, hint)

    def _note(self, summary: str, mark: Mark, hint: str = "") -> None:
        """Reports a problem once, however many aliases lead to it."""
        problem = Diagnostic(summary, self._position(mark), hint)
        if problem not in self._reported:
            self._reported.add(problem)
            self._problems.append(problem)

    def _value(self, node: yaml.Node, mark: Mark, depth: int) -> tuple[Any, Places]:
        """The value of a node, and the places below it. ``mark``: that of its key, if it has
        one."""
        if self._has_aliases:
            self._count_aliased(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, mark), None
        if id(node) in self._open:
            self._problem(node, "the alias contains itself")
            return None, None
        if depth > MAX_DEPTH:
            self._problem(node, f"nested deeper than {MAX_DEPTH} levels")
            return None, None
        read = self._mapping if isinstance(node, yaml.MappingNode) else self._list
        if not self._has_aliases:
            return read(node, depth)
        self._open.add(id(node))
        made = read(node, depth)
        self._open.remove(id(node))
        return made

    def _count_aliased(self, node: yaml.Node) -> None:
        if id(node) in self._seen:
            self._aliased += 1
            if self._aliased >= MAX_ALIASED_NODES:
                summary = f"aliases expand to more than {MAX_ALIASED_NODES:,} values"
                raise TooLargeError(Diagnostic(summary, self._position(node.start_mark)))
        self._seen.add(id(node))

    def _list(self, node: yaml.Node, depth: int) -> tuple[Any, Places]:
        if self._has_tags:
            self._refuse_tag(node, "seq")
        values: list[Any] = []
        places: dict[str, list[Any]] = {}
        for index, item in enumerate(node.value):
            mark = item.start_mark
            value, below = self._value(item, mark, depth + 1)
            values.append(value)
            places[str(index)] = [mark.line, mark.column, below]
        return values, places

    def _mapping(self, node: yaml.Node, depth: int) -> tuple[Any, Places]:
        if self._has_tags:
            self._refuse_tag(node, "map")
        values: dict[str, Any] = {}
        places: dict[str, list[Any]] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, "a key must be a string")
                continue
            key = key_node.value
            if not key and not key_node.style:
                self._problem(node, "a key is empty", "Write a key, or '' for an empty one.")
                continue
            if key == "<<" and not key_node.style:
                self._problem(key_node, "merge keys (<<) are not supported", "Write the keys out.")
                continue
            if key in places:
                line, column, _ = places[key]
                there = Position(self._name, line + 1, column + 1)
                self._problem(key_node, f"duplicate key {key!r}, first at {there}")
                continue
            if self._has_tags:
                self._refuse_tag(key_node, "str")
            mark = key_node.start_mark
            values[key], below = self._value(value_node, mark, depth + 1)
            places[key] = [mark.line, mark.column, below]
        return values, places

    def _scalar(self, node: yaml.ScalarNode, mark: Mark) -> str | int | bool | None:
        """The value of a scalar. ``mark`` is that of its key: an empty value at the end of the
        file has none of its own."""
        if self._has_tags:
            self._refuse_tag(node, "str")
        text = str(node.value)
        if node.style:
            return text
        if text in _NULLS:
            summary = f"{text} is not allowed" if text else "the value is missing"
            if node.start_mark.line < self._lines:
                mark = node.start_mark
            self._note(summary, mark, _NO_VALUE)
            return RefusedText(text)
        return plain_value(text)

    def _refuse_tag(self, node: yaml.Node, plain: str) -> None:
        written = _TAG.match(self._text, node.start_mark.index)
        if written or node.tag not in (f"tag:yaml.org,2002:{plain}", "!"):
            hint = "Remove it, or put a text that begins with ! in quotes."
            self._problem(node, "tags (!) are not supported", hint)

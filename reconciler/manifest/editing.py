"""Edits single values in the text of a manifest and leaves every other byte as it is. Pure.

The value is found by the position that a plan prints for it. The new value is written in the style
of the old value. Each edit is tried: the edited text must read as the old data with exactly that
value changed; otherwise nothing is edited, and the reason is given.
"""

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import yaml
from msgspec import Struct

from reconciler.diagnostics import Diagnostic, Position
from reconciler.yaml.documents import as_text
from reconciler.yaml.strict import RARE_BREAK, load_text

Scalar = str | int | bool | None
Node = yaml.Node


class NoEditError(ValueError):
    """A value cannot be edited in place; the text says why."""


class Edit(Struct, frozen=True):
    """A span of characters, and the text that replaces it."""

    start: int
    end: int
    text: str


class _Place(Struct, frozen=True):
    """The place of a value: its document, the keys of its path, its node, and the index behind its
    key. ``flow``: it is inside brackets or braces."""

    document: int
    path: tuple[str | int, ...]
    node: Node
    after_key: int
    indent: int
    flow: bool
    following: Node | None = None


def with_value(text: str, position: Position, value: Scalar) -> Edit:
    """The edit that changes the value at a position (the position of its key). None is written as
    ``null``. NoEditError if it cannot be edited in place."""
    place = _find(text, position)
    _check_own(text, place)
    if not isinstance(place.node, yaml.ScalarNode):
        raise NoEditError("it is not a single value there")
    if "${" in str(place.node.value):
        raise NoEditError(
            f"it is made of {place.node.value}; set what that stands for, in gwe.toml, with --var"
            " or where it is declared"
        )

    def wanted(data: list[Any]) -> list[Any]:
        _parent(data, place)[place.path[-1]] = value
        return data

    start, end = place.node.start_mark.index, place.node.end_mark.index
    old = text[start:end]
    room = " " if start == place.after_key else ""
    edits = [Edit(start, end, room + new) for new in _written(value, place, old)]
    return _tried(text, edits, wanted)


def without_item(text: str, position: Position) -> Edit:
    """The edit that removes the item at a position from its list. NoEditError if it is the only
    item left, or cannot be removed."""
    place = _find(text, position)
    _check_own(text, place)
    if not place.path or not isinstance(place.path[-1], int):
        raise NoEditError("it is not an item of a list")
    data = _data(text)
    if data is None or len(_parent(data, place)) == 1:
        raise NoEditError("it is the only item; remove the whole list")

    def wanted(data: list[Any]) -> list[Any]:
        del _parent(data, place)[place.path[-1]]
        return data

    return _tried(text, _removals(text, place), wanted)


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with all the edits, which must not overlap."""
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _tried(text: str, edits: Iterator[Edit] | Sequence[Edit], wanted: Any) -> Edit:
    """The first edit after which the text reads as wanted."""
    data = _data(text)
    expected = wanted(deepcopy(data))
    for edit in edits:
        if _same(_data(edited(text, [edit])), expected):
            return edit
    raise NoEditError("it cannot be edited there without changing something else")


def _data(text: str) -> list[Any] | None:
    problems: list[Diagnostic] = []
    documents = load_text(text, "", problems)
    return None if problems else [document.data for document in documents]


def _same(one: Any, other: Any) -> bool:
    """Whether both are the same data; a number never equals a text."""
    return one == other and repr(one) == repr(other)


def _parent(data: list[Any], place: _Place) -> Any:
    found = data[place.document]
    for part in place.path[:-1]:
        found = found[part]
    return found


def _find(text: str, position: Position) -> _Place:
    """The value whose key, or which as a list item itself, is at a position."""
    wanted = (position.line - 1, position.column - 1)
    documents = [node for node in yaml.compose_all(text, Loader=yaml.CSafeLoader) if node]
    documents = [node for node in documents if not _empty(node)]
    for number, document in enumerate(documents):
        for place in _places(document, number, (), flow=False):
            mark = place[0]
            if (mark.line, mark.column) == wanted:
                return place[1]
    raise NoEditError("the file has changed since it was read")


def _empty(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and not node.value


def _places(
    node: Node, document: int, path: tuple[str | int, ...], *, flow: bool
) -> Iterator[tuple[yaml.Mark, _Place]]:
    """Every value below a node, each with the position that a plan prints for it."""
    inside = flow or bool(getattr(node, "flow_style", False))
    indent = node.start_mark.column
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            end = key.end_mark.index
            yield key.start_mark, _Place(document, here, value, end, indent, inside)
            if value.start_mark.index >= end:
                yield from _places(value, document, here, flow=inside)
    elif isinstance(node, yaml.SequenceNode):
        items = node.value
        for number, item in enumerate(items):
            here = (*path, number)
            after = items[number + 1] if number + 1 < len(items) else None
            start = item.start_mark.index
            yield item.start_mark, _Place(document, here, item, start, indent, inside, after)
            yield from _places(item, document, here, flow=inside)


def _check_own(text: str, place: _Place) -> None:
    """NoEditError if the value is an alias, or has an anchor that other places use."""
    between = text[place.after_key : place.node.start_mark.index]
    if place.node.start_mark.index < place.after_key or "*" in between:
        raise NoEditError("it comes from an anchor (*)")
    if text[place.node.start_mark.index : place.node.start_mark.index + 1] in ("&", "!"):
        raise NoEditError("it has an anchor (&), so that other places have it too")


def _written(value: Scalar, place: _Place, old: str) -> Iterator[str]:
    """How the value may be written, best first."""
    block = old[:1] in ("|", ">")
    end = "\n" if block and old.endswith("\n") else ""
    if not isinstance(value, str):
        yield ("null" if value is None else as_text(value)) + end
        return
    if block or ("\n" in value and not place.flow):
        yield _literal(value, place.indent + 2, end)
    if not block and old[:1] == "'":
        yield _quoted(value, "'")
    elif not block and old[:1] != '"':
        yield value
    yield _quoted(value, '"') + end
    yield _quoted(value, '"', plain_ascii=True) + end


def _literal(value: str, indent: int, end: str) -> str:
    chomping = "-" if not value.endswith("\n") else "+" if value.endswith("\n\n") else ""
    lines = value.removesuffix("\n").split("\n")
    body = "\n".join(f"{' ' * indent}{line}" if line else "" for line in lines)
    return f"|{chomping}\n{body}{end}"


def _quoted(value: str, style: str, *, plain_ascii: bool = False) -> str:
    escape = plain_ascii or RARE_BREAK.search(value) is not None
    text: str = yaml.safe_dump(
        value, default_style=style, allow_unicode=not escape, width=len(value) * 12 + 80
    )
    return text.removesuffix("\n")


def _removals(text: str, place: _Place) -> Iterator[Edit]:
    """The ways to remove an item of a list: its line, or the item with the comma beside it."""
    start, end = place.node.start_mark.index, place.node.end_mark.index
    if not place.flow:
        line = text.rfind("\n", 0, start) + 1
        after = text.find("\n", end)
        yield Edit(line, len(text) if after < 0 else after + 1, "")
        yield Edit(line, end, "")
        return
    if place.following is not None:
        yield Edit(start, place.following.start_mark.index, "")
    comma = re.search(r",\s*$", text[:start])
    if comma:
        yield Edit(comma.start(), end, "")

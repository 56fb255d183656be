"""YAML, strictly: nothing guessed, every value with its place in the file.

Plain scalars stay the characters that were written, but for ``true``, ``false``,
``null`` and decimal integers in their one canonical spelling, which read the same in
YAML 1.1 and 1.2 and turn back into the same characters. So ``0123``, ``22:30``,
``on`` and ``1_000`` are texts. Refused: duplicate keys, a key without a value, other
spellings of null, tags, merge keys, keys that are no texts, aliases without bound.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from reconciler.diagnostics import Diagnostic, Position
from reconciler.kinds.fields import FieldPath
from reconciler.text_files import position_after, read_text

MAX_BYTES = 10 * 1024 * 1024
MAX_ALIASED_NODES = 10_000
MAX_DEPTH = 50

_INTEGER = re.compile(r"-?[1-9][0-9]{0,17}|0")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
# Line breaks of YAML 1.1 that no editor shows as such, and that YAML turns into spaces.
_RARE_BREAK = re.compile("[\x85\u2028\u2029]")
_BREAK = re.compile(r"\r\n|\n|\r")
_TAG = re.compile(r"(?:&\S+\s+)?(!\S*)")
_INDENT_WITH_TAB = re.compile(r" *\t")
_NULLS = frozenset({"", "~", "Null", "NULL"})


@dataclass(frozen=True)
class YamlDocument:
    """One document: its data, and where each of its values and keys stands."""

    data: Any
    position: Position
    places: Mapping[FieldPath, Position] = field(repr=False)

    def at(self, path: FieldPath) -> Position:
        """The place of the value at ``path``, or of its nearest ancestor that has one."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, self.position)


class _Loader(yaml.CSafeLoader):
    """The C loader without implicit types: every plain scalar is a text."""

    yaml_implicit_resolvers: Mapping[str, Any] = {}  # type: ignore[assignment]


def load_file(path: Path, name: str, problems: list[Diagnostic]) -> list[YamlDocument]:
    """The documents of a file; what is wrong with it goes to ``problems``."""
    text = read_text(path, name, MAX_BYTES, problems)
    return [] if text is None else load_text(text, name, problems)


def load_text(text: str, name: str, problems: list[Diagnostic]) -> list[YamlDocument]:
    """The documents of a text that came from the file ``name``."""
    documents: list[YamlDocument] = []
    loader = None
    rare = _RARE_BREAK.search(text)
    if rare:
        what = f"the character #x{ord(rare.group()):04x} is not allowed"
        place = position_after(text[: rare.start()], name)
        problems.append(Diagnostic(what, place, "Write it as an escape."))
        return []
    try:
        loader = _Loader(text)
        while loader.check_node():
            node = loader.get_node()
            if node is not None and not _is_empty(node):
                documents.append(_Construction(text, name, problems).document(node))
    except yaml.MarkedYAMLError as error:
        problems.append(_syntax_problem(error, text, name))
    except yaml.reader.ReaderError as error:
        # The position counts bytes.
        before = text.encode()[: error.position].decode("utf-8", "replace")
        what = f"the character #x{error.character:04x} is not allowed"
        problems.append(Diagnostic(what, position_after(before, name)))
    finally:
        if loader is not None:
            loader.dispose()
    return documents


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and not node.value


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, name: str) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    lines = _BREAK.split(text)
    place = Position(name)
    if mark and mark.line < len(lines):
        place = Position(name, mark.line + 1, mark.column + 1)
    elif mark:  # the end of the file, behind its last line
        place = Position(name, len(lines), len(lines[-1]) + 1)
    if mark and mark.line < len(lines) and _INDENT_WITH_TAB.match(lines[mark.line]):
        return Diagnostic("a tab cannot indent", place, "Indent with spaces.")
    what = " ".join(part for part in (error.context, error.problem) if part)
    return Diagnostic(f"not valid YAML: {what}", place)


class _Construction:
    """Turns the nodes of one document into data, and notes their places."""

    def __init__(self, text: str, name: str, problems: list[Diagnostic]) -> None:
        self._text = text
        self._name = name
        self._problems = problems
        self._places: dict[FieldPath, Position] = {}
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._aliased = 0

    def document(self, node: yaml.Node) -> YamlDocument:
        data = self._value(node, (), depth=0)
        return YamlDocument(data, self._position(node), self._places)

    def _position(self, node: yaml.Node) -> Position:
        mark = node.start_mark
        return Position(self._name, mark.line + 1, mark.column + 1)

    def _problem(self, node: yaml.Node, summary: str, hint: str = "") -> None:
        self._note(summary, self._position(node), hint)

    def _note(self, summary: str, place: Position, hint: str = "") -> None:
        found = Diagnostic(summary, place, hint)
        if found not in self._problems:
            self._problems.append(found)

    def _value(self, node: yaml.Node, path: FieldPath, depth: int) -> Any:
        self._places.setdefault(path, self._position(node))
        if id(node) in self._seen:
            self._aliased += 1
            if self._aliased == MAX_ALIASED_NODES:
                self._problem(node, f"aliases stand for more than {MAX_ALIASED_NODES} values")
            if self._aliased >= MAX_ALIASED_NODES:
                return None
        self._seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, self._places[path])
        if id(node) in self._open:
            self._problem(node, "the alias stands inside itself")
            return None
        if depth > MAX_DEPTH:
            self._problem(node, f"nested deeper than {MAX_DEPTH} levels")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path, depth)
            self._refuse_tag(node, "seq")
            return [
                self._value(one, (*path, str(index)), depth + 1)
                for index, one in enumerate(node.value)
            ]
        finally:
            self._open.remove(id(node))

    def _mapping(self, node: yaml.MappingNode, path: FieldPath, depth: int) -> dict[str, Any]:
        self._refuse_tag(node, "map")
        result: dict[str, Any] = {}
        first: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, "a key must be a text")
                continue
            key = key_node.value
            if not key and not key_node.style:
                self._problem(node, "a key is empty", "Name it, or write '' for an empty name.")
                continue
            if key == "<<" and not key_node.style:
                self._problem(key_node, "merge keys (<<) are not supported", "Write the fields.")
                continue
            if key in first:
                there = self._position(first[key])
                self._problem(key_node, f"the key {key!r} stands twice, first at {there}")
                continue
            first[key] = key_node
            self._refuse_tag(key_node, "str")
            self._places[(*path, key)] = self._position(key_node)
            result[key] = self._value(value_node, (*path, key), depth + 1)
        return result

    def _scalar(self, node: yaml.ScalarNode, place: Position) -> str | int | bool | None:
        """The value of a scalar. ``place``: its key's; what is empty may have none."""
        self._refuse_tag(node, "str")
        text = str(node.value)
        if node.style:
            return text
        if text in _NULLS:
            what = f"{text} is not used" if text else "a key without a value says nothing"
            if node.start_mark.line < len(_BREAK.split(self._text)):
                place = self._position(node)
            self._note(what, place, "Write null for absent, '' for an empty value.")
            return text
        if text in _WORDS:
            return _WORDS[text]
        return int(text) if _INTEGER.fullmatch(text) else text

    def _refuse_tag(self, node: yaml.Node, plain: str) -> None:
        written = _TAG.match(self._text, node.start_mark.index)
        if written or node.tag not in (f"tag:yaml.org,2002:{plain}", "!"):
            tag = written.group(1) if written else node.tag
            self._problem(node, f"the tag {tag} is not supported", "Leave it out.")


def as_text(value: str | int | bool) -> str:
    """A scalar as the characters that were written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)

"""Strict YAML: no value is guessed, and the position of every value is kept.

A plain scalar is the string that was written, except ``true``, ``false``, ``null`` and
decimal integers in canonical form: YAML 1.1 and 1.2 agree on these, and they can be turned
back into the same characters. So ``0123``, ``22:30``, ``on`` and ``1_000`` are strings.
Refused are duplicate keys, keys without a value, other spellings of null, tags, merge keys,
keys that are not strings, and aliases that expand without limit.
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
MAX_NODES = 50_000
"""Keys and values in one file."""
MAX_ALIASED_NODES = 10_000
MAX_DEPTH = 50

_INTEGER = re.compile(r"-?[1-9][0-9]{0,17}|0")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
# Line breaks of YAML 1.1 that no editor shows as such, and that YAML turns into spaces.
_RARE_BREAK = re.compile("[\x85\u2028\u2029]")
_BREAK = re.compile(r"\r\n|\n|\r")
_TAG = re.compile(r"(?:&\S+\s+)?(!\S*)")
_NAMED = re.compile(r"\b(alias|anchor|tag handle)(?: '.*?')?")
_INDENT_WITH_TAB = re.compile(r" *\t")
_NULLS = frozenset({"", "~", "Null", "NULL"})


@dataclass(frozen=True)
class YamlDocument:
    """One document: its data, and the position of every key and value."""

    data: Any
    position: Position
    places: Mapping[FieldPath, Position] = field(repr=False)

    def at(self, path: FieldPath) -> Position:
        """The position of the value at ``path``, or of its nearest ancestor that has one."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, self.position)


class _TooLargeError(Exception):
    """A file that expands to more than is read. ``problem`` says to what."""

    def __init__(self, problem: Diagnostic) -> None:
        super().__init__(problem.summary)
        self.problem = problem


class _Loader(yaml.CSafeLoader):
    """The C loader without implicit types: every plain scalar is a string. It counts nodes
    while it composes them, since a few MiB of text can become a GiB of nodes."""

    yaml_implicit_resolvers: Mapping[str, Any] = {}  # type: ignore[assignment]

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self._name = name
        self._nodes = 0

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:  # noqa: ARG002 - PyYAML's signature
        """PyYAML calls this for each node."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            summary = f"the file has more than {MAX_NODES:,} keys and values"
            hint = "Split it into several files."
            raise _TooLargeError(Diagnostic(summary, Position(self._name), hint))

    def ascend_resolver(self) -> None:
        """Its counterpart, which nothing needs: there are no resolvers of paths."""


def load_file(path: Path, name: str, problems: list[Diagnostic]) -> list[YamlDocument]:
    """The documents of a file. ``name`` is what messages call the file; its mistakes are
    added to ``problems``."""
    text = read_text(path, MAX_BYTES, name)
    if isinstance(text, Diagnostic):
        problems.append(text)
        return []
    return load_text(text, name, problems)


def load_text(text: str, name: str, problems: list[Diagnostic]) -> list[YamlDocument]:
    """The documents of a text, as ``load_file`` reads them from the file ``name``."""
    rare = _RARE_BREAK.search(text)
    if rare:
        summary = f"the character #x{ord(rare.group()):04x} is not allowed"
        position = position_after(text[: rare.start()], name)
        problems.append(Diagnostic(summary, position, "Write it as an escape in double quotes."))
        return []
    documents: list[YamlDocument] = []
    lines = len(_BREAK.findall(text)) + 1
    loader = None
    try:
        loader = _Loader(text, name)
        while loader.check_node():
            node = loader.get_node()
            if node is not None and not _is_empty(node):
                documents.append(_Construction(text, lines, name, problems).document(node))
    except _TooLargeError as error:
        problems.append(error.problem)
        return []
    except yaml.MarkedYAMLError as error:
        problems.append(_syntax_problem(error, text, name))
    except yaml.reader.ReaderError as error:
        # PyYAML counts bytes here.
        before = text.encode()[: error.position].decode("utf-8", "replace")
        summary = f"the character #x{error.character:04x} is not allowed"
        problems.append(Diagnostic(summary, position_after(before, name)))
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
    elif mark:  # the end of the file, after its last line
        place = Position(name, len(lines), len(lines[-1]) + 1)
    if mark and mark.line < len(lines) and _INDENT_WITH_TAB.match(lines[mark.line]):
        return Diagnostic("tabs are not allowed as indentation", place, "Indent with spaces.")
    reason = " ".join(part for part in (error.context, error.problem) if part)
    # What begins with * ! or & may be a password that lacks its quotes.
    reason, named = _NAMED.subn(r"\1", reason)
    hint = "Put a text that begins with *, & or ! in quotes." if named else ""
    return Diagnostic(f"not valid YAML: {reason}", place, hint)


class _Construction:
    """Turns the nodes of one document into data, and records their positions."""

    def __init__(self, text: str, lines: int, name: str, problems: list[Diagnostic]) -> None:
        self._text = text
        self._lines = lines
        self._name = name
        self._problems = problems
        self._places: dict[FieldPath, Position] = {}
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._aliased = 0
        self._reported: set[Diagnostic] = set()

    def document(self, node: yaml.Node) -> YamlDocument:
        data = self._value(node, (), depth=0)
        return YamlDocument(data, self._position(node), self._places)

    def _position(self, node: yaml.Node) -> Position:
        mark = node.start_mark
        return Position(self._name, mark.line + 1, mark.column + 1)

    def _problem(self, node: yaml.Node, summary: str, hint: str = "") -> None:
        self._note(summary, self._position(node), hint)

    def _note(self, summary: str, place: Position, hint: str = "") -> None:
        """Reports a problem once, however many aliases lead to it."""
        problem = Diagnostic(summary, place, hint)
        if problem not in self._reported:
            self._reported.add(problem)
            self._problems.append(problem)

    def _value(self, node: yaml.Node, path: FieldPath, depth: int) -> Any:
        self._places.setdefault(path, self._position(node))
        if id(node) in self._seen:
            self._aliased += 1
            if self._aliased >= MAX_ALIASED_NODES:
                summary = f"aliases expand to more than {MAX_ALIASED_NODES:,} values"
                raise _TooLargeError(Diagnostic(summary, self._position(node)))
        self._seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, self._places[path])
        if id(node) in self._open:
            self._problem(node, "the alias contains itself")
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
                self._value(item, (*path, str(index)), depth + 1)
                for index, item in enumerate(node.value)
            ]
        finally:
            self._open.remove(id(node))

    def _mapping(self, node: yaml.MappingNode, path: FieldPath, depth: int) -> dict[str, Any]:
        self._refuse_tag(node, "map")
        result: dict[str, Any] = {}
        first: dict[str, yaml.Node] = {}
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
            if key in first:
                there = self._position(first[key])
                self._problem(key_node, f"duplicate key {key!r}, first at {there}")
                continue
            first[key] = key_node
            self._refuse_tag(key_node, "str")
            self._places[(*path, key)] = self._position(key_node)
            result[key] = self._value(value_node, (*path, key), depth + 1)
        return result

    def _scalar(self, node: yaml.ScalarNode, place: Position) -> str | int | bool | None:
        """The value of a scalar. ``place`` is the position of its key: an empty value at the
        end of the file has none of its own."""
        self._refuse_tag(node, "str")
        text = str(node.value)
        if node.style:
            return text
        if text in _NULLS:
            summary = f"{text} is not allowed" if text else "the value is missing"
            if node.start_mark.line < self._lines:
                place = self._position(node)
            self._note(summary, place, "Write null for absent, '' for an empty value.")
            return text
        if text in _WORDS:
            return _WORDS[text]
        return int(text) if _INTEGER.fullmatch(text) else text

    def _refuse_tag(self, node: yaml.Node, plain: str) -> None:
        written = _TAG.match(self._text, node.start_mark.index)
        if written or node.tag not in (f"tag:yaml.org,2002:{plain}", "!"):
            hint = "Remove it, or put a text that begins with ! in quotes."
            self._problem(node, "tags (!) are not supported", hint)


def as_text(value: str | int | bool) -> str:
    """The characters that a scalar was written with."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)

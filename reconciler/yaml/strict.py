"""Strict YAML: no value is guessed, and the position of every value is kept.

A plain scalar is the string that was written, except ``true``, ``false``, ``null`` and
decimal integers in canonical form: YAML 1.1 and 1.2 agree on these, and they can be turned
back into the same characters. So ``0123``, ``22:30``, ``on`` and ``1_000`` are strings.
Refused are duplicate keys, keys without a value, other spellings of null, tags, merge keys,
keys that are not strings, and aliases that expand without limit.
"""

import re
from pathlib import Path
from typing import Any

import yaml
from yaml._yaml import CParser

from reconciler.diagnostics import Diagnostic, Position
from reconciler.files.conflict_marks import conflicts
from reconciler.files.reading import MAX_BYTES, position_after, read_text
from reconciler.yaml.construction import PLAIN_TAGS, Construction, TooLargeError
from reconciler.yaml.documents import YamlDocument

MAX_NODES = 50_000
"""Keys and values in one file."""

# Line breaks of YAML 1.1 that no editor shows as such, and that YAML turns into spaces.
RARE_BREAK = re.compile("[\x85\u2028\u2029]")
_BREAK = re.compile(r"\r\n|\n|\r")
_NAMED = re.compile(r"\b(alias|anchor|tag handle)(?: '.*?')?")
_INDENT_WITH_TAB = re.compile(r" *\t")


class _Loader(CParser):
    """The C parser without types of its own: every plain scalar is a string. It counts nodes
    while it composes them, since a few MiB of text can become a GiB of nodes."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self._name = name
        self._nodes = 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:  # noqa: ARG002 - PyYAML's signature
        """The tag of a node that is written without one."""
        return PLAIN_TAGS[kind]

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:  # noqa: ARG002 - PyYAML's signature
        """PyYAML calls this for each node."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            summary = f"the file has more than {MAX_NODES:,} keys and values"
            hint = "Split it into several files."
            raise TooLargeError(Diagnostic(summary, Position(self._name), hint))

    def ascend_resolver(self) -> None:
        """Its counterpart, which nothing needs: there are no resolvers of paths."""


def load_file(path: Path, name: str, problems: list[Diagnostic]) -> list[YamlDocument]:
    """The documents of a file. ``name`` is what messages call the file; its mistakes are
    added to ``problems``."""
    text = read_text(path, MAX_BYTES, name)
    if isinstance(text, Diagnostic):
        problems.append(text)
        return []
    return load_text(text, name, problems, path)


def load_text(
    text: str, name: str, problems: list[Diagnostic], path: Path | None = None
) -> list[YamlDocument]:
    """The documents of a text, as ``load_file`` reads them from the file ``name``."""
    rare = RARE_BREAK.search(text)
    if rare:
        summary = f"the character #x{ord(rare.group()):04x} is not allowed"
        position = position_after(text[: rare.start()], name)
        problems.append(Diagnostic(summary, position, "Write it as an escape in double quotes."))
        return []
    if marked := conflicts(text, name):
        problems += marked
        return []
    documents: list[YamlDocument] = []
    lines = len(_BREAK.findall(text)) + 1
    loader = None
    try:
        loader = _Loader(text, name)
        construction = Construction(text, lines, name, problems)
        while loader.check_node():
            node = loader.get_node()
            if node is not None and not _is_empty(node):
                documents.append(construction.document(node, path))
    except TooLargeError as error:
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
    reason = ", ".join(part for part in (error.problem, error.context) if part)
    # What begins with * ! or & may be a password that lacks its quotes.
    reason, named = _NAMED.subn(r"\1", reason)
    hint = "Put a text that begins with *, & or ! in quotes." if named else ""
    return Diagnostic(f"not valid YAML: {reason}", place, hint)

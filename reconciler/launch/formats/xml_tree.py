"""Parses the elements of an XML text, with the positions of their tags, attributes and texts.

The parser is expat, which reports where each piece begins. Entities are never expanded: a document
type with internal declarations is refused, and so is an entity that only an external declaration
could define. Nothing is fetched. Pure.
"""

import re
from collections.abc import Iterator
from xml.parsers import expat

from msgspec import Struct, field

from reconciler.launch.errors import LaunchFormatError

MAX_DEPTH = 200

_TAG_NAME = re.compile(rb"<[^\s/>]+")
_ATTRIBUTE = re.compile(rb"\s+([^\s=/>]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_TAG_END = re.compile(rb"\s*/?>")


class Element(Struct):
    """One element. Positions count the bytes of the text in UTF-8.

    ``spans``: attribute -> (start, including the blanks before it; end), in the order of the
    tag. ``content``: start and end of what is between its tags; None for ``<a/>``.
    ``mixed``: why its content is not only text; empty: it is.
    """

    name: str
    line: int
    attributes: dict[str, str]
    spans: dict[str, tuple[int, int]]
    tag_name_end: int
    tag_end: int
    content: tuple[int, int] | None
    text: str = ""
    mixed: str = ""
    children: list["Element"] = field(default_factory=list)


def parse(text: str) -> Element:
    """The root element. LaunchFormatError for a text that is not well-formed, or refused."""
    return _Builder(text.encode()).root()


def walk(root: Element) -> Iterator[tuple[str, Element]]:
    """Every element with its shortest path by positions, in the order of the text."""
    waiting = [(root.name, root)]
    while waiting:
        path, element = waiting.pop()
        yield path, element
        total: dict[str, int] = {}
        for child in element.children:
            total[child.name] = total.get(child.name, 0) + 1
        seen: dict[str, int] = {}
        inside: list[tuple[str, Element]] = []
        for child in element.children:
            seen[child.name] = seen.get(child.name, 0) + 1
            index = f"[{seen[child.name]}]" if total[child.name] > 1 else ""
            inside.append((f"{path}/{child.name}{index}", child))
        waiting += reversed(inside)


class _Builder:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._open: list[Element] = []
        self._root: Element | None = None
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartDoctypeDeclHandler = self._document_type
        parser.SkippedEntityHandler = self._entity
        self._parser = parser

    def root(self) -> Element:
        try:
            self._parser.Parse(self._raw, True)
        except expat.ExpatError as error:
            raise LaunchFormatError(
                f"line {error.lineno} is not well-formed XML: {expat.ErrorString(error.code)}",
                "Correct the file by hand.",
            ) from error
        assert self._root is not None  # noqa: S101 - expat refuses a text without an element
        return self._root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise LaunchFormatError(f"elements are nested deeper than {MAX_DEPTH} levels")
        start = self._parser.CurrentByteIndex
        named = _TAG_NAME.match(self._raw, start)
        at = name_end = named.end() if named else start
        spans: dict[str, tuple[int, int]] = {}
        while found := _ATTRIBUTE.match(self._raw, at):
            spans[found[1].decode()] = found.span()
            at = found.end()
        end = _TAG_END.match(self._raw, at)
        tag_end = end.end() if end else at
        empty = self._raw[tag_end - 2 : tag_end] == b"/>"
        content = None if empty else (tag_end, tag_end)
        line = self._parser.CurrentLineNumber
        element = Element(name, line, attributes, spans, name_end, tag_end, content)
        if self._open:
            self._open[-1].children.append(element)
            self._open[-1].mixed = "it contains elements"
        else:
            self._root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if element.content:
            element.content = (element.tag_end, self._parser.CurrentByteIndex)

    def _characters(self, data: str) -> None:
        self._open[-1].text += data

    def _comment(self, _data: str) -> None:
        if self._open:
            self._open[-1].mixed = self._open[-1].mixed or "it contains a comment"

    def _instruction(self, target: str, _data: str) -> None:
        if self._open:
            inside = f"it contains a processing instruction {target}"
            self._open[-1].mixed = self._open[-1].mixed or inside

    def _document_type(
        self, _name: str, _system: str | None, _public: str | None, internal: bool
    ) -> None:
        if internal:
            raise LaunchFormatError(
                f"line {self._parser.CurrentLineNumber}: the document type has internal "
                "declarations, which can change the meaning of the text",
                "Remove them, or edit the file by hand.",
            )

    def _entity(self, name: str, _is_parameter: bool) -> None:
        raise LaunchFormatError(
            f"line {self._parser.CurrentLineNumber}: &{name}; is declared in another file",
            "Write the character itself.",
        )

"""Parses the lines of an INI file: sections, options, and values over several lines. Pure."""

import re

from msgspec import Struct, field

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats.lines import split_lines

_HEADER = re.compile(r"\s*\[(?P<name>.+)\]")
_DELIMITER = re.compile(r"[=:]")
_COMMENTS = ("#", ";")


class Option(Struct):
    """A line that is neither blank nor a comment nor a header. Without a key, it is malformed."""

    line: int
    start: int
    end: int
    indent: int
    key: str = ""
    separator: str = ""
    value: str = ""
    at: int = 0
    continued: bool = False


class Section(Struct):
    """A header and the options below it; without a name, the options before the first header.
    ``behind``: the end of its last line that is neither blank nor a comment, line end
    included."""

    name: str
    start: int
    end: int
    behind: int
    options: list[Option] = field(default_factory=list)


def sections_of(text: str) -> list[Section]:
    """The options before the first header, then every section, in the order of the text."""
    sections = [Section("", 0, 0, 0)]
    for number, (start, end, behind) in enumerate(split_lines(text), 1):
        line = text[start:end]
        content = line.strip()
        if not content or content.startswith(_COMMENTS):
            continue
        section = sections[-1]
        indent = len(line) - len(line.lstrip())
        header = _HEADER.match(line)
        previous = section.options[-1] if section.options else None
        if previous and previous.separator and indent > previous.indent:
            if header:
                raise LaunchFormatError(
                    f"line {number} is a section header that is indented further than the "
                    "line before it: programs disagree whether it is a header",
                    "Remove the indentation.",
                )
            previous.continued = True
            previous.end = end
        elif header:
            section = Section(header.group("name"), start, end, behind)
            sections.append(section)
        else:
            section.options.append(_option(text, number, start, end))
        section.behind = behind
    return sections


def _option(text: str, number: int, start: int, end: int) -> Option:
    line = text[start:end]
    indent = len(line) - len(line.lstrip())
    delimiter = _DELIMITER.search(line)
    key = line[indent : delimiter.start()].rstrip() if delimiter else ""
    if not delimiter or not key or key.startswith("["):
        return Option(number, start, end, indent)
    value = line[delimiter.end() :].strip()
    at = len(line) - len(line[delimiter.end() :].lstrip())
    separator = line[indent + len(key) : at]
    return Option(number, start, end, indent, key, separator, value, start + at)

"""Java properties: the text format of ``java.util.Properties.load``.

Source: the documentation of that method, and its behaviour, which the tests check against. The last
assignment of a key takes effect. Values are written in ASCII with ``\\uXXXX``, which reads the same
in every encoding that a program may assume. Adding and then removing a key restores the text.
"""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats import assignments
from reconciler.launch.formats.lines import LineNumbers, insert_line, remove_lines, split_lines
from reconciler.launch.formats.model import Assignment, Reading

_BLANK = " \t\f"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_ESCAPED = {value: f"\\{name}" for name, value in _ESCAPES.items()}
_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_SEPARATOR = re.compile(r"[ \t\f]*[=:]?[ \t\f]*")


def read(text: str) -> Reading:
    """Every key of the text."""
    return assignments.read(text, _Properties())


def edit(text: str, values: Mapping[str, str | None]) -> str:
    """The text with these values."""
    return assignments.edit(text, values, _Properties())


class _Logical(Struct, frozen=True):
    """A logical line: its characters without the continuations, and their positions."""

    start: int
    end: int
    text: str
    at: Sequence[int]
    dangling: bool
    """Whether it ends in a backslash that no line follows."""


def _logical_lines(text: str) -> list[_Logical]:
    result: list[_Logical] = []
    lines = iter(split_lines(text))
    for start, end, _ in lines:
        content = text[start:end].lstrip(_BLANK)
        if not content or content[0] in "#!":
            continue
        first, last = end - len(content), end
        at: list[int] = []
        dangling = False
        while True:
            backslashes = last - len(text[first:last].rstrip("\\")) - first
            if backslashes % 2 == 0:
                at += range(first, last)
                break
            at += range(first, last - 1)
            following = next(lines, None)
            if following is None:
                dangling, last = True, len(text)
                break
            last = following[1]
            first = last - len(text[following[0] : last].lstrip(_BLANK))
            if not at and text[first : first + 1] in ("#", "!"):
                break  # after a lone backslash, Java 9 and later read this as a comment
        # A lone backslash at the end of the file is an empty key to some versions of Java
        # and nothing to others; here it is nothing.
        if at:
            characters = "".join(text[position] for position in at)
            result.append(_Logical(start, last, characters, at, dangling))
    return result


def _key_end(logical: str) -> int:
    index = 0
    while index < len(logical) and logical[index] not in " \t\f=:":
        index += 2 if logical[index] == "\\" else 1
    return min(index, len(logical))


def _unescape(escaped: str, line: int) -> str:
    result: list[str] = []
    index = 0
    while index < len(escaped):
        character = escaped[index]
        index += 1
        if character == "\\":
            character = escaped[index : index + 1]
            index += 1
            if character == "u":
                digits = escaped[index : index + 4]
                if not _HEX.fullmatch(digits):
                    raise LaunchFormatError(
                        f"in line {line}, four hexadecimal digits must follow \\u",
                        "Java cannot read such a file. In paths, write \\\\ or / instead of \\.",
                    )
                character = chr(int(digits, 16))
                index += 4
            else:
                character = _ESCAPES.get(character, character)
        result.append(character)
    # Characters beyond U+FFFF are two escapes.
    return "".join(result).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _escape(text: str, special: str) -> str:
    result: list[str] = []
    for character in text:
        if character in _ESCAPED:
            result.append(_ESCAPED[character])
        elif character in special or character == "\\":
            result.append("\\" + character)
        elif " " <= character <= "~":
            result.append(character)
        else:
            units = character.encode("utf-16-be")
            result += (f"\\u{units[i : i + 2].hex().upper()}" for i in range(0, len(units), 2))
    return "".join(result)


def _escape_value(value: str, after_blank: bool) -> str:
    """``after_blank``: only blanks separate it from its key, so a leading = or : would be read as
    the separator."""
    inner = value.strip(" ")
    if not inner:
        return "\\ " * len(value)
    leading, _, trailing = value.partition(inner)
    escaped = _escape(inner, "")
    if after_blank and escaped[0] in "=:":
        escaped = "\\" + escaped
    return "\\ " * len(leading) + escaped + "\\ " * len(trailing)


class _Properties:
    every = False

    def fold(self, key: str) -> str:
        return key

    def check(self, key: str, value: str) -> None:
        """The format can hold every text."""

    def parse(self, text: str) -> list[Assignment]:
        numbers = LineNumbers(text)
        found: list[Assignment] = []
        for logical in _logical_lines(text):
            line = numbers[logical.start]
            key_end = _key_end(logical.text)
            separator = _SEPARATOR.match(logical.text, key_end)
            begin = separator.end() if separator else key_end
            key = _unescape(logical.text[:key_end], line)
            value: str | None = _unescape(logical.text[begin:], line)
            reason = ""
            if value and not value.isprintable() and re.search("[\ud800-\udfff]", value):
                value, reason = None, "it has half of a surrogate pair"
            start = logical.end
            if begin < len(logical.at):
                start = logical.at[begin]
            elif logical.dangling and text.endswith("\\"):
                start -= 1  # before the dangling backslash
            found.append(Assignment(key, line, start, logical.end, value, reason))
        return found

    def replaced(self, text: str, old: Assignment, value: str) -> str:
        logical = next(each for each in _logical_lines(text) if each.start <= old.start <= each.end)
        key_end = _key_end(logical.text)
        separator = _SEPARATOR.match(logical.text, key_end)
        written = separator.group() if separator else ""
        escaped = _escape_value(value, not written.strip(_BLANK))
        if not written and value:
            escaped = "=" + _escape_value(value, after_blank=False)
        return text[: old.start] + escaped + text[old.end :]

    def added(self, text: str, key: str, value: str) -> str:
        if not key:
            raise LaunchFormatError("the key is empty", "Name the key.")
        lines = _logical_lines(text)
        written = "="
        if lines:
            found = _SEPARATOR.match(lines[-1].text, _key_end(lines[-1].text))
            written = found.group() if found and found.group().strip(_BLANK) else "="
        escaped = _escape(key, " =:#!")
        line = escaped + written + _escape_value(value, after_blank=False)
        position = len(text)
        if lines and lines[-1].dangling:
            position = lines[-1].start  # after it, the new line would be its continuation
        return insert_line(text, position, line, "\n")

    def removed(self, text: str, old: Assignment) -> str:
        logical = next(each for each in _logical_lines(text) if each.start <= old.start <= each.end)
        return remove_lines(text, logical.start, logical.end)

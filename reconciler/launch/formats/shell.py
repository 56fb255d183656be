"""Shell files: ``NAME=value`` and ``export NAME=value`` where they always run.

The last assignment counts. One that runs only under a condition, in a function, in a
subshell or behind an ``exit`` has no value that could be known, and is not overwritten.
A value with expansions (``$HOME/lib``, ``$(hostname)``) is not plain; it can be
overwritten. What ``.`` and ``eval`` set at run time is not seen.

A new assignment goes to the end of the file, with ``export`` if the last one there has
it; it is refused where the script would not come to it. Adding and then removing a
name restores the text. In a file with line ends of Windows, the carriage return counts
as a part of the line end; a POSIX shell would take it for a part of the value.
"""

import re
from collections.abc import Iterator, Mapping

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats import assignments
from reconciler.launch.formats.assignments import refuse_characters
from reconciler.launch.formats.lines import LineNumbers, insert_line, remove_lines
from reconciler.launch.formats.model import Assignment, Reading
from reconciler.launch.formats.shell_lexer import Command, Word, lex
from reconciler.launch.formats.shell_words import literal, quoted

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?=)", re.ASCII)
_EXPORTS = ("export", "readonly", "declare", "typeset")
_AT_RUN_TIME = {
    "unset": "it is unset there",
    "read": "it is read when the script runs",
    "getopts": "it is an option of the script",
    "for": "it is set by a loop",
    "select": "it is set by a loop",
}
_ONE_NAME = ("for", "select", "getopts")
_LINE_END = re.compile(r"[ \t]*(\r?\n|\Z)")


def read(text: str) -> Reading:
    """Every variable that the script sets to something."""
    windows = "lines end as on Windows: a POSIX shell takes the CR into the value"
    return assignments.read(text, _Shell(), (windows,) if "\r\n" in text else ())


def edit(text: str, values: Mapping[str, str | None]) -> str:
    """The text with these values."""
    return assignments.edit(text, values, _Shell())


def _set_by(command: Command) -> Iterator[tuple[str, Word]]:
    """What a command sets or unsets: names with the words that do it."""
    words = command.words
    exported = words[0].text in _EXPORTS
    found = [(_ASSIGNMENT.match(word.text), word) for word in words]
    if words[0].text in _AT_RUN_TIME:
        first = 2 if words[0].text == "getopts" else 1
        named = words[first : first + 1 if words[0].text in _ONE_NAME else None]
        yield from ((word.text, word) for word in named if _NAME.fullmatch(word.text))
    elif exported or all(match for match, _ in found):
        yield from ((match.group(1), word) for match, word in found if match)


def _fixed(command: Command) -> str:
    """Why what a command sets cannot be known or changed."""
    if how := _AT_RUN_TIME.get(command.words[0].text):
        return how
    if command.depth or command.before in ("&&", "||"):
        return "it is set under a condition, in a function or in a subshell"
    if command.before == "|" or command.behind in ("|", "&"):
        return "it is set in a pipeline or in the background"
    if command.dead_since:
        return f"the script leaves before it, in line {command.dead_since}"
    return "the command has redirections" if command.redirected else ""


class _Shell:
    every = False

    def fold(self, key: str) -> str:
        return key

    def check(self, key: str, value: str) -> None:
        if not _NAME.fullmatch(key):
            raise LaunchFormatError(
                f"{key!r} is no name of a shell variable",
                "A name has letters, digits and _, and does not begin with a digit.",
            )
        refuse_characters(key, value, "\0", "a shell file")

    def parse(self, text: str) -> list[Assignment]:
        numbers = LineNumbers(text)
        result: list[Assignment] = []
        for command in lex(text).commands:
            fixed = _fixed(command)
            for name, word in _set_by(command):
                line = numbers[word.start]
                match = _ASSIGNMENT.match(word.text)
                start = word.start + (match.start(2) if match else 0)
                value: str | None = None
                reason, kept = fixed, fixed
                if match and not fixed:
                    written = word.text[match.end() :]
                    value, reason = literal(written, command.words[0].text in _EXPORTS)
                    if match.group(2) == "+=":
                        value, reason = None, "it is added to what was there"
                    elif written.startswith("("):
                        value, reason, kept = None, "it is an array", "it is an array"
                result.append(Assignment(name, line, start, word.end, value, reason, kept))
        return result

    def replaced(self, text: str, old: Assignment, value: str) -> str:
        written = text[old.start : old.end].partition("=")[2]
        return text[: old.start] + "=" + quoted(value, written) + text[old.end :]

    def added(self, text: str, key: str, value: str) -> str:
        script = lex(text)
        if script.unfinished:
            raise LaunchFormatError(
                f"{key} cannot be added at the end of the script: {script.unfinished}",
                f"Write an assignment of {key} where it is to take effect; its value is then kept.",
            )
        setting = [one for one in script.commands if any(_set_by(one)) and not _fixed(one)]
        export = "export " if setting and setting[-1].words[0].text == "export" else ""
        line = f"{export}{key}={quoted(value, like='')}"
        return insert_line(text, len(text), line, "\n")

    def removed(self, text: str, old: Assignment) -> str:
        command, at = next(
            (command, at)
            for command in lex(text).commands
            for at, word in enumerate(command.words)
            if word.start <= old.start and word.end == old.end
        )
        first, last, word = command.words[0], command.words[-1], command.words[at]
        others = [one for one in command.words if one is not word and one.text[:1] != "-"]
        if any(one.text not in _EXPORTS for one in others):
            start = command.words[at - 1].end if at else word.start
            end = word.end if at else command.words[1].start
            return text[:start] + text[end:]
        line_start = text.rfind("\n", 0, first.start) + 1
        if text[line_start : first.start].strip(" \t") or command.behind not in ("\n", ""):
            raise LaunchFormatError(
                f"{old.key} in line {old.line} cannot be removed: it shares the line",
                "Remove it by hand.",
            )
        if not _LINE_END.match(text, last.end):  # a comment stands behind it, and stays
            comment = text.index("#", last.end)
            return text[: first.start] + text[comment:]
        return remove_lines(text, first.start, last.end)

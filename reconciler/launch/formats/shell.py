"""Shell files: ``NAME=value`` and ``export NAME=value`` where they always run.

The last assignment takes effect. An assignment that runs only under a condition, in a
function, in a subshell or after an ``exit`` has no known value and is not overwritten. A
value with expansions (``$HOME/lib``, ``$(hostname)``) is not plain, but can be overwritten.
What ``read``, ``let`` and arithmetic set is known only at run time, and not overwritten either
(``shell_settings``). What ``.`` and ``eval`` set is not seen.

A new assignment goes to the end of the file, with ``export`` if the last assignment has it.
It is refused if the script does not always reach it. Adding and then removing a name
restores the text. A carriage return before a line feed belongs to the line end, though to a
POSIX shell it is part of the value.
"""

import re
from collections.abc import Mapping

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats import assignments
from reconciler.launch.formats.assignments import refuse_characters
from reconciler.launch.formats.lines import LineNumbers, insert_line, remove_lines
from reconciler.launch.formats.model import Assignment, Reading
from reconciler.launch.formats.shell_lexer import Command, lex
from reconciler.launch.formats.shell_settings import (
    ASSIGNMENT,
    EXPORTS,
    NAME,
    plain_words,
    settings_of,
)
from reconciler.launch.formats.shell_words import literal, quoted

_LINE_END = re.compile(r"[ \t]*(\r?\n|\Z)")


def read(text: str) -> Reading:
    """Every variable that the script sets to a value."""
    return assignments.read(text, _Shell())


def edit(text: str, values: Mapping[str, str | None]) -> str:
    """The text with these values."""
    return assignments.edit(text, values, _Shell())


def _fixed(command: Command) -> str:
    """Why the values that a command sets can be neither known nor changed; empty: they can."""
    if command.depth or command.before in ("&&", "||"):
        return "it is set under a condition, in a function or in a subshell"
    if command.before == "|" or command.behind in ("|", "&"):
        return "it is set in a pipeline or in the background"
    if command.dead_since:
        return f"the script ends before it, in line {command.dead_since}"
    return "the command has redirections" if command.redirected else ""


def _has_value(name: str, before: list[Assignment]) -> bool:
    """Whether a name certainly has a value that is not empty."""
    last = next((one for one in reversed(before) if one.key == name), None)
    return last is not None and bool(last.value)


class _Shell:
    every = False

    def fold(self, key: str) -> str:
        return key

    def check(self, key: str, value: str) -> None:
        if not NAME.fullmatch(key):
            raise LaunchFormatError(
                f"{key!r} is not a valid name of a shell variable",
                "A name consists of letters, digits and _, and does not begin with a digit.",
            )
        refuse_characters(key, value, "\0", "a shell file")

    def parse(self, text: str) -> list[Assignment]:
        numbers = LineNumbers(text)
        result: list[Assignment] = []
        for command in lex(text).commands:
            exported = plain_words(command)[0].text in EXPORTS
            for setting in settings_of(command):
                if setting.default and _has_value(setting.name, result):
                    continue
                word, fixed = setting.word, setting.how or _fixed(command)
                line = numbers[word.start]
                match = ASSIGNMENT.match(word.text)
                start = word.start + (match.start(2) if match else 0)
                value: str | None = None
                reason, kept = fixed, fixed
                if match and not fixed:
                    written = word.text[match.end() :]
                    value, reason = literal(written, exported)
                    if match.group(2) == "+=":
                        value, reason = None, "it is appended to the previous value"
                    elif written.startswith("("):
                        value, reason, kept = None, "it is an array", "it is an array"
                named = setting.name, line, start, word.end
                result.append(Assignment(*named, value, reason, kept))
        return result

    def replaced(self, text: str, old: Assignment, value: str) -> str:
        written = text[old.start : old.end].partition("=")[2]
        return text[: old.start] + "=" + quoted(value, written) + text[old.end :]

    def added(self, text: str, key: str, value: str) -> str:
        script = lex(text)
        if script.unfinished:
            raise LaunchFormatError(
                f"{key} cannot be added at the end of the script: {script.unfinished}",
                f"Assign {key} where it should take effect; gwe then edits its value.",
            )
        assigning = [
            each
            for each in script.commands
            if not _fixed(each) and any(not one.how for one in settings_of(each))
        ]
        export = "export " if assigning and assigning[-1].words[0].text == "export" else ""
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
        others = [each for each in command.words if each is not word and each.text[:1] != "-"]
        if any(each.text not in EXPORTS for each in others):
            start = command.words[at - 1].end if at else word.start
            end = word.end if at else command.words[1].start
            return text[:start] + text[end:]
        line_start = text.rfind("\n", 0, first.start) + 1
        if text[line_start : first.start].strip(" \t") or command.behind not in ("\n", ""):
            raise LaunchFormatError(
                f"{old.key} in line {old.line} cannot be removed: its line contains other commands",
                "Remove it by hand.",
            )
        if not _LINE_END.match(text, last.end):  # keep the comment after it
            comment = text.index("#", last.end)
            return text[: first.start] + text[comment:]
        return remove_lines(text, first.start, last.end)

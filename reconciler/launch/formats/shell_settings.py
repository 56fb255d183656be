"""Which names a command of a shell script sets, and which of them get a value known only at run
time. Pure.

Besides assignments, names are set by ``read``, ``let``, ``printf -v`` and other commands (bash's
manual, "Bash Builtins"), by arithmetic (``((n=1))``, ``$((n++))``), and by the expansion
``${NAME:=value}``. What ``.``, ``eval`` and other programs set is not seen.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from reconciler.launch.formats.shell_lexer import Command, Word

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?=)", re.ASCII)
EXPORTS = ("export", "readonly", "declare", "typeset")

_COMPUTED = "it is computed while the script runs"
_READ = "the script reads it while it runs"
_AT_RUN_TIME = {
    "unset": "the script unsets it",
    "read": _READ,
    "mapfile": _READ,
    "readarray": _READ,
    "getopts": "it holds an option of the script",
    "for": "a loop sets it",
    "select": "a loop sets it",
    "printf": "a command sets it while the script runs",
    "wait": "a command sets it while the script runs",
}
_OPTION = {"printf": "-v", "wait": "-p"}
"""Commands that set a name only with this option, which the name follows."""
_ONE_NAME = ("for", "select", "getopts")
_LAST_NAME = ("mapfile", "readarray")
_PREFIXES = ("command", "builtin")
_COUNTED = re.compile(
    r"(?:\+\+|--)\s*([A-Za-z_]\w*)"
    r"|([A-Za-z_]\w*)(?:\[[^\]]*\])?\s*(?:\+\+|--|(?:[-+*/%&|^]|<<|>>)?=(?!=))",
    re.ASCII,
)
_ARITHMETIC = re.compile(r"\$\(\((.*?)\)\)", re.DOTALL)
_DEFAULT = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*):?=", re.ASCII)
_SINGLE_QUOTED = re.compile(r"'[^']*'")


class NameSetting(Struct, frozen=True):
    """A name that a command sets, and the word that does so. ``how``: why its value is known only
    at run time; empty for an assignment. ``default``: only if it has no value yet."""

    name: str
    word: Word
    how: str = ""
    default: bool = False


def plain_words(command: Command) -> Sequence[Word]:
    """The words of a command from the name of the command on; all words if it only assigns."""
    words = command.words
    first = 0
    while first < len(words) - 1 and (
        words[first].text in _PREFIXES or ASSIGNMENT.match(words[first].text)
    ):
        first += 1
    only_assigns = all(ASSIGNMENT.match(word.text) for word in words)
    return words if only_assigns else words[first:]


def settings_of(command: Command) -> Iterator[NameSetting]:
    """The names that a command sets or unsets."""
    words = plain_words(command)
    name = words[0].text
    for word in command.words:
        yield from _expanded(word)
    if name.startswith("(("):
        yield from _counted(words[0], name)
    elif name == "let":
        for word in words[1:]:
            yield from _counted(word, word.text)
    elif how := _AT_RUN_TIME.get(name):
        named = [word for word in _named(words) if NAME.fullmatch(word.text)]
        yield from (NameSetting(word.text, word, how) for word in named)
    else:
        found = [(ASSIGNMENT.match(word.text), word) for word in words]
        if name in EXPORTS or all(match for match, _ in found):
            yield from (NameSetting(match[1], word) for match, word in found if match)


def _named(words: Sequence[Word]) -> Sequence[Word]:
    """The words of a command that may be names which it sets."""
    name = words[0].text
    if option := _OPTION.get(name):
        return [word for before, word in pairwise(words) if before.text == option]
    if name in _LAST_NAME:
        return words[1:][-1:]
    first = 2 if name == "getopts" else 1
    return words[first : first + 1] if name in _ONE_NAME else words[first:]


def _counted(word: Word, arithmetic: str) -> Iterator[NameSetting]:
    for found in _COUNTED.finditer(arithmetic):
        yield NameSetting(found[1] or found[2], word, _COMPUTED)


def _expanded(word: Word) -> Iterator[NameSetting]:
    """The names that the expansions in a word set."""
    text = word.text if '"' in word.text else _SINGLE_QUOTED.sub("", word.text)
    for found in _ARITHMETIC.finditer(text):
        yield from _counted(word, found[1])
    for found in _DEFAULT.finditer(text):
        yield NameSetting(found[1], word, "an expansion sets it where it is empty", default=True)

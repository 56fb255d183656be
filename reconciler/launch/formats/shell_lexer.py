"""Finds the simple commands of a POSIX shell script: their words, and whether they always run.

Covers as much of the shell's grammar (POSIX.1-2017, XCU 2) as is needed to find where words begin
and end: quotes, expansions, here-documents, comments, compound commands. It runs nothing and does
not interpret words. Pure.
"""

import re

from msgspec import Struct, field

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats.lines import LineNumbers
from reconciler.launch.formats.shell_scan import skip_parentheses, word_end

_OPENS = {"if": "fi", "for": "done", "while": "done", "until": "done", "select": "done"}
_OPENS |= {"case": "esac", "{": "}"}
_CLOSES = frozenset(_OPENS.values())
_PREFIXES = frozenset({"then", "else", "elif", "do", "!", "time"})
_OPERATOR = re.compile(r"&&|\|\||;;&?|;&|\n|[;&|()]")
_REDIRECT = re.compile(r"[0-9]*(?:<<-|<<<|<<|<>|>>|>\||<&|>&|&>>|&>|<|>)")
_BLANKS = re.compile(r"(?:[ \t]|\r(?=\n|\Z)|\\\r?\n)+")
_ARRAY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")
_JOINED = re.compile(r"(?<!\\)(?:\\\\)*\\(?:\r?\n)?\Z")
_PROCESSES = ("<(", ">(")
"""The beginnings of process substitutions: ``<(`` and ``>(``."""
_LINKS = ("&&", "||", "|")
_LEAVES = frozenset({"exit", "exec", "return"})


class Word(Struct, frozen=True):
    """A word as it is written."""

    start: int
    end: int
    text: str


class Command(Struct):
    """A simple command. ``before`` and ``behind``: the operators or line ends before and after it;
    "" at the ends of the text. ``depth``: how many compound commands contain it."""

    words: list[Word]
    depth: int
    before: str
    behind: str = ""
    redirected: bool = False
    dead_since: int = 0
    """The line of an ``exit``, ``exec`` or ``return`` before it; 0 for none."""


class Script(Struct):
    """The commands in the order of the text. ``unfinished``: why an added line would not
    always run."""

    commands: list[Command] = field(default_factory=list)
    unfinished: str = ""


def lex(text: str) -> Script:
    """LaunchFormatError if a quote or an expansion never ends."""
    try:
        return _Lexer(text).script()
    except RecursionError:
        raise LaunchFormatError("expansions are nested too deeply", "Simplify them.") from None


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._numbers = LineNumbers(text)
        self._open: list[str] = []
        self._documents: list[tuple[str, bool]] = []
        self._script = Script()
        self._dead_since = 0
        self._command = Command([], 0, "")

    def script(self) -> Script:
        text, at, token = self._text, 0, 0
        while at < len(text):
            token = at
            if blanks := _BLANKS.match(text, at):
                at = blanks.end()
            elif text[at] == "#":
                at = text.find("\n", at)
                at = len(text) if at < 0 else at
            elif text.startswith(_PROCESSES, at):
                end = skip_parentheses(text, at + 2, self._numbers)
                self._command.words.append(Word(at, end, text[at:end]))
                at = end
            elif redirect := _REDIRECT.match(text, at):
                at = self._redirect(redirect)
            elif operator := _OPERATOR.match(text, at):
                at = self._operator(operator.group(), at)
            else:
                at = self._word(at)
        self._finish("")
        self._script.unfinished = self._reason(text[token:])
        return self._script

    def _reason(self, last: str) -> str:
        if self._documents:
            return "a here-document is not closed"
        if self._open:
            return f"{self._open[-1]} is missing at its end"
        if self._dead_since:
            return f"the script ends in line {self._dead_since}"
        joined = last[0:1] != "#" and _JOINED.search(last)
        if joined or self._command.before in _LINKS:
            return "its last line is continued"
        return ""

    def _finish(self, operator: str) -> None:
        command = self._command
        if command.words:
            command.behind = operator
            command.depth = len(self._open)
            command.dead_since = self._dead_since
            self._script.commands.append(command)
            always = not self._open and command.before not in _LINKS
            words = [word.text for word in command.words]
            # After `exec` with redirections only, the script goes on.
            if always and words[0] in _LEAVES and (words[0] != "exec" or len(words) > 1):
                self._dead_since = self._dead_since or self._numbers[command.words[0].start]
        elif operator in ("\n", "") and command.before in _LINKS:
            return  # the command continues in the next line
        self._command = Command([], 0, operator)

    def _operator(self, operator: str, at: int) -> int:
        end = at + len(operator)
        words = self._command.words
        if operator == "(":
            if self._text.startswith("((", at) and not words:
                end = skip_parentheses(self._text, end, self._numbers)
                words.append(Word(at, end, self._text[at:end]))
                return end
            self._command = Command([], 0, "(")  # the word before it is the name of a function
            self._open.append(")")
        elif operator == ")" and self._open[-1:] == ["esac"]:
            self._command = Command([], 0, ")")  # the word before it is a pattern
        elif operator == ")":
            self._finish(")")
            self._close(")")
        else:
            self._finish(operator)
            if operator == "\n" and self._documents:
                return self._skip_documents(end)
        return end

    def _close(self, word: str) -> None:
        if self._open and self._open[-1] == word:
            self._open.pop()

    def _word(self, at: int) -> int:
        end = word_end(self._text, at, self._numbers)
        word = self._text[at:end]
        if _ARRAY.fullmatch(word) and self._text.startswith("(", end):
            end = skip_parentheses(self._text, end + 1, self._numbers)
            word = self._text[at:end]
        if not self._command.words:
            if word in _OPENS:
                self._open.append(_OPENS[word])
                # Names or patterns follow these; a command follows the others.
                if word in ("for", "case", "select"):
                    self._command.words.append(Word(at, end, word))
                return end
            if word in _CLOSES:
                self._close(word)
                return end
            if word in _PREFIXES:
                return end
            if word == "function":
                return self._skip_name(end)
        self._command.words.append(Word(at, end, word))
        return end

    def _skip_name(self, at: int) -> int:
        blanks = _BLANKS.match(self._text, at)
        return word_end(self._text, blanks.end() if blanks else at, self._numbers)

    def _redirect(self, found: re.Match[str]) -> int:
        self._command.redirected = True
        blanks = _BLANKS.match(self._text, found.end())
        at = blanks.end() if blanks else found.end()
        if self._text.startswith(_PROCESSES, at):
            return skip_parentheses(self._text, at + 2, self._numbers)
        end = word_end(self._text, at, self._numbers)
        operator = found.group().lstrip("0123456789")
        if operator in ("<<", "<<-"):
            delimiter = re.sub(r"[\\'\"]", "", self._text[at:end])
            self._documents.append((delimiter, operator == "<<-"))
        return max(end, found.end())

    def _skip_documents(self, at: int) -> int:
        while self._documents:
            delimiter, tabs = self._documents[0]
            while at < len(self._text):
                end = self._text.find("\n", at)
                end = len(self._text) if end < 0 else end
                line = self._text[at:end].removesuffix("\r")
                at = min(end + 1, len(self._text))
                if (line.lstrip("\t") if tabs else line) == delimiter:
                    break
            else:
                return at
            self._documents.pop(0)
        return at

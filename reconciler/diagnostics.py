"""Problems and notices as values: what is wrong, where, and what to do next."""

import os.path
from collections.abc import Iterable, Sequence
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

MAX_SHOWN = 100
"""How many problems are shown one by one; of the others, only the number is shown."""
MAX_LISTED = 50
"""How many words a hint lists."""
MAX_CANDIDATES = 100
"""How many words a misspelt word is compared with."""
MAX_WORD = 100


RULES = {
    "settings": "gwe.toml must be valid TOML, with settings that gwe knows.",
    "manifest-file": "A file must be readable, and strict YAML: no key twice, nothing guessed.",
    "manifest-schema": "A manifest must be what the schema of its kind says.",
    "variables": "A variable must be declared once, and have a value.",
    "manifest-values": "What manifests say once variables are filled in must be valid, and no"
    " manifest may contradict another.",
}
"""The rules for files of users: name -> description. Machine-readable reports contain the names, so
a published name is never changed."""


class Position(Struct, frozen=True, order=True):
    """A place in a file. ``line`` and ``column`` count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        if not self.column:
            return f"{self.file}:{self.line}"
        return f"{self.file}:{self.line}:{self.column}"


class Diagnostic(Struct, frozen=True, eq=False):
    """One problem or notice: what it is, where it is, and what to do about it. ``example``:
    lines to show below the hint as they are. ``rule``: its name in ``RULES``, for machine-readable
    reports; empty if no rule applies."""

    summary: str
    position: Position | None = None
    hint: str = ""
    example: str = ""
    rule: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Diagnostic) and self._said == other._said

    def __hash__(self) -> int:
        return hash(self._said)

    @property
    def _said(self) -> tuple[object, ...]:
        """What a person sees of the problem, for comparing: problems that look the same are
        equal."""
        return self.summary, self.position, self.hint, self.example

    def __str__(self) -> str:
        place = f"{self.position}: " if self.position else ""
        below = [*filter(None, [self.hint]), *self.example.splitlines()]
        return f"{place}{self.summary}" + "".join(f"\n  {line}" for line in below)


def in_order(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The problems by file, line and column; those without a place come last, as they are."""
    return sorted(problems, key=lambda one: (one.position is None, one.position or Position("")))


def assign_rule(problems: list[Diagnostic], rule: str) -> None:
    """Sets this rule of ``RULES`` on every problem of the list that has no rule."""
    problems[:] = [one if one.rule else replace(one, rule=rule) for one in problems]


def did_you_mean(word: str, known: Iterable[str], problems: Sequence[Diagnostic] = ()) -> str:
    """The end of a summary that suggests the known word closest to ``word``, if one is close.
    The search is slow, so it is skipped if there are already as many ``problems`` as are shown, or
    if there are very many or long words."""
    candidates = [each for each in islice(known, MAX_CANDIDATES) if len(each) <= MAX_WORD]
    if len(problems) >= MAX_SHOWN or len(word) > MAX_WORD:
        return ""
    import difflib  # noqa: PLC0415 - only for mistakes

    same = [each for each in candidates if each.casefold() == word.casefold()]
    close = same or difflib.get_close_matches(word, candidates, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def listing(words: Sequence[str]) -> str:
    """Words in a hint, separated by commas; of many words, the first."""
    shown = ", ".join(words[:MAX_LISTED])
    return f"{shown} and others" if len(words) > MAX_LISTED else shown


def counted(number: int, thing: str) -> str:
    """``1 object``, ``2,000 objects``; ``thing``: in the singular."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def defect(error: Exception) -> str:
    """The message for an unexpected error: where it came from. The error's own text may contain a
    secret."""
    import traceback  # noqa: PLC0415 - only for defects

    frames = reversed(traceback.extract_tb(error.__traceback__))
    places = [f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in frames]
    return (
        f"an unexpected {type(error).__name__} ended the run, which is a defect of this program;"
        f" please report it with these places: {', '.join(places[:6])}"
    )

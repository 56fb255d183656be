"""Problems and notices as values: what is wrong, where, and what to do next."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Position:
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


@dataclass(frozen=True)
class Diagnostic:
    """One problem or notice: what it is, where it is, and what to do about it. ``example``:
    lines to show below the hint as they are."""

    summary: str
    position: Position | None = None
    hint: str = ""
    example: str = ""

    def __str__(self) -> str:
        place = f"{self.position}: " if self.position else ""
        below = [*filter(None, [self.hint]), *self.example.splitlines()]
        return f"{place}{self.summary}" + "".join(f"\n  {line}" for line in below)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a summary that suggests the known word closest to ``word``, if one is close."""
    import difflib  # noqa: PLC0415 - only for mistakes

    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""

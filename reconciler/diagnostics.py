"""Problems and notices as values: what, where, and what to do next."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Position:
    """A place in a file. ``line`` and ``column`` count from 1; 0 is unknown."""

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
    """One problem or notice: a sentence, its place, and the next step."""

    summary: str
    position: Position | None = None
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.position}: " if self.position else ""
        return f"{place}{self.summary}" + (f"\n  {self.hint}" if self.hint else "")

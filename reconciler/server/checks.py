"""What a look at one thing found, and what to do next: the lines of ``gwe doctor``."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "failed"]


@dataclass(frozen=True)
class CheckResult:
    """One line. A failed one ends the series that it stands in."""

    what: str
    state: State
    found: str
    next_step: str = ""

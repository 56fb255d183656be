"""Results of the checks that ``gwe doctor`` makes: what was found, and what to do next."""

from typing import Literal

from msgspec import Struct

State = Literal["ok", "note", "failed"]


class CheckResult(Struct, frozen=True):
    """The result of one check: a line of the report. ``what`` names the check in a word.

    ``conclusive``: if the check fails, a log-in is pointless. False for a check of one host among
    several.
    """

    what: str
    state: State
    found: str
    next_step: str = ""
    conclusive: bool = True

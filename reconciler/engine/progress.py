"""What plans, runs and recoveries report while they go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # showing the progress of a plan needs none of these imports
    from reconciler.apply.report import Outcome, Recovered
    from reconciler.state.records import RunSummary


class Progress:
    """Receives every step of a plan, a run or a recovery. This class ignores them all: override the
    methods that you need. None of them may raise an exception."""

    def reading(self, done: int, total: int) -> None:
        """Of ``total`` reads, ``done`` have been answered. The total grows if an answer shows that
        more must be read."""

    def outcome(self, outcome: Outcome, number: int, total: int) -> None:
        """An action has ended. ``number`` counts from 1 to ``total``."""

    def warning(self, message: str) -> None:
        """Something that people should know; the run goes on."""

    def stopping(self) -> bool:
        """Asked before each action. True ends the run there: the actions that are left are
        reported as not started."""
        return False

    def recovering(self, run: RunSummary) -> None:
        """The recovery of a run begins."""

    def recovered(self, finding: Recovered) -> None:
        """One action of that run was looked at, and finished or reverted where needed."""

    def settled(self, run: RunSummary) -> None:
        """Nothing is left to recover of that run."""

"""What a run and a recovery report while they go on, and where they ask whether to stop."""

from typing import Protocol

from reconciler.apply.report import Outcome, Recovered


class RunProgress(Protocol):
    """Receives the progress of a run or a recovery, and may end a run. No method raises an
    exception."""

    def outcome(self, outcome: Outcome, number: int, total: int) -> None:
        """An action has ended. ``number`` counts from 1 to ``total``."""

    def warning(self, message: str) -> None:
        """Something that people should know; the run goes on."""

    def stopping(self) -> bool:
        """Asked before each action. True: no further action starts."""

    def recovered(self, finding: Recovered) -> None:
        """One action of an unfinished run was looked at, and finished or reverted where needed."""

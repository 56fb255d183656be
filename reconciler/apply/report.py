"""The outcome of each action of a run, and the exit code that follows; what a recovery found."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, field

from reconciler.errors import ExitCode, JournalError
from reconciler.plan.actions import Write

Status = Literal["done", "failed", "unknown", "skipped", "not-started"]

AGAIN = "Make a new plan."
"""What to do if a plan is stale."""


class Outcome(Struct, frozen=True):
    """The outcome of one action. ``wrote``: something was written; ``stale``: a live object
    had changed since the plan; ``needs_recovery``: it is unknown what was written, or the
    action is half done, so that ``gwe recover`` has to finish it."""

    action: Write
    status: Status
    message: str = ""
    hint: str = ""
    wrote: bool = False
    stale: bool = False
    needs_recovery: bool = False


class Recovered(Struct, frozen=True):
    """What was found about one action, and what was done. ``complete``: nothing is left to do."""

    address: str
    message: str
    complete: bool = True


class RunReport(Struct):
    """The outcomes of a run, one for each action that writes. ``journal_broken``: a record of
    the journal could not be written, and ``journal_problem`` says why. ``inventory_unsettled``:
    it is unknown whether the inventory has what the run created and deleted. ``run``: its
    name; empty if there was nothing to do. ``state``: where the run is stored, for messages."""

    outcomes: list[Outcome] = field(default_factory=list)
    journal_broken: bool = False
    journal_problem: str = ""
    inventory_unsettled: bool = False
    run: str = ""
    state: str = ""

    def note_broken_journal(self, error: JournalError) -> None:
        """Records that the journal can no longer be written."""
        self.journal_broken = True
        self.journal_problem = self.journal_problem or f"{error.message}. {error.hint}"

    def of(self, *status: Status) -> Sequence[Outcome]:
        """The outcomes that have any of the statuses."""
        return [outcome for outcome in self.outcomes if outcome.status in status]

    @property
    def needs_recovery(self) -> bool:
        """Whether something is left for ``gwe recover``."""
        wrote = any(one.wrote for one in self.outcomes)
        unsettled = self.inventory_unsettled or (wrote and self.journal_broken)
        return unsettled or any(
            one.needs_recovery or one.status == "unknown" for one in self.outcomes
        )

    @property
    def exit_code(self) -> ExitCode:
        """The only place that decides a run's exit code."""
        if all(outcome.status == "done" for outcome in self.outcomes) and not self.needs_recovery:
            return ExitCode.DONE
        if any(outcome.wrote or outcome.status == "unknown" for outcome in self.outcomes):
            return ExitCode.PARTIAL
        if any(outcome.stale for outcome in self.outcomes):
            return ExitCode.STALE
        return ExitCode.FAILED

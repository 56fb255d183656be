"""Applies the actions of a plan, independent actions in flight together, and accounts for each.

Actions start in the order of the plan and as ``schedule`` allows. They end in any order, and are
reported in the order of the plan. The steps of an action that runs alone are performed one after
another.

A failed action skips the actions that need it. Independent actions go on, but no further replace or
delete starts. When the server, the lock or the journal is lost, the run stops.
"""

from collections.abc import Collection

from msgspec.structs import replace

from reconciler.apply.in_flight import InFlight, Result
from reconciler.apply.progress import RunProgress
from reconciler.apply.report import Outcome, RunReport
from reconciler.apply.schedule import Schedule
from reconciler.apply.session import RunSession
from reconciler.apply.steps import Steps
from reconciler.apply.writes import StopRunError, Writes
from reconciler.diagnostics import defect
from reconciler.errors import JournalError, LockLostError, ReconcilerError, StaleActionError
from reconciler.kinds.fields import FieldValueError, UnknownReferenceError
from reconciler.launch.adapter import LaunchFileAccessError
from reconciler.plan.actions import Delete, Replace, Write
from reconciler.plan.model import Plan
from reconciler.server.errors import (
    ConfigurationServerError,
    OutcomeUnknownError,
    ReadOnlyModeError,
    ServerError,
)
from reconciler.server.port import together
from reconciler.state.records import ActionOutcome

_REFERENCES_REMOVED = (
    "other objects have lost their references to it already, which gwe undo restores"
)


def execute(
    plan: Plan,
    session: RunSession,
    progress: RunProgress,
    stale: Collection[Outcome],
    in_flight: int,
) -> RunReport:
    """Applies the plan; the report has an outcome for every action that writes.

    ``stale``: outcomes of actions that are not tried, since their live objects have changed.
    ``in_flight``: how many actions may be written at once. KeyboardInterrupt ends the run at once.
    """
    return _Run(plan, session, progress, stale, in_flight).run()


class _Run:
    def __init__(
        self,
        plan: Plan,
        session: RunSession,
        progress: RunProgress,
        stale: Collection[Outcome],
        in_flight: int,
    ) -> None:
        self._actions = plan.writes
        self._calls = session.calls
        self._writes = Writes(replace(session, live=session.live.copy()), plan.writes)
        self._progress = progress
        self._report = RunReport()
        self._stale = {outcome.action.address: outcome for outcome in stale}
        self._unmet: set[str] = set()
        self._failed: set[str] = set()
        self._stopped = ""
        """Why no further action starts; empty: the run goes on."""
        self._schedule = Schedule(self._actions)
        self._in_flight = InFlight(in_flight, self._calls, together(session.server))
        self._begun: set[int] = set()
        self._outcomes: dict[int, Outcome] = {}

    def run(self) -> RunReport:
        try:
            self._execute()
            self._in_flight.close()
        except KeyboardInterrupt:
            self._in_flight.abandon()
            self._stopped = "interrupted"
        except BaseException:
            self._in_flight.abandon()
            raise
        self._account_for_the_rest()
        self._report.journal_problem = self._calls.journal_problem
        return self._report

    def _execute(self) -> None:
        while True:
            while self._may_start():
                self._start()
            if not self._in_flight.count:
                self._in_flight.flush()
                return
            for number, result in self._in_flight.wait():
                self._end(number, result)

    def _may_start(self) -> bool:
        if self._stopped or self._in_flight.is_full or not self._schedule.ready:
            return False
        if self._is_next_alone:
            self._in_flight.flush()
        if self._progress.stopping():
            self._stopped = "interrupted"
        elif self._calls.journal.broken:
            self._stopped = "the journal cannot be written"
        return not self._stopped

    @property
    def _is_next_alone(self) -> bool:
        """Whether no other action is or can be in flight beside the next ready action."""
        return not self._in_flight.has_room_beside(self._schedule.ready - 1)

    def _start(self) -> None:
        """Starts the next action, or ends it if it is not to be tried. An action that runs alone is
        written here, to its end."""
        alone, number = self._is_next_alone, self._schedule.take()
        action = self._actions[number]
        self._begun.add(number)
        result: Result | None = self._skipped(action)
        if result is None and alone:
            try:
                result = self._calls.perform(self._write(action))
            except StopRunError as error:
                result = error
        if result is None:
            self._in_flight.start(number, self._write(action))
        else:
            self._end(number, result)

    def _end(self, number: int, result: Result) -> None:
        """Accounts for an action that has ended."""
        match result:
            case Outcome():
                outcome = result
            case StopRunError():
                outcome = result.outcome
                self._stopped = self._stopped or "the run had stopped"
            case _:
                raise result
        outcome = self._with_writes(outcome)
        self._note(number, outcome)
        self._schedule.end(number)
        self._in_flight.note(_record(outcome))
        self._report_ended()

    def _with_writes(self, outcome: Outcome) -> Outcome:
        """The outcome, with what was written even if a later call of the action failed: before a
        delete, the references are cleared because of which the server would refuse it."""
        if outcome.action.address not in self._calls.answered:
            return outcome
        action, status = outcome.action, outcome.status
        if isinstance(action, Delete) and status == "failed":
            message = f"{outcome.message}; {_REFERENCES_REMOVED}"
            outcome = Outcome(action, status, message, outcome.hint, stale=outcome.stale)
        return replace(outcome, wrote=True)

    def _note(self, number: int, outcome: Outcome) -> None:
        self._outcomes[number] = outcome
        if outcome.status == "done":
            return
        address = outcome.action.address
        skipped = outcome.status == "skipped" and not self._failed
        self._unmet.add(address)
        if address not in self._stale and not skipped:
            self._failed.add(address)

    def _report_ended(self) -> None:
        """Announces ended actions in the order of the plan, up to the first that has not ended."""
        told = len(self._report.outcomes)
        while told in self._outcomes:
            outcome = self._outcomes[told]
            self._report.outcomes.append(outcome)
            told += 1
            self._progress.outcome(outcome, told, len(self._actions))

    def _account_for_the_rest(self) -> None:
        """The outcomes of actions that were interrupted, and of those that did not start."""
        rest = [number for number in range(len(self._actions)) if number not in self._outcomes]
        for number in rest:
            action = self._actions[number]
            outcome = Outcome(action, "not-started", self._stopped)
            if number in self._begun:
                message = "interrupted; it may or may not have been written"
                outcome = Outcome(action, "unknown", message, self._calls.recover_hint)
            self._note(number, outcome)
            self._in_flight.note(_record(outcome))
        self._in_flight.flush()
        self._report_ended()

    def _skipped(self, action: Write) -> Outcome | None:
        """The outcome of an action that is not tried; None: it is tried."""
        if action.address in self._stale:
            return self._stale[action.address]
        for need in action.needs:
            if need in self._unmet:
                return Outcome(action, "skipped", f"needs {need}, which was not applied")
        if self._failed and isinstance(action, Replace | Delete):
            return Outcome(action, "skipped", f"no {action.action} starts after a failure")
        return None

    def _write(self, action: Write) -> Steps[Outcome]:
        """Writes an action. StopRunError if the run must end."""
        try:
            return (yield from self._writes.write(action))
        except StopRunError:
            raise
        except StaleActionError as error:
            return Outcome(action, "failed", error.message, error.hint, stale=True)
        except LockLostError as error:
            lost = Outcome(action, "failed", error.message, error.hint, stale=True)
            raise StopRunError(lost) from error
        except (ReadOnlyModeError, JournalError) as error:
            raise StopRunError(Outcome(action, "failed", error.message, error.hint)) from error
        except (
            ConfigurationServerError,
            LaunchFileAccessError,
            UnknownReferenceError,
            FieldValueError,
        ) as error:
            hint = error.hint if isinstance(error, ReconcilerError) else ""
            return Outcome(action, "failed", str(error), hint)
        except OutcomeUnknownError as error:
            hint = self._calls.recover_hint
            raise StopRunError(Outcome(action, "unknown", error.message, hint)) from error
        except ServerError as error:
            raise StopRunError(Outcome(action, "failed", error.message, error.hint)) from error
        except Exception as error:
            hint = self._calls.recover_hint
            raise StopRunError(Outcome(action, "unknown", defect(error), hint)) from error


def _record(outcome: Outcome) -> ActionOutcome:
    return ActionOutcome(outcome.action.address, outcome.status, outcome.message)

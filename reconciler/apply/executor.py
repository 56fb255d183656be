"""Applies the actions of a plan in order, and accounts for every action.

A failed action skips the actions that need it. Independent actions go on, but no replace or
delete starts any more. When the server, the lock or the journal is lost, the run stops.
"""

from collections.abc import Callable, Collection

from reconciler.apply.calls import Calls
from reconciler.apply.report import Outcome, RunReport
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
from reconciler.server.port import Server
from reconciler.server.snapshot import Snapshot
from reconciler.state.records import ActionOutcome

OutcomeListener = Callable[[Outcome, int, int], None]
"""Gets each outcome, its number and the number of actions. Must not raise."""


def execute(
    plan: Plan,
    live: Snapshot,
    server: Server,
    listener: OutcomeListener,
    stopping: Callable[[], bool] = lambda: False,
    *,
    calls: Calls | None = None,
    stale: Collection[Outcome] = (),
) -> RunReport:
    """Applies the plan; the report has an outcome for every action that writes.

    ``live``: the objects that the plan depends on, as they are now. ``stopping`` is asked
    before each action; KeyboardInterrupt ends the run at once. ``calls``: with journal and
    lock; without it neither is used. ``stale``: outcomes of actions that are not tried,
    since their live objects have changed.
    """
    return _Run(plan, live, server, listener, calls or Calls(server), stale).run(stopping)


class _Run:
    def __init__(
        self,
        plan: Plan,
        live: Snapshot,
        server: Server,
        listener: OutcomeListener,
        calls: Calls,
        stale: Collection[Outcome],
    ) -> None:
        self._actions = plan.writes
        self._writes = Writes(server, calls, live.copy(), plan.writes)
        self._calls = calls
        self._listener = listener
        self._report = RunReport()
        self._stale = {outcome.action.address: outcome for outcome in stale}
        self._unmet: set[str] = set()
        self._failed: set[str] = set()

    def run(self, stopping: Callable[[], bool]) -> RunReport:
        stopped = ""
        for action in self._actions:
            if stopped:
                self._account(Outcome(action, "not-started", stopped))
                continue
            outcome = Outcome(action, "not-started", "interrupted")
            try:
                if stopping():
                    stopped = "interrupted"
                elif self._calls.journal.broken:
                    stopped = "the journal cannot be written"
                    outcome = Outcome(action, "not-started", stopped)
                else:
                    outcome = self._apply(action)
            except StopRunError as stop:
                outcome, stopped = stop.outcome, "the run had stopped"
            except KeyboardInterrupt:
                message = "interrupted; it may or may not have been written"
                hint = self._calls.recover_hint
                outcome, stopped = Outcome(action, "unknown", message, hint), "interrupted"
            if not self._account(outcome) and not stopped:
                stopped = "interrupted"
        self._report.journal_problem = self._calls.journal_problem
        return self._report

    def _account(self, outcome: Outcome) -> bool:
        """Adds an outcome to the report and announces it; False if that was interrupted."""
        self._report.outcomes.append(outcome)
        address = outcome.action.address
        if outcome.status != "done":
            self._unmet.add(address)
        skipped = outcome.status == "skipped" and not self._failed
        if outcome.status != "done" and address not in self._stale and not skipped:
            self._failed.add(address)
        try:
            self._announce(outcome)
        except KeyboardInterrupt:
            return False
        return True

    def _announce(self, outcome: Outcome) -> None:
        with self._calls.without_journal():  # noticed before the next action
            self._calls.journal.append(
                ActionOutcome(outcome.action.address, outcome.status, outcome.message)
            )
        self._listener(outcome, len(self._report.outcomes), len(self._actions))

    def _apply(self, action: Write) -> Outcome:
        if action.address in self._stale:
            return self._stale[action.address]
        for need in action.needs:
            if need in self._unmet:
                return Outcome(action, "skipped", f"needs {need}, which was not applied")
        if self._failed and isinstance(action, Replace | Delete):
            return Outcome(action, "skipped", f"no {action.action} starts after a failure")
        try:
            return self._writes.write(action)
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

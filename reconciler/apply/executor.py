"""Applies a plan to a server, action by action, and accounts for every one of them.

Each object is read again just before its write. A failed action skips those that need
it; independent ones go on, but no replace or delete starts any more. When the server
itself is lost, the run stops.
"""

from collections.abc import Callable

from reconciler.apply.report import Outcome, RunReport
from reconciler.errors import ReconcilerError
from reconciler.kinds.fields import Names, UnknownReferenceError, flatten, pointer, shown
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.plan.effects import create_attributes, update_delta
from reconciler.plan.model import Action, Plan
from reconciler.server.errors import (
    ConfigurationServerError,
    OutcomeUnknownError,
    ServerError,
)
from reconciler.server.port import ConfObject, Server
from reconciler.server.snapshot import Snapshot

Listener = Callable[[Outcome, int, int], None]
"""Told of each outcome, with its number and how many there will be."""


class StaleError(ReconcilerError):
    """The live object is no longer what the plan was computed from."""


class _StopRun(Exception):  # noqa: N818 - not an error but a signal inside this module
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


def execute(plan: Plan, live: Snapshot, server: Server, listener: Listener) -> RunReport:
    """Applies the plan. ``live``: the objects that it was computed from."""
    return _Run(plan, live, server, listener).run()


class _Run:
    def __init__(self, plan: Plan, live: Snapshot, server: Server, listener: Listener) -> None:
        self._actions = [action for action in plan.actions if action.writes]
        self._planned_from = live
        self._names = live.copy()
        self._server = server
        self._listener = listener
        self._report = RunReport()
        self._unmet: dict[str, str] = {}

    def run(self) -> RunReport:
        stopped = ""
        for action in self._actions:
            if stopped:
                self._record(Outcome(action, "not-started", stopped))
                continue
            try:
                self._record(self._one(action))
            except _StopRun as stop:
                self._record(stop.outcome)
                stopped = "the run had stopped"
            except KeyboardInterrupt:
                self._record(
                    Outcome(
                        action,
                        "unknown",
                        "interrupted; it may or may not have been written",
                        "Make a new plan: it shows what is left to do.",
                    )
                )
                stopped = "interrupted"
        return self._report

    def _record(self, outcome: Outcome) -> None:
        self._report.outcomes.append(outcome)
        if outcome.status != "done":
            self._unmet[outcome.action.address] = outcome.status
        self._listener(outcome, len(self._report.outcomes), len(self._actions))

    def _one(self, action: Action) -> Outcome:
        for need in action.needs:
            if need in self._unmet:
                return Outcome(action, "skipped", f"needs {need}, which was not applied")
        if self._unmet and action.action in ("replace", "delete"):
            return Outcome(action, "skipped", f"no {action.action} starts after a failure")
        try:
            return self._write(action)
        except StaleError as error:
            return Outcome(action, "failed", error.message, error.hint, stale=True)
        except (ConfigurationServerError, UnknownReferenceError) as error:
            hint = error.hint if isinstance(error, ReconcilerError) else ""
            return Outcome(action, "failed", str(error), hint)
        except OutcomeUnknownError as error:
            raise _StopRun(Outcome(action, "unknown", error.message, error.hint)) from error
        except ServerError as error:
            raise _StopRun(Outcome(action, "failed", error.message, error.hint)) from error

    def _write(self, action: Action) -> Outcome:
        match action.action:
            case "create":
                return self._create(action)
            case "update":
                return self._update(action)
            case "replace":
                return self._replace(action)
            case "delete":
                self._unchanged(action)
                self._server.delete(action.object_type, action.dbid)
                self._names.drop(action.object_type, action.dbid)
        return Outcome(action, "done", wrote=True)

    def _create(self, action: Action) -> Outcome:
        attributes = create_attributes(action, self._names)
        made = self._server.create(action.object_type, attributes, action.folder or None)
        return self._done(action, made)

    def _update(self, action: Action) -> Outcome:
        current = self._read(action)
        fields = flatten(OBJECT_TYPES[current.type], current.attributes, self._names)
        moved = [c for c in action.changes if fields.get(c.path) != c.before]
        if moved:
            listed = ", ".join(pointer(change.path) for change in moved)
            raise StaleError(f"somebody has changed {listed} since the plan", "Make a new plan.")
        delta = update_delta(action, current.attributes, self._names)
        return self._done(action, self._server.update(current.type, current.dbid, delta))

    def _replace(self, action: Action) -> Outcome:
        old = self._unchanged(action)
        # Complete before the delete: nothing may fail between it and the create.
        attributes = create_attributes(action, self._names)
        self._server.delete(action.object_type, action.dbid)
        try:
            made = self._server.create(action.object_type, attributes, old.folder or None)
        except ReconcilerError as error:
            raise _StopRun(self._restore(action, old, error)) from error
        self._names.drop(action.object_type, action.dbid)
        return self._done(action, made)

    def _restore(self, action: Action, old: ConfObject, error: ReconcilerError) -> Outcome:
        """Creates the old object again after its replacement could not be created."""
        try:
            self._server.create(old.type, old.attributes, old.folder or None)
        except ReconcilerError as second:
            return Outcome(
                action,
                "failed",
                f"{error.message}; and the old object, which was deleted, could not be"
                f" created again: {second.message}",
                "The object is gone. Create it again from a backup.",
                wrote=True,
            )
        return Outcome(
            action,
            "failed",
            f"{error.message}; the old object was created again, with a new DBID",
            error.hint,
            wrote=True,
        )

    def _read(self, action: Action) -> ConfObject:
        found = self._server.read(action.object_type, {"dbid": action.dbid})
        if not found:
            raise StaleError("somebody has deleted it since the plan", "Make a new plan.")
        return found[0]

    def _unchanged(self, action: Action) -> ConfObject:
        """The object, which must be exactly as it was when the plan was made."""
        current = self._read(action)
        planned = self._planned_from.get(action.object_type, action.dbid)
        if planned is None or (planned.attributes, planned.folder) != (
            current.attributes,
            current.folder,
        ):
            raise StaleError("somebody has changed it since the plan", "Make a new plan.")
        return current

    def _done(self, action: Action, result: ConfObject) -> Outcome:
        """Compares what the server answered with what was meant."""
        self._names.put(result)
        names: Names = self._names
        fields = flatten(OBJECT_TYPES[result.type], result.attributes, names)
        rewritten = [
            f"{pointer(change.path)} is {shown(fields.get(change.path))}"
            for change in action.changes
            if change.after is not None and fields.get(change.path) != change.after
        ]
        message = f"the server rewrote what was sent: {', '.join(rewritten)}" if rewritten else ""
        return Outcome(action, "done", message, wrote=True)

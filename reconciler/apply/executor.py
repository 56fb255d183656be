"""Applies a plan to a server, action by action, and accounts for every one of them.

Each object is read again just before its write, and what the plan was decided by must
still be so. A failed action skips those that need it; independent ones go on, but no
replace or delete starts any more. When the server itself is lost, the run stops.
"""

from collections.abc import Callable

from reconciler.apply.report import Outcome, RunReport
from reconciler.errors import ReconcilerError
from reconciler.kinds.fields import Path, UnknownReferenceError, Value, flatten, pointer, shown
from reconciler.kinds.model import Attributes
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.plan.effects import create_attributes, update_delta
from reconciler.plan.model import Action, Change, Plan
from reconciler.server.errors import (
    ConfigurationServerError,
    OutcomeUnknownError,
    ReadOnlyModeError,
    ServerError,
    UniquenessViolationError,
)
from reconciler.server.port import ConfObject, Server
from reconciler.server.snapshot import Snapshot

Listener = Callable[[Outcome, int, int], None]
"""Told of each outcome, with its number and how many there will be. Must not raise."""

_AGAIN = "Make a new plan."


class StaleError(ReconcilerError):
    """The live object is no longer what the plan was computed from."""


class _StopRun(Exception):  # noqa: N818 - not an error but a signal inside this module
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


def execute(
    plan: Plan,
    live: Snapshot,
    server: Server,
    listener: Listener,
    stopping: Callable[[], bool] = lambda: False,
) -> RunReport:
    """Applies the plan. ``live``: the objects that it was computed from. ``stopping`` is
    asked before each action; KeyboardInterrupt ends the run at once. The report always
    accounts for every action that writes."""
    return _Run(plan, live, server, listener).run(stopping)


class _Run:
    def __init__(self, plan: Plan, live: Snapshot, server: Server, listener: Listener) -> None:
        self._actions = [action for action in plan.actions if action.writes]
        self._planned_from = live
        self._names = live.copy()
        self._server = server
        self._listener = listener
        self._report = RunReport()
        self._unmet: set[str] = set()

    def run(self, stopping: Callable[[], bool]) -> RunReport:
        stopped = ""
        for action in self._actions:
            if not stopped and stopping():
                stopped = "interrupted"
            if stopped:
                self._record(Outcome(action, "not-started", stopped))
                continue
            try:
                outcome = self._one(action)
            except _StopRun as stop:
                outcome, stopped = stop.outcome, "the run had stopped"
            except KeyboardInterrupt:
                message = "interrupted; it may or may not have been written"
                outcome, stopped = Outcome(action, "unknown", message, _AGAIN), "interrupted"
            self._record(outcome)
        return self._report

    def _record(self, outcome: Outcome) -> None:
        self._report.outcomes.append(outcome)
        if outcome.status != "done":
            self._unmet.add(outcome.action.address)
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
        except ReadOnlyModeError as error:
            raise _StopRun(Outcome(action, "failed", error.message, error.hint)) from error
        except (ConfigurationServerError, UnknownReferenceError) as error:
            hint = error.hint if isinstance(error, ReconcilerError) else ""
            return Outcome(action, "failed", str(error), hint)
        except OutcomeUnknownError as error:
            raise _StopRun(
                Outcome(action, "unknown", error.message, error.hint or _AGAIN)
            ) from error
        except ServerError as error:
            raise _StopRun(Outcome(action, "failed", error.message, error.hint)) from error

    def _write(self, action: Action) -> Outcome:
        match action.action:
            case "create":
                attributes = create_attributes(action, self._names)
                return self._done(action, self._create(action, attributes))
            case "update":
                return self._update(action)
            case "replace":
                return self._replace(action)
        self._unchanged(action)
        self._server.delete(action.object_type, action.dbid)
        self._names.drop(action.object_type, action.dbid)
        return Outcome(action, "done", wrote=True)

    def _create(self, action: Action, attributes: Attributes) -> ConfObject:
        try:
            return self._server.create(action.object_type, attributes, action.folder or None)
        except UniquenessViolationError:
            kind = OBJECT_TYPES[action.object_type]
            by_attribute = {attribute: name for name, attribute in kind.filters.items()}
            key = {by_attribute[part]: attributes[part] for part in kind.key}
            if self._server.read(action.object_type, key):
                raise StaleError("somebody has created it since the plan", _AGAIN) from None
            raise

    def _update(self, action: Action) -> Outcome:
        current = self._read(action.object_type, action.dbid)
        self._check_units(action, current)
        delta = update_delta(action, current.attributes, self._names)
        return self._done(action, self._server.update(current.type, current.dbid, delta))

    def _check_units(self, action: Action, current: ConfObject) -> None:
        """What decided about each change must be as it was when the plan was made."""
        objects = {current.dbid: current}
        for dbid in {change.source for change in action.changes if change.source}:
            objects[dbid] = self._read(action.object_type, dbid)
        for dbid, one in objects.items():
            planned = self._planned_from.get(one.type, dbid)
            before = self._fields(planned) if planned else {}
            now = self._fields(one)
            changes = [c for c in action.changes if dbid in (current.dbid, c.source)]
            moved = [c.path for c in changes if _under(before, c) != _under(now, c)]
            if moved:
                listed = ", ".join(pointer(path) for path in moved[:3])
                listed += f" and {len(moved) - 3} more" if len(moved) > 3 else ""
                whose = "" if dbid == current.dbid else f" in {self._names.name(one.type, dbid, 0)}"
                raise StaleError(f"somebody has changed {listed}{whose} since the plan", _AGAIN)

    def _fields(self, one: ConfObject) -> dict[Path, Value]:
        return flatten(OBJECT_TYPES[one.type], one.attributes, self._names)

    def _replace(self, action: Action) -> Outcome:
        old = self._unchanged(action)
        # Complete before the delete: nothing may fail between it and the create.
        attributes = create_attributes(action, self._names)
        try:
            self._server.delete(action.object_type, action.dbid)
        except OutcomeUnknownError as error:
            message = f"whether it was deleted is not known; not created anew: {error.message}"
            raise _StopRun(Outcome(action, "unknown", message, _AGAIN)) from error
        try:
            made = self._server.create(action.object_type, attributes, old.folder or None)
        except OutcomeUnknownError as error:
            message = f"deleted; whether it was created anew is not known: {error.message}"
            raise _StopRun(Outcome(action, "unknown", message, _AGAIN, wrote=True)) from error
        except BaseException as error:
            raise _StopRun(self._restore(action, old, error)) from error
        self._names.drop(action.object_type, action.dbid)
        return self._done(action, made)

    def _restore(self, action: Action, old: ConfObject, error: BaseException) -> Outcome:
        """Creates the old object again after its replacement could not be created."""
        reason = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        try:
            self._server.create(old.type, old.attributes, old.folder or None)
        except UniquenessViolationError as second:
            if isinstance(error, ConfigurationServerError):
                message = f"{reason}; and the old object could not be created again: {second}"
                hint = "The object is gone: another client has taken its name."
                return Outcome(action, "failed", message, hint, wrote=True)
            message = f"{reason} while it was created anew; an object with its name is there"
            return Outcome(action, "unknown", message, _AGAIN, wrote=True)
        except OutcomeUnknownError as second:
            message = f"{reason}; whether the old object was created again is not known: {second}"
            return Outcome(action, "unknown", message, _AGAIN, wrote=True)
        except ReconcilerError as second:
            message = f"{reason}; and the old object could not be created again: {second}"
            hint = "The object is gone: create it again from a backup."
            return Outcome(action, "failed", message, hint, wrote=True)
        message = f"{reason}; the old object was created again, with a new DBID"
        return Outcome(action, "failed", message, _AGAIN, wrote=True)

    def _read(self, object_type: str, dbid: int) -> ConfObject:
        found = self._server.read(object_type, {"dbid": dbid})
        if not found:
            raise StaleError(f"somebody has deleted {object_type} {dbid} since the plan", _AGAIN)
        return found[0]

    def _unchanged(self, action: Action) -> ConfObject:
        """The object, which must be exactly as it was when the plan was made."""
        current = self._read(action.object_type, action.dbid)
        planned = self._planned_from.get(action.object_type, action.dbid)
        if planned is None or (planned.attributes, planned.folder) != (
            current.attributes,
            current.folder,
        ):
            raise StaleError("somebody has changed it since the plan", _AGAIN)
        return current

    def _done(self, action: Action, result: ConfObject) -> Outcome:
        """Compares what the server answered with what was meant."""
        self._names.put(result)
        fields = self._fields(result)
        rewritten = [
            f"{pointer(change.path)} is {shown(change.path, fields.get(change.path))}"
            for change in action.changes
            if change.after not in (None, "") and fields.get(change.path) != change.after
        ]
        message = f"the server rewrote what was sent: {', '.join(rewritten)}" if rewritten else ""
        return Outcome(action, "done", message, wrote=True)


def _under(fields: dict[Path, Value], change: Change) -> dict[Path, Value]:
    """The fields at or below what decided about a change."""
    unit = change.unit or change.path
    return {path: value for path, value in fields.items() if path[: len(unit)] == unit}

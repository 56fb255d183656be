"""Writes one action of a plan.

Just before, the objects that the action was computed from are read again and must not have
changed. The result is an ``Outcome``, or an exception that says why nothing was written.

Several threads may write, each an action of its own. They share the live objects: whoever computes
with them has the others wait. Nobody waits for the server meanwhile.
"""

import copy
import threading
from collections.abc import Iterable
from typing import Self

from msgspec.structs import replace

from reconciler.apply.answers import outcome_of_answer
from reconciler.apply.calls import Calls
from reconciler.apply.carried import (
    Inheritance,
    carrying,
    clear_refused,
    hand_over,
    read_referrers,
)
from reconciler.apply.copied_values import with_sources
from reconciler.apply.own_writes import OwnWrites
from reconciler.apply.report import AGAIN, Outcome
from reconciler.apply.reread import read_holder
from reconciler.errors import ReconcilerError, StaleActionError
from reconciler.kinds.flatten import flatten
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Create, Delete, Replace, Update, Write
from reconciler.plan.effects import create_attributes, folder_of, update_delta
from reconciler.plan.new_tenants import in_its_tenant
from reconciler.plan.ordering.circles import Circles
from reconciler.server.errors import (
    ConfigurationServerError,
    NoPermissionError,
    ObjectNotFoundError,
    OutcomeUnknownError,
    UniquenessViolationError,
)
from reconciler.server.port import AccessEntry, ConfObject, Server
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import backup_of

_NAME_TAKEN = "The object is gone: another client has taken its name. When its name is free again: "


class StopRunError(Exception):
    """Nothing after this outcome may be written."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class Writes:
    """Writes ``actions`` to a server. ``live``: the objects as they are; it is kept up to date
    with what is written."""

    def __init__(
        self, server: Server, calls: Calls, live: Snapshot, actions: Iterable[Write] = ()
    ) -> None:
        self._server = server
        self._calls = calls
        self._live = live
        planned = tuple(actions)
        self._own = OwnWrites(planned, live)
        self._circles = Circles(planned)
        self._computing = threading.RLock()
        self._recover = calls.recover_hint

    def through(self, calls: Calls) -> Self:
        """Writes of the same run, for another thread with calls of its own."""
        made = copy.copy(self)
        made._calls = calls
        return made

    def write(self, action: Write) -> Outcome:
        """Applies one action. StaleActionError where its objects have changed; the server's
        errors where it refused; StopRunError where the run must end."""
        match action:
            case Create():
                return self._create(action)
            case Update():
                return self._update(action)
            case Replace():
                return self._replace(action)
            case Delete():
                return self._delete(action)

    def _update(self, action: Update) -> Outcome:
        current = self._unchanged(action)
        with self._computing:
            action = with_sources(action, self._live)
            delta = update_delta(action, current.attributes, self._live)
        if not delta:
            return Outcome(action, "done", "no change: it was already as planned")
        changed = self._calls.update(action, current, delta)
        return self._done(action, changed)

    def _create(self, action: Create) -> Outcome:
        with self._computing:
            waiting = [in_its_tenant(one, self._live) for one in self._circles.waiting_for(action)]
            action = in_its_tenant(action, self._live)
            action = self._circles.without_waiting(action, self._live)
            attributes = create_attributes(action, self._live)
            folder = folder_of(action, self._live)
        try:
            made = self._calls.create(action, attributes, folder)
        except UniquenessViolationError:
            kind = ALL_TYPES[action.object_type]
            by_attribute = {attribute: name for name, attribute in kind.filters.items()}
            key = {by_attribute[part]: attributes[part] for part in kind.key}
            if self._server.read(action.object_type, key):
                raise StaleActionError("somebody has created it since the plan", AGAIN) from None
            raise
        return self._completed(action, made, Inheritance(action.permissions, waiting=waiting))

    def _delete(self, action: Delete) -> Outcome:
        """Deletes an object. An object that someone else already deleted counts as done."""
        gone = Outcome(action, "done", "no change: it was already gone")
        try:
            old = self._unchanged(action)
            referrers = self._referrers(action, old)
            permissions = self._permissions(old)
            planned = self._own.still_planned((*referrers, *self._backup(old)))
            later = [one for one in referrers if self._own.deletes_later(one, planned)]
            self._own.left(clear_refused(self._calls, action, old, later))
            self._calls.delete(action, old, permissions, referrers)
        except ObjectNotFoundError:
            return gone
        except StaleActionError:
            if self._is_gone(action):
                return gone
            raise
        self._live.drop(old.type, old.dbid)
        self._own.left(read_referrers(self._server, action, planned))
        return Outcome(action, "done", wrote=True)

    def _is_gone(self, action: Delete) -> bool:
        """Whether the object no longer exists, rather than being unreadable by this account."""
        if self._server.read(action.object_type, {"dbid": action.dbid}):
            return False
        try:
            self._server.permissions(action.object_type, action.dbid)
        except ObjectNotFoundError:
            return True
        except NoPermissionError:
            return False
        return False

    def _replace(self, action: Replace) -> Outcome:
        old = self._unchanged(action)
        # Complete before the delete: nothing may fail between it and the create.
        attributes = create_attributes(carrying(action, old, self._live), self._live)
        inherited = Inheritance(self._permissions(old), old, self._referrers(action, old))
        planned = self._own.still_planned(inherited.referrers)
        interrupted = False
        try:
            self._calls.delete(action, old, inherited.permissions, inherited.referrers, attributes)
        except OutcomeUnknownError as error:
            message = (
                "it may or may not have been deleted, and its replacement was not created:"
                f" {error.message}"
            )
            raise StopRunError(Outcome(action, "unknown", message, self._recover)) from error
        except KeyboardInterrupt:
            # Once the object is deleted, its replacement must be created.
            if self._server.read(old.type, {"dbid": old.dbid}):
                raise
            interrupted = True
        try:
            made = self._calls.create(action, attributes, old.folder, must=True)
        except OutcomeUnknownError as error:
            message = (
                f"deleted, but it is not known whether its replacement was created: {error.message}"
            )
            raise StopRunError(
                Outcome(action, "unknown", message, self._recover, wrote=True)
            ) from error
        except BaseException as error:
            raise StopRunError(self._restored(action, old, inherited, error)) from error
        self._live.drop(action.object_type, action.dbid)
        outcome = self._completed(action, made, inherited)
        self._own.left(read_referrers(self._server, action, planned))
        if interrupted:
            raise StopRunError(outcome)
        return outcome

    def _restored(
        self,
        action: Replace,
        old: ConfObject,
        inherited: Inheritance,
        error: BaseException,
    ) -> Outcome:
        """Creates the old object again, after its replacement could not be created."""
        reason = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        try:
            again = self._calls.create(action, old.attributes, old.folder, must=True)
        except UniquenessViolationError as second:
            if isinstance(error, ConfigurationServerError):
                message = f"{reason}; and the old object could not be created again: {second}"
                return Outcome(
                    action,
                    "failed",
                    message,
                    f"{_NAME_TAKEN}{self._recover}",
                    wrote=True,
                    needs_recovery=True,
                )
            message = (
                f"{reason} while its replacement was being created; an object with that name exists"
            )
            return Outcome(action, "unknown", message, self._recover, wrote=True)
        except (OutcomeUnknownError, KeyboardInterrupt) as second:
            message = f"{reason}; whether the old object was created again is not known: {second}"
            return Outcome(action, "unknown", message, self._recover, wrote=True)
        except ReconcilerError as second:
            message = f"{reason}; and the old object could not be created again: {second}"
            return Outcome(
                action, "failed", message, self._recover, wrote=True, needs_recovery=True
            )
        message = f"{reason}; the old object was created again, with a new DBID"
        outcome = Outcome(action, "failed", message, AGAIN, wrote=True)
        try:
            problem = hand_over(self._server, self._calls, action, again, inherited, self._live)
        except ReconcilerError as second:
            message += f", but not completed: {second}"
            return replace(outcome, message=message, hint=self._recover, needs_recovery=True)
        return replace(outcome, message=f"{message}{problem}")

    def _completed(
        self, action: Create | Replace, made: ConfObject, inherited: Inheritance
    ) -> Outcome:
        """The outcome of a create, once the new object has all that it takes over."""
        outcome = self._done(action, made)
        try:
            problem = hand_over(self._server, self._calls, action, made, inherited, self._live)
        except ReconcilerError as error:
            problem = f", but its permissions and references to it could not all be set: {error}"
            if not isinstance(error, ConfigurationServerError):
                raise StopRunError(self._half(outcome, problem)) from error
        return self._half(outcome, problem) if problem else outcome

    def _half(self, outcome: Outcome, problem: str) -> Outcome:
        message = f"it was created{problem}"
        return replace(
            outcome, status="failed", message=message, hint=self._recover, needs_recovery=True
        )

    def _permissions(self, old: ConfObject) -> tuple[AccessEntry, ...]:
        try:
            return tuple(self._server.permissions(old.type, old.dbid))
        except NoPermissionError as error:
            raise StaleActionError(
                "not replaced or deleted: this account cannot read its permissions,"
                " so they would be lost",
                "Grant this account Read Permissions on it.",
            ) from error

    def _referrers(self, action: Replace | Delete, old: ConfObject) -> tuple[ConfObject, ...]:
        """The objects whose references the delete will clear, whole, for the journal."""
        return tuple(read_referrers(self._server, action, self._own.referrers(action, old)))

    def _backup(self, old: ConfObject) -> list[ConfObject]:
        """The backup of an application, which is none once that is deleted."""
        backup = backup_of(old)
        return self._server.read(old.type, {"dbid": backup}) if backup else []

    def _unchanged(self, action: Update | Replace | Delete) -> ConfObject:
        """The object as it is now. StaleActionError if it has changed since the plan."""
        numbers = (action.dbid, *action.fingerprint.sources)
        read = {dbid: self._server.read(action.object_type, {"dbid": dbid}) for dbid in numbers}
        one = next(iter(read[action.dbid]), None)
        holders = read_holder(self._server, action, one) if one else ()
        with self._computing:
            for dbid, found in read.items():
                if not found:
                    self._live.drop(action.object_type, dbid)
            for each in (*holders, *(each for found in read.values() for each in found)):
                self._own.put(each)
            messages = self._own.stale_fields(action)
        if messages or one is None:
            listed = "; ".join(messages[:3])
            listed += f"; and {len(messages) - 3} more" if len(messages) > 3 else ""
            raise StaleActionError(f"it has changed since the plan: {listed}", AGAIN)
        return one

    def _done(self, action: Create | Update | Replace, result: ConfObject) -> Outcome:
        """Compares the server's answer with what was sent."""
        with self._computing:
            self._live.put(result)
            self._own.written.add((result.type, result.dbid))
            fields = flatten(ALL_TYPES[result.type], result.attributes, self._live)
        return outcome_of_answer(action, result, fields)

"""Writes one action of a plan.

Just before that, the objects that the action was computed from are read again and must be
unchanged. The result is an ``Outcome``, or an exception that says why nothing was written.

A create or an update may be written concurrently with others, so it is a series of steps
(``steps``). A replace or a delete runs alone, and is written to its end in its first step.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from reconciler.apply.answers import is_as_sent, outcome_of_answer
from reconciler.apply.before_deletion import is_gone, permissions_before, read_backup
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
from reconciler.apply.restoring import create_in_place, restore
from reconciler.apply.session import RunSession
from reconciler.apply.steps import Ask, Steps
from reconciler.errors import ReconcilerError, StaleActionError
from reconciler.kinds.fields import FieldValueError, UnknownReferenceError
from reconciler.kinds.flatten import flatten
from reconciler.kinds.model import Attributes
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Create, Delete, Replace, Update, Write
from reconciler.plan.effects import create_attributes, folder_of, update_delta
from reconciler.plan.new_tenants import in_its_tenant
from reconciler.plan.ordering.circles import Circles
from reconciler.plan.renames import rename_of
from reconciler.server.errors import (
    ConfigurationServerError,
    ObjectNotFoundError,
    OutcomeUnknownError,
    UniquenessViolationError,
)
from reconciler.server.port import ConfObject

_DELETED_OR_NOT = "it may or may not have been deleted, and its replacement was not created"


class StopRunError(Exception):
    """Nothing after this outcome may be written."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class Writes:
    """Writes the ``planned`` actions of a run. The live objects of the session are kept up to date
    with what is written."""

    def __init__(self, session: RunSession, planned: Sequence[Write]) -> None:
        self._session = session
        self._server = session.server
        self._calls = session.calls
        self._live = session.live
        self._own = OwnWrites(planned, session.live)
        self._circles = Circles(planned)
        self._recover = session.calls.recover_hint

    def write(self, action: Write) -> Steps[Outcome]:
        """Applies one action. StaleActionError if its objects have changed; the server's errors if
        it refuses; StopRunError if the run must end."""
        match action:
            case Create():
                return (yield from self._create(action))
            case Update():
                return (yield from self._update(action))
            case Replace():
                return self._replace(action)
            case Delete():
                return self._delete(action)

    def _update(self, action: Update) -> Steps[Outcome]:
        current = yield from self._unchanged(action)
        action = with_sources(action, self._live)
        delta = update_delta(action, current.attributes, self._live)
        if not delta:
            return Outcome(action, "done", "no change: it was already as planned")
        changed = yield from self._calls.update(action, current, delta)
        return self._done(action, changed)

    def _create(self, action: Create) -> Steps[Outcome]:
        waiting = [in_its_tenant(one, self._live) for one in self._circles.waiting_for(action)]
        action = in_its_tenant(action, self._live)
        action = self._circles.without_waiting(action, self._live)
        attributes = create_attributes(action, self._live)
        folder = folder_of(action, self._live)
        try:
            made = yield from self._calls.create(action, attributes, folder)
        except UniquenessViolationError:
            kind = ALL_TYPES[action.object_type]
            by_attribute = {attribute: name for name, attribute in kind.filters.items()}
            key = {by_attribute[part]: attributes[part] for part in kind.key}
            if (yield Ask(partial(self._server.read, action.object_type, key))):
                raise StaleActionError("somebody has created it since the plan", AGAIN) from None
            raise
        outcome = self._done(action, made, attributes)
        inherited = Inheritance(action.permissions, waiting=waiting)
        return (yield from self._completed(action, made, inherited, outcome))

    def _delete(self, action: Delete) -> Outcome:
        """Deletes an object. An object that someone else already deleted counts as done."""
        gone = Outcome(action, "done", "no change: it was already gone")
        try:
            old = self._calls.perform(self._unchanged(action))
            referrers = self._referrers(action, old)
            permissions = permissions_before(self._server, old)
            planned = self._own.still_planned((*referrers, *read_backup(self._server, old)))
            later = [one for one in referrers if self._own.deletes_later(one, planned)]
            self._own.left(clear_refused(self._calls, action, old, later))
            self._calls.perform(self._calls.delete(action, old, permissions, referrers))
        except ObjectNotFoundError:
            return gone
        except StaleActionError:
            if is_gone(self._server, action):
                return gone
            raise
        self._live.drop(old.type, old.dbid)
        outcome = Outcome(action, "done", wrote=True)
        self._read_left(action, planned, outcome)
        return outcome

    def _read_left(
        self, action: Delete | Replace, planned: Iterable[tuple[str, int]], outcome: Outcome
    ) -> None:
        """Reads how the action has left objects that the plan writes later. StopRunError if that is
        not possible: later actions would mistake the changes of this run for changes by others."""
        try:
            self._own.left(read_referrers(self._server, action, planned))
        except ReconcilerError as error:
            problem = f"the run stops, since what referred to it cannot be read: {error.message}"
            message = f"{outcome.message}; {problem}" if outcome.message else problem
            hint = outcome.hint or error.hint
            left = Outcome(action, outcome.status, message, hint, wrote=True)
            raise StopRunError(replace(left, needs_recovery=outcome.needs_recovery)) from error

    def _replace(self, action: Replace) -> Outcome:
        old = self._calls.perform(self._unchanged(action))
        # Complete before the delete: nothing may fail between it and the create.
        attributes = create_attributes(carrying(action, old, self._live), self._live)
        inherited = Inheritance(
            permissions_before(self._server, old), old, self._referrers(action, old)
        )
        planned = self._own.still_planned(inherited.referrers)
        interrupted = False
        try:
            self._calls.perform(
                self._calls.delete(
                    action, old, inherited.permissions, inherited.referrers, attributes
                )
            )
        except OutcomeUnknownError as error:
            message = f"{_DELETED_OR_NOT}: {error.message}"
            raise StopRunError(Outcome(action, "unknown", message, self._recover)) from error
        except KeyboardInterrupt:
            # Once the object is deleted, its replacement must be created.
            if not self._is_deleted(action, old):
                raise
            with suppress(KeyboardInterrupt):  # now even a third Ctrl-C must wait for the create
                self._calls.note_deleted(action, old)
            interrupted = True
        try:
            made = create_in_place(self._calls, action, attributes, old)
        except OutcomeUnknownError as error:
            message = (
                f"deleted, but it is not known whether its replacement was created: {error.message}"
            )
            raise StopRunError(
                Outcome(action, "unknown", message, self._recover, wrote=True)
            ) from error
        except BaseException as error:
            restored = restore(self._session, action, old, inherited, error)
            raise StopRunError(restored) from error
        self._live.drop(action.object_type, action.dbid)
        outcome = self._done(action, made, attributes)
        outcome = self._calls.perform(self._completed(action, made, inherited, outcome))
        self._read_left(action, planned, outcome)
        if interrupted:
            raise StopRunError(outcome)
        return outcome

    def _is_deleted(self, action: Replace, old: ConfObject) -> bool:
        """Whether an interrupted delete was executed. StopRunError if reading cannot tell."""
        try:
            return not self._server.read(old.type, {"dbid": old.dbid})
        except ReconcilerError as error:
            message = f"interrupted; {_DELETED_OR_NOT}: {error.message}"
            raise StopRunError(Outcome(action, "unknown", message, self._recover)) from error

    def _completed(
        self, action: Create | Replace, made: ConfObject, inherited: Inheritance, outcome: Outcome
    ) -> Steps[Outcome]:
        """The outcome of a create, once the new object has all that it takes over."""
        try:
            problem = yield from hand_over(self._session, action, made, inherited)
        except (ReconcilerError, UnknownReferenceError, FieldValueError) as error:
            problem = f", but its permissions and references to it could not all be set: {error}"
            if not isinstance(error, ConfigurationServerError):
                raise StopRunError(self._half(outcome, problem)) from error
        return self._half(outcome, problem) if problem else outcome

    def _half(self, outcome: Outcome, problem: str) -> Outcome:
        message = f"it was created{problem}"
        return replace(
            outcome, status="failed", message=message, hint=self._recover, needs_recovery=True
        )

    def _referrers(self, action: Replace | Delete, old: ConfObject) -> tuple[ConfObject, ...]:
        """The objects whose references the delete will clear, whole, for the journal."""
        return tuple(read_referrers(self._server, action, self._own.referrers(action, old)))

    def _unchanged(self, action: Update | Replace | Delete) -> Steps[ConfObject]:
        """The object as it is now. StaleActionError if it has changed since the plan."""
        read: dict[int, list[ConfObject]] = {}
        for dbid in (action.dbid, *action.fingerprint.sources):
            read[dbid] = yield Ask(partial(self._server.read, action.object_type, {"dbid": dbid}))
        one = next(iter(read[action.dbid]), None)
        holders: Sequence[ConfObject] = ()
        if one and rename_of(action):
            holders = yield Ask(partial(read_holder, self._server, action, one))
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

    def _done(
        self,
        action: Create | Update | Replace,
        result: ConfObject,
        sent: Attributes | None = None,
    ) -> Outcome:
        """Compares the server's answer with what was sent. ``sent``: all attributes of a new
        object."""
        self._live.put(result)
        self._own.written.add((result.type, result.dbid))
        if sent is not None and is_as_sent(sent, result):
            return Outcome(action, "done", wrote=True)
        fields = flatten(ALL_TYPES[result.type], result.attributes, self._live)
        return outcome_of_answer(action, result, fields)

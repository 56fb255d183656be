"""Every write of a run: it is recorded in the journal before and after, and the lock is confirmed
in between.

A method for a call returns its steps: nothing is sent until they are performed, either here one
after another or concurrently by ``in_flight``. Before a call is sent, its ``CallBegin`` is durable,
with the object as it was; after its answer, a ``CallEnd`` follows. The lock is confirmed right
before the call is sent: always for a delete, otherwise if the last confirmation is too old. If the
journal cannot be written, nothing more is sent.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, TypeVar

from reconciler.apply.lock.lock import NoLock, RunLock
from reconciler.apply.ownership import Ownership
from reconciler.apply.steps import Ask, Begin, End, Send, Step, Steps
from reconciler.errors import JournalError, ReconcilerError
from reconciler.kinds.fields import pointer
from reconciler.kinds.model import Attributes
from reconciler.plan.actions import Write, written_paths
from reconciler.server.delta import Delta
from reconciler.server.errors import OutcomeUnknownError
from reconciler.server.port import AccessEntry, ConfObject, Server
from reconciler.state.records import CallBegin, CallEnd, CallResult, ServerCall
from reconciler.state.store import NullJournal, RunJournal

_Answer = TypeVar("_Answer")


def recover_hint(place: str) -> str:
    """What to do if something may be half done. ``place``: where the run's state is."""
    state = f" The run's state is {place}." if place else ""
    return f"Run gwe recover: it checks what was written and finishes it.{state}"


class Calls:
    """Writes to ``server`` for the actions of a run."""

    def __init__(
        self,
        server: Server,
        journal: RunJournal | None = None,
        lock: RunLock | None = None,
        *,
        first_step: int = 1,
    ) -> None:
        self._server = server
        self.journal: RunJournal = journal or NullJournal()
        self.lock: RunLock = lock or NoLock()
        self._last_step = first_step - 1
        self.ownership = Ownership()
        """What the calls that were answered mean for the inventory."""
        self.answered: set[str] = set()
        """The addresses of actions with an answered call: something was written."""
        self.journal_problem = ""
        """Why the first failed write to the journal failed; empty: none has."""

    def perform(self, steps: Steps[_Answer]) -> _Answer:
        """Executes steps one after another."""
        answer: Any = None
        error: BaseException | None = None
        while True:
            try:
                step = steps.throw(error) if error else steps.send(answer)
            except StopIteration as end:
                result: _Answer = end.value
                return result
            answer = error = None
            try:
                answer = self._done(step)
            except BaseException as raised:  # noqa: BLE001 - raised where the step is
                error = raised

    def _done(self, step: Step) -> Any:
        match step:
            case Begin(record, must):
                if not must:
                    self.lock.start_writing()
                with self.without_journal() if must else nullcontext():
                    self.journal.append(record)
                return None
            case Send():
                if not step.must:
                    self.lock.confirm(always=step.always)
                return step.call()
            case End():
                with self.without_journal():
                    self.journal.append(step.record)
                return None
            case Ask():
                return step.call()

    @property
    def recover_hint(self) -> str:
        """See the function of this name."""
        return recover_hint(self.journal.place)

    def create(
        self, action: Write, attributes: Attributes, folder: int, *, must: bool = False
    ) -> Steps[ConfObject]:
        """Creates an object in the folder with the DBID ``folder``, or in the default folder of
        its type if that is 0. ``must``: the object replaces one that was just deleted, so the call
        is sent even if the lock or the journal is lost."""
        begin = self._begin(action, "create", makes=attributes)
        send = partial(self._server.create, action.object_type, attributes, folder or None)
        return self._call(action, begin, send, must=must)

    def update(self, action: Write, old: ConfObject, delta: Delta) -> Steps[ConfObject]:
        """Changes an object that was just read as ``old``."""
        begin = self._begin(action, "update", old)
        return self._call(action, begin, partial(self._server.update, old.type, old.dbid, delta))

    def delete(
        self,
        action: Write,
        old: ConfObject,
        permissions: Sequence[AccessEntry],
        referrers: Sequence[ConfObject],
        makes: Attributes | None = None,
    ) -> Steps[None]:
        """Deletes an object that was just read as ``old``. For the journal: ``permissions``
        and ``referrers`` as they were, and ``makes``, the object to be created instead."""
        begin = self._begin(action, "delete", old, permissions, referrers, makes)
        return self._call(action, begin, partial(self._server.delete, old.type, old.dbid))

    def set_permissions(
        self, action: Write, one: ConfObject, entries: Sequence[AccessEntry]
    ) -> Steps[None]:
        """Sets the permissions of a new object."""
        begin = self._begin(action, "set_permissions", one, entries)
        send = partial(self._server.set_permissions, one.type, one.dbid, entries)
        return self._call(action, begin, send)

    def update_referrer(self, action: Write, old: ConfObject, delta: Delta) -> Steps[ConfObject]:
        """Changes an object, just read as ``old``, that refers to the object of the action."""
        begin = self._begin(action, "update_referrer", old)
        return self._call(action, begin, partial(self._server.update, old.type, old.dbid, delta))

    def found(self, action: Write, made: ConfObject) -> None:
        """Records a create whose object exists although the journal has no record of it."""
        begin = self._begin(action, "create", makes=made.attributes)
        self.journal.append(begin)
        with self.without_journal():
            self.journal.append(_end(begin, "answered", made).record)

    def note_deleted(self, action: Write, old: ConfObject) -> None:
        """Records that the last call, a delete whose answer did not arrive, was executed."""
        with self.without_journal():
            self.journal.append(CallEnd(self._last_step, "answered"))
        self._note(action, "delete", old, None)

    def _call(
        self, action: Write, begin: CallBegin, send: Callable[[], _Answer], *, must: bool = False
    ) -> Steps[_Answer]:
        yield Begin(begin, must)
        try:
            answer: _Answer = yield Send(send, always=begin.call == "delete", must=must)
        except (OutcomeUnknownError, KeyboardInterrupt):
            yield _end(begin, "unknown")
            raise
        except ReconcilerError as error:
            yield _end(begin, "refused", error=str(error))
            raise
        after = answer if isinstance(answer, ConfObject) else None
        yield _end(begin, "answered", after)
        self._note(action, begin.call, begin.before, after)
        return answer

    def _note(
        self, action: Write, call: ServerCall, before: ConfObject | None, after: ConfObject | None
    ) -> None:
        self.answered.add(action.address)
        self.ownership.note(action, call, before, after)

    @contextmanager
    def without_journal(self) -> Iterator[None]:
        """Continues if the journal cannot be written, and keeps the reason."""
        try:
            yield
        except JournalError as error:
            self.journal_problem = self.journal_problem or f"{error.message}. {error.hint}"

    def _begin(
        self,
        action: Write,
        call: ServerCall,
        before: ConfObject | None = None,
        permissions: Sequence[AccessEntry] = (),
        referrers: Sequence[ConfObject] = (),
        makes: Attributes | None = None,
    ) -> CallBegin:
        """The record with which the next step begins."""
        self._last_step += 1
        return CallBegin(
            step=self._last_step,
            address=action.address,
            action=action.action,
            call=call,
            object_type=before.type if before else action.object_type,
            before=before,
            permissions=tuple(permissions),
            referrers=tuple(referrers),
            makes=makes,
            secrets=_secrets_of(action) if call != "update_referrer" else (),
        )


def _secrets_of(action: Write) -> tuple[str, ...]:
    """The fields that an action writes as secrets, as JSON Pointers."""
    secrets = action.subject.secrets
    if not secrets:
        return ()
    return tuple(pointer(path) for path in written_paths(action) if path in secrets)


def _end(
    begin: CallBegin, result: CallResult, after: ConfObject | None = None, error: str = ""
) -> End:
    """The step that records the result of a call. If the journal fails there, the next call
    stops: this answer has arrived and must be reported."""
    secrets = begin.secrets if after and begin.call == "create" else ()
    return End(CallEnd(begin.step, result, after, error, secrets))

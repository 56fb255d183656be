"""Every write of a run: the lock is confirmed first, the journal written before and after.

When a call is sent, its ``begin`` record is on disk, with the object as it was; when its
answer is there, an ``end`` record follows. If the journal cannot be written, nothing more is
sent.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from reconciler.apply.lock import NoLock, RunLock
from reconciler.errors import JournalError, ReconcilerError
from reconciler.kinds.model import Attributes
from reconciler.plan.actions import BaseWrite
from reconciler.server.delta import Delta
from reconciler.server.errors import OutcomeUnknownError
from reconciler.server.port import AccessEntry, ConfObject, Server
from reconciler.state.journal import (
    CallName,
    NoJournal,
    Recorder,
    access_data,
    attributes_data,
    object_data,
)

_Answer = TypeVar("_Answer")


class Calls:
    """Writes to ``server`` for the actions of a run."""

    def __init__(
        self,
        server: Server,
        journal: Recorder | None = None,
        lock: RunLock | None = None,
        *,
        first_step: int = 1,
    ) -> None:
        self._server = server
        self.journal = journal or NoJournal()
        self._lock = lock or NoLock()
        self._step = first_step - 1

    def create(
        self, action: BaseWrite, attributes: Attributes, folder: int, *, must: bool = False
    ) -> ConfObject:
        """Creates an object, in its default folder if ``folder`` is 0. ``must``: it replaces
        an object that was just deleted, and is sent even if lock or journal are lost."""
        return self._call(
            action,
            "create",
            lambda: self._server.create(action.object_type, attributes, folder or None),
            makes=attributes,
            must=must,
        )

    def update(self, action: BaseWrite, old: ConfObject, delta: Delta) -> ConfObject:
        """Changes an object that was just read as ``old``."""
        return self._call(
            action, "update", lambda: self._server.update(old.type, old.dbid, delta), before=old
        )

    def delete(
        self,
        action: BaseWrite,
        old: ConfObject,
        permissions: Sequence[AccessEntry],
        referrers: Sequence[ConfObject],
        makes: Attributes | None = None,
    ) -> None:
        """Deletes an object that was just read as ``old``. For the journal: ``permissions``
        and ``referrers`` as they were, and ``makes``, the object to be created instead."""
        self._call(
            action,
            "delete",
            lambda: self._server.delete(old.type, old.dbid),
            before=old,
            permissions=permissions,
            referrers=referrers,
            makes=makes,
        )

    def set_permissions(
        self, action: BaseWrite, one: ConfObject, entries: Sequence[AccessEntry]
    ) -> None:
        """Sets the permissions of a new object."""
        self._call(
            action,
            "set_permissions",
            lambda: self._server.set_permissions(one.type, one.dbid, entries),
            before=one,
            permissions=entries,
        )

    def found(self, action: BaseWrite, made: ConfObject) -> None:
        """Records a create that has no records although its object exists."""
        self._step += 1
        self.journal.record(
            "begin",
            step=self._step,
            address=action.address,
            action=action.action,
            call="create",
            type=action.object_type,
            before=None,
            makes=attributes_data(made.attributes),
        )
        self._end(self._step, result="answered", after=object_data(made))

    def _call(
        self,
        action: BaseWrite,
        call: CallName,
        send: Callable[[], _Answer],
        *,
        before: ConfObject | None = None,
        permissions: Sequence[AccessEntry] = (),
        referrers: Sequence[ConfObject] = (),
        makes: Attributes | None = None,
        must: bool = False,
    ) -> _Answer:
        if not must:
            self._lock.start_writing()
        self._step += 1
        step = self._step
        details: dict[str, Any] = {
            "permissions": access_data(permissions),
            "referrers": [object_data(one) for one in referrers],
            "makes": attributes_data(makes) if makes is not None else None,
        }
        with suppress(*((JournalError,) if must else ())):
            self.journal.record(
                "begin",
                step=step,
                address=action.address,
                action=action.action,
                call=call,
                type=action.object_type,
                before=object_data(before),
                **{name: value for name, value in details.items() if value},
            )
        try:
            if not must:
                self._lock.confirm()
            answer = send()
        except (OutcomeUnknownError, KeyboardInterrupt):
            self._end(step, result="unknown")
            raise
        except ReconcilerError as error:
            self._end(step, result="refused", error=str(error))
            raise
        after = object_data(answer) if isinstance(answer, ConfObject) else None
        self._end(step, result="answered", after=after)
        return answer

    def _end(self, step: int, **data: Any) -> None:
        """Records the result of a call. If the journal fails here, the next call stops: this
        answer has arrived and must be reported."""
        with suppress(JournalError):
            self.journal.record("end", step=step, **data)

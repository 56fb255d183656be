"""A server with faults, to test programs that must tolerate them.

``FaultyServer`` implements the port: it passes each call on to another server, and injects the
faults of ``faults`` before or after it. The same seed gives the same faults, as long as the calls
come in the same order. Several threads may call at once. Knows no adapter.
"""

import threading
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar, get_args

from msgspec import Struct

from reconciler.kinds.model import Attributes
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.delta import Delta
from reconciler.server.errors import OutcomeUnknownError, ServerError, ServerUnavailableError
from reconciler.server.port import (
    AccessEntry,
    ConfObject,
    Filter,
    Notification,
    PastChange,
    Server,
    ServerInfo,
    Subscription,
)
from reconciler.testing.faults import (
    Call,
    Delay,
    Drop,
    Fault,
    Interfere,
    LoseAnswer,
    Refuse,
    Stale,
    Writing,
)

_T = TypeVar("_T")


class FaultyServer:
    """A server with faults. Implements ``port.Server``.

    ``calls``: every call so far, failed ones included. ``struck``: for each fault that
    struck, the number of the call (from 1) and the fault. ``sleep``: how a ``Delay`` waits.
    """

    def __init__(
        self,
        server: Server,
        faults: Sequence[Fault] = (),
        *,
        seed: int = 0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.calls: list[Call] = []
        self.struck: list[tuple[int, Fault]] = []
        self._server = server
        self._faults = tuple(faults)
        self._matched = [0] * len(self._faults)
        # A generator for each fault: adding a fault does not change when the others strike.
        self._random = [Random(f"{seed} {n}") for n in range(len(self._faults))]  # noqa: S311 - no secret
        self._sleep = sleep
        self._counting = threading.Lock()
        self._dropped = False
        # For stale answers. ``_last``: the last write's type and DBID, and the object before it.
        self._remembers = any(isinstance(fault, Stale) for fault in self._faults)
        self._answers: dict[object, list[ConfObject]] = {}
        self._last: tuple[str, int, ConfObject | None] | None = None

    def info(self) -> ServerInfo:
        return self._call(Call("info"), self._server.info)

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        asked = dict(filters or {})
        question = (object_type, frozenset(asked.items()))

        def answer() -> list[ConfObject]:
            fresh = self._server.read(object_type, filters)
            self._answers[question] = fresh
            return list(fresh)

        def stale() -> list[ConfObject]:
            earlier = self._answers.get(question)
            return self._before_last_write(object_type, asked) if earlier is None else list(earlier)

        return self._call(Call("read", object_type, int(asked.get("dbid", 0))), answer, stale)

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        def write() -> ConfObject:
            made = self._server.create(object_type, attributes, folder)
            self._last = (object_type, made.dbid, None)
            return made

        return self._call(Call("create", object_type), write)

    def update(self, object_type: str, dbid: int, delta: Delta) -> ConfObject:
        call = Call("update", object_type, dbid)
        return self._write(call, lambda: self._server.update(object_type, dbid, delta))

    def delete(self, object_type: str, dbid: int) -> None:
        call = Call("delete", object_type, dbid)
        self._write(call, lambda: self._server.delete(object_type, dbid))

    def permissions(self, object_type: str, dbid: int) -> list[AccessEntry]:
        call = Call("permissions", object_type, dbid)
        return self._call(call, lambda: self._server.permissions(object_type, dbid))

    def history(self, object_type: str, dbid: int) -> list[PastChange]:
        call = Call("history", object_type, dbid)
        return self._call(call, lambda: self._server.history(object_type, dbid))

    def set_permissions(self, object_type: str, dbid: int, entries: Sequence[AccessEntry]) -> None:
        call = Call("set_permissions", object_type, dbid)
        self._call(call, lambda: self._server.set_permissions(object_type, dbid, entries))

    def subscribe(self, object_type: str = "", tenant: int = 0, dbid: int = 0) -> Subscription:
        call = Call("subscribe", object_type, dbid)
        inner = self._call(call, lambda: self._server.subscribe(object_type, tenant, dbid))
        received = Call("receive", object_type, dbid)
        return _Subscription(inner, lambda receive: self._call(received, receive))

    def close(self) -> None:
        self._server.close()

    def _call(
        self, call: Call, perform: Callable[[], _T], stale: Callable[[], _T] | None = None
    ) -> _T:
        with self._counting:
            self.calls.append(call)
            number = len(self.calls)
            if self._dropped:
                raise ServerUnavailableError("the connection is gone")
            chosen = [fault for n, fault in enumerate(self._faults) if self._strikes(n, call)]
        for fault in chosen:
            if fault.when != "after":
                self._strike(fault, call, number)
        if stale is not None and any(isinstance(fault, Stale) for fault in chosen):
            perform = stale
        try:
            answer = perform()
        except ServerError:
            # An error is an answer too, which can come late or get lost.
            self._strike_after(chosen, call, number)
            raise
        self._strike_after(chosen, call, number)
        return answer

    def _write(self, call: Call, perform: Callable[[], _T]) -> _T:
        """Remembers the object from before the write, if a stale answer may need it."""

        def write() -> _T:
            asked = {"dbid": call.dbid}
            found = self._server.read(call.object_type, asked) if self._remembers else []
            result = perform()
            self._last = (call.object_type, call.dbid, found[0]) if found else None
            return result

        return self._call(call, write)

    def _strikes(self, number: int, call: Call) -> bool:
        fault = self._faults[number]
        if fault.call not in ("", call.name) or fault.object_type not in ("", call.object_type):
            return False
        self._matched[number] += 1
        if fault.at not in (0, self._matched[number]):
            return False
        if isinstance(fault, Stale) and call.name != "read":
            return False
        return fault.chance >= 1 or self._random[number].random() < fault.chance

    def _strike_after(self, chosen: Sequence[Fault], call: Call, number: int) -> None:
        for fault in chosen:
            if fault.when == "after":
                self._strike(fault, call, number)

    def _strike(self, fault: Fault, call: Call, number: int) -> None:
        self.struck.append((number, fault))
        match fault:
            case Drop() | LoseAnswer():
                self._dropped = isinstance(fault, Drop)
                if fault.when != "before" and call.name in get_args(Writing):
                    raise OutcomeUnknownError("the connection broke while a write was out")
                raise ServerUnavailableError("the connection broke")
            case Refuse():
                raise fault.error("a test asked for this error", call.object_type)
            case Delay():
                self._sleep(fault.seconds)
            case Interfere():
                self._interfere(fault)

    def _interfere(self, fault: Interfere) -> None:
        other = FaultyServer(self._server)
        other._remembers = self._remembers
        try:
            fault.write(other)
        except ServerError as error:
            raise RuntimeError(f"the other client could not write: {error}") from error
        self._last = other._last or self._last

    def _before_last_write(self, object_type: str, filters: Filter) -> list[ConfObject]:
        """The answer from before the last write. What a delete cascaded to stays away."""
        fresh = self._server.read(object_type, filters)
        if self._last is None or self._last[0] != object_type:
            return fresh
        _, dbid, before = self._last
        result = [found for found in fresh if found.dbid != dbid]
        if before is not None and _matches(before, filters):
            result.append(before)
        return sorted(result, key=lambda found: found.dbid)


class _Subscription(Struct, frozen=True):
    """Notifications of a server with faults."""

    inner: Subscription
    call: Callable[[Callable[[], list[Notification]]], list[Notification]]

    def receive(self, timeout: float = 0.0) -> list[Notification]:
        return self.call(lambda: self.inner.receive(timeout))

    def close(self) -> None:
        self.inner.close()


def _matches(found: ConfObject, filters: Filter) -> bool:
    if "dbid" in filters:
        return found.dbid == filters["dbid"]
    names = OBJECT_TYPES[found.type].filters
    return all(
        found.attributes.get(names[key]) == value for key, value in filters.items() if names[key]
    )

"""Change notifications, received in order on a connection of their own."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.errors import (
    HistoryLogExpiredError,
    ServerError,
    ServerUnavailableError,
)
from reconciler.server.port import Notification
from reconciler.server.psdk.channel import Channel, Unasked
from reconciler.server.psdk.objects import Mapper
from reconciler.server.psdk.requests import Requests

KEPT = 1000
"""How many changes are buffered for ``receive``; after more than that, some are lost."""

_ACTIONS = {
    "EventObjectCreated": "created",
    "EventObjectUpdated": "updated",
    "EventObjectDeleted": "deleted",
}


class PsdkSubscription:
    """One subscription. Implements ``port.Subscription``.

    The protocol does not say who made a change, and names the tenant of new objects only.
    So the user is always empty, and the tenant otherwise that of the subscription, or 0.
    """

    def __init__(
        self,
        connect: Callable[[Unasked], Channel],
        object_type: str,
        tenant: int,
        dbid: int,
        timeout: float,
    ) -> None:
        self._events: deque[tuple[str, Any]] = deque()
        self._changed = threading.Condition()
        self._missed = False
        self._tenant = tenant
        self._timeout = timeout
        self._channel = connect(self._note)
        sdk, shapes = self._channel.sdk, self._channel.shapes
        assert shapes is not None  # noqa: S101 - an open channel has them
        self._mapper = Mapper(sdk, shapes.metadata)
        self._requests = Requests(self._mapper)
        number = OBJECT_TYPES[object_type].number if object_type else 0
        self._what = (number, tenant, dbid)
        try:
            self._channel.ask(self._requests.subscription(*self._what), timeout)
        except ServerError:
            self._channel.close()
            raise

    def _note(self, name: str, event: Any) -> None:
        """Buffers an event. Called by Java's threads, in order."""
        with self._changed:
            if name in _ACTIONS and not self._missed:
                self._missed = len(self._events) >= KEPT
                self._events.append((name, event))
            self._changed.notify_all()

    def receive(self, timeout: float = 0.0) -> list[Notification]:
        # Events sent before this answer have arrived when it has.
        self._channel.ask(self._requests.mode(), self._timeout)
        with self._changed:
            if timeout > 0:
                self._changed.wait_for(
                    lambda: self._events or self._missed or not self._channel.is_open, timeout
                )
            found, missed = list(self._events), self._missed
            self._events.clear()
            self._missed = False
        if missed:
            raise HistoryLogExpiredError(f"more than {KEPT} changes came since the last read")
        if not found and not self._channel.is_open:
            raise ServerUnavailableError("the connection that brings notifications is gone")
        changes = (self._notification(name, event) for name, event in found)
        return [change for change in changes if change is not None]

    def _notification(self, name: str, event: Any) -> Notification | None:
        shape = self._mapper.shapes.by_number(int(event.getObjectType() or 0))
        if shape is None:
            return None  # a type that our table lacks
        action, sequence = _ACTIONS[name], int(event.getUnsolisitedEventNumber() or 0)
        kind, tenant = shape.kind.name, self._tenant
        if action == "created":
            dbid, attributes = self._mapper.read(shape, event.getObject())
            tenant = int(attributes.get("tenantDBID") or tenant)
            return Notification(sequence, action, kind, dbid, tenant, "", attributes=attributes)
        if action == "updated":
            metadata = self._mapper.shapes.metadata
            given = self._channel.deltas.read(metadata, shape.delta_description, event)
            dbid, delta = self._mapper.read_delta(shape, given)
            return Notification(sequence, action, kind, dbid, tenant, "", delta=delta)
        return Notification(sequence, action, kind, int(event.getDbid()), tenant, "")

    def close(self) -> None:
        self._channel.close()

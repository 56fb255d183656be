"""Notifies the clients of the listener of changes, in the order of the change log."""

import threading
import time
from collections.abc import Callable
from typing import Any

from reconciler.kinds.model import ObjectType
from reconciler.server.errors import HistoryLogExpiredError, ServerError
from reconciler.server.port import ConfObject, Notification
from reconciler.server.psdk import constants
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.objects import Mapper
from reconciler.server.psdk.requests import Requests
from reconciler.server.wire.answers import Answers
from reconciler.server.wire.messages import Messages
from reconciler.server.wire.subscriptions import ClientSubscriptions, Subject


def subjects(value: Any) -> list[Subject]:
    """The subjects of a client's subscription request."""
    found = []
    for pair in value or ():
        entry = pair.getTKVValue()
        if entry is not None:
            numbers = [_number(entry.getPair(key)) for key in _KEYS]
            found.append((numbers[0], numbers[1], numbers[2]))
    return found


_KEYS = (constants.SUBSCRIPTION_TYPE, constants.SUBSCRIPTION_TENANT, constants.SUBSCRIPTION_OBJECT)


def _number(pair: Any) -> int:
    return int(str(pair.getValueAsString() or 0)) if pair is not None else 0


class Publisher:
    """Sends changes to clients: at once after each write here, and soon after a write of another
    process."""

    def __init__(self, sdk: Sdk, mapper: Mapper, answers: Answers) -> None:
        self._sdk = sdk
        self._mapper = mapper
        self._answers = answers
        self._messages = Messages(sdk, mapper)
        self._requests = Requests(mapper)
        self._lock = threading.Lock()

    def publish(self, subscriptions: ClientSubscriptions, send: Callable[[Any], None]) -> None:
        """Sends one client the changes that are new to it. Failures are ignored: that client
        is gone."""
        with self._lock:
            if not subscriptions:
                return  # changed since the caller checked
            try:
                changes, missed = subscriptions.receive()
                for change in changes:
                    send(self._event(change))
                if missed:
                    event = self._sdk.conf("confserver.events.EventError2").create()
                    event.setErrorCode(HistoryLogExpiredError.number)
                    send(event)
            except (ServerError, self._sdk.error):
                return

    def send_missed(
        self, subscriptions: ClientSubscriptions, after: int, send: Callable[[Any], None]
    ) -> int:
        """Sends a client the changes after a sequence number; 0: all that it was not sent yet.
        Returns the number of the last change. HistoryLogExpiredError if the log no longer has all
        of them."""
        with self._lock:
            subscriptions.rewind(after)
            changes, missed = subscriptions.receive()
            if missed:
                raise HistoryLogExpiredError("the log no longer has all that was missed")
            for change in changes:
                send(self._event(change))
            return subscriptions.position()

    def permissions_changed(self, identifier: Any) -> tuple[ObjectType, int, Any]:
        """The object of an access list, and the event that announces its new permissions."""
        kind, dbid = self._messages.named(identifier)
        event = self._messages.event("EventPermissionsChanged").create()
        event.setConfID(self._requests.identifier("CfgID", kind.number, dbid))
        event.setTime(int(time.time()))
        return kind, dbid, event

    def _event(self, change: Notification) -> Any:
        shape = self._mapper.shapes.of(change.object_type)
        number = self._sdk.integer(shape.kind.number)
        events = "confserver.events."
        if change.action == "created":
            made = ConfObject(change.object_type, change.dbid, change.attributes or {})
            event = self._answers.created(shape, made)
        elif change.action == "updated":
            event = self._sdk.conf(events + "EventObjectUpdated").create(number)
            assert change.delta is not None  # noqa: S101 - an update has one
            event.setObjectDelta(self._mapper.write_delta(shape, change.dbid, change.delta))
        else:
            dbid = self._sdk.integer(change.dbid)
            event = self._sdk.conf(events + "EventObjectDeleted").create(number, dbid)
        event.setUnsolisitedEventNumber(change.sequence)
        event.setTime(int(time.time()))
        return event

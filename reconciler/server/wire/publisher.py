"""Notifies the clients of the listener of changes, in the order of the change log."""

import threading
import time
from collections.abc import Callable
from typing import Any

from reconciler.kinds.types import type_name
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.subscription import EmbeddedSubscription
from reconciler.server.errors import HistoryLogExpiredError, ServerError
from reconciler.server.port import ConfObject, Notification
from reconciler.server.psdk import constants
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.objects import Mapper
from reconciler.server.wire.answers import Answers

Subject = tuple[int, int, int]
"""What a subscription is about: the numbers of type, tenant and object; 0 stands for all."""


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


class ClientSubscriptions:
    """The subscriptions of one client. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: dict[Subject, EmbeddedSubscription] = {}

    def __bool__(self) -> bool:
        return bool(self._subscriptions)

    def add(self, server: EmbeddedServer, wanted: list[Subject]) -> None:
        """Subscribes. UnsupportedObjectError for an unknown type."""
        for number, tenant, dbid in wanted:
            name = type_name(number) or f"#{number}" if number else ""
            subscription = server.subscribe(name, tenant, dbid)
            with self._lock:
                self._subscriptions.setdefault((number, tenant, dbid), subscription)

    def remove(self, unwanted: list[Subject]) -> None:
        with self._lock:
            for subject in unwanted:
                self._subscriptions.pop(subject, None)

    def receive(self) -> tuple[list[Notification], bool]:
        """The new changes, each once and in order; and whether some were missed."""
        found: dict[int, Notification] = {}
        missed = False
        with self._lock:
            for subscription in self._subscriptions.values():
                try:
                    found.update({change.sequence: change for change in subscription.receive()})
                except HistoryLogExpiredError:
                    missed = True
        return [found[number] for number in sorted(found)], missed


class Publisher:
    """Sends changes to clients: after each write, and those of other processes soon after."""

    def __init__(self, sdk: Sdk, mapper: Mapper, answers: Answers) -> None:
        self._sdk = sdk
        self._mapper = mapper
        self._answers = answers
        self._lock = threading.Lock()

    def publish(self, subscriptions: ClientSubscriptions, send: Callable[[Any], None]) -> None:
        """Sends one client the changes that are new to it. Failures are ignored: that client
        is gone."""
        with self._lock:
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

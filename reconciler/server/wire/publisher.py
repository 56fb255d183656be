"""Tells the clients of the listener what has changed, in the order of the change log."""

import threading
import time
from collections.abc import Callable
from typing import Any

from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.subscription import EmbeddedSubscription
from reconciler.server.errors import HistoryLogExpiredError, ServerError
from reconciler.server.port import ConfObject, Notification
from reconciler.server.psdk import constants
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.objects import Mapper
from reconciler.server.wire.answers import Answers, type_names

Subject = tuple[int, int, int]
"""What an entry of a subscription is about: type, tenant, DBID; 0 does not narrow it."""


def subjects(value: Any) -> list[Subject]:
    """The entries of a client's request to be told."""
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


class Told:
    """What one client wants to be told of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: dict[Subject, EmbeddedSubscription] = {}

    def __bool__(self) -> bool:
        return bool(self._subscriptions)

    def add(self, server: EmbeddedServer, wanted: list[Subject]) -> None:
        """UnsupportedObjectError for a type that there is not."""
        names = type_names()
        for number, tenant, dbid in wanted:
            name = names.get(number, f"#{number}") if number else ""
            subscription = server.subscribe(name, tenant, dbid)
            with self._lock:
                self._subscriptions.setdefault((number, tenant, dbid), subscription)

    def remove(self, unwanted: list[Subject]) -> None:
        with self._lock:
            for one in unwanted:
                self._subscriptions.pop(one, None)

    def news(self) -> tuple[list[Notification], bool]:
        """What is new, each change once and in order; whether some was missed."""
        found: dict[int, Notification] = {}
        missed = False
        with self._lock:
            for subscription in self._subscriptions.values():
                try:
                    found.update({one.sequence: one for one in subscription.receive()})
                except HistoryLogExpiredError:
                    missed = True
        return [found[number] for number in sorted(found)], missed


class Publisher:
    """Sends the news to clients: after each write, and what other processes wrote, soon."""

    def __init__(self, sdk: Sdk, mapper: Mapper, answers: Answers) -> None:
        self._sdk = sdk
        self._mapper = mapper
        self._answers = answers
        self._lock = threading.Lock()

    def publish(self, told: Told, send: Callable[[Any], None]) -> None:
        """Sends one client its news. What it cannot be sent any more is no loss: it has
        gone."""
        with self._lock:
            try:
                news, missed = told.news()
                for one in news:
                    send(self._event(one))
                if missed:
                    event = self._sdk.conf("confserver.events.EventError2").create()
                    event.setErrorCode(HistoryLogExpiredError.number)
                    send(event)
            except (ServerError, self._sdk.error):
                return

    def _event(self, one: Notification) -> Any:
        shape = self._mapper.shapes.of(one.object_type)
        number = self._sdk.integer(shape.kind.number)
        events = "confserver.events."
        if one.action == "created":
            made = ConfObject(one.object_type, one.dbid, one.attributes or {})
            event = self._answers.created(shape, made)
        elif one.action == "updated":
            event = self._sdk.conf(events + "EventObjectUpdated").create(number)
            assert one.delta is not None  # noqa: S101 - an update has one
            event.setObjectDelta(self._mapper.write_delta(shape, one.dbid, one.delta))
        else:
            dbid = self._sdk.integer(one.dbid)
            event = self._sdk.conf(events + "EventObjectDeleted").create(number, dbid)
        event.setUnsolisitedEventNumber(one.sequence)
        event.setTime(int(time.time()))
        return event

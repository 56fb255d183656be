"""What one client of the listener has subscribed to, and which changes are new to it."""

import threading

from reconciler.kinds.types.table import type_name
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.subscription import EmbeddedSubscription
from reconciler.server.errors import HistoryLogExpiredError
from reconciler.server.port import Notification

Subject = tuple[int, int, int]
"""What a subscription is about: the numbers of type, tenant and object; 0 stands for all."""


class ClientSubscriptions:
    """The subscriptions of one client, as it has asked for them. Thread-safe.

    ``waiting``: the client has restored its session and has not yet asked for what it missed;
    until then it is sent nothing. ``permissions``: it is notified when permissions change.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: dict[Subject, EmbeddedSubscription] = {}
        self._suspended: dict[Subject, int] = {}
        self.waiting = False
        self.permissions = False

    def __bool__(self) -> bool:
        """Whether changes are to be sent to the client."""
        return bool(self._subscriptions) and not self.waiting

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

    def suspend(self) -> None:
        """Ends the subscriptions, and remembers the position of each."""
        with self._lock:
            for subject, subscription in self._subscriptions.items():
                self._suspended[subject] = subscription.position
            self._subscriptions = {}

    def resume(self, server: EmbeddedServer, former: "ClientSubscriptions") -> None:
        """Continues the suspended subscriptions of a session, for a client that will ask for
        what it missed."""
        self.waiting = True
        self.add(server, list(former._suspended))
        with self._lock:
            for subject, position in former._suspended.items():
                self._subscriptions[subject].rewind(position)

    def rewind(self, position: int) -> None:
        """Continues after the change with this sequence number; 0: with what was not sent yet."""
        with self._lock:
            self.waiting = False
            if position:
                for subscription in self._subscriptions.values():
                    subscription.rewind(position)

    def position(self) -> int:
        """The sequence number up to which all changes were received; 0 without a subscription."""
        with self._lock:
            return min((one.position for one in self._subscriptions.values()), default=0)

    def receive(self) -> tuple[list[Notification], bool]:
        """The new changes, each once and in order, and whether any were missed."""
        found: dict[int, Notification] = {}
        missed = False
        with self._lock:
            for subscription in self._subscriptions.values():
                try:
                    found.update({change.sequence: change for change in subscription.receive()})
                except HistoryLogExpiredError:
                    missed = True
        return [found[number] for number in sorted(found)], missed

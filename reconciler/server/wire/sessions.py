"""The sessions of the listener, which a client that has lost its connection can restore.

A session that is restored has the subscriptions that it had, each at the last change that was sent.
Sessions end with the listener; the log of changes does not.
"""

import itertools
import threading

from msgspec import Struct

from reconciler.server.errors import HistoryLogExpiredError
from reconciler.server.wire.subscriptions import ClientSubscriptions

_KEPT = 1000
"""How many sessions, the latest, can be restored."""


class _Session(Struct):
    owner: tuple[str, str]
    subscriptions: ClientSubscriptions


class Sessions:
    """Session number -> who may restore it, and its subscriptions. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._sessions: dict[int, _Session] = {}

    def begin(self, user: str, application: str, subscriptions: ClientSubscriptions) -> int:
        """The number of a new session. ``application``: the client application."""
        with self._lock:
            number = next(self._numbers)
            self._sessions[number] = _Session((user, application), subscriptions)
            while len(self._sessions) > _KEPT:
                del self._sessions[next(iter(self._sessions))]
            return number

    def restore(
        self, number: int, user: str, application: str, subscriptions: ClientSubscriptions
    ) -> ClientSubscriptions:
        """The former subscriptions of a session, which has ``subscriptions`` from now on.
        HistoryLogExpiredError if the session is not known, or was another account's."""
        with self._lock:
            session = self._sessions.get(number)
            if session is None or session.owner != (user, application):
                raise HistoryLogExpiredError(f"session {number} cannot be restored")
            former, session.subscriptions = session.subscriptions, subscriptions
        former.suspend()
        return former

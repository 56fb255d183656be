"""Change notifications, read from the store's log of changes."""

import time

from reconciler.server.embedded.access import Access
from reconciler.server.embedded.store import KEPT_CHANGES, Store
from reconciler.server.encoding import decode, decode_delta
from reconciler.server.errors import HistoryLogExpiredError
from reconciler.server.port import Notification

_POLL_SECONDS = 0.02


class EmbeddedSubscription:
    """One client's notifications. Implements ``port.Subscription``."""

    def __init__(
        self, store: Store, access: Access, object_type: str, tenant: int, dbid: int
    ) -> None:
        self._store = store
        self._access = access
        self._object_type = object_type
        self._tenant = tenant
        self._dbid = dbid
        with store.reading():
            self._last = store.last_change()

    @property
    def position(self) -> int:
        """The sequence number of the last change that was received or skipped."""
        return self._last

    def rewind(self, position: int) -> None:
        """Makes the next ``receive`` begin after the change with this sequence number. It raises
        HistoryLogExpiredError if the log no longer has all changes since then."""
        self._last = position

    def receive(self, timeout: float = 0.0) -> list[Notification]:
        end = time.monotonic() + timeout
        while True:
            found = self._new()
            if found or time.monotonic() >= end:
                return found
            time.sleep(_POLL_SECONDS)

    def _new(self) -> list[Notification]:
        with self._store.reading():
            newest = self._store.last_change()
            rows = self._store.changes(self._last)
            visible = {
                row[0] for row in rows if self._access.may_see_change(row[2], row[3], row[4])
            }
        if newest - self._last != len(rows):  # too old, or from the log of another server
            self._last = newest
            raise HistoryLogExpiredError(f"only the last {KEPT_CHANGES} changes are kept")
        self._last = newest
        return [
            Notification(
                sequence=sequence,
                action=action,
                object_type=object_type,
                dbid=dbid,
                tenant=tenant,
                user=user,
                delta=decode_delta(delta) if delta else None,
                attributes=decode(body) if action == "created" and body else None,
            )
            for sequence, action, object_type, dbid, tenant, user, delta, body in rows
            if sequence in visible
            and self._object_type in ("", object_type)
            and self._tenant in (0, tenant)
            and self._dbid in (0, dbid)
        ]

    def close(self) -> None:
        """Does nothing: there is nothing to release."""

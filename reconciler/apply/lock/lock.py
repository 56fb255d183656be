"""One writer at a time: a List object in Configuration Server itself is the lock.

Its unique name is the test-and-set: whoever creates the object has the lock. The owner
increments a counter in it while it works, confirms from time to time that the lock is still
its own, and deletes it at the end. ``acquisition`` acquires it and takes it over. A run
that has begun to write says so in the lock; then only ``gwe recover`` takes it over.
"""

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.interrupts import Interrupts
from reconciler.apply.lock.lock_object import Holder, holder_of, update_holder
from reconciler.errors import LockLostError
from reconciler.server.errors import ObjectNotFoundError, ServerError
from reconciler.server.port import Server


def release_or_warn(
    release: Callable[[], None], interrupts: Interrupts, warn: Callable[[str], None]
) -> None:
    """Releases a lock with ``release``, which Ctrl-C may interrupt. If that fails or is
    interrupted, ``warn`` is called with what to do."""
    what_to_do = "gwe lock show tells whether it is still held, and gwe lock release releases it."
    try:
        with interrupts.allowed():
            release()
    except ServerError as error:
        warn(f"The lock could not be released: {error.message}. {what_to_do}")
    except Exception as error:  # noqa: BLE001 - the run has ended, and says how
        warn(f"The lock could not be released ({type(error).__name__}). {what_to_do}")
    except KeyboardInterrupt:
        warn(f"Interrupted while the lock was being released. {what_to_do}")


class RunLock(Protocol):
    """The lock as a run uses it. ``keep``: do not release it at the end of the run."""

    keep: bool

    @property
    def is_recent(self) -> bool:
        """Whether the last confirmation is not older than a tenth of the lease."""

    def confirm(self, *, always: bool = False) -> None:
        """LockLostError if the lock is no longer this run's. Called right before a write is sent.
        Reads the lock if the last confirmation is older than a tenth of the lease, or if
        ``always``."""

    def start_writing(self) -> None:
        """Records in the lock that the run has begun to write."""

    def release(self) -> None:
        """Deletes the lock, if it is still this run's."""


class NoLock:
    """Locks nothing: for ``--no-lock``."""

    keep = False
    is_recent = True

    def confirm(self, *, always: bool = False) -> None:
        """Does nothing."""

    def start_writing(self) -> None:
        """Does nothing."""

    def release(self) -> None:
        """Does nothing."""


class Clock(Struct, frozen=True):
    """Time for the lock: a monotonic clock in seconds that counts suspension of the machine, a
    wait, and a time of day to display."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    timestamp: Callable[[float], str]
    """The time of day so many seconds from now, to display."""


class Lock:
    """A lock object that this run holds."""

    def __init__(self, server: Server, dbid: int, holder: Holder, clock: Clock) -> None:
        self.keep = False
        self._server = server
        self._dbid = dbid
        self._holder = holder
        self._clock = clock
        self._renewed = clock.monotonic()
        self._confirmed = -math.inf
        self._may_write = holder.writing
        self._taker = ""

    @property
    def is_recent(self) -> bool:
        return self._clock.monotonic() - self._confirmed <= self._holder.lease / 10

    def confirm(self, *, always: bool = False) -> None:
        renewal_due = self._clock.monotonic() - self._renewed > self._holder.lease / 4
        if always or renewal_due or not self.is_recent:
            self._read()
        if renewal_due:
            self._write(self._holder)

    def _read(self) -> Holder:
        """The holder that the lock names now. LockLostError if it is another run."""
        asked = self._clock.monotonic()  # the answer may be older than its arrival
        found = self._server.read("Transaction", {"dbid": self._dbid})
        held = holder_of(found[0]) if found else None
        if held is None or not held.is_same(self._holder):
            now = f"; it is now held by {held.display()}" if held else ""
            raise LockLostError(
                f"another run has taken the lock over{now}",
                "Nothing more was written. Look at gwe runs, and make a new plan.",
            )
        self._confirmed = asked
        return held

    def start_writing(self) -> None:
        """Marks the lock as that of a run that writes, then reads it back. A run that takes the
        lock over does the same, so that at least one of them sees the other and backs off. A run
        that has backed off never writes, however often this is called: several actions may be about
        to start."""
        if self._may_write:
            return
        if not self._holder.writing:
            self._write(replace(self._holder, writing=True))
        self._taker = self._taker or self._read().taker
        if self._taker:
            raise LockLostError(
                f"the run {self._taker} is taking the lock over, since this run did not renew it"
                f" for {self._holder.lease:g} s",
                "Nothing was written. Make a new plan when that run has ended.",
            )
        self._may_write = True

    def release(self) -> None:
        with suppress(LockLostError, ObjectNotFoundError):  # another run has it already
            self._read()
            self._server.delete("Transaction", self._dbid)

    def _write(self, holder: Holder) -> None:
        """Increments the counter and writes what else has changed in ``holder``."""
        lease = holder.lease
        until = self._clock.timestamp(lease)
        changed = replace(holder, counter=(holder.counter or 0) + 1, until=until)
        try:
            update_holder(self._server, self._dbid, self._holder.options(), changed)
        except ObjectNotFoundError as error:
            raise LockLostError("another run has taken the lock over") from error
        self._holder = changed
        self._renewed = self._clock.monotonic()

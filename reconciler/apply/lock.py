"""One writer at a time: a List object in Configuration Server itself is the lock.

Its unique name is the test-and-set: who creates it has it. The owner counts a number up
in it while it works, looks before each write whether it is still there, and deletes it at
the end. ``contender`` says how it is taken, and taken over. A run that has begun to write
leaves its name in the lock, and nobody takes that over but ``gwe recover``.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from reconciler.errors import LockLostError
from reconciler.kinds.enums import TRANSACTION_TYPE
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.errors import ObjectNotFoundError
from reconciler.server.port import ConfObject, Filter, Reader, Server

LOCK_NAME = "gwe-reconciler.lock"
LEASE = 60.0
"""Seconds after which a lock that does not move may be taken over."""

SECTION = "lock"
TAKER = "taker"
LIST = TRANSACTION_TYPE["List"]


@dataclass(frozen=True)
class Holder:
    """Who has the lock, as its annex says. ``writing``: it has begun to write, or did not
    finish. ``lease`` in seconds; ``since`` and ``until`` are for people to read. ``taker``:
    the run that is about to take it over."""

    owner: str
    host: str
    run: str
    since: str = ""
    until: str = ""
    lease: float = LEASE
    writing: bool = False
    counter: int = 0
    taker: str = ""

    def options(self) -> dict[str, str]:
        """The holder as the options of the lock object."""
        return {
            "owner": self.owner,
            "host": self.host,
            "run": self.run,
            "since": self.since,
            "until": self.until,
            "lease": f"{self.lease:g}",
            "state": "writing" if self.writing else "checking",
            "counter": str(self.counter),
            TAKER: self.taker,
        }

    def display(self) -> str:
        """Who that is, for a sentence."""
        since = f" since {self.since}" if self.since else ""
        return f"{self.owner} on {self.host}{since}, run {self.run}"


def holder_of(one: ConfObject) -> Holder:
    """The holder that a lock object names. What is missing in it stays empty."""
    found = (one.attributes.get("userProperties") or {}).get(SECTION, {})
    options = {key: str(value) for key, value in found.items()}
    return Holder(
        owner=options.get("owner", "somebody"),
        host=options.get("host", "another host"),
        run=options.get("run", ""),
        since=options.get("since", ""),
        until=options.get("until", ""),
        lease=_number(options.get("lease", ""), LEASE),
        writing=options.get("state") == "writing",
        counter=int(_number(options.get("counter", ""), 0)),
        taker=options.get(TAKER, ""),
    )


def _number(text: str, default: float) -> float:
    try:
        return float(text)
    except ValueError:
        return default


def find_locks(server: Reader, tenants: Sequence[int] = ()) -> list[ConfObject]:
    """The lock objects that this account can read: in one of the tenants; none given: in
    any."""
    key: Filter = {"object_type": LIST, "name": LOCK_NAME}
    scopes: list[Filter] = [{"tenant_dbid": one} for one in dict.fromkeys(tenants)] or [{}]
    return [one for scope in scopes for one in server.read("Transaction", {**scope, **key})]


class Confirmation(Protocol):
    """What every write asks first."""

    def confirm(self) -> None:
        """LockLostError where the lock is no longer ours."""

    def start_writing(self) -> None:
        """Says in the lock that the run has begun to write."""

    def release(self) -> None:
        """Gives the lock back, if it is still ours."""


class NoLock:
    """Locks nothing: for ``--no-lock``."""

    def confirm(self) -> None:
        """Nothing to confirm."""

    def start_writing(self) -> None:
        """Nothing to say it in."""

    def release(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True)
class Clock:
    """Time as the lock sees it: seconds that only grow, a wait, and a time of day to display."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    timestamp: Callable[[float], str]
    """The time of day in so many seconds from now."""


class Lock:
    """A lock that we have."""

    def __init__(self, server: Server, dbid: int, holder: Holder, clock: Clock) -> None:
        self._server = server
        self._dbid = dbid
        self._holder = holder
        self._clock = clock
        self._renewed = clock.monotonic()

    def confirm(self) -> None:
        self._look()
        if self._clock.monotonic() - self._renewed > self._holder.lease / 4:
            self._write(self._holder)

    def _look(self) -> Holder:
        """What stands in the lock, which must still be ours."""
        found = self._server.read("Transaction", {"dbid": self._dbid})
        held = holder_of(found[0]) if found else None
        if held is None or (held.run, held.host) != (self._holder.run, self._holder.host):
            now = f": it is {held.display()} now" if held else ""
            raise LockLostError(
                f"the lock was taken from this run{now}",
                "Nothing more was written. Look at gwe runs, and make a new plan.",
            )
        return held

    def start_writing(self) -> None:
        """Says so in the lock and looks then. A taker says so in it and looks then, too: who
        comes second sees the other."""
        if self._holder.writing:
            return
        self._write(replace(self._holder, writing=True))
        taker = self._look().taker
        if taker:
            raise LockLostError(
                f"the run {taker} is taking the lock over, since this one gave no sign of life"
                f" for {self._holder.lease:g} s",
                "Nothing was written. Make a new plan when that run has ended.",
            )

    def release(self) -> None:
        with suppress(LockLostError, ObjectNotFoundError):  # it is somebody else's already
            self._look()
            self._server.delete("Transaction", self._dbid)

    def _write(self, holder: Holder) -> None:
        """Counts up, and says what has changed."""
        lease = holder.lease
        until = self._clock.timestamp(lease)
        changed = replace(holder, counter=holder.counter + 1, until=until)
        before, after = self._holder.options(), changed.options()
        options = {key: value for key, value in after.items() if before[key] != value}
        delta = KeyValueDelta(changed={SECTION: options})
        try:
            self._server.update(
                "Transaction", self._dbid, Delta(key_values={"userProperties": delta})
            )
        except ObjectNotFoundError as error:
            raise LockLostError("the lock was taken from this run") from error
        self._holder = changed
        self._renewed = self._clock.monotonic()
